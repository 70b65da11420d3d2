/** The timer for connections that outlive the request which opened them. It goes by the guard's clock. */
import type { Seconds } from '../core/time.ts';

/** The clock may be set while a connection is open: it is looked at again at least this often. */
const LONGEST_WAIT_MS = 60_000;

/**
 * Calls back once a moment has come by the given clock; at once where the clock fails, since then nobody can tell.
 * @param moment - NumericDate
 * @param now - the clock, milliseconds since the epoch
 * @param expired - called at most once
 * @returns a function that calls it off
 */
export function atExpiry(moment: Seconds, now: () => number, expired: () => void): () => void {
  let timer: ReturnType<typeof setTimeout>;
  const wait = (left: number): void => {
    timer = setTimeout(look, Math.min(Math.max(left, 0), LONGEST_WAIT_MS));
    // Node: no reason to keep the process. Elsewhere timers are numbers.
    if (typeof timer === 'object') timer.unref();
  };
  const look = (): void => {
    const left = millisecondsLeft(moment, now);
    if (left > 0) wait(left);
    else expired();
  };
  wait(millisecondsLeft(moment, now));
  return () => clearTimeout(timer);
}

function millisecondsLeft(moment: Seconds, now: () => number): number {
  try {
    const left = moment * 1000 - now();
    return Number.isNaN(left) ? 0 : left;
  } catch {
    return 0;
  }
}

/** How long it is until a moment, by the system's clock: below zero if it has passed. */
export function secondsUntil(moment: Seconds): Seconds {
  return moment - Date.now() / 1000;
}
