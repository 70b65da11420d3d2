/**
 * Judges requests by routes, and tokens by themselves: gathers the evidence, asks the core, turns exceptions into verdicts. Moments are in
 * milliseconds since the epoch; one that is no finite number is our fault: `unavailable`.
 */
import { type AskRules, accepted, type Evidence, judge, judgeToken } from '../core/judge.ts';
import type { MessageEvidence } from '../core/judge-message.ts';
import type { KeySet } from '../core/jws/key-set.ts';
import type { CryptoPort } from '../core/ports.ts';
import type { RequestView } from '../core/request-view.ts';
import { chain, isPromise, type MaybePromise } from '../core/result.ts';
import { readToken } from '../core/token/read-token.ts';
import { unavailable, type Verdict } from '../core/verdict.ts';
import { governingMode } from '../http/decide.ts';
import { judgeWithKeys } from './judge-with-keys.ts';
import type { KeyRing } from './keys/key-ring.ts';
import type { Route } from './route.ts';

/** What judging takes besides the request, the route and the moment. */
export interface JudgeParts {
  readonly crypto: CryptoPort;
  readonly rules: AskRules | null;
  /** What judging message signatures needs. */
  readonly message: Pick<MessageEvidence, 'originOf' | 'openInstallationKey' | 'shares' | 'bodies'>;
}

/** A verdict and the route by which it was found. */
export interface Judged {
  readonly route: Route;
  readonly verdict: Verdict;
}

/** Judges a request by one route. Never throws or rejects. */
export function judgeByRoute(parts: JudgeParts, request: RequestView, route: Route, at: number): MaybePromise<Verdict> {
  try {
    if (!Number.isFinite(at)) return noMoment();
    const { policy, keys } = route;
    const verdict = judgeWithKeys(keys, at, (snapshot) => judge(request, policy, evidenceFrom(parts, keys, snapshot, at)));
    return isPromise(verdict) ? verdict.catch((cause: unknown) => unavailable('internal', cause)) : verdict;
  } catch (cause) {
    return unavailable('internal', cause);
  }
}

/** Nearly always one route. Where servers may disagree about which it is, the request has to satisfy each. Never throws or rejects. */
export function judgeByEach(parts: JudgeParts, request: RequestView, routes: readonly Route[], at: number): MaybePromise<Judged> {
  // The cast holds: there is always one route.
  const route = routes[0] as Route;
  const verdict = judgeByRoute(parts, request, route, at);
  if (routes.length === 1) return chain(verdict, (found) => ({ route, verdict: found }));
  return chain(verdict, (found) => {
    if (found.outcome !== 'accepted' && governingMode(found, route.policy.modes) === 'enforce') return { route, verdict: found };
    const rest = judgeByEach(parts, request, routes.slice(1), at);
    return found.outcome === 'accepted'
      ? rest
      : chain(rest, (later) => (later.verdict.outcome === 'accepted' ? { route, verdict: found } : later));
  });
}

/** Judges a token by itself. The header's rules hold for it, too: its size, and words that are no token. May throw or reject. */
export function judgeTokenAlone(parts: JudgeParts, token: string, { policy, keys }: Route, at: number): MaybePromise<Verdict> {
  if (!Number.isFinite(at)) return noMoment();
  const text = readToken(viewOf(token), { ...policy.token, prefix: null });
  if (typeof text !== 'string') return text;
  return judgeWithKeys(keys, at, (snapshot) =>
    chain(judgeToken(text, policy, evidenceFrom(parts, keys, snapshot, at)), (found) =>
      'outcome' in found ? found : accepted(found, 'unchecked'),
    ),
  );
}

function evidenceFrom({ crypto, rules, message }: JudgeParts, ring: KeyRing, keys: KeySet | null, at: number): Evidence {
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
    shares: message.shares,
    bodies: message.bodies,
    digestBody: crypto.digest,
  };
}

function noMoment(): Verdict {
  return unavailable('internal', new TypeError('now() answered no finite number'));
}

/** A token by itself, as if it had come in its header. */
function viewOf(token: unknown): RequestView {
  const lines = typeof token === 'string' ? [token] : [];
  return { method: '', scheme: null, authority: null, target: '', lines: () => lines };
}
