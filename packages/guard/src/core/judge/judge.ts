/**
 * Judges: takes the newest keys, runs the order of judgement, composes the verdict, and judges once more if that hangs on keys which their
 * source may still learn. The one place that waits for a check.
 */

import type { RequestView } from '../request-view.ts';
import { chain, type MaybePromise } from '../result.ts';
import type { Seconds } from '../time.ts';
import type { VerifiedToken } from '../token/verified.ts';
import { type Accepted, type Unavailable, unavailable, type Verdict, withProven } from '../verdict.ts';
import type { Case, Check, Failure, FoundOnce, KeySnapshot, Keys, Means, Route } from './case.ts';
import { type Modes, modeOfFailure, modesOf, type Policy } from './policy.ts';

/** What is judged, and with what: the same for every route. */
export type Subject = Pick<Case, 'request' | 'means' | 'alike'>;

/** A request of which nothing is known yet. One literal: it is made for each request. */
export function newCase({ request, means, alike }: Subject, policy: Policy, snapshot: KeySnapshot, at: Seconds): Case {
  return {
    request,
    policy,
    means,
    alike,
    snapshot,
    at,
    token: null,
    jws: null,
    candidates: null,
    verified: null,
    claims: null,
    tokenHeld: false,
    binding: 'unchecked',
    signingKey: null,
    signature: null,
    bases: null,
    base: null,
    signatureState: 'unchecked',
    proof: null,
    taken: null,
    digest: 'unchecked',
    failure: null,
    over: null,
    trace: null,
    settled: false,
  };
}

/**
 * Judges a request by the checks that its policy asks for, to the first failure that counts. Reads nothing but its argument.
 * @returns the verdict; each check's row says with which codes it can fail
 */
export function judge(judged: Case, order: readonly Check[]): MaybePromise<Verdict> {
  return runFrom(judged, order, 0);
}

function runFrom(judged: Case, order: readonly Check[], from: number): MaybePromise<Verdict> {
  for (let index = from; index < order.length; index++) {
    // The cast holds: the index is below the length of a list without holes.
    const check = order[index] as Check;
    // A token that is known needs no proof, and a part of the judgement that is over is not judged on.
    if ((check.proves === true && judged.verified !== null) || check.part === judged.over) continue;
    const failure = check.run(judged);
    if (failure === null) continue;
    if (failure instanceof Promise) return runLater(judged, order, index, failure);
    settle(judged, check, failure);
    if (judged.settled) break;
  }
  return verdictOf(judged);
}

/** A function of its own: what it captures would otherwise be allocated for each check that answers at once. */
async function runLater(judged: Case, order: readonly Check[], index: number, later: Promise<Failure | null>): Promise<Verdict> {
  const failure = await later;
  // The cast holds: the check has just been made.
  if (failure !== null) settle(judged, order[index] as Check, failure);
  return judged.settled ? verdictOf(judged) : runFrom(judged, order, index + 1);
}

/**
 * A failure that is only observed ends its own part, so that it cannot hide one that is enforced; the verdict names the first that is
 * enforced, else the first. Without its token a request has nothing else to be judged by: then nobody needs to ask for modes.
 */
export function settle(judged: Case, check: Check, failure: Failure): void {
  const isFirst = judged.failure === null;
  judged.settled = check.part === 'token';
  if (isFirst) judged.failure = failure;
  if (judged.settled && isFirst) return;
  const modes = modesOf(judged.policy, judged.request, judged.verified?.claims ?? null, judged.at);
  if (modeOfFailure(modes, failure) === 'enforce') {
    judged.failure = failure;
    judged.settled = true;
  } else if (judged.trace === null) judged.over = check.part;
}

function verdictOf(judged: Case): Verdict {
  const { failure, verified } = judged;
  if (failure !== null) return verified === null ? failure : withProven(failure, verified.claims);
  // The cast holds: a case without a failure has passed the checks of its token.
  return accepted(judged, verified as VerifiedToken);
}

function accepted({ binding, signatureState: signature, digest, proof }: Case, { claims, key }: VerifiedToken): Accepted {
  const covered = proof?.covered ?? NOTHING_COVERED;
  return { outcome: 'accepted', code: 'accepted', attestation: { claims, keyId: key.id, binding, signature, digest, covered } };
}

/** Shared by all verdicts without a signature: what one handler did to it would be believed of every later request. */
const NOTHING_COVERED: ReadonlySet<string> = Object.defineProperty(new Set<string>(), 'add', {
  value: () => {
    throw new TypeError('what a signature covers cannot be changed');
  },
});

// By routes and with their keys. Moments are in milliseconds since the epoch; one that is not a finite number is our fault: `unavailable`.

/** The modes by which a verdict is decided. */
export function modesForVerdict({ policy }: Route, request: RequestView, verdict: Verdict, at: number): Modes {
  if (policy.askModes === null) return policy.modes;
  const claims = verdict.outcome === 'accepted' ? verdict.attestation.claims : verdict.proven;
  return modesOf(policy, request, claims, at / 1000);
}

