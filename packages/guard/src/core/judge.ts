/** Composes the checks into a verdict, in the order that is our invariant: the first failure wins. */
import { type BindingState, checkBinding, type HashText } from './binding/check-binding.ts';
import type { MessageEvidence } from './judge-message.ts';
import { parseUnverifiedCompact, parseUnverifiedHeader } from './jws/compact.ts';
import type { VerificationKey } from './jws/key-set.ts';
import { type Modes, modeOf, modeOfStage } from './policy.ts';
import type { ReplayStore } from './ports.ts';
import { type OnceOnly, rememberOnce } from './remember-once.ts';
import type { RequestView } from './request-view.ts';
import { chain, isPromise, type MaybePromise } from './result.ts';
import type { Policy } from './route-policy.ts';
import { ownerOf } from './shares.ts';
import type { Seconds } from './time.ts';
import { checkClaims } from './token/check-claims.ts';
import { readToken } from './token/read-token.ts';
import type { VerifiedToken } from './token/verified-tokens.ts';
import { NO_COMPACT_FORM, type TokenEvidence, verifyToken } from './token/verify-token.ts';
import { type Attestation, type Rejected, rejected, type Unavailable, unavailable, type Verdict } from './verdict.ts';

/** What the shell fetched for the judge. */
export interface Evidence extends Omit<TokenEvidence, 'keys'>, MessageEvidence {
  /** The key snapshot, or `null` while none could be had. */
  readonly keys: TokenEvidence['keys'] | null;
  /** The moment of judgement. One clock read a request. */
  readonly at: Seconds;
  readonly hash: HashText;
  /** Told of the key of each token whose signature and claims held. */
  readonly keyUsed: (key: VerificationKey, at: Seconds) => void;
  /** The deny and allow rules, or `null` if there are none. */
  readonly rules: AskRules | null;
}

/** Asks the deny and allow rules about a verified token: `null` lets it pass. */
export type AskRules = (verified: VerifiedToken, at: Seconds) => MaybePromise<Rejected | Unavailable | null>;

/**
 * Judges a request: token, binding, message signature, content digest, replay. Reads nothing but its arguments.
 * @returns the verdict; see `reasons.ts` for every reason
 */
export function judge(request: RequestView, policy: Policy, evidence: Evidence): MaybePromise<Verdict> {
  // Whatever was dropped was meant for somebody: the handler would read another message than the one that is judged.
  if (request.mayBeCut === true) return rejected('request-headers-cut');
  const token = readToken(request, policy.token);
  if (typeof token !== 'string') return token;
  const verified = judgeToken(token, policy, evidence);
  if (isPromise(verified)) return verified.then((found) => judgeBinding(request, policy, evidence, found));
  return judgeBinding(request, policy, evidence, verified);
}

/** Judges a token by itself: form, signature, claims, then the deny and allow rules. */
export function judgeToken(token: string, policy: Policy, evidence: Evidence): MaybePromise<VerifiedToken | Verdict> {
  const { keys } = evidence;
  if (keys === null || keys.keys.length === 0) return withoutKeys(token, keys === null ? 'keys-unavailable' : 'keys-empty');
  // The cast holds: `keys` is not null here, and all else is the same object, which saves a copy for each request.
  const verified = verifyToken(token, evidence as TokenEvidence);
  if (isPromise(verified)) return verified.then((found) => checkedToken(found, policy, evidence));
  return checkedToken(verified, policy, evidence);
}

/** The form comes before the keys: garbage is the client's fault in an outage, too, and waits for no key. */
function withoutKeys(token: string, fault: 'keys-unavailable' | 'keys-empty'): Rejected | Unavailable {
  const jws = parseUnverifiedCompact(token);
  if (jws === null) return rejected('token-malformed', NO_COMPACT_FORM);
  return parseUnverifiedHeader(jws.header) === null ? rejected('token-malformed', 'header') : unavailable(fault);
}

function checkedToken(verified: VerifiedToken | Rejected, policy: Policy, evidence: Evidence): MaybePromise<VerifiedToken | Verdict> {
  if ('outcome' in verified) return verified;
  const failed = checkClaims(verified.claims, policy.token, evidence.at);
  if (failed !== null) return failed;
  evidence.keyUsed(verified.key, evidence.at);
  if (evidence.rules === null) return verified;
  const denied = evidence.rules(verified, evidence.at);
  if (isPromise(denied)) return denied.then((found) => found ?? verified);
  return denied ?? verified;
}

