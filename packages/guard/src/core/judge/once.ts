/** The checks of what may be accepted once: signatures, and tokens on routes that ask for it. Made last. */
import { encodeBase64 } from '../bytes.ts';
import type { ReplayStore } from '../ports.ts';
import { chain, isThenable, type MaybePromise } from '../result.ts';
import { canonicalSignature } from '../signature/signature-value.ts';
import type { VerifiedSignature } from '../signature/verify-signature.ts';
import { LATEST_MOMENT, type Seconds } from '../time.ts';
import type { Claims, VerifiedToken } from '../token/verified.ts';
import { rejected, unavailable } from '../verdict.ts';
import type { Brought, Case, Failure } from './case.ts';
import type { SignaturePolicy } from './policy.ts';
import { ownerOf, type Taking } from './shares.ts';

// The casts below hold: each check is asked for by such a policy, and needs what it casts.

/** Before anything of the signature is parsed. Nothing is taken until its proof holds: anybody can send a token that is not theirs. */
export function checkShare(judged: Case): Failure | null {
  const { shares } = judged.means;
  return shares?.isOver(takingOf(judged)) === true ? rejected('signature-share-exceeded') : null;
}

/** What the proven signature takes of its key's share. */
export function takeShare(judged: Case): Failure | null {
  const { shares } = judged.means;
  if (shares === null) return null;
  const taking = takingOf(judged);
  const took = shares.take(taking);
  if (took === 'over') return rejected('signature-share-exceeded');
  if (took === 'now') judged.taken = taking;
  return null;
}

/** Gives back what was not used: the entry, since none was made, and the request if all it cost was the store's answer. */
export function giveBack(judged: Case, failure: Failure | null): Failure | null {
  if (failure !== null && judged.taken !== null) {
    judged.means.shares?.giveBack(judged.taken, failure.code === 'signature-replayed');
    judged.taken = null;
  }
  return failure;
}

function takingOf({ verified, policy, proof, means, at, request }: Case): Taking {
  const { label } = policy.signature as SignaturePolicy;
  const until = proof === null ? at : proof.acceptableUntil + means.bodies.deadlineSeconds;
  return { key: shareOf(verified as VerifiedToken, label), at, until, message: request.message };
}

/** Who answers for what is held on account of a signature. */
export function shareOf(verified: VerifiedToken, label: SignaturePolicy['label']): string {
  return `${label} ${ownerOf(verified, label)}`;
}

/** The same signature is good for one request. Its body may arrive as late as its deadline allows after it was accepted. */
export function rememberSignature(judged: Case): MaybePromise<Failure | null> {
  const { policy, proof, means } = judged;
  const store = (policy.signature as SignaturePolicy).replay as ReplayStore;
  const until = (proof as VerifiedSignature).acceptableUntil + means.bodies.deadlineSeconds;
  const remembered = rememberOnce(judged, { store, text: onceText(judged), until, ...SIGNATURE });
  return chain(remembered, (failure) => giveBack(judged, failure));
}

/** What must not come again of a signature that held. */
export function onceText({ policy, claims, proof }: Case): string {
  const signature = policy.signature as SignaturePolicy;
  return `${signature.label} ${keyTextOf(claims as Claims, signature)} ${uniquePart(proof as VerifiedSignature, signature.label === 'install')}`;
}

/**
 * A token that may be used once takes of its device's share, as a signature does of its key's. The signing input stands for it, not the whole
 * token: an ECDSA signature has a twin that verifies as well.
 */
export function rememberToken(judged: Case): MaybePromise<Failure | null> {
  const { means, policy, at, request } = judged;
  const verified = judged.verified as VerifiedToken;
  const until = verified.claims.exp + policy.token.clockToleranceSeconds + means.bodies.deadlineSeconds;
  const taking = { key: `once ${ownerOf(verified, 'token')}`, at, until, message: request.message };
  const took = means.shares?.take(taking) ?? 'before';
  if (took === 'over') return rejected('token-share-exceeded');
  const text = verified.token.slice(0, verified.token.lastIndexOf('.'));
  return chain(rememberOnce(judged, { store: policy.tokenReplay as ReplayStore, text, until, ...TOKEN }), (failure) => {
    if (took === 'now' && failure !== null) means.shares?.giveBack(taking, failure.outcome === 'rejected');
    return failure;
  });
}

const SIGNATURE = { reason: 'signature-replayed', stage: 'signature' } as const;
const TOKEN = { reason: 'token-replayed', stage: 'token' } as const;

/** RFC 9421 §2.3: a nonce is good for one signature of its key, so it stands for the signature, and for every other that repeats it. */
function uniquePart({ nonce, signature }: VerifiedSignature, isEcdsa: boolean): string {
  if (nonce !== null && nonce !== '') return `nonce ${nonce}`;
  return `signature ${encodeBase64(canonicalSignature(signature, isEcdsa), 'base64url')}`;
}

/** The key's own text: two installations never share an entry, even where they share the account's key. */
function keyTextOf(claims: Claims, policy: SignaturePolicy): string {
  return policy.label === 'install' ? String(claims.ipk) : JSON.stringify([claims.mskid, claims.did]);
}

/** Something that may be accepted once. */
interface OnceOnly {
  readonly store: ReplayStore;
  /** What must not come again; only its hash is stored. */
  readonly text: string;
  readonly until: Seconds;
  readonly reason: 'signature-replayed' | 'token-replayed';
  readonly stage: 'signature' | 'token';
}

/**
 * One atomic set-if-absent. A store that cannot answer makes the request unavailable, never accepted. What the message itself has brought is no
 * replay: a guard for the whole application and another for one of its routes judge the same message twice.
 */
function rememberOnce({ request, means }: Case, once: OnceOnly): MaybePromise<Failure | null> {
  const { message = null } = request;
  const brought = message === null ? null : broughtBy(message, means.broughtTo(once.store));
  return chain(means.hash(once.text), (key) => (brought?.has(key) === true ? null : askStore(key, brought, once)));
}

function broughtBy(message: object, all: Brought): Set<string> {
  const known = all.get(message) ?? new Set();
  all.set(message, known);
  return known;
}

function askStore(key: string, brought: Set<string> | null, once: OnceOnly): MaybePromise<Failure | null> {
  const failed = (cause: unknown): Failure => unavailable('replay-store-unavailable', cause, once.stage);
  const answered = (isNew: unknown): Failure | null => {
    if (isNew === false) return rejected(once.reason);
    // An answer that is neither (`OK`, 1, nothing) does not tell: that is not a fault of the client.
    if (isNew !== true) return failed(new TypeError('`setIfAbsent` answered neither true nor false'));
    brought?.add(key);
    return null;
  };
  try {
    // One second more: stores count whole seconds.
    const isNew: unknown = once.store.setIfAbsent(key, Math.ceil(Math.min(once.until, LATEST_MOMENT)) + 1);
    return isThenable(isNew) ? Promise.resolve(isNew).then(answered, failed) : answered(isNew);
  } catch (cause) {
    return failed(cause);
  }
}