/** Judges a request by one route. Never throws or rejects. */
export function judgeByRoute(request: RequestView, means: Means, alike: FoundOnce | null, route: Route, at: number): MaybePromise<Verdict> {
  try {
    if (!Number.isFinite(at)) return noMoment();
    const keys = route.keys.ofRequest(request, at);
    if (keys instanceof Promise) return judgeLater({ request, means, alike }, route, keys, at);
    const verdict = judgeByKeys(newCase({ request, means, alike }, route.policy, keys, at / 1000), route.order, at);
    return verdict instanceof Promise ? verdict.catch(failed) : verdict;
  } catch (cause) {
    return failed(cause);
  }
}

function judgeLater(subject: Subject, { policy, order }: Route, keys: Promise<KeySnapshot>, at: number): Promise<Verdict> {
  return keys.then((chosen) => judgeByKeys(newCase(subject, policy, chosen, at / 1000), order, at)).catch(failed);
}

function failed(cause: unknown): Unavailable {
  return unavailable('internal', cause);
}

function judgeByKeys(judged: Case, order: readonly Check[], at: number): MaybePromise<Verdict> {
  const verdict = judge(judged, order);
  if (verdict instanceof Promise) return judgeByNewer(judged, order, verdict, at);
  // Only a token of good form that was not verified may be one of newer keys.
  const mayHang = judged.verified === null && judged.jws !== null;
  return mayHang && hangsOnKeys(verdict, judged.snapshot) ? judgeByNewer(judged, order, verdict, at) : counted(verdict, judged);
}

function judgeByNewer(judged: Case, order: readonly Check[], verdict: MaybePromise<Verdict>, at: number): MaybePromise<Verdict> {
  const { policy, snapshot } = judged;
  const judgeAgain = (newer: KeySnapshot): MaybePromise<Verdict> => {
    const again = newCase(judged, policy, newer, judged.at);
    return chain(judge(again, order), (second) => counted(second, again));
  };
  return chain(verdict, (first) => orAgain(counted(first, judged), snapshot, at, judgeAgain));
}

/** A key counts as used whatever came of the request after its token held. */
function counted(verdict: Verdict, { tokenHeld, verified, snapshot, at }: Case): Verdict {
  if (tokenHeld && verified !== null) snapshot.of.keyUsed(verified.key, at);
  return verdict;
}

/**
 * Where a verdict hangs on keys that were not there, or not among them: asks their source once and judges again; the source bounds how long
 * that takes. What then still hangs on unknown keys is `unavailable` unless the source vouches for what it has: an outage of the keys is never
 * the client's fault.
 */
export function orAgain(
  first: Verdict,
  snapshot: KeySnapshot,
  at: number,
  judgeAgain: (snapshot: KeySnapshot) => MaybePromise<Verdict>,
): MaybePromise<Verdict> {
  if (!hangsOnKeys(first, snapshot)) return first;
  return chain(refreshed(snapshot.of, at, snapshot.keys === null ? MOST_WAITING_FOR_FIRST : MOST_WAITING), (vouched) => {
    if (typeof vouched !== 'boolean') return vouched;
    const newer = snapshot.of.snapshot(at);
    const second = newer.keys === snapshot.keys ? first : judgeAgain(newer);
    if (vouched) return second;
    return chain(second, (found) => (found.outcome === 'rejected' && hangsOnKeys(found, newer) ? unavailable('keys-unavailable') : found));
  });
}

/** So many requests wait for the source at a time: made-up key ids must not pile up while it hangs. */
const MOST_WAITING = 1000;
/** The same while there is no key at all: then genuine requests wait, too. */
const MOST_WAITING_FOR_FIRST = 10_000;

function refreshed(keys: Keys, at: number, mostWaiting: number): MaybePromise<boolean | Unavailable> {
  const noKeys = (cause?: unknown): Unavailable => unavailable('keys-unavailable', cause);
  if (keys.waiting >= mostWaiting) return noKeys();
  try {
    const vouched = keys.refresh(at);
    if (!(vouched instanceof Promise)) return vouched;
    keys.waiting++;
    return vouched.finally(() => keys.waiting--).catch(noKeys);
  } catch (cause) {
    return noKeys(cause);
  }
}

/** Tells whether more keys could lead to another verdict. */
function hangsOnKeys(verdict: Verdict, { keys }: KeySnapshot): boolean {
  if (verdict.outcome === 'accepted') return false;
  switch (verdict.code) {
    case 'keys-unavailable':
    case 'keys-empty':
    // A key of another algorithm may be as new as one with another id: rotations change both.
    case 'token-key-unknown':
    case 'token-algorithm-not-allowed':
      return true;
    default:
      return verdict.code === 'token-signature-invalid' && keys?.partial === true;
  }
}

/** The verdict where the clock failed. */
export function noMoment(): Verdict {
  return unavailable('internal', new TypeError('now() did not answer a finite number'));
}

/** No keys, and why. */
export function withoutKeys(whyNone?: Failure): KeySnapshot {
  const keys: Keys = { waiting: 0, snapshot: () => none, refresh: () => true, keyUsed: () => undefined };
  const none: KeySnapshot =
    whyNone === undefined ? { keys: null, verified: null, of: keys } : { keys: null, verified: null, whyNone, of: keys };
  return none;
}
