/** The roll-out of a service that reads a policy file: it outlives each reading of the file. */
import { createHash, timingSafeEqual } from 'node:crypto';
import { ConfigurationError, type ModeOptions, type ModeSource, type OnVerdict, type RedisClientLike } from 'approov-guard';
import type { RolloutEvent } from '../switching/events.ts';
import type { Rollout, RolloutState } from '../switching/options.ts';
import { createRollout } from '../switching/rollout.ts';
import { compileRolloutSection, type RolloutSection } from './section.ts';

/** What a service brings along. */
export interface PolicyRolloutSettings {
  /** Where the variable of the switch is looked up. Default `process.env`. */
  readonly env?: { readonly [name: string]: string | undefined };
  readonly now?: () => number;
  /** Told of each event. */
  readonly onEvent?: (event: RolloutEvent) => void;
  /** Told of a change that needs another start. */
  readonly onNote?: (note: string) => void;
  /** Opens a connection to Redis; called once. `null`: the section is only checked, and nothing runs. */
  readonly openRedis: ((url: string) => RedisClientLike) | null;
  /** What tells this process from others of the same instance. Default: nothing. */
  readonly worker?: string;
}

/** What one reading of the file means for its guard. */
export interface ReadRollout {
  /** The source of modes of the guard (`null`) or of one of its routes, of which the file says `given`. */
  readonly mode: (given: ModeOptions, route: string | null) => ModeSource;
  readonly onVerdict: OnVerdict;
}

/** An answer to an order over HTTP. */
export interface OrderAnswer {
  readonly status: number;
  readonly body: object;
}

/** The roll-out of one process. */
export class PolicyRollout {
  readonly #settings: PolicyRolloutSettings;
  #rollout: Rollout | null = null;
  #read: RolloutSection | null = null;
  #inForce: RolloutSection | null = null;
  #active = false;

  constructor(settings: PolicyRolloutSettings) {
    this.#settings = settings;
  }

  /** For `PolicySettings.rollout`. What it answers is in force once {@link PolicyRollout.adopt} is called. */
  readonly read = (section: unknown, folder: string): ReadRollout => {
    const read = compileRolloutSection(section, folder, this.#settings.env ?? process.env);
    this.#read = read;
    const rollout = this.#opened(read);
    return {
      mode: (given, route) => rollout.mode(read.planOf(route, given)),
      onVerdict: rollout.onVerdict,
    };
  };

  /** The policy that was read last is in force. One without the section has no roll-out. */
  adopt(hasSection: boolean): void {
    const read = hasSection ? this.#read : null;
    if (read !== null && this.#rollout !== null) {
      const { breaker, exemptions } = read.options;
      this.#rollout.change({ ...(breaker === undefined ? {} : { breaker }), ...(exemptions === undefined ? {} : { exemptions }) });
      if (this.#inForce !== null && this.#inForce.fixed !== read.fixed)
        this.#settings.onNote?.('for rollout.instance, cohortKey, switch and shared restart');
    }
    this.#inForce = read ?? this.#inForce;
    this.#active = read !== null;
  }

  /** What it is doing; `null` where the policy has none. */
  get state(): RolloutState | null {
    return this.#active ? (this.#rollout?.state() ?? null) : null;
  }

  /** The share of devices for which the guard's own policy is enforced now; `null` where the policy has no roll-out. */
  shareAt(at: number): number | null {
    if (!this.#active || this.#inForce === null) return null;
    const { share = 1 } = this.#inForce.planOf(null, 'enforce');
    return typeof share === 'number' ? share : (share.findLast(({ from }) => from <= at)?.share ?? 0);
  }

  /** Takes as long for each wrong one. */
  #mayOrder(authorization: string): 'closed' | 'no' | 'yes' {
    const token = this.#active ? (this.#inForce?.token ?? null) : null;
    if (token === null) return 'closed';
    const digest = (text: string): Buffer => createHash('sha256').update(text).digest();
    return timingSafeEqual(digest(authorization.replace(/^bearer /i, 'Bearer ')), digest(`Bearer ${token}`)) ? 'yes' : 'no';
  }

  /**
   * Obeys an order over HTTP, if `authorization` is `Bearer` and the token of the section: `/switch` with `{ minutes | until, by, why }` or
   * `{ off: true, by, why }`; `/breaker` with `{ close: true, by, why, holdMinutes }`.
   */
  order(path: string, authorization: string | null, body: string): OrderAnswer {
    const rollout = this.#rollout;
    const may = this.#mayOrder(authorization ?? '');
    if (rollout === null || may === 'closed') return { status: 403, body: { error: 'no orders are taken: set rollout.switch.token' } };
    if (may === 'no') return { status: 401, body: { error: 'the token is missing or another' } };
    try {
      obey(rollout, path, body);
      return { status: 200, body: { rollout: rollout.state() } };
    } catch (error) {
      if (error instanceof ConfigurationError) return { status: 400, body: { error: error.message } };
      if (error instanceof SyntaxError) return { status: 400, body: { error: 'the body must be JSON' } };
      throw error;
    }
  }

  close(): void {
    this.#rollout?.close();
  }

  #opened({ options, shared }: RolloutSection): Rollout {
    const { now, onEvent, openRedis, worker } = this.#settings;
    const common = { ...options, ...(now === undefined ? {} : { now }), ...(onEvent === undefined ? {} : { onEvent }) };
    if (openRedis === null) {
      const { file: _file, signal: _signal, ...quiet } = options.switch ?? {};
      this.#rollout ??= createRollout({ ...options, switch: quiet });
      return this.#rollout;
    }
    const instance = options.instance !== undefined && worker !== undefined ? { instance: `${options.instance}-${worker}` } : {};
    const over = shared === null ? {} : { shared: { ...withoutUrl(shared), client: openRedis(shared.url) } };
    this.#rollout ??= createRollout({ ...common, ...instance, ...over });
    return this.#rollout;
  }
}

function withoutUrl({ url: _url, ...settings }: NonNullable<RolloutSection['shared']>): Omit<NonNullable<RolloutSection['shared']>, 'url'> {
  return settings;
}

function obey(rollout: Rollout, path: string, body: string): void {
  const given: unknown = JSON.parse(body);
  if (typeof given !== 'object' || given === null) throw new ConfigurationError('option-invalid', 'body', 'must be an object');
  // What is wrong with the types is found by who checks them.
  const { off, close, until, minutes, by, why, holdMinutes, ...more } = given as { readonly [name: string]: unknown };
  const hand = { by: by as string, why: why as string };
  const [unknown] = Object.keys(more);
  if (unknown !== undefined) throw new ConfigurationError('option-unknown', 'body', 'has a member that is not known');
  if (path === '/breaker') {
    if (close !== true) throw new ConfigurationError('option-invalid', 'body', 'must say "close": true; the switch opens, with an end');
    rollout.closeBreaker({ ...hand, ...(holdMinutes === undefined ? {} : { holdMinutes: holdMinutes as number }) });
  } else if (off === true) rollout.takeSwitchBack(hand);
  else if (minutes !== undefined && until === undefined) rollout.throwSwitch({ ...hand, minutes: minutes as number });
  else rollout.throwSwitch({ ...hand, until: typeof until === 'string' && minutes === undefined ? Date.parse(until) : Number.NaN });
}
