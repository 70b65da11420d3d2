/**
 * Judges requests by routes, and tokens by themselves: takes the newest keys, asks the core, and asks once more if the answer hangs on keys
 * that the source may still learn. Turns exceptions into verdicts. Moments are in milliseconds since the epoch; one that is not a finite
 * number is our fault: `unavailable`.
 */
import type { Case, Check, KeySnapshot, Means } from '../core/judge/case.ts';
import { judge, newCase } from '../core/judge/judge.ts';
import { orderOf } from '../core/judge/order.ts';
import { type AskModes, type Modes, modeOfFailure, modesOf, type Policy } from '../core/judge/policy.ts';
import type { RequestView } from '../core/request-view.ts';
import { chain, isPromise, type MaybePromise } from '../core/result.ts';
import type { Claims } from '../core/token/verified.ts';
import { type Unavailable, unavailable, type Verdict } from '../core/verdict.ts';
import type { Keys, RequestKeys } from '../keys/key-ring.ts';

/** A route's compiled demands: made by `Guard.route`, once, at start. */
export interface Route {
  /** As in the option `routes`; `null` for the guard as a whole and for routes made in code. */
  readonly name: string | null;
  readonly policy: Policy;
  readonly keys: RequestKeys;
  /** The checks that the policy asks for. */
  readonly order: readonly Check[];
}

/** Makes a route of a compiled policy. */
export function routeOf(name: string | null, policy: Policy, keys: RequestKeys): Route {
  return { name, policy, keys, order: orderOf(policy) };
}

/** A verdict and the route by which it was found. */
export interface Judged {
  readonly route: Route;
  readonly verdict: Verdict;
}

/** Judges a request by one route. Never throws or rejects. */
export function judgeByRoute(means: Means, request: RequestView, route: Route, at: number): MaybePromise<Verdict> {
  try {
    if (!Number.isFinite(at)) return noMoment();
    const verdict = judgeWithKeys(means, request, route, at);
    return isPromise(verdict) ? verdict.catch((cause: unknown) => unavailable('internal', cause)) : verdict;
  } catch (cause) {
    return unavailable('internal', cause);
  }
}

/** Nearly always one route. Where servers may disagree about which it is, the request has to satisfy each. Never throws or rejects. */
export function judgeByEach(means: Means, request: RequestView, routes: readonly Route[], at: number): MaybePromise<Judged> {
  // The cast holds: there is always one route.
  const route = routes[0] as Route;
  return chain(judgeByRoute(means, request, route, at), (verdict) => {
    if (routes.length === 1) return { route, verdict };
    if (verdict.outcome !== 'accepted' && modeOfFailure(modesForVerdict(route, request, verdict, at), verdict) === 'enforce') {
      return { route, verdict };
    }
    return chain(judgeByEach(means, request, routes.slice(1), at), (later) =>
      verdict.outcome === 'accepted' || later.verdict.outcome !== 'accepted' ? later : { route, verdict },
    );
  });
}

/** The same route, of which one request asks once: what a source answers later must not part the verdict from the decision. */
export function askedOnce(route: Route): Route {
  const askModes = route.policy?.askModes ?? null;
  if (askModes === null) return route;
  let asked: { readonly claims: Claims | null; readonly modes: Modes } | null = null;
  const once: AskModes = (request, claims, at) => {
    // Judged again with newer keys, a request may have claims that it had not.
    if (asked === null || asked.claims !== claims) asked = { claims, modes: askModes(request, claims, at) };
    return asked.modes;
  };
  return { ...route, policy: { ...route.policy, askModes: once } };
}

/** The modes by which a verdict is decided. */
export function modesForVerdict({ policy }: Route, request: RequestView, verdict: Verdict, at: number): Modes {
  if (policy.askModes === null) return policy.modes;
  const claims = verdict.outcome === 'accepted' ? verdict.attestation.claims : verdict.proven;
  return modesOf(policy, request, claims, at / 1000);
}

/** The route by which a token by itself is judged: no binding, no signature of the message. */
export function tokenOnly({ name, policy, keys }: Route): Route {
  const token = { ...policy.token, prefix: null };
  return routeOf(name, { ...policy, token, binding: null, signature: null, tokenReplay: null }, keys);
}

/** A token by itself, as if it had come in its header: the header's rules hold for it, too. */
export function viewOfToken(token: unknown, header: string): RequestView {
  const lines = typeof token === 'string' ? [token] : [];
  return { method: '', scheme: null, authority: null, target: '', lines: (name) => (name === header ? lines : []) };
}

function judgeWithKeys(means: Means, request: RequestView, route: Route, at: number): MaybePromise<Verdict> {
  const keys = route.keys.ofRequest(request, at);
  return isPromise(keys)
    ? keys.then((chosen) => judgeByKeys(means, request, route, chosen, at))
    : judgeByKeys(means, request, route, keys, at);
}

function judgeByKeys(means: Means, request: RequestView, { policy, order }: Route, keys: Keys, at: number): MaybePromise<Verdict> {
  const snapshot = keys.snapshot(at);
  const verdict = judgeBy(newCase(request, policy, means, snapshot, at / 1000), order, keys);
  if (!isPromise(verdict) && !hangsOnKeys(verdict, snapshot)) return verdict;
  return chain(verdict, (first) =>
    orAgain(first, snapshot, keys, at, (newer) => judgeBy(newCase(request, policy, means, newer, at / 1000), order, keys)),
  );
}

function judgeBy(judged: Case, order: readonly Check[], keys: Keys): MaybePromise<Verdict> {
  const verdict = judge(judged, order);
  if (isPromise(verdict)) return verdict.then((found) => counted(found, judged, keys));
  return counted(verdict, judged, keys);
}

/** A key counts as used whatever came of the request after its token held. */
function counted(verdict: Verdict, { tokenHeld, verified, at }: Case, keys: Keys): Verdict {
  if (tokenHeld && verified !== null) keys.keyUsed(verified.key, at);
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
  keys: Keys,
  at: number,
  judgeAgain: (snapshot: KeySnapshot) => MaybePromise<Verdict>,
): MaybePromise<Verdict> {
  if (!hangsOnKeys(first, snapshot)) return first;
  return chain(refreshed(keys, at, snapshot.keys === null ? MOST_WAITING_FOR_FIRST : MOST_WAITING), (vouched) => {
    if (typeof vouched !== 'boolean') return vouched;
    const newer = keys.snapshot(at);
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
  const failed = (cause?: unknown): Unavailable => unavailable('keys-unavailable', cause);
  if (keys.waiting >= mostWaiting) return failed();
  try {
    const vouched = keys.refresh(at);
    if (!isPromise(vouched)) return vouched;
    keys.waiting++;
    return vouched.finally(() => keys.waiting--).catch(failed);
  } catch (cause) {
    return failed(cause);
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
