/** Judges the message: signature, content digest, replay. Asked after the token and its binding. */
import { encodeBase64 } from './bytes/base64.ts';
import { checkContentDigest, type DigestAlgorithm, readContentDigest, type StatedDigest } from './digest/content-digest.ts';
import type { PreparedKey } from './jws/key-set.ts';
import type { BodyFound, BodyReader, ReplayStore } from './ports.ts';
import { rememberOnce } from './remember-once.ts';
import type { RequestView } from './request-view.ts';
import { chain, type MaybePromise } from './result.ts';
import { ownerOf, type Shares, type Taking } from './shares.ts';
import { canonicalSignature } from './signature/signature-value.ts';
import { type AccountKey, accountKey, installationKey, type OpenInstallationKey } from './signature/signing-key.ts';
import type { Origin } from './signature/target.ts';
import { type SignatureCheck, type VerifiedSignature, verifySignature } from './signature/verify-signature.ts';
import type { Bytes, Seconds } from './time.ts';
import type { Claims } from './token/claims.ts';
import type { VerifiedToken } from './token/verified-tokens.ts';
import { type Rejected, rejected, type Unavailable, unavailable } from './verdict.ts';

/** What a route demands of message signatures. */
export interface SignaturePolicy extends SignatureCheck {
  /** What to do with a token that carries no `ipk` (label `install`). */
  readonly missingKey: 'reject' | 'accept';
  /** The account keys (label `account`). */
  readonly accountKeys: readonly AccountKey[];
  readonly stringDigest: boolean;
  /** The longest body that is read to compare its digest. */
  readonly maxBodyBytes: Bytes;
  readonly replay: ReplayStore | null;
  /** {@link judgeMessage}. It comes with the policy, so that a guard without such policies can be built without it. */
  readonly judge: typeof judgeMessage;
}

/** What the shell lends to the judgement of a message. */
export interface MessageEvidence {
  readonly at: Seconds;
  readonly originOf: (request: RequestView) => Origin | null;
  readonly openInstallationKey: OpenInstallationKey;
  readonly digestBody: (algorithm: DigestAlgorithm, chunks: readonly Uint8Array[]) => MaybePromise<string>;
  readonly hash: (text: string) => MaybePromise<string>;
  /** What each signing key may take, or `null` if that is not bounded. */
  readonly shares: Shares | null;
  readonly bodies: BodyReader;
}

/** What was proven of a message. */
export interface MessageState {
  /** `verified`, or `absent`: the token carries no key, accepted by policy. */
  readonly signature: 'verified' | 'absent';
  /** `verified`: the body matched. `absent`: no digest was sent. */
  readonly digest: 'verified' | 'absent';
  /** The identifiers of the covered components. */
  readonly covered: ReadonlySet<string>;
}

type Failure = Rejected | Unavailable;

/** Judges the message that came with a verified token. */
export function judgeMessage(
  request: RequestView,
  policy: SignaturePolicy,
  verified: VerifiedToken,
  evidence: MessageEvidence,
): MaybePromise<MessageState | Failure> {
  return chain(signingKey(policy, verified.claims, evidence), (key) => {
    if (key === 'absent') return { signature: 'absent', digest: 'absent', covered: new Set<string>() };
    if ('outcome' in key) return key;
    const share = policy.replay === null ? null : evidence.shares;
    const owner = ownerOf(verified, policy.label);
    const by = { key: `${policy.label} ${owner}`, at: evidence.at, message: request.message };
    // Before anything is parsed; nothing is taken until the proof holds, since anybody can send a token that is not theirs.
    if (share?.isOver(by) === true) return rejected('signature-share-exceeded');
    const hasBody = request.body?.present ?? false;
    const message = { request, origin: evidence.originOf(request) };
    const signature = verifySignature(policy, { message, key, at: evidence.at, hasBody });
    return chain(signature, (found) => {
      if ('outcome' in found) return found;
      const content = { request, policy, evidence, keyText: keyTextOf(verified.claims, policy), owner: by.key };
      // A body may arrive as late as that after its signature was accepted.
      const until = found.acceptableUntil + evidence.bodies.deadlineSeconds;
      const judgeIt = (): MaybePromise<MessageState | Failure> => judgeContent(content, { ...found, acceptableUntil: until }, hasBody);
      return share === null ? judgeIt() : withinShare(share, { ...by, until }, judgeIt);
    });
  });
}

/** Takes of the share, and gives back what was not used: the entry unless it was made, the request if all it cost was the store's answer. */
function withinShare(
  shares: Shares,
  taking: Taking,
  judgeIt: () => MaybePromise<MessageState | Failure>,
): MaybePromise<MessageState | Failure> {
  const took = shares.take(taking);
  if (took === 'over') return rejected('signature-share-exceeded');
  return chain(judgeIt(), (found) => {
    if (took === 'now' && 'outcome' in found)
      shares.giveBack(taking, found.outcome === 'rejected' && found.reason === 'signature-replayed');
    return found;
  });
}

