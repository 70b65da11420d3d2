/** A clock that stands still until the test moves it. */

/** A clock for the guard's option `now`. */
export interface ManualClock {
  /** The current moment, milliseconds since the epoch. Needs no `this`: hand it over as `now: clock.now`. */
  readonly now: () => number;
  /** Moves the clock on by this many milliseconds; negative moves it back. */
  readonly advance: (milliseconds: number) => void;
  /** Sets the clock to a moment, milliseconds since the epoch. */
  readonly set: (milliseconds: number) => void;
}

/**
 * Makes a clock that only the test moves.
 * @param startMs - its first moment, milliseconds since the epoch
 * @example
 * ```ts
 * import { manualClock } from '@approov-guard/testkit';
 *
 * const clock = manualClock(1_700_000_000_000);
 * clock.advance(1000);
 * console.log(clock.now()); // 1700000001000
 * ```
 */
export function manualClock(startMs: number): ManualClock {
  let current = startMs;
  return {
    now: () => current,
    advance: (milliseconds) => {
      current += milliseconds;
    },
    set: (milliseconds) => {
      current = milliseconds;
    },
  };
}
