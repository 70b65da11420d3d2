/** The guard: reads the clock and the key snapshot once, asks the judge, decides, reports. */

import { excerpt } from '../core/bytes/text.ts';
import { type AskRules, accepted, type Evidence, judge, judgeToken } from '../core/judge.ts';
import type { MessageEvidence } from '../core/judge-message.ts';
import type { KeySet } from '../core/jws/key-set.ts';
import type { CryptoPort } from '../core/ports.ts';
import type { RequestView } from '../core/request-view.ts';
import { chain, isPromise, isThenable, type MaybePromise } from '../core/result.ts';
import type { Policy } from '../core/route-policy.ts';
import { readToken } from '../core/token/read-token.ts';
import { unavailable, type Verdict } from '../core/verdict.ts';
import { type Decision, governingMode } from '../http/decide.ts';
import { discardRest } from '../http/discard-body.ts';
import { type ExemptPaths, isExempt } from '../http/exempt-paths.ts';
import { isPreflight } from '../http/preflight.ts';
import { type RefusalPolicy, renderRefusal, showsId } from '../http/refusal.ts';
import { findRoutes, type RouteRow } from '../http/route-table.ts';
import { Counters, type GuardCounters } from './counters.ts';
import { atExpiry } from './expiry.ts';
import { nextId, randomId } from './ids.ts';
import { judgeWithKeys } from './judge-with-keys.ts';
import type { KeyRing, KeyUse } from './key-ring.ts';
import type { RouteOptions, VerdictFacts } from './options.ts';

/** A route's compiled demands: made by {@link Guard.route}, once, at start. */
export interface Route {
  /** As in the option `routes`; `null` for the guard as a whole and for routes made in code. */
  readonly name: string | null;
  readonly policy: Policy;
  readonly keys: KeyRing;
}

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
export interface GuardParts {
  readonly crypto: CryptoPort;
  /** What requests must satisfy that no other route claims. */
  readonly whole: Route;
  /** The option `routes`, or `null` if it is not used. */
  readonly routes: readonly RouteRow<Route>[] | null;
  /** All key rings, each once. */
  readonly rings: readonly KeyRing[];
  readonly rules: AskRules | null;
  /** What judging message signatures needs. */
  readonly message: Pick<MessageEvidence, 'originOf' | 'openInstallationKey'>;
  readonly compileRoute: (options: RouteOptions) => Policy;
  readonly exempt: ExemptPaths | null;
  readonly judgePreflights: boolean;
  readonly refusal: RefusalPolicy;
  readonly onVerdict: ((verdict: Verdict, facts: VerdictFacts) => void) | null;
  readonly now: () => number;
}

/** A verdict and the route by which it was found. */
interface Judged {
  readonly route: Route;
  readonly verdict: Verdict;
}

const LONGEST_PATH_SHOWN = 256;

/** Assembles a guard from its parts. Users call `createGuard`. */
export function assembleGuard(parts: GuardParts): Guard {
  return new AssembledGuard(parts);
}

class AssembledGuard implements Guard {
  readonly #parts: GuardParts;
  readonly #counters: Counters = new Counters();

  constructor(parts: GuardParts) {
    this.#parts = parts;
  }