function signingKey(policy: SignaturePolicy, claims: Claims, evidence: MessageEvidence): MaybePromise<PreparedKey | 'absent' | Rejected> {
  if (policy.label === 'account') {
    const account = accountKey(claims, policy.accountKeys);
    if (account === null) return rejected('signature-key-missing', 'no account key fits mskid');
    return chain(
      account.keyFor(claims),
      (key) => key ?? rejected('signature-key-invalid', 'the account key cannot be derived for this token'),
    );
  }
  const key = installationKey(claims, evidence.openInstallationKey);
  if (key !== null) return key;
  return policy.missingKey === 'accept' ? 'absent' : rejected('signature-key-missing', 'ipk');
}

interface ContentCase {
  readonly request: RequestView;
  readonly policy: SignaturePolicy;
  readonly evidence: MessageEvidence;
  readonly keyText: string;
  /** Who answers for what is held. */
  readonly owner: string;
}

function judgeContent(content: ContentCase, signature: VerifiedSignature, hasBody: boolean): MaybePromise<MessageState | Failure> {
  const { request, policy } = content;
  const stated = readContentDigest(request, policy.stringDigest);
  if (stated === null && policy.digest === 'required' && hasBody) return rejected('digest-missing');
  const digest = stated === null ? 'absent' : 'outcome' in stated ? stated : judgeBody(content, signature, stated);
  return chain<'absent' | 'verified' | Failure, MessageState | Failure>(digest, (found) =>
    typeof found === 'string' ? judgeReplay(content, signature, found) : found,
  );
}

function judgeBody(
  content: ContentCase,
  signature: VerifiedSignature,
  stated: readonly StatedDigest[],
): MaybePromise<'verified' | Failure> {
  const { request, policy, evidence, owner } = content;
  const compare = (found: BodyFound): MaybePromise<'verified' | Failure> =>
    found.outcome === 'read' ? checkContentDigest(stated, (algorithm) => evidence.digestBody(algorithm, found.chunks)) : unread(found);
  const { body, message } = request;
  if (body === undefined) return compare({ outcome: 'read', chunks: [] });
  const once = policy.replay === null ? null : onceText(content, signature);
  return evidence.bodies.read({ body, maxBytes: policy.maxBodyBytes, owner, once, message }, compare);
}

/** Why a body could not be read: the client's side, but for what the server did with it or has no room for. */
function unread(body: Exclude<BodyFound, { outcome: 'read' }>): Failure {
  switch (body.outcome) {
    case 'twin':
      return rejected('signature-replayed', 'its body is still arriving');
    case 'too-large':
      return rejected('digest-body-too-large');
    case 'left':
      return rejected('digest-body-incomplete');
    case 'late':
      return rejected('digest-body-late');
    case 'over-budget':
      return unavailable('body-budget-exceeded', undefined, 'digest');
    case 'gone':
      return unavailable('body-unavailable', new Error(body.remedy), 'digest');
  }
}

/** Asked last: what is remembered was acceptable in every other respect. */
function judgeReplay(
  content: ContentCase,
  signature: VerifiedSignature,
  digest: 'absent' | 'verified',
): MaybePromise<MessageState | Failure> {
  const { request, policy, evidence } = content;
  const state: MessageState = { signature: 'verified', digest, covered: signature.covered };
  const { replay } = policy;
  if (replay === null) return state;
  const text = onceText(content, signature);
  const failure = rememberOnce(
    { request, store: replay, text, until: signature.acceptableUntil, reason: 'signature-replayed', stage: 'signature' },
    evidence.hash,
  );
  return chain(failure, (failed) => failed ?? state);
}

/** What must not come again. */
function onceText({ policy, keyText }: ContentCase, signature: VerifiedSignature): string {
  return `${policy.label} ${keyText} ${uniquePart(signature, policy.label === 'install')}`;
}

/** RFC 9421 §2.3: a nonce is good for one signature of its key, so it stands for the signature, and for every other that repeats it. */
function uniquePart({ nonce, signature }: VerifiedSignature, isEcdsa: boolean): string {
  if (nonce !== null && nonce !== '') return `nonce ${nonce}`;
  return `signature ${encodeBase64(canonicalSignature(signature, isEcdsa), 'base64url')}`;
}

/** The key's own text: two installations never share an entry, even where they share the account's key. */
function keyTextOf(claims: Claims, policy: SignaturePolicy): string {
  return policy.label === 'install' ? String(claims.ipk) : JSON.stringify([claims.mskid, claims.did]);
}
