/** The guard: reads the clock once, finds the routes of a request, has it judged, decides, reports. */

import { askedOnce, type Judged, judgeByEach } from '../core/judge/by-each.ts';
import type { Means, RequestKeys, Route } from '../core/judge/case.ts';
import { judgeByRoute, modesForVerdict } from '../core/judge/judge.ts';
import { routeOf, tokenOnly } from '../core/judge/order.ts';
import type { Policy } from '../core/judge/policy.ts';
import type { ReplayStore } from '../core/ports.ts';
import type { RequestView } from '../core/request-view.ts';
import { chain, type MaybePromise } from '../core/result.ts';
import type { Verdict } from '../core/verdict.ts';
import { type Decision, decide, discardRest, mayPassPreflight, skip, withPreflightRemedy } from '../http/decide.ts';
import { type RefusalPolicy, showsId } from '../http/refusal.ts';
import { findRoutes, type RouteRow } from '../http/route-table.ts';
import type { GuardKeys, KeyRing, KeyUse } from '../keys/key-ring.ts';
import { allDemands, type Demands, demandsOf } from './demands.ts';
import { atExpiry } from './expiry.ts';
import { type Explained, explainByEach } from './explaining.ts';
import { type Gauged, type GuardGauges, type GuardLife, gaugesOf } from './gauges.ts';
import type { HeldBodies } from './held-bodies.ts';
import type { RouteOptions } from './options.ts';
import { type GuardCounters, nextId, type OnVerdict, Report, randomId, type VerdictLines } from './report.ts';

/** Decides, for each request, whether it comes from a genuine app. Made by {@link createGuard}. */
export interface Guard {
  /** What is true of a request. Never rejects. Counts nothing and calls no hook. */
  judge(request: RequestView, route?: Route): Promise<Verdict>;
  /**
   * Makes every check of the order of judgement, also after one that failed: why a request is refused. Remembers nothing, so it cannot tell a
   * replay; counts nothing and calls no hook. Never rejects. `approov-guard/explain` also shows what the client signed differently.
   */
  explain(request: RequestView, route?: Route): Promise<Explained>;
  /** What to do with a request: what adapters call. Answers at once where the platform's cryptography does. Never throws or rejects. */
  decide(request: RequestView, route?: Route): MaybePromise<Decision>;
  /**
   * What the guard demands. Of a request: what it must satisfy, each of them; nothing if its path is exempt. Of a route: what that asks for. Without
   * either: what the guard demands as a whole, and then what each row of the option `routes` does. It judges nothing.
   */
  demands(route?: Route): readonly [Demands, ...Demands[]];
  demands(request: RequestView): readonly Demands[];
  /** Judges a token by itself: no binding, no signature of the message. For WebSocket messages, command lines, queues. Never rejects. */
  verifyToken(token: string): Promise<Verdict>;
  /**
   * Calls back once, when the token of a decision has expired (and the clock tolerance is over): for connections that outlive their
   * request. Never for a decision without claims. Answers a function that calls it off.
   */
  whenExpired(decision: Decision, expired: () => void, route?: Route): () => void;
  /**
   * Compiles what a route demands differently from the guard as a whole. Throws {@link ConfigurationError}. A request that is judged with
   * such a route is not looked up in the option `routes`.
   */
  route(options: RouteOptions): Route;
  /** Counts since the guard was made. */
  counters(): GuardCounters;
  /** What the guard holds right now, and who reached a limit. */
  gauges(): GuardGauges;
  /** How often each current key verified a token, and when last: shows when an old key can go. */
  keyUse(): readonly KeyUse[];
  /** Makes the keys available before traffic; rejects if that fails. */
  warmUp(): Promise<void>;
  /** Releases what the key source holds. */
  close(): void;
}

/** What a guard lends to its judgements, and looks into. */
export interface GuardMeans extends Means {
  readonly bodies: HeldBodies;
  readonly installationKeys: Gauged['installationKeys'];
}

/** Everything a guard is made of, compiled. */
export interface GuardParts {
  readonly means: GuardMeans;
  /** What requests must satisfy that no other route claims. */
  readonly whole: Route;
  /** The option `exempt`. */
  readonly exempt: readonly RouteRow<never>[];
  /** The option `routes`. */
  readonly routes: readonly RouteRow<Route>[];
  /** All keys, each once. */
  readonly keys: readonly GuardKeys[];
  readonly compileRoute: (options: RouteOptions) => Policy;
  readonly judgePreflights: boolean;
  readonly refusal: RefusalPolicy;
  readonly onVerdict: readonly OnVerdict[];
  /** What the guard says by itself, or `null` if it says nothing. */
  readonly lines: VerdictLines | null;
  readonly now: () => number;
  /** `null` for a guard without a memory of its own. */
  readonly life: GuardLife | null;
}

