/** Falls back to observing when enforcing hits users who look genuine, and closes again when it no longer would. */

import { Distinct } from '../report/distinct.ts';
import { knownNames, numberWithin } from '../settings.ts';
import type { Hand, RolloutHappening } from './events.ts';
import { type Judged, SlidingWindow, type WindowSums } from './window.ts';

/** When the breaker opens and closes. */
export interface BreakerOptions {
  /** How far it looks back, 1 to 3600 s. Default 20. A longer window sees smaller faults, and sees them later. */
  readonly windowSeconds?: number;
  /**
   * It opens when so large a share of the proven devices (`did`) that are enforced was refused, 0.001 to 1. Default 0.02. Requests without a proven
   * device never count here: forgeries cannot open it.
   */
  readonly refusedShare?: number;
  /** … and no fewer devices than this, 1 to 100000. Default 20. */
  readonly minDevices?: number;
  /**
   * It opens when fewer than half as many requests are accepted as before, although as many come, and at least this many were to be expected in the
   * window, 10 to 1000000. Default 100: with fewer, chance alone halves them now and then. An API with little traffic wants a longer window.
   */
  readonly minExpected?: number;
  /**
   * Accepted requests a second of one instance, until it knows by itself or from the others: so that an instance which never accepts any (a wrong
   * secret) is recognised from its start. Default: none.
   */
  readonly expectedPerSecond?: number;
  /** How long everything must look well until it closes by itself, 1 to 86400 s. Default 600. `null`: by hand only. */
  readonly closeAfterSeconds?: number | null;
}

/** What is seen of all instances together, this one among them. */
export type Fleet = readonly InstanceSums[];

/** What one instance tells the others. */
export interface InstanceSums extends WindowSums {
  /** Accepted requests a second before, or `null` while it is not known. */
  readonly baseline: number | null;
}

/** The state of the breaker. */
export interface BreakerState {
  /** `closed`: enforcing. `open`: observing. */
  readonly state: 'closed' | 'open';
  /** Since when it is open, milliseconds since the epoch; `null` if it is closed. */
  readonly since: number | null;
  /** Which rule opened it. */
  readonly rule: 'devices-refused' | 'accepted-fell' | null;
  /** How often it opened. */
  readonly opened: number;
  /** Until when it is held closed by hand; `null` if it is not. */
  readonly heldUntil: number | null;
  /** Accepted requests a second that are expected of this instance; `null` while unknown. */
  readonly baseline: number | null;
}

/** The settings, checked. */
export interface BreakerSettings {
  readonly windowMs: number;
  readonly refusedShare: number;
  readonly minDevices: number;
  readonly minExpected: number;
  readonly expectedPerSecond: number | null;
  readonly closeAfterMs: number | null;
}

/** Checks the options. */
export function compileBreaker(options: BreakerOptions, path: string): BreakerSettings {
  const names = ['windowSeconds', 'refusedShare', 'minDevices', 'minExpected', 'expectedPerSecond', 'closeAfterSeconds'];
  knownNames(options, path, names);
  const { expectedPerSecond: expected, closeAfterSeconds: after } = options;
  return {
    windowMs: 1000 * numberWithin(options.windowSeconds, `${path}.windowSeconds`, [1, 3600], 20),
    refusedShare: numberWithin(options.refusedShare, `${path}.refusedShare`, [0.001, 1], 0.02),
    minDevices: numberWithin(options.minDevices, `${path}.minDevices`, [1, 100_000], 20),
    minExpected: numberWithin(options.minExpected, `${path}.minExpected`, [10, 1_000_000], 100),
    expectedPerSecond: expected === undefined ? null : numberWithin(expected, `${path}.expectedPerSecond`, [0.001, 1_000_000], 1),
    closeAfterMs: after === null ? null : 1000 * numberWithin(after, `${path}.closeAfterSeconds`, [1, 86_400], 600),
  };
}

/** How fast the baseline follows: as fast as a day changes, slower than a fault. */
const BASELINE_MS = 15 * 60_000;
const GIVEN_MS = 5 * 60_000;

type Rule = NonNullable<BreakerState['rule']>;
type Found = Extract<RolloutHappening, { type: 'breaker-opened' }>;

/** One breaker of one instance. */
export class Breaker {
  #settings: BreakerSettings;
  #window: SlidingWindow;
  readonly #tell: (happened: RolloutHappening, at: number) => void;
  #own: InstanceSums;
  #baseline: number | null = null;
  #learntAt: number = Number.NaN;
  #learntMs = 0;
  #open: { readonly since: number; readonly rule: Rule } | null = null;
  #wellSince: number | null = null;
  #heldUntil: number | null = null;
  #opened = 0;

  constructor(settings: BreakerSettings, tell: (happened: RolloutHappening, at: number) => void) {
    this.#settings = settings;
    this.#window = new SlidingWindow(settings.windowMs);
    this.#own = { ...this.#window.sums(), baseline: null };
    this.#tell = tell;
  }

  /** Whether everything is to be observed. */
  get open(): boolean {
    return this.#open !== null;
  }

