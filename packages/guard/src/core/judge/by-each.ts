/** One request and several routes: where servers may disagree about which it belongs to, it has to satisfy each. */
import type { RequestView } from '../request-view.ts';
import { chain, type MaybePromise } from '../result.ts';
import type { Claims } from '../token/verified.ts';
import type { Verdict } from '../verdict.ts';
import { foundOnce, type Means, type Route } from './case.ts';
import { judgeByRoute, modesForVerdict } from './judge.ts';
import { type AskModes, type Modes, modeOfFailure } from './policy.ts';

/** A verdict and the route by which it was found. */
export interface Judged {
  readonly route: Route;
  readonly verdict: Verdict;
}

/** Nearly always one route. Where servers may disagree about which it is, the request has to satisfy each. Never throws or rejects. */
export function judgeByEach(means: Means, request: RequestView, routes: readonly Route[], at: number): MaybePromise<Judged> {
  const alike = foundOnce();
  const judgeBy = (route: Route): MaybePromise<Judged> =>
    chain(judgeByRoute(request, means, alike, route, at), (verdict) => ({ route, verdict }));
  return whatCounts({ routes, request, at, judgeBy }, 0, null);
}

interface Found {
  readonly verdict: Verdict;
}

/** One request and the routes that it has to satisfy. */
export interface Asked<T> {
  readonly routes: readonly Route[];
  readonly request: RequestView;
  readonly at: number;
  readonly judgeBy: (route: Route) => MaybePromise<T>;
}

/**
 * Judges by one route after the other: the first enforced failure ends it and counts, else the last that failed, else the last.
 * @param from - the place of the next route
 * @param before - what failed so far and was only observed
 */
export function whatCounts<T extends Found>(asked: Asked<T>, from: number, before: T | null): MaybePromise<T> {
  let failed = before;
  for (let index = from; ; index++) {
    // The cast holds: there is always one route, and the last ends it.
    const found = asked.judgeBy(asked.routes[index] as Route);
    if (found instanceof Promise) return whatCountsLater(asked, index, found, failed);
    if (found.verdict.outcome !== 'accepted') failed = found;
    if (isOver(asked, index, found)) return failed ?? found;
  }
}

async function whatCountsLater<T extends Found>(asked: Asked<T>, index: number, later: Promise<T>, before: T | null): Promise<T> {
  const found = await later;
  const failed = found.verdict.outcome === 'accepted' ? before : found;
  return isOver(asked, index, found) ? (failed ?? found) : whatCounts(asked, index + 1, failed);
}

function isOver<T extends Found>({ routes, request, at }: Asked<T>, index: number, { verdict }: T): boolean {
  if (index === routes.length - 1) return true;
  // The cast holds: the index is below the length of a list without holes.
  return (
    verdict.outcome !== 'accepted' && modeOfFailure(modesForVerdict(routes[index] as Route, request, verdict, at), verdict) === 'enforce'
  );
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
