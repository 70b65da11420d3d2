/** The roll-out as a whole: for whom it is enforced, and what takes it back: switch, exemptions, breaker. */
import { hostname } from 'node:os';
import {
  ConfigurationError,
  type ModeFacts,
  type ModeOptions,
  type ModeSource,
  type OnVerdict,
  type RequestView,
  type Verdict,
} from 'approov-guard';
import { keyText, knownNames, numberWithin } from '../settings.ts';
import { Breaker, compileBreaker, type InstanceSums } from './breaker.ts';
import { Cohort, shareAt, stepsOf } from './cohorts.ts';
import { checkedHand, compileSwitch, EmergencySwitch, type SwitchOrder, type Thrown } from './emergency-switch.ts';
import type { Hand, RolloutHappening } from './events.ts';
import { type Exemption, Exemptions } from './exemptions.ts';
import type { Rollout, RolloutOptions, RolloutPlan, RolloutState } from './options.ts';
import { Shared } from './shared.ts';
import { compileVersions } from './versions.ts';
import { SlidingWindow } from './window.ts';

const OPTION_NAMES = ['instance', 'cohortKey', 'deviceOf', 'breaker', 'switch', 'exemptions', 'shared', 'onEvent', 'now'];

/**
 * Makes a roll-out: says of each request whether it is enforced, and gives enforcing up where it hits users who look genuine.
 *
 * In this order: what the plan of the route does not enforce (share of devices, versions) is observed. While the **emergency switch** is on, everything
 * is observed. A request with a valid **exemption** for its route is observed. While the **breaker** is open, everything is observed. Else the plan
 * holds.
 *
 * The breaker opens when, within its window, too many distinct proven devices are refused (claim `did`, so that no forgery counts; what you refuse on
 * purpose, deny rules, replays and shares, does not count either), or when fewer than half as many requests are accepted as before although as many come
 * (a wrong secret, a proxy that drops the header). Faults of our own stay 503 and never open it. Verdicts do not depend on modes, so it sees while
 * it is open how enforcing would fare, and closes by itself when that has been well for a while.
 *
 * It does **not** protect against a client that lies about its version while `versions` is set, nor against one that has somebody's exemption; and a
 * client with many stolen tokens of real devices can open the breaker.
 *
 * @param options - see {@link RolloutOptions}
 * @throws ConfigurationError for a mistake in the options
 *
 * @example
 * ```ts
 * import { createRollout, rolloutLine } from '@approov-guard/rollout';
 * import { createGuard } from 'approov-guard';
 * const rollout = createRollout({ cohortKey: 'a key that the instances share', onEvent: (event) => console.log(rolloutLine(event)) });
 * createGuard({
 *   keys: { secret: { base64: process.env.APPROOV_BASE64_SECRET } },
 *   mode: rollout.mode({ share: 0.05 }),
 *   routes: [{ match: { path: '/pay' }, name: 'pay', mode: rollout.mode({ route: 'pay', versions: { enforce: '>=3.2' } }) }],
 *   onVerdict: rollout.onVerdict,
 * });
 * rollout.close();
 * ```
 */
export function createRollout(options: RolloutOptions = {}): Rollout {
  return new RunningRollout(options);
}

/** Why a request is observed that the plan enforces. */
interface Overridden {
  readonly modes: ModeOptions;
  readonly route: string;
  readonly exemption: Exemption | null;
}

class RunningRollout implements Rollout {
  readonly #options: RolloutOptions;
  readonly #instance: string;
  readonly #now: () => number;
  readonly #cohort: Cohort | null;
  readonly #switch: EmergencySwitch;
  readonly #shared: Shared | null;
  readonly #timer: NodeJS.Timeout | null;
  readonly #overridden: WeakMap<RequestView, Overridden> = new WeakMap();
  #breaker: Breaker | null;
  #exemptions: Exemptions | null;
  #used = 0;
  #wasLost = false;
  /** When the first request came: until the others are heard, a ramp stands where it stood then. */
  #firstAt: number | null = null;