  /** What this instance tells the others. */
  get sums(): InstanceSums {
    return this.#own;
  }

  get state(): BreakerState {
    const { since = null, rule = null } = this.#open ?? {};
    const baseline = this.#baseline ?? this.#settings.expectedPerSecond;
    return { state: this.#open === null ? 'closed' : 'open', since, rule, opened: this.#opened, heldUntil: this.#heldUntil, baseline };
  }

  /** Takes other settings. What is known of the requests stays, unless the window is another. */
  change(settings: BreakerSettings): void {
    if (settings.windowMs !== this.#settings.windowMs) {
      this.#window = new SlidingWindow(settings.windowMs);
      this.#own = { ...this.#window.sums(), baseline: this.#baseline };
    }
    this.#settings = settings;
  }

  /** Counts a judged request. Answers whether it is time to look. */
  note(judged: Judged, at: number): boolean {
    const due = this.#window.moveTo(at);
    this.#window.note(judged);
    return due;
  }

  /** Moves on without a request. */
  moveTo(at: number): boolean {
    return this.#window.moveTo(at);
  }

  /**
   * Looks at what there has been.
   * @param others - what other instances told lately
   * @param given - accepted requests a second of one instance, as the others know it
   * @param mayClose - false while it cannot be known how the others fare
   */
  look(at: number, others: Fleet, given: number | null, mayClose: boolean): void {
    const sums = this.#window.sums();
    this.#baseline ??= given ?? this.#settings.expectedPerSecond;
    this.#own = { ...sums, baseline: this.#baseline };
    const found = this.#judge([this.#own], 'instance') ?? (others.length === 0 ? null : this.#judge([this.#own, ...others], 'fleet'));
    if (found === null) this.#learn(at, sums);
    if (this.#heldUntil !== null && at >= this.#heldUntil) this.#heldUntil = null;
    if (found !== null && this.#open === null && this.#heldUntil === null) {
      this.#open = { since: at, rule: found.rule };
      this.#opened++;
      this.#tell(found, at);
    }
    this.#wellSince = found === null && mayClose ? (this.#wellSince ?? at) : null;
    const { closeAfterMs } = this.#settings;
    if (this.#open === null || closeAfterMs === null || this.#wellSince === null || at - this.#wellSince < closeAfterMs) return;
    this.#open = null;
    this.#tell({ type: 'breaker-closed', how: 'rule' }, at);
  }

  /** Closes it, and keeps it closed for a time whatever comes. */
  close(hand: Hand, at: number, holdMs: number): void {
    this.#heldUntil = holdMs > 0 ? at + holdMs : null;
    this.#wellSince = null;
    if (this.#open === null) return;
    this.#open = null;
    this.#tell({ type: 'breaker-closed', how: 'hand', ...hand }, at);
  }

  #judge(fleet: Fleet, scope: Found['scope']): Found | null {
    const { refusedShare, minDevices, minExpected } = this.#settings;
    const sums = { accepted: 0, rejected: 0, refused: 0, expected: 0 };
    const [devices, struck] = [new Distinct(), new Distinct()];
    for (const one of fleet) {
      sums.accepted += one.accepted;
      sums.rejected += one.rejected;
      sums.refused += one.refused;
      sums.expected += ((one.baseline ?? 0) * one.coveredMs) / 1000;
      devices.merge(one.devices);
      struck.merge(one.struck);
    }
    const [refusedDevices, all] = [struck.count, devices.count];
    const found = {
      type: 'breaker-opened',
      scope,
      refusedDevices,
      devices: all,
      accepted: sums.accepted,
      expected: Math.round(sums.expected),
    } as const;
    if (refusedDevices >= minDevices && refusedDevices >= refusedShare * all) return { ...found, rule: 'devices-refused' };
    const half = sums.expected / 2;
    const fell = sums.expected >= minExpected && sums.accepted < half;
    // They came as before, and failed: an outage on our side, or a quiet hour, is something else. And some were refused.
    const came = sums.accepted + sums.rejected >= half && sums.refused >= minDevices;
    return fell && came ? { ...found, rule: 'accepted-fell' } : null;
  }

  /** The baseline is the mean of what is accepted while all is well, of which the past counts less and less. */
  #learn(at: number, { accepted, coveredMs }: WindowSums): void {
    const passed = Math.min(Math.max(0, at - this.#learntAt), BASELINE_MS);
    this.#learntAt = at;
    if (this.#open !== null || coveredMs < this.#settings.windowMs || !(passed > 0)) return;
    const rate = (accepted * 1000) / coveredMs;
    if (this.#baseline === null && rate === 0) return;
    // What others said, or the settings, counts as some minutes of our own.
    const before = this.#baseline === null ? 0 : this.#learntMs === 0 ? GIVEN_MS : this.#learntMs * Math.exp(-passed / BASELINE_MS);
    this.#learntMs = before + passed;
    this.#baseline = ((this.#baseline ?? 0) * before + rate * passed) / this.#learntMs;
  }
}
