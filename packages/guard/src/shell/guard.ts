/** The guard: reads the clock and the key snapshot once, asks the judge, decides, reports. */

import { excerpt } from '../core/bytes/text.ts';
import { accepted, type Evidence, judge, judgeToken } from '../core/judge.ts';
import type { KeySet } from '../core/jws/key-set.ts';
import type { Policy } from '../core/policy.ts';
import type { CryptoPort, KeySource } from '../core/ports.ts';
import type { RequestView } from '../core/request-view.ts';
import { isPromise, type MaybePromise } from '../core/result.ts';
import { VerifiedTokens } from '../core/token/verified-tokens.ts';
import { unavailable, type Verdict } from '../core/verdict.ts';
import { type Decision, governingMode } from '../http/decide.ts';
import { type ExemptPaths, isExempt } from '../http/exempt-paths.ts';
import { isPreflight } from '../http/preflight.ts';
import { type RefusalPolicy, renderRefusal } from '../http/refusal.ts';
import { Counters, type GuardCounters } from './counters.ts';
import type { RouteOptions, VerdictFacts } from './options.ts';

/** A route's compiled demands: made by {@link Guard.route}, once, at start. */
export interface Route {
  readonly policy: Policy;
}

/** Decides, for each request, whether it comes from a genuine app. Made by {@link createGuard}. */
export interface Guard {
  /** What is true of a request. Never rejects. Counts nothing and calls no hook. */
  judge(request: RequestView, route?: Route): Promise<Verdict>;
  /** What to do with a request: what adapters call. Answers at once where the platform's cryptography does. Never throws or rejects. */
  decide(request: RequestView, route?: Route): MaybePromise<Decision>;
  /** Judges a token by itself: no binding, no signature of the message. For WebSocket messages, command lines, queues. Never rejects. */
  verifyToken(token: string): Promise<Verdict>;
  /** Compiles what a route demands differently from the guard as a whole. Throws {@link ConfigurationError}. */
  route(options: RouteOptions): Route;
  /** Counts since the guard was made. */
  counters(): GuardCounters;
  /** Makes the keys available before traffic; rejects if that fails. */
  warmUp(): Promise<void>;
  /** Releases what the key source holds. */
  close(): void;
}

/** Everything a guard is made of, compiled. */
export interface GuardParts {
  readonly crypto: CryptoPort;
  readonly keys: KeySource;
  readonly policy: Policy;
  readonly compileRoute: (options: RouteOptions) => Policy;
  readonly exempt: ExemptPaths | null;
  readonly judgePreflights: boolean;
  readonly refusal: RefusalPolicy;
  readonly cacheTokens: number;
  readonly onVerdict: ((verdict: Verdict, facts: VerdictFacts) => void) | null;
  readonly now: () => number;
}

const LONGEST_CACHED_TOKEN = 2048;
const LONGEST_PATH_SHOWN = 256;

/** Assembles a guard from its parts. Users call `createGuard`. */
export function assembleGuard(parts: GuardParts): Guard {
  return new AssembledGuard(parts);
}

class AssembledGuard implements Guard {
  readonly #parts: GuardParts;
  readonly #whole: Route;
  readonly #counters: Counters = new Counters();
  #verified: VerifiedTokens | null;
  #verifiedOf: KeySet | null = null;

  constructor(parts: GuardParts) {
    this.#parts = parts;
    this.#whole = { policy: parts.policy };
    this.#verified = null;
  }

  async judge(request: RequestView, route: Route = this.#whole): Promise<Verdict> {
    return this.#judge(request, route.policy, this.#readClock());
  }

