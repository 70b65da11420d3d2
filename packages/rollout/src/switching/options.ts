/** What a roll-out is told, and what it tells of itself. */
import type { ModeOptions, ModeSource, OnVerdict } from 'approov-guard';
import type { BreakerOptions, BreakerState } from './breaker.ts';
import type { CohortOptions, RampStep } from './cohorts.ts';
import type { SwitchOptions, SwitchOrder, Thrown } from './emergency-switch.ts';
import type { Hand, RolloutEvent } from './events.ts';
import type { ExemptionOptions } from './exemptions.ts';
import type { SharedOptions } from './shared.ts';
import type { VersionOptions } from './versions.ts';

/** Options of `createRollout`. */
export interface RolloutOptions {
  /** The name of this instance in events and for the others, 1 to 128 characters. Default: host name and process id. */
  readonly instance?: string;
  /** The key by which devices are put into cohorts, at least 16 characters, the same on every instance. Needed where a share is neither 0 nor 1. */
  readonly cohortKey?: string;
  /** What a device is told by in cohorts. Default: the proven claim `did`. See `cohortModes`. */
  readonly deviceOf?: CohortOptions['deviceOf'];
  /** When enforcing is given up by itself. Default: see {@link BreakerOptions}. `null`: never. */
  readonly breaker?: BreakerOptions | null;
  /** Where the emergency switch can be thrown, beside by `throwSwitch`. Default: nowhere. */
  readonly switch?: SwitchOptions;
  /** Who is exempt although it is enforced. Default: nobody. */
  readonly exemptions?: ExemptionOptions | null;
  /** How several instances share what they see. Default: each by itself. */
  readonly shared?: SharedOptions | null;
  /** Told of each event, synchronously. What it throws is dropped. Write `rolloutLine(event)` to a log: it is the audit trail. */
  readonly onEvent?: (event: RolloutEvent) => void;
  /** The clock, milliseconds since the epoch; the same as the guard's. Default `Date.now`. */
  readonly now?: () => number;
}

/** For whom a route is enforced. */
export interface RolloutPlan {
  /** The name of the route, as in the guard's option `routes`; exemptions name it. Default `default`. */
  readonly route?: string;
  /** What is enforced for those for whom it is enforced. Default `enforce`: everything. */
  readonly enforce?: ModeOptions;
  /** The share of devices, 0 to 1, or the steps in which it grows. Default 1. */
  readonly share?: number | readonly RampStep[];
  /** Only for these versions of the app. Default `null`: whatever the version. */
  readonly versions?: VersionOptions | null;
}

/** What a roll-out is doing. */
export interface RolloutState {
  readonly instance: string;
  /** `null` where there is none. */
  readonly breaker: BreakerState | null;
  readonly switch: { readonly on: Thrown | null; readonly thrown: number };
  readonly exemptions: { readonly used: number; readonly refused: number };
  /** `null` where nothing is shared. */
  readonly shared: { readonly connected: boolean; readonly instances: number; readonly commands: number } | null;
}

/** A roll-out that is under way. */
export interface Rollout {
  /** A source of modes for the guard, or for one of its routes. Give the guard {@link Rollout.onVerdict}, too. */
  mode(plan?: RolloutPlan): ModeSource;
  /** For the guard's option `onVerdict`: without it nothing is counted, and the breaker never opens. */
  readonly onVerdict: OnVerdict;
  /** Observes everything until the given end. @throws ConfigurationError without an end, a name and a reason */
  throwSwitch(order: SwitchOrder): Thrown;
  /** Takes back what was thrown by hand or by signal, on any instance. What a file or the environment says stays. */
  takeSwitchBack(hand: Hand): void;
  /** Enforces again although the breaker opened; and for `holdMinutes` (0 to 1440, default 0) whatever it sees. */
  closeBreaker(hand: Hand & { readonly holdMinutes?: number }): void;
  state(): RolloutState;
  /**
   * Takes other settings, and keeps what breaker and switch know: breaker and exemptions. What else differs needs a new roll-out.
   * @throws ConfigurationError and changes nothing
   */
  change(options: Pick<RolloutOptions, 'breaker' | 'exemptions'>): void;
  /** Looks at the breaker and talks with the others, as happens by itself while requests come. For clocks that are moved by hand. */
  tick(): Promise<void>;
  /** Ends watching and sharing. */
  close(): void;
}
