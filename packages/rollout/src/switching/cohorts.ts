/** Enforces for a share of the devices, the same ones at each request. */
import { createHmac } from 'node:crypto';
import { type Claims, ConfigurationError, type ModeFacts, type ModeSource } from 'approov-guard';
import { keyText, knownNames, numberWithin } from '../settings.ts';

/** One step of a ramp. */
export interface RampStep {
  /** From when it holds, milliseconds since the epoch. */
  readonly from: number;
  /** The share of devices for which it is enforced, 0 to 1. */
  readonly share: number;
}

/** Options of {@link cohortModes}. */
export interface CohortOptions {
  /** The share of devices, 0 to 1, or the steps in which it grows; before the first step it is 0. */
  readonly share: number | readonly RampStep[];
  /** The key of the hash, at least 16 characters, the same on every instance. Another key makes other cohorts. */
  readonly cohortKey: string;
  /** What a device is told by. Default: the proven claim `did`. `null`: this request has none. It must not depend on whether the request is accepted. */
  readonly deviceOf?: (facts: ModeFacts) => string | null;
}

/**
 * A source of modes that enforces for a share of the devices. A device is always in the same cohort, and who is enforced at a small share is at every
 * larger one. A request of which the device is not known is enforced only once the share is 1: else every device would be let in or out by chance. So
 * forged tokens pass until then. It does **not** look at the verdict, and keeps nothing. `createRollout` does the same with a breaker and a switch.
 *
 * @returns for the guard's option `mode`
 * @throws ConfigurationError for a share that is none, steps that are not in order, or a short key
 *
 * @example
 * ```ts
 * import { cohortModes } from '@approov-guard/rollout';
 * import { createGuard } from 'approov-guard';
 * const mode = cohortModes({ share: 0.05, cohortKey: 'a key that the instances share' });
 * createGuard({ keys: { secret: { base64: process.env.APPROOV_BASE64_SECRET } }, mode });
 * ```
 */
export function cohortModes(options: CohortOptions): ModeSource {
  knownNames(options, 'options', ['share', 'cohortKey', 'deviceOf']);
  const cohort = new Cohort(keyText(options.cohortKey, 'cohortKey'), options.deviceOf);
  const steps = stepsOf(options.share);
  return (facts) => (cohort.holds(facts, shareAt(steps, facts.at)) ? 'enforce' : 'observe');
}

/** Which devices are among a share of all. */
export class Cohort {
  readonly #key: string;
  readonly #deviceOf: CohortOptions['deviceOf'];
  /** The claims of a remembered token are the same object: its device is hashed once. */
  readonly #places: WeakMap<Claims, number> = new WeakMap();

  constructor(key: string, deviceOf: CohortOptions['deviceOf']) {
    this.#key = key;
    this.#deviceOf = deviceOf;
  }

  holds(facts: ModeFacts, share: number): boolean {
    if (share <= 0 || share >= 1) return share >= 1;
    return (this.#deviceOf === undefined ? this.#placeOfClaims(facts.claims) : this.#placeOf(this.#deviceOf(facts))) < share * 2 ** 32;
  }

  #placeOfClaims(claims: Claims | null): number {
    if (claims === null) return Number.POSITIVE_INFINITY;
    const known = this.#places.get(claims);
    if (known !== undefined) return known;
    const place = this.#placeOf(claims.did);
    this.#places.set(claims, place);
    return place;
  }

  /** Where a device stands among all, from 0 to 2³² − 1; one that is not known after all of them. */
  #placeOf(device: unknown): number {
    if (typeof device !== 'string' || device === '') return Number.POSITIVE_INFINITY;
    return createHmac('sha256', this.#key).update(device).digest().readUInt32BE();
  }
}

/** The share that holds at a moment. */
export function shareAt(steps: readonly RampStep[], at: number): number {
  return steps.findLast(({ from }) => from <= at)?.share ?? 0;
}

/** Checks a share or a ramp. */
export function stepsOf(share: CohortOptions['share'], path: string = 'share'): readonly RampStep[] {
  const steps = typeof share === 'number' ? [{ from: Number.NEGATIVE_INFINITY, share }] : [...share];
  for (const [index, step] of steps.entries()) {
    numberWithin(step.share ?? Number.NaN, `${path}[${index}].share`, [0, 1], 0);
    if (typeof step.from === 'number' && (index === 0 || step.from > (steps[index - 1]?.from ?? 0))) continue;
    throw new ConfigurationError(
      'option-invalid',
      `${path}[${index}].from`,
      'must be a moment after the one before, milliseconds since the epoch',
    );
  }
  return steps;
}