function judgeBinding(request: RequestView, policy: Policy, evidence: Evidence, verified: VerifiedToken | Verdict): MaybePromise<Verdict> {
  if ('outcome' in verified) return verified;
  if (policy.binding === null) return judgeRest({ request, policy, evidence, verified }, 'unchecked');
  const state = checkBinding(request, policy.binding, verified.claims, evidence.hash);
  if (isPromise(state)) return state.then((found) => judgeRest({ request, policy, evidence, verified }, found));
  return judgeRest({ request, policy, evidence, verified }, state);
}

interface Case {
  readonly request: RequestView;
  readonly policy: Policy;
  readonly evidence: Evidence;
  readonly verified: VerifiedToken;
}

/**
 * Signature, digest and replay. A binding that failed ends the judgement unless binding is only observed: then an enforced signature is
 * still judged, lest a bad binding hide a bad signature.
 */
function judgeRest(judged: Case, binding: BindingState | 'unchecked' | Rejected): MaybePromise<Verdict> {
  const { policy, verified } = judged;
  const bindingFailed = typeof binding !== 'string';
  if (policy.signature === null && policy.tokenReplay === null) return bindingFailed ? binding : accepted(verified, binding);
  if (bindingFailed && policy.modes.binding === 'enforce') return binding;
  return chain(judgeMessageAndReplay(judged), (message) => {
    if ('outcome' in message) return bindingFailed && failsOnlyObserved(message, policy.modes) ? binding : message;
    return bindingFailed ? binding : accepted(verified, binding, message);
  });
}

function failsOnlyObserved(failure: Rejected | Unavailable, modes: Modes): boolean {
  if (failure.outcome === 'rejected') return modeOf(modes, failure.reason) === 'observe';
  return failure.stage !== null && modeOfStage(modes, failure.stage) === 'observe';
}

type Proven = Pick<Attestation, 'signature' | 'digest' | 'covered'>;
/** Shared by all verdicts without a signature: what one handler did to it would be believed of every later request. */
const NOTHING_COVERED: ReadonlySet<string> = Object.defineProperty(new Set<string>(), 'add', {
  value: () => {
    throw new TypeError('what a signature covers cannot be changed');
  },
});
const UNCHECKED: Proven = { signature: 'unchecked', digest: 'unchecked', covered: NOTHING_COVERED };

function judgeMessageAndReplay({ request, policy, evidence, verified }: Case): MaybePromise<Proven | Rejected | Unavailable> {
  const message: MaybePromise<Proven | Rejected | Unavailable> =
    policy.signature === null ? UNCHECKED : policy.signature.judge(request, policy.signature, verified, evidence);
  const { tokenReplay } = policy;
  if (tokenReplay === null) return message;
  return chain<Proven | Rejected | Unavailable, Proven | Rejected | Unavailable>(message, (proven) =>
    'outcome' in proven && !failsOnlyObserved(proven, policy.modes)
      ? proven
      : chain(onceOnly({ request, policy, evidence, verified }, tokenReplay), (failed) => failed ?? proven),
  );
}

/** A token that may be used once takes of its device's share, as a signature does of its key's. */
function onceOnly({ request, policy, evidence, verified }: Case, store: ReplayStore): MaybePromise<Rejected | Unavailable | null> {
  const token = judged(request, policy, verified);
  const until = token.until + evidence.bodies.deadlineSeconds;
  const taking = { key: `once ${ownerOf(verified, 'token')}`, at: evidence.at, until, message: request.message };
  const took = evidence.shares?.take(taking) ?? 'before';
  if (took === 'over') return rejected('token-share-exceeded');
  return chain(judgeTokenReplay(store, { ...token, until }, evidence), (failed) => {
    if (took === 'now' && failed !== null) evidence.shares?.giveBack(taking, failed.outcome === 'rejected');
    return failed;
  });
}

/** The signing input, not the whole token: an ECDSA signature has a twin that verifies as well. */
function judgeTokenReplay(
  store: ReplayStore,
  token: Pick<OnceOnly, 'request' | 'text' | 'until'>,
  evidence: Evidence,
): MaybePromise<Rejected | Unavailable | null> {
  return rememberOnce({ store, ...token, reason: 'token-replayed', stage: 'token' }, evidence.hash);
}

function judged(request: RequestView, policy: Policy, verified: VerifiedToken): Pick<OnceOnly, 'request' | 'text' | 'until'> {
  const text = verified.token.slice(0, verified.token.lastIndexOf('.'));
  return { request, text, until: verified.claims.exp + policy.token.clockToleranceSeconds };
}

/** The verdict for a verified token. */
export function accepted(verified: VerifiedToken, binding: BindingState | 'unchecked', message: Proven = UNCHECKED): Verdict {
  const { signature, digest, covered } = message;
  const attestation: Attestation = { claims: verified.claims, keyId: verified.key.id, binding, signature, digest, covered };
  return { outcome: 'accepted', attestation };
}