  async verifyToken(token: string): Promise<Verdict> {
    const { policy } = this.#parts;
    try {
      const at = this.#parts.now();
      if (!Number.isFinite(at)) return unavailable('internal', new TypeError('now() answered no finite number'));
      const text = typeof token === 'string' && token.length <= policy.token.maxBytes ? token : '';
      const verified = await judgeToken(text, policy, this.#evidence(at));
      return 'outcome' in verified ? verified : accepted(verified, 'unchecked');
    } catch (cause) {
      return unavailable('internal', cause);
    }
  }

  decide(request: RequestView, route: Route = this.#whole): MaybePromise<Decision> {
    const skipped = this.#skipped(request);
    if (skipped !== null) return this.#counted(skip(skipped, route.policy));
    const at = this.#readClock();
    const verdict = this.#judge(request, route.policy, at);
    if (isPromise(verdict)) return verdict.then((found) => this.#decided(request, route.policy, found, at));
    return this.#decided(request, route.policy, verdict, at);
  }

  route(options: RouteOptions): Route {
    return { policy: this.#parts.compileRoute(options) };
  }

  counters(): GuardCounters {
    return this.#counters.snapshot();
  }

  async warmUp(): Promise<void> {
    await this.#parts.keys.warmUp?.();
  }

  close(): void {
    this.#parts.keys.close?.();
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

  #judge(request: RequestView, policy: Policy, at: number): MaybePromise<Verdict> {
    try {
      if (!Number.isFinite(at)) return unavailable('internal', new TypeError('now() answered no finite number'));
      const verdict = judge(request, policy, this.#evidence(at));
      if (!isPromise(verdict)) return isUnknownKey(verdict) ? this.#afterRefresh(request, policy, at, verdict) : verdict;
      return verdict
        .then((found) => (isUnknownKey(found) ? this.#afterRefresh(request, policy, at, found) : found))
        .catch((cause: unknown) => unavailable('internal', cause));
    } catch (cause) {
      return unavailable('internal', cause);
    }
  }

  /** A token named a key that we do not know: the source may have a newer set. */
  #afterRefresh(request: RequestView, policy: Policy, at: number, verdict: Verdict): MaybePromise<Verdict> {
    const { keys } = this.#parts;
    if (keys.refresh === undefined) return verdict;
    const before = keys.current();
    const again = (): MaybePromise<Verdict> => (keys.current() === before ? verdict : judge(request, policy, this.#evidence(at)));
    const refreshed = keys.refresh();
    return isPromise(refreshed) ? refreshed.then(again).catch((cause: unknown) => unavailable('keys-unavailable', cause)) : again();
  }

  #evidence(at: number): Evidence {
    const { crypto } = this.#parts;
    const keys = this.#parts.keys.current();
    return { keys, verified: this.#verifiedFor(keys), at: at / 1000, hash: crypto.sha256Base64, decodeText: crypto.decodeText };
  }

  /** Another key set starts with an empty cache: what an old key verified must not outlive it. */
  #verifiedFor(keys: KeySet | null): VerifiedTokens | null {
    if (keys !== this.#verifiedOf) {
      this.#verifiedOf = keys;
      this.#verified = this.#parts.cacheTokens > 0 ? new VerifiedTokens(this.#parts.cacheTokens, LONGEST_CACHED_TOKEN) : null;
    }
    return this.#verified;
  }

  #decided(request: RequestView, policy: Policy, verdict: Verdict, at: number): Decision {
    const decision = decide(verdict, policy, this.#parts.refusal);
    this.#report(request, decision, verdict, at);
    return this.#counted(decision);
  }

  #counted(decision: Decision): Decision {
    this.#counters.count(decision);
    return decision;
  }

  #report(request: RequestView, decision: Decision, verdict: Verdict, at: number): void {
    const { onVerdict } = this.#parts;
    if (onVerdict === null) return;
    try {
      const { id, action, mode } = decision;
      const answer: unknown = onVerdict(verdict, { id, action, mode, method: excerpt(request.method, 32), path: shownPath(request.target), at });
      // An asynchronous hook that rejects must not end the process.
      if (answer instanceof Promise) answer.catch(() => this.#counters.countHookFailure());
    } catch {
      this.#counters.countHookFailure();
    }
  }
}

function isUnknownKey(verdict: Verdict): boolean {
  return verdict.outcome === 'rejected' && verdict.reason === 'token-key-unknown';
}

/** The query is left out: it may hold credentials. */
function shownPath(target: string): string {
  const end = target.search(/[?#]/);
  return excerpt(end < 0 ? target : target.slice(0, end), LONGEST_PATH_SHOWN);
}

function skip(skipped: 'preflight' | 'exempt', policy: Policy): Decision {
  return { action: 'pass', id: newId(), verdict: null, mode: policy.modes.token, claims: null, skipped };
}

function decide(verdict: Verdict, policy: Policy, refusal: RefusalPolicy): Decision {
  const mode = governingMode(verdict, policy.modes);
  const id = newId();
  if (verdict.outcome === 'accepted') return { action: 'pass', id, verdict, mode, claims: verdict.attestation.claims, skipped: null };
  if (mode === 'observe') return { action: 'pass', id, verdict, mode, claims: null, skipped: null };
  return { action: 'refuse', id, verdict, mode, claims: null, refusal: renderRefusal(verdict, id, refusal) };
}

function newId(): string {
  return globalThis.crypto.randomUUID();
}
