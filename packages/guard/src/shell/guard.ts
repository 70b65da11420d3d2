/** The guard: reads the clock once, finds the routes of a request, has it judged, decides, reports. */

import type { RequestView } from '../core/request-view.ts';
import { chain, isPromise, type MaybePromise } from '../core/result.ts';
import type { Policy } from '../core/route-policy.ts';
import { unavailable, type Verdict } from '../core/verdict.ts';
import { type Decision, decide, skip } from '../http/decide.ts';
import { discardRest } from '../http/discard-body.ts';
import { type ExemptPaths, isExempt } from '../http/exempt-paths.ts';
import { mayPassPreflight, withPreflightRemedy } from '../http/preflight.ts';
import { type RefusalPolicy, showsId } from '../http/refusal.ts';
import { findRoutes, type RouteRow } from '../http/route-table.ts';
import { Counters, type GuardCounters } from './counters.ts';
import { atExpiry } from './expiry.ts';
import { nextId, randomId } from './ids.ts';
import { type JudgeParts, judgeByEach, judgeByRoute, judgeTokenAlone } from './judge-by-routes.ts';
import type { KeyRing, KeyUse } from './keys/key-ring.ts';
import type { RouteOptions } from './options.ts';
import type { Route } from './route.ts';
import { type OnVerdict, VerdictHook } from './verdict-hook.ts';

/** Decides, for each request, whether it comes from a genuine app. Made by {@link createGuard}. */
export interface Guard {
  /** What is true of a request. Never rejects. Counts nothing and calls no hook. */
  judge(request: RequestView, route?: Route): Promise<Verdict>;
  /** What to do with a request: what adapters call. Answers at once where the platform's cryptography does. Never throws or rejects. */
  decide(request: RequestView, route?: Route): MaybePromise<Decision>;
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
  /** How often each current key verified a token, and when last: shows when an old key can go. */
  keyUse(): readonly KeyUse[];
  /** Makes the keys available before traffic; rejects if that fails. */
  warmUp(): Promise<void>;
  /** Releases what the key source holds. */
  close(): void;
}

/** Everything a guard is made of, compiled. */
export interface GuardParts extends JudgeParts {
  /** What requests must satisfy that no other route claims. */
  readonly whole: Route;
  /** The option `routes`, or `null` if it is not used. */
  readonly routes: readonly RouteRow<Route>[] | null;
  /** All key rings, each once. */
  readonly rings: readonly KeyRing[];
  readonly compileRoute: (options: RouteOptions) => Policy;
  readonly exempt: ExemptPaths | null;
  readonly judgePreflights: boolean;
  readonly refusal: RefusalPolicy;
  readonly onVerdict: OnVerdict | null;
  readonly now: () => number;
}

/** Assembles a guard from its parts. Users call `createGuard`. */
export function assembleGuard(parts: GuardParts): Guard {
  return new AssembledGuard(parts);
}

class AssembledGuard implements Guard {
  readonly #parts: GuardParts;
  readonly #counters: Counters = new Counters();
  readonly #hook: VerdictHook;

  constructor(parts: GuardParts) {
    this.#parts = parts;
    this.#hook = new VerdictHook(parts.onVerdict, this.#counters);
  }

  async judge(request: RequestView, route?: Route): Promise<Verdict> {
    const found = this.#routesOf(request, route);
    const routes = found === 'exempt' ? [this.#parts.whole] : found;
    return (await judgeByEach(this.#parts, request, routes, this.#readClock())).verdict;
  }

  async verifyToken(token: string): Promise<Verdict> {
    try {
      return await judgeTokenAlone(this.#parts, token, this.#parts.whole, this.#parts.now());
    } catch (cause) {
      return unavailable('internal', cause);
    }
  }

  whenExpired({ claims }: Decision, expired: () => void, route: Route = this.#parts.whole): () => void {
    if (claims === null) return () => undefined;
    return atExpiry(claims.exp + route.policy.token.clockToleranceSeconds, this.#parts.now, expired);
  }

  decide(request: RequestView, route?: Route): MaybePromise<Decision> {
    const skipped = this.#skipped(request);
    if (skipped !== null) return this.#counted(skip(skipped, (route?.policy ?? this.#parts.whole.policy).modes, nextId()));
    const { routes, whole } = this.#parts;
    if (route === undefined && routes !== null) return this.#decideByTable(request);
    const only = route ?? whole;
    const at = this.#readClock();
    const verdict = judgeByRoute(this.#parts, request, only, at);
    if (isPromise(verdict)) return verdict.then((found) => this.#decided(request, found, only, at));
    return this.#decided(request, verdict, only, at);
  }

  route(options: RouteOptions): Route {
    return { name: null, policy: this.#parts.compileRoute(options), keys: this.#parts.whole.keys };
  }

  counters(): GuardCounters {
    return this.#counters.snapshot();
  }

  keyUse(): readonly KeyUse[] {
    const at = this.#readClock();
    return this.#parts.rings.flatMap((ring) => ring.uses(at));
  }

  async warmUp(): Promise<void> {
    const at = this.#parts.now();
    await Promise.all(this.#parts.rings.map((ring) => ring.source.warmUp?.(at)));
  }

  close(): void {
    for (const ring of this.#parts.rings) ring.source.close?.();
  }

  #skipped(request: RequestView): 'preflight' | 'exempt' | null {
    try {
      if (this.#parts.exempt !== null && isExempt(request.target, this.#parts.exempt)) return 'exempt';
      return !this.#parts.judgePreflights && mayPassPreflight(request) ? 'preflight' : null;
    } catch {
      return null;
    }
  }

  /** A clock that throws or answers nonsense makes every comparison fail: the verdict is then `unavailable`. */
  #readClock(): number {
    try {
      return this.#parts.now();
    } catch {
      return Number.NaN;
    }
  }

  #decideByTable(request: RequestView): MaybePromise<Decision> {
    const routes = this.#routesOf(request, undefined);
    if (routes === 'exempt') return this.#counted(skip('exempt', this.#parts.whole.policy.modes, nextId()));
    const at = this.#readClock();
    return chain(judgeByEach(this.#parts, request, routes, at), ({ verdict, route }) => this.#decided(request, verdict, route, at));
  }

  #routesOf(request: RequestView, route: Route | undefined): 'exempt' | readonly Route[] {
    const { routes, whole, message } = this.#parts;
    if (route !== undefined || routes === null) return [route ?? whole];
    try {
      return findRoutes(request, message.originOf(request)?.authority ?? null, routes, whole);
    } catch {
      return [whole, ...routes.flatMap(({ leadsTo }) => (leadsTo === 'exempt' ? [] : [leadsTo]))];
    }
  }

  #decided(request: RequestView, verdict: Verdict, route: Route, at: number): Decision {
    // What is no route of ours (options that `route` did not compile) has no policy, and was found `internal`.
    const { refusal, whole } = this.#parts;
    const id = showsId(refusal) ? randomId() : nextId();
    const decision = decide(withPreflightRemedy(verdict, request), (route.policy ?? whole.policy).modes, id, refusal);
    this.#hook.tell(request, decision, route.name, at);
    discardRest(request, decision);
    return this.#counted(decision);
  }

  #counted(decision: Decision): Decision {
    this.#counters.count(decision);
    return decision;
  }
}