  async judge(request: RequestView, route?: Route): Promise<Verdict> {
    const found = this.#routesOf(request, route);
    const routes = found === 'exempt' ? [this.#parts.whole] : found;
    return (await this.#judgeByEach(request, routes, this.#readClock())).verdict;
  }

  async verifyToken(token: string): Promise<Verdict> {
    const { policy, keys } = this.#parts.whole;
    try {
      const at = this.#parts.now();
      if (!Number.isFinite(at)) return unavailable('internal', new TypeError('now() answered no finite number'));
      // The header's rules hold for the token by itself, too: its size, and words that are no token.
      const text = readToken(viewOf(token), { ...policy.token, prefix: null });
      if (typeof text !== 'string') return text;
      return await judgeWithKeys(keys, at, (snapshot) =>
        chain(judgeToken(text, policy, this.#evidence(keys, snapshot, at)), (found) =>
          'outcome' in found ? found : accepted(found, 'unchecked'),
        ),
      );
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
    if (skipped !== null) return this.#counted(skip(skipped, (route ?? this.#parts.whole).policy));
    const { routes, whole } = this.#parts;
    if (route === undefined && routes !== null) return this.#decideByTable(request);
    const only = route ?? whole;
    const at = this.#readClock();
    const verdict = this.#judge(request, only, at);
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
      return !this.#parts.judgePreflights && isPreflight(request) ? 'preflight' : null;
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
    if (routes === 'exempt') return this.#counted(skip('exempt', this.#parts.whole.policy));
    const at = this.#readClock();
    return chain(this.#judgeByEach(request, routes, at), ({ verdict, route }) => this.#decided(request, verdict, route, at));
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

  /** Nearly always one route. Where servers may disagree about which it is, the request has to satisfy each. */
  #judgeByEach(request: RequestView, routes: readonly Route[], at: number, index = 0): MaybePromise<Judged> {
    // The cast holds: there is always one route, and the index stays below their number.
    const route = routes[index] as Route;
    const verdict = this.#judge(request, route, at);
    if (index === routes.length - 1) return chain(verdict, (found) => ({ route, verdict: found }));
    return chain(verdict, (found) => {
      if (found.outcome !== 'accepted' && governingMode(found, route.policy.modes) === 'enforce') return { route, verdict: found };
      const rest = this.#judgeByEach(request, routes, at, index + 1);
      return found.outcome === 'accepted'
        ? rest
        : chain(rest, (later) => (later.verdict.outcome === 'accepted' ? { route, verdict: found } : later));
    });
  }

  #judge(request: RequestView, route: Route, at: number): MaybePromise<Verdict> {
    try {
      if (!Number.isFinite(at)) return unavailable('internal', new TypeError('now() answered no finite number'));
      const { policy, keys } = route;
      const verdict = judgeWithKeys(keys, at, (snapshot) => judge(request, policy, this.#evidence(keys, snapshot, at)));
      return isPromise(verdict) ? verdict.catch((cause: unknown) => unavailable('internal', cause)) : verdict;
    } catch (cause) {
      return unavailable('internal', cause);
    }
  }

  #evidence(ring: KeyRing, keys: KeySet | null, at: number): Evidence {
    const { crypto, rules, message } = this.#parts;
    return {
      keys,
      verified: ring.verified,
      at: at / 1000,
      hash: crypto.sha256Base64,
      decodeText: crypto.decodeText,
      keyUsed: ring.keyUsed,
      rules,
      originOf: message.originOf,
      openInstallationKey: message.openInstallationKey,
      digestBody: crypto.digest,
    };
  }

  #decided(request: RequestView, verdict: Verdict, route: Route, at: number): Decision {
    // What is no route of ours (options that `route` did not compile) has no policy, and was found `internal`.
    const decision = decide(verdict, route.policy ?? this.#parts.whole.policy, this.#parts.refusal);
    this.#report(request, decision, route, at);
    discardRest(request, decision);
    return this.#counted(decision);
  }

  #counted(decision: Decision): Decision {
    this.#counters.count(decision);
    return decision;
  }

  #report(request: RequestView, { verdict, id, action, mode }: Decision, route: Route, at: number): void {
    const { onVerdict } = this.#parts;
    if (onVerdict === null || verdict === null) return;
    try {
      const method = excerpt(request.method, 32);
      const answer: unknown = onVerdict(verdict, { id, action, mode, route: route.name, method, path: shownPath(request.target), at });
      // An asynchronous hook that rejects must not end the process.
      if (isThenable(answer)) Promise.resolve(answer).catch(() => this.#counters.countHookFailure());
    } catch {
      this.#counters.countHookFailure();
    }
  }
}

/** The query is left out: it may hold credentials. */
function shownPath(target: string): string {
  const most = Math.min(target.length, LONGEST_PATH_SHOWN + 1);
  let end = 0;
  while (end < most && !endsPath(target.charCodeAt(end))) end++;
  return excerpt(end === target.length ? target : target.slice(0, end), LONGEST_PATH_SHOWN);
}

/** `?` or `#`. */
function endsPath(code: number): boolean {
  return code === 0x3f || code === 0x23;
}

function skip(skipped: 'preflight' | 'exempt', policy: Policy): Decision {
  return { action: 'pass', id: nextId(), verdict: null, mode: policy.modes.token, claims: null, skipped };
}

function decide(verdict: Verdict, policy: Policy, refusal: RefusalPolicy): Decision {
  const mode = governingMode(verdict, policy.modes);
  const id = showsId(refusal) ? randomId() : nextId();
  if (verdict.outcome === 'accepted') return { action: 'pass', id, verdict, mode, claims: verdict.attestation.claims, skipped: null };
  if (mode === 'observe') return { action: 'pass', id, verdict, mode, claims: null, skipped: null };
  return { action: 'refuse', id, verdict, mode, claims: null, refusal: renderRefusal(verdict, id, refusal) };
}

/** A token by itself, as if it had come in its header. */
function viewOf(token: unknown): RequestView {
  const lines = typeof token === 'string' ? [token] : [];
  return { method: '', scheme: null, authority: null, target: '', lines: () => lines };
}
