/** Judges the message: signature, content digest, replay. Asked after the token and its binding. */
import { encodeBase64 } from './bytes/base64.ts';
import { checkContentDigest, type DigestAlgorithm, readContentDigest, type StatedDigest } from './digest/content-digest.ts';
import type { PreparedKey } from './jws/key-set.ts';
import type { ReplayStore } from './ports.ts';
import { rememberOnce } from './remember-once.ts';
import type { BodyRead, RequestView } from './request-view.ts';
import { chain, type MaybePromise } from './result.ts';
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
    const hasBody = request.body?.present ?? false;
    const message = { request, origin: evidence.originOf(request) };
    const signature = verifySignature(policy, { message, key, at: evidence.at, hasBody });
    return chain(signature, (found) =>
      'outcome' in found ? found : judgeContent({ request, policy, evidence, keyText: keyTextOf(verified.claims, policy) }, found, hasBody),
    );
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
}

function judgeContent(content: ContentCase, signature: VerifiedSignature, hasBody: boolean): MaybePromise<MessageState | Failure> {
  const { request, policy } = content;
  const stated = readContentDigest(request, policy.stringDigest);
  if (stated === null && policy.digest === 'required' && hasBody) return rejected('digest-missing');
  const digest = stated === null ? 'absent' : 'outcome' in stated ? stated : judgeBody(content, stated);
  return chain<'absent' | 'verified' | Failure, MessageState | Failure>(digest, (found) =>
    typeof found === 'string' ? judgeReplay(content, signature, found) : found,
  );
}

function judgeBody({ request, policy, evidence }: ContentCase, stated: readonly StatedDigest[]): MaybePromise<'verified' | Failure> {
  const body: MaybePromise<BodyRead> = request.body?.read(policy.maxBodyBytes) ?? { outcome: 'read', chunks: [] };
  return chain(body, (found) =>
    found.outcome === 'read' ? checkContentDigest(stated, (algorithm) => evidence.digestBody(algorithm, found.chunks)) : unread(found),
  );
}

/** Why a body could not be read: the client's side, but for what the server did with it or has no room for. */
export function unread(body: Exclude<BodyRead, { outcome: 'read' }>): Failure {
  switch (body.outcome) {
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
  const { request, policy, evidence, keyText } = content;
  const state: MessageState = { signature: 'verified', digest, covered: signature.covered };
  const { replay } = policy;
  if (replay === null) return state;
  const text = `${policy.label} ${keyText} ${uniquePart(signature, policy.label === 'install')}`;
  const failure = rememberOnce(
    { request, store: replay, text, until: signature.acceptableUntil, reason: 'signature-replayed', stage: 'signature' },
    evidence.hash,
  );
  return chain(failure, (failed) => failed ?? state);
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
