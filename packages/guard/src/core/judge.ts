/** Composes the checks into a verdict, in the order that is our invariant: the first failure wins. */
import { type BindingState, checkBinding, type HashText } from './binding/check-binding.ts';
import type { Policy } from './policy.ts';
import type { RequestView } from './request-view.ts';
import { isPromise, type MaybePromise } from './result.ts';
import type { Seconds } from './time.ts';
import { checkClaims } from './token/check-claims.ts';
import { readToken } from './token/read-token.ts';
import type { VerifiedToken } from './token/verified-tokens.ts';
import { type TokenEvidence, verifyToken } from './token/verify-token.ts';
import { type Attestation, type Rejected, unavailable, type Verdict } from './verdict.ts';

/** What the shell fetched for the judge. */
export interface Evidence extends Omit<TokenEvidence, 'keys'> {
  /** The key snapshot, or `null` while none could be had. */
  readonly keys: TokenEvidence['keys'] | null;
  /** The moment of judgement. One clock read a request. */
  readonly at: Seconds;
  readonly hash: HashText;
}

/**
 * Judges a request: token, then binding. Reads nothing but its arguments.
 * @returns the verdict; see `reasons.ts` for every reason
 */
export function judge(request: RequestView, policy: Policy, evidence: Evidence): MaybePromise<Verdict> {
  const token = readToken(request, policy.token);
  if (typeof token !== 'string') return token;
  const verified = judgeToken(token, policy, evidence);
  if (isPromise(verified)) return verified.then((found) => judgeBinding(request, policy, evidence, found));
  return judgeBinding(request, policy, evidence, verified);
}

/** Judges a token by itself: form, signature, claims. */
export function judgeToken(token: string, policy: Policy, evidence: Evidence): MaybePromise<VerifiedToken | Verdict> {
  const { keys } = evidence;
  if (keys === null) return unavailable('keys-unavailable');
  if (keys.keys.length === 0) return unavailable('keys-empty');
  // The cast holds: `keys` is not null here, and all else is the same object, which saves a copy for each request.
  const verified = verifyToken(token, evidence as TokenEvidence);
  if (isPromise(verified)) return verified.then((found) => checkedToken(found, policy, evidence));
  return checkedToken(verified, policy, evidence);
}

function checkedToken(verified: VerifiedToken | Rejected, policy: Policy, evidence: Evidence): VerifiedToken | Rejected {
  if ('outcome' in verified) return verified;
  return checkClaims(verified.claims, policy.token, evidence.at) ?? verified;
}

function judgeBinding(request: RequestView, policy: Policy, evidence: Evidence, verified: VerifiedToken | Verdict): MaybePromise<Verdict> {
  if ('outcome' in verified) return verified;
  if (policy.binding === null) return accepted(verified, 'unchecked');
  const state = checkBinding(request, policy.binding, verified.claims, evidence.hash);
  if (isPromise(state)) return state.then((found) => (typeof found === 'string' ? accepted(verified, found) : found));
  return typeof state === 'string' ? accepted(verified, state) : state;
}

/** The verdict for a verified token. */
export function accepted(verified: VerifiedToken, binding: BindingState | 'unchecked'): Verdict {
  const attestation: Attestation = { claims: verified.claims, keyId: verified.key.id, binding };
  return { outcome: 'accepted', attestation };
}
