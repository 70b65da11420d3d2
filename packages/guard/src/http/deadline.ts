/** How long to wait for somebody else's answer. Time in which this process stood still is not held against them. */
import type { Seconds } from '../core/time.ts';

/** A timer that fires late, since a handler kept the event loop, uses up one part of the wait, however late it is. */
const PARTS = 4;

/**
 * Calls back once this process has listened for so long. While a handler keeps the event loop, answers wait unread and nothing that we
 * have to send is sent: that is time in which nobody could answer. So the wait is made of parts that begin one after the other, and before it
 * is over what has arrived is read.
 * @param seconds - how long to wait; longer by the time in which the process stood still
 * @param over - called at most once
 * @param holdsProcess - whether Node stays for it
 * @returns a function that calls it off
 */
export function afterListening(seconds: Seconds, over: () => void, holdsProcess: boolean = true): () => void {
  let left = PARTS;
  let calledOff = false;
  let timer: ReturnType<typeof setTimeout>;
  const begin = (): void => {
    timer = setTimeout(ended, (seconds * 1000) / PARTS);
    // Elsewhere than on Node timers are numbers.
    if (!holdsProcess && typeof timer === 'object') timer.unref();
  };
  const ended = (): void => {
    left--;
    if (left > 0) begin();
    else afterReading(() => calledOff || over());
  };
  begin();
  return () => {
    calledOff = true;
    clearTimeout(timer);
  };
}

/** Node looks at its timers first and reads its sockets afterwards: what has arrived is read before `setImmediate` calls. */
function afterReading(next: () => void): void {
  if (typeof setImmediate === 'function') setImmediate(next);
  else setTimeout(next, 0);
}
