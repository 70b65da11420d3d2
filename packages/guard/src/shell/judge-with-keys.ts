/** Judges with the newest keys, and once more if the answer hangs on keys that the source may still learn. */
import type { KeySet } from '../core/jws/key-set.ts';
import { chain, isPromise, type MaybePromise } from '../core/result.ts';
import { unavailable, type Verdict } from '../core/verdict.ts';
import type { KeyRing } from './keys/key-ring.ts';

/** Judges with a given snapshot. */
export type JudgeWith = (keys: KeySet | null) => MaybePromise<Verdict>;

/**
 * Judges with the ring's newest snapshot. If there is none yet, or it lacks the key that the token names, asks the source once and judges
 * again; the source bounds how long that takes. What then still hangs on unknown keys is `unavailable` unless the source vouches for its
 * snapshot: an outage of the keys is never the client's fault.
 */
export function judgeWithKeys(ring: KeyRing, at: number, judgeWith: JudgeWith): MaybePromise<Verdict> {
  const keys = ring.current(at);
  const verdict = judgeWith(keys);
  if (isPromise(verdict))
    return verdict.then((found) => (hangsOnKeys(found, keys) ? askAgain({ ring, at, judgeWith, keys }, found) : found));
  return hangsOnKeys(verdict, keys) ? askAgain({ ring, at, judgeWith, keys }, verdict) : verdict;
}

interface Asking {
  readonly ring: KeyRing;
  readonly at: number;
  readonly judgeWith: JudgeWith;
  /** The snapshot with which the first verdict was found. */
  readonly keys: KeySet | null;
}

function askAgain(asking: Asking, first: Verdict): MaybePromise<Verdict> {
  try {
    const refreshed = asking.ring.refresh(asking.at);
    if (!isPromise(refreshed)) return again(asking, first, refreshed);
    return refreshed.then((vouched) => again(asking, first, vouched)).catch((cause: unknown) => unavailable('keys-unavailable', cause));
  } catch (cause) {
    return unavailable('keys-unavailable', cause);
  }
}

function again({ ring, at, judgeWith, keys }: Asking, first: Verdict, vouched: boolean): MaybePromise<Verdict> {
  const newer = ring.current(at);
  const second = newer === keys ? first : judgeWith(newer);
  if (vouched) return second;
  return chain(second, (found) => (found.outcome === 'rejected' && hangsOnKeys(found, newer) ? unavailable('keys-unavailable') : found));
}

/** Tells whether more keys could lead to another verdict. */
function hangsOnKeys(verdict: Verdict, keys: KeySet | null): boolean {
  if (verdict.outcome === 'accepted') return false;
  if (verdict.outcome === 'unavailable') return verdict.fault === 'keys-unavailable' || verdict.fault === 'keys-empty';
  // A key of another algorithm may be as new as one with another id: rotations change both.
  if (verdict.reason === 'token-key-unknown' || verdict.reason === 'token-algorithm-not-allowed') return true;
  return verdict.reason === 'token-signature-invalid' && keys?.partial === true;
}