  constructor(options: RolloutOptions) {
    knownNames(options, 'options', OPTION_NAMES);
    const { instance = `${hostname()}-${process.pid}`, cohortKey, deviceOf, breaker = {}, exemptions = null, shared = null } = options;
    if (typeof instance !== 'string' || instance === '' || instance.length > 128)
      throw new ConfigurationError('option-invalid', 'instance', 'must be a text of 1 to 128 characters');
    this.#options = options;
    this.#instance = instance;
    this.#now = options.now ?? (() => Date.now());
    this.#cohort = cohortKey === undefined ? null : new Cohort(keyText(cohortKey, 'cohortKey'), deviceOf);
    const tell = (happened: RolloutHappening, at: number): void => this.#tell(happened, at);
    this.#breaker = breaker === null ? null : new Breaker(compileBreaker(breaker, 'breaker'), tell);
    this.#exemptions = exemptions === null ? null : new Exemptions(exemptions, 'exemptions');
    this.#shared = shared === null ? null : new Shared(shared, instance, 'shared');
    this.#switch = new EmergencySwitch(compileSwitch(options.switch ?? {}, 'switch'), this.#now, tell);
    // An instance without requests hears of the switch, too.
    this.#timer = this.#shared === null ? null : setInterval(() => void this.tick(), this.#shared.intervalMs);
    this.#timer?.unref();
    if (this.#shared !== null) void this.tick();
  }

  mode(plan: RolloutPlan = {}): ModeSource {
    knownNames(plan, 'plan', ['route', 'enforce', 'share', 'versions']);
    const { route = 'default', share = 1, versions = null } = plan;
    const enforce = plainModes(plan.enforce ?? 'enforce');
    const steps = stepsOf(share);
    const isOfVersion = versions === null ? null : compileVersions(versions, 'versions');
    const cohort = this.#cohort;
    if (cohort === null && steps.some((step) => step.share > 0 && step.share < 1))
      throw new ConfigurationError('option-missing', 'cohortKey', 'is needed for a share between 0 and 1');
    if (enforce === 'observe') return () => 'observe';
    return (facts) => {
      if (isOfVersion !== null && !isOfVersion(facts.request)) return 'observe';
      const now = shareAt(steps, this.#rampAt(facts.at));
      if (cohort === null ? now < 1 : !cohort.holds(facts, now)) return 'observe';
      return this.#overrides(facts, enforce, route) ? 'observe' : enforce;
    };
  }

  readonly onVerdict: OnVerdict = (verdict, { request, action, mode, at, again }) => {
    const over = this.#overridden.get(request());
    if (over?.exemption != null) {
      const { id, by, until } = over.exemption;
      if (verdict.outcome === 'accepted') return;
      this.#used++;
      return this.#tell({ type: 'exemption-used', id, route: over.route, by, until: until * 1000 }, at);
    }
    const accepted = verdict.outcome === 'accepted';
    // Our own faults are nobody's mistake, and one accepted request counts once however many guards and routes judge it.
    if (verdict.outcome === 'unavailable' || this.#breaker === null || (accepted && again)) return;
    const claims = accepted ? verdict.attestation.claims : verdict.proven;
    const enforced = over === undefined ? (accepted ? mode === 'enforce' : action === 'refuse') : enforces(over.modes, verdict);
    const device = typeof claims?.did === 'string' && claims.did !== '' ? claims.did : null;
    const due = this.#breaker.note({ accepted, enforced, device, counts: !ON_PURPOSE.has(verdict.code) }, at);
    if (due) this.#look(at);
  };

  throwSwitch(order: SwitchOrder): Thrown {
    const thrown = this.#switch.throw(order);
    if (this.#shared !== null) void this.tick();
    return thrown;
  }

  takeSwitchBack(hand: Hand): void {
    this.#switch.takeBack(hand);
    if (this.#shared !== null) void this.tick();
  }

  closeBreaker({ holdMinutes, ...hand }: Hand & { readonly holdMinutes?: number }): void {
    this.#breaker?.close(checkedHand(hand), this.#now(), 60_000 * numberWithin(holdMinutes, 'holdMinutes', [0, 1440], 0));
  }

  state(): RolloutState {
    const at = this.#now();
    const shared = this.#shared;
    return {
      instance: this.#instance,
      breaker: this.#breaker?.state ?? null,
      switch: { on: this.#switch.at(at), thrown: this.#switch.thrown },
      exemptions: { used: this.#used, refused: this.#exemptions?.refused ?? 0 },
      shared:
        shared === null
          ? null
          : { connected: !shared.lost && shared.contactAt !== null, instances: shared.instances(at), commands: shared.commands },
    };
  }

  change({ breaker = {}, exemptions = null }: Pick<RolloutOptions, 'breaker' | 'exemptions'>): void {
    const settings = breaker === null ? null : compileBreaker(breaker, 'breaker');
    this.#exemptions = exemptions === null ? null : new Exemptions(exemptions, 'exemptions');
    if (settings === null) this.#breaker = null;
    else if (this.#breaker === null) this.#breaker = new Breaker(settings, (happened, at) => this.#tell(happened, at));
    else this.#breaker.change(settings);
  }

  async tick(): Promise<void> {
    const at = this.#now();
    this.#switch.at(at);
    if (this.#breaker?.moveTo(at) === true) this.#look(at);
    const shared = this.#shared;
    if (shared === null) return;
    const sums = this.#breaker?.sums ?? NO_SUMS;
    const record = await shared.exchange({ sums, hand: this.#switch.hand, well: this.#breaker?.state.state === 'closed' }, at);
    if (record !== null) this.#switch.adopt(record);
    if (shared.lost !== this.#wasLost) this.#tell({ type: shared.lost ? 'shared-lost' : 'shared-back' }, at);
    this.#wasLost = shared.lost;
  }

  close(): void {
    if (this.#timer !== null) clearInterval(this.#timer);
    this.#switch.close();
    void this.#shared?.leave();
  }

  /** Whether something takes enforcing back. It is remembered for the request, so that it counts as what it would have been. */
  #overrides({ request, at }: ModeFacts, modes: ModeOptions, route: string): boolean {
    if (this.#switch.at(at) !== null) return this.#remember(request, { modes, route, exemption: null });
    const exemption = this.#exemptions?.of(request, route, at) ?? null;
    if (exemption !== null || this.#breaker?.open === true) return this.#remember(request, { modes, route, exemption });
    return false;
  }

  #remember(request: RequestView, over: Overridden): true {
    this.#overridden.set(request, over);
    return true;
  }

  /** While the others are not heard, a ramp stands still: nobody is refused who was not before. */
  #rampAt(at: number): number {
    if (this.#shared === null) return at;
    this.#firstAt ??= at;
    return Math.min(at, this.#shared.contactAt ?? this.#firstAt);
  }

  #look(at: number): void {
    const shared = this.#shared;
    this.#breaker?.look(at, shared?.fleet(at) ?? [], shared?.baseline ?? null, shared?.lost !== true);
  }

  #tell(happened: RolloutHappening, at: number): void {
    try {
      this.#options.onEvent?.({ ...happened, instance: this.#instance, at });
    } catch {
      // Who listens changes nothing.
    }
  }
}

/** What an instance without a breaker tells the others. */
const NO_SUMS: InstanceSums = { ...new SlidingWindow(1000).sums(), baseline: null };

/** What is refused on purpose: a device that is refused so is not a sign of a mistake. */
const ON_PURPOSE: ReadonlySet<string> = new Set([
  'token-denied',
  'token-replayed',
  'signature-replayed',
  'token-share-exceeded',
  'signature-share-exceeded',
]);

/** The same modes, as a word if one says it. */
function plainModes(modes: ModeOptions): ModeOptions {
  if (typeof modes === 'string') return modes;
  const { token = 'enforce', binding = 'enforce', signature = 'enforce' } = modes;
  if (token === 'observe') return 'observe';
  return binding === 'enforce' && signature === 'enforce' ? 'enforce' : modes;
}

/** Whether these modes would have refused such a request. */
function enforces(modes: ModeOptions, { outcome, code }: Verdict): boolean {
  if (typeof modes === 'string') return modes === 'enforce';
  const part =
    /^(?:token|request|rule)-/.test(code) || outcome === 'accepted' ? 'token' : code.startsWith('binding-') ? 'binding' : 'signature';
  return (modes[part] ?? 'enforce') === 'enforce';
}
