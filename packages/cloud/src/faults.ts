/** Failures on a switch. They live as long as the process: a restart clears them. */
import { CloudError } from './cloud-error.ts';

/** What is switched on. */
export interface Faults {
  /** Nothing is attested and no key set served: 503. */
  readonly outage: boolean;
  /** How long each answer takes, in milliseconds. 0 to 60,000. */
  readonly slowMs: number;
  /** The fail-over service answers: tokens without `pay` and `ipk`. */
  readonly failover: boolean;
  /** How far the issuer's clock is ahead, in seconds; negative: behind. */
  readonly clockOffsetSeconds: number;
  /** `truncated`: key sets end in the middle. `stale`: keys that are made from now on are not in them, as while a rotation spreads. */
  readonly keySet: 'whole' | 'truncated' | 'stale';
}

/** Everything works. */
export const NO_FAULTS: Faults = Object.freeze({ outage: false, slowMs: 0, failover: false, clockOffsetSeconds: 0, keySet: 'whole' });

const MOST_SLOW_MS = 60_000;
const MOST_OFFSET_SECONDS = 10 * 365 * 86_400;

const isFlag = (value: unknown): boolean => typeof value === 'boolean';
const CHECKS: { readonly [Name in keyof Faults]: { readonly fits: (value: unknown) => boolean; readonly is: string } } = {
  outage: { fits: isFlag, is: 'true or false' },
  failover: { fits: isFlag, is: 'true or false' },
  slowMs: {
    fits: (value) => Number.isInteger(value) && Number(value) >= 0 && Number(value) <= MOST_SLOW_MS,
    is: '0 to 60000 milliseconds',
  },
  clockOffsetSeconds: {
    fits: (value) => Number.isFinite(value) && Math.abs(Number(value)) <= MOST_OFFSET_SECONDS,
    is: 'a number of seconds, at most ten years',
  },
  keySet: { fits: (value) => ['whole', 'truncated', 'stale'].includes(String(value)), is: 'whole, truncated or stale' },
};

/**
 * Applies changes.
 * @throws CloudError `input-malformed` that names the switch
 */
export function changedFaults(faults: Faults, change: { readonly [name: string]: unknown }): Faults {
  for (const [name, value] of Object.entries(change)) {
    const check = Object.hasOwn(CHECKS, name) ? CHECKS[name as keyof Faults] : undefined;
    if (check === undefined) throw new CloudError('input-malformed', `the switches are ${Object.keys(CHECKS).join(', ')}`);
    if (!check.fits(value)) throw new CloudError('input-malformed', `${name} is ${check.is}`);
  }
  return Object.freeze({ ...faults, ...change });
}