/** The clock, unless the option `now` gives another. Looked up at each reading: tests replace `Date`. */
export const systemClock = (): number => Date.now();

/** Assembles a guard from its parts. Users call `createGuard`. */
export function assembleGuard(parts: GuardParts): Guard {
  return new AssembledGuard(parts);
}

/** Routes are made at the start; those of a program that makes one for each request are not kept. */
const MOST_ROUTES_GAUGED = 256;

class AssembledGuard implements Guard {
  readonly #parts: GuardParts;
  readonly #table: readonly RouteRow<Route>[];
  readonly #report: Report;
  readonly #tokenOnly: Route;
  /** The routes of adapters, whose stores the gauges show. */
  readonly #compiled: Route[] = [];

  constructor(parts: GuardParts) {
    this.#parts = parts;
    this.#table = [...parts.exempt, ...parts.routes];
    this.#tokenOnly = tokenOnly(parts.whole);
    this.#report = new Report(parts.onVerdict, parts.lines);
  }

  async judge(request: RequestView, route?: Route): Promise<Verdict> {
    const found = this.#routesOf(request, route);
    const routes = found === 'exempt' ? [this.#parts.whole] : distinct(found);
    return (await judgeByEach(this.#parts.means, request, routes, this.#readClock())).verdict;
  }

  async explain(request: RequestView, route?: Route): Promise<Explained> {
    const found = this.#routesOf(request, route);
    return explainByEach(this.#parts.means, request, found === 'exempt' ? [this.#parts.whole] : distinct(found), this.#readClock());
  }

  demands(route?: Route): readonly [Demands, ...Demands[]];
  demands(request: RequestView): readonly Demands[];
  demands(about?: RequestView | Route): readonly Demands[] {
    const { whole, routes } = this.#parts;
    if (about === undefined) return allDemands(whole, routes);
    if ('policy' in about) return [demandsOf(about, 'route.', false)];
    const found = this.#routesOf(about, undefined);
    const all = allDemands(whole, routes);
    const asked = [whole, ...this.#rows];
    return found === 'exempt' ? [] : found.flatMap((route) => all[asked.indexOf(route)] ?? []);
  }

  async verifyToken(token: string): Promise<Verdict> {
    const request = viewOfToken(token, this.#tokenOnly.policy.token.header);
    return await judgeByRoute(request, this.#parts.means, null, this.#tokenOnly, this.#readClock());
  }

  whenExpired({ claims }: Decision, expired: () => void, route: Route = this.#parts.whole): () => void {
    if (claims === null) return () => undefined;
    return atExpiry(claims.exp + route.policy.token.clockToleranceSeconds, this.#parts.now, expired);
  }

  decide(request: RequestView, route?: Route): MaybePromise<Decision> {
    const { exempt, judgePreflights, whole } = this.#parts;
    // Nearly always there is nothing to look up.
    if (judgePreflights && (route === undefined ? this.#table : exempt).length === 0) return this.#decideBy(request, route ?? whole);
    const routes = this.#routesOf(request, route);
    const skipped = routes === 'exempt' ? routes : this.#passesUnjudged(request) ? 'preflight' : null;
    if (skipped !== null) return this.#skip(request, skipped, route ?? whole);
    // The casts hold: `exempt` was skipped, and there is always one route.
    const asked = distinct(routes as readonly Route[]);
    return asked.length === 1 ? this.#decideBy(request, asked[0] as Route) : this.#decideByEach(request, asked);
  }

  #skip(request: RequestView, skipped: 'exempt' | 'preflight', { policy }: Route): Decision {
    const decision = skip(skipped, (policy ?? this.#parts.whole.policy).modes, nextId());
    this.#report.decided(request, decision, null, 0, 0);
    return decision;
  }

  #decideBy(request: RequestView, route: Route): MaybePromise<Decision> {
    const only = askedOnce(route);
    const started = this.#report.start();
    const at = this.#readClock();
    const verdict = judgeByRoute(request, this.#parts.means, null, only, at);
    if (verdict instanceof Promise) return this.#decideLater(request, withRoute(verdict, only), at, started);
    return this.#decided(request, verdict, only, at, started);
  }

  #decideByEach(request: RequestView, routes: readonly Route[]): MaybePromise<Decision> {
    const started = this.#report.start();
    const at = this.#readClock();
    return this.#decideLater(request, judgeByEach(this.#parts.means, request, routes.map(askedOnce), at), at, started);
  }

  #decideLater(request: RequestView, judged: MaybePromise<Judged>, at: number, started: number): MaybePromise<Decision> {
    return chain(judged, ({ verdict, route }) => this.#decided(request, verdict, route, at, started));
  }

  route(options: RouteOptions): Route {
    const route = routeOf(null, this.#parts.compileRoute(options), this.#parts.whole.keys);
    if (this.#compiled.length < MOST_ROUTES_GAUGED) this.#compiled.push(route);
    return route;
  }

  counters(): GuardCounters {
    return this.#report.counters();
  }

  gauges(): GuardGauges {
    const { means, whole } = this.#parts;
    const stores = storesOf([whole, ...this.#rows, ...this.#compiled]);
    const { bodies, shares, installationKeys } = means;
    return gaugesOf({ stores, bodies, shares, installationKeys, rings: this.#rings }, this.#readClock());
  }

  keyUse(): readonly KeyUse[] {
    const at = this.#readClock();
    return this.#rings.flatMap((ring) => ring.uses(at));
  }

  async warmUp(): Promise<void> {
    const at = this.#parts.now();
    await Promise.all(this.#rings.map((ring) => ring.source.warmUp?.(at)));
  }

  close(): void {
    for (const ring of this.#rings) ring.source.close?.();
  }

  get #rows(): readonly Route[] {
    return this.#parts.routes.flatMap(({ leadsTo }) => (leadsTo === 'exempt' ? [] : [leadsTo]));
  }

  get #rings(): readonly KeyRing[] {
    return this.#parts.keys.flatMap(({ rings }) => rings);
  }

  #passesUnjudged(request: RequestView): boolean {
    try {
      return !this.#parts.judgePreflights && mayPassPreflight(request);
    } catch {
      return false;
    }
  }

  /** A clock that throws or answers nonsense makes every comparison fail: the verdict is then `unavailable`. */
  #readClock(): number {
    const { life, now } = this.#parts;
    if (life !== null) life.judged = true;
    try {
      return now();
    } catch {
      return Number.NaN;
    }
  }

  /** What the request has to satisfy: where a route is given, that one, and else what the table says. Paths are exempt either way. */
  #routesOf(request: RequestView, route: Route | undefined): 'exempt' | readonly Route[] {
    const { exempt, whole, means } = this.#parts;
    const table: readonly RouteRow<Route>[] = route === undefined ? this.#table : exempt;
    const otherwise = route ?? whole;
    if (table.length === 0) return [otherwise];
    try {
      return findRoutes(request, means.originOf(request)?.authority ?? null, table, otherwise);
    } catch {
      return [otherwise, ...table.flatMap(({ leadsTo }) => (leadsTo === 'exempt' ? [] : [leadsTo]))];
    }
  }

  #decided(request: RequestView, verdict: Verdict, route: Route, at: number, started: number): Decision {
    // What is not a route of ours (options that `route` did not compile) has no policy, and was found `internal`.
    const { refusal, whole } = this.#parts;
    const modes = modesForVerdict(route.policy === undefined ? whole : route, request, verdict, at);
    const id = showsId(refusal) ? randomId() : nextId();
    const decision = decide(withPreflightRemedy(verdict, request), modes, id, refusal);
    this.#report.decided(request, decision, route.name, at, started);
    discardRest(request, decision);
    return decision;
  }
}

/** Of routes that demand the same the first. */
function distinct(routes: readonly Route[]): readonly Route[] {
  if (routes.length === 1) return routes;
  const known = new Map<Policy, Set<RequestKeys>>();
  return routes.filter(({ policy, keys }) => {
    const before = known.get(policy) ?? new Set();
    if (before.has(keys)) return false;
    known.set(policy, before.add(keys));
    return true;
  });
}

async function withRoute(verdict: Promise<Verdict>, route: Route): Promise<Judged> {
  return { verdict: await verdict, route };
}

/** A token by itself, as if it had come in its header: the header's rules hold for it, too. */
function viewOfToken(token: unknown, header: string): RequestView {
  const lines = typeof token === 'string' ? [token] : [];
  return { method: '', scheme: null, authority: null, target: '', lines: (name) => (name === header ? lines : []) };
}

/** The replay stores of these routes, each once. */
export function storesOf(routes: readonly Route[]): readonly ReplayStore[] {
  const stores = routes.flatMap(({ policy }) => [policy.signature?.replay ?? null, policy.tokenReplay]);
  return [...new Set(stores.filter((store) => store !== null))];
}
