/** What a roll-out tells its operator: one event for each change, never one for each request but where an exemption is used. */

/** Who did something, and why. */
export interface Hand {
  /** Who, 1 to 128 characters. */
  readonly by: string;
  /** Why, 1 to 256 characters. */
  readonly why: string;
}

/** Where the emergency switch was thrown. */
export type SwitchPlace = 'file' | 'environment' | 'signal' | 'hand';

/** What happened. */
export type RolloutHappening =
  | {
      readonly type: 'breaker-opened';
      /** `devices-refused`: too large a share of proven devices. `accepted-fell`: below half of what was accepted before. */
      readonly rule: 'devices-refused' | 'accepted-fell';
      /** Whether this instance alone shows it, or all of them together. */
      readonly scope: 'instance' | 'fleet';
      /** Distinct proven devices that were refused, and that were judged in mode `enforce`, within the window. */
      readonly refusedDevices: number;
      readonly devices: number;
      /** Accepted requests within the window, and what the baseline lets expect. */
      readonly accepted: number;
      readonly expected: number;
    }
  | ({ readonly type: 'breaker-closed'; readonly how: 'rule' } | ({ readonly type: 'breaker-closed'; readonly how: 'hand' } & Hand))
  | ({ readonly type: 'switch-on'; readonly place: SwitchPlace; readonly until: number } & Hand)
  | { readonly type: 'switch-off'; readonly place: SwitchPlace; readonly how: 'ended' }
  | ({ readonly type: 'switch-off'; readonly place: SwitchPlace; readonly how: 'taken-back' } & Hand)
  | { readonly type: 'switch-refused'; readonly place: SwitchPlace; readonly problem: string }
  | { readonly type: 'exemption-used'; readonly id: string; readonly route: string; readonly by: string; readonly until: number }
  | { readonly type: 'shared-lost' | 'shared-back' };

/** An event: what happened, where and when. */
export type RolloutEvent = RolloutHappening & {
  /** The name of the instance. */
  readonly instance: string;
  /** When, milliseconds since the epoch. */
  readonly at: number;
};

/**
 * One line of JSON for a log, without a line feed: the time in ISO 8601 with milliseconds, the instance, and what happened, in printable ASCII.
 *
 * @param event - from the option `onEvent` of `createRollout`
 *
 * @example
 * ```ts
 * import { createRollout, rolloutLine } from '@approov-guard/rollout';
 * const rollout = createRollout({ instance: 'api-1', onEvent: (event) => console.log(rolloutLine(event)) });
 * rollout.throwSwitch({ minutes: 30, by: 'anna', why: 'support hears of refused users' });
 * rollout.close();
 * ```
 */
export function rolloutLine({ at, instance, ...happened }: RolloutEvent): string {
  const time = Number.isFinite(at) ? new Date(at).toISOString() : null;
  const until = 'until' in happened ? { until: new Date(happened.until).toISOString() } : {};
  return JSON.stringify({ time, instance, ...happened, ...until }).replace(
    /[^\x20-\x7e]/g,
    (character) => `\\u${character.charCodeAt(0).toString(16).padStart(4, '0')}`,
  );
}
