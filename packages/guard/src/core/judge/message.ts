/** The checks of the message: binding, key, form, parameters, coverage, base and proof of its signature, content digest. */
import { type BindingPolicy, checkBinding } from '../binding/check-binding.ts';
import { checkContentDigest, type StatedDigest, statedDigests } from '../digest/content-digest.ts';
import type { PreparedKey } from '../jws/jws.ts';
import type { BodyFound } from '../ports.ts';
import { chain, type MaybePromise } from '../result.ts';
import { SignatureBases } from '../signature/base.ts';
import { parseSignature, type UnverifiedSignature } from '../signature/parse-signature.ts';
import { orderOfGuesses, STRICT } from '../signature/sdk-tolerances.ts';
import { accountKey, installationKey } from '../signature/signing-key.ts';
import { checkCoverage, checkStated, proveSignature, verifiedSignature } from '../signature/verify-signature.ts';
import type { Claims, VerifiedToken } from '../token/verified.ts';
import { type Rejected, rejected, unavailable } from '../verdict.ts';
import type { Case, Failure } from './case.ts';
import { giveBack, onceText, shareOf } from './once.ts';
import type { SignaturePolicy } from './policy.ts';
import { foundAlike } from './token.ts';

// The casts of this file hold: each check is asked for by such a policy, and needs what it casts.

/** A failed binding that is only observed ends nothing but itself: it must not hide a bad signature. */
export function checkBound(judged: Case): MaybePromise<Failure | null> {
  const { request, policy, means, claims } = judged;
  const found = checkBinding(request, policy.binding as BindingPolicy, claims as Claims, means.hash);
  return chain(found, (state) => {
    if (typeof state !== 'string') return state;
    judged.binding = state;
    return null;
  });
}

/** Which key must have signed: the installation's, from the token, or the account's. */
export function checkSigningKey(judged: Case): MaybePromise<Failure | null> {
  const policy = judged.policy.signature as SignaturePolicy;
  const claims = judged.claims as Claims;
  if (policy.label === 'account') {
    const account = accountKey(claims, policy.accountKeys);
    if (account === null) return rejected('signature-key-missing', 'no account key fits mskid');
    judged.signingKey = account.key;
    return null;
  }
  const key = installationKey(claims, judged.means.openInstallationKey);
  if (key === null) return withoutKey(judged, policy);
  return chain(key, (found) => {
    if ('outcome' in found) return found;
    judged.signingKey = found;
    return null;
  });
}

function withoutKey(judged: Case, policy: SignaturePolicy): Failure | null {
  if (policy.missingKey === 'reject') return rejected('signature-key-missing', 'ipk');
  judged.signatureState = 'absent';
  judged.digest = 'absent';
  judged.over = 'signature';
  return null;
}

/** The one signature that the policy names by its label. */
export function checkForm(judged: Case): Failure | null {
  const found = foundAlike(judged, 'signature', formText, parsed);
  if ('outcome' in found) return found;
  judged.signature = found;
  return null;
}

function parsed({ request, policy, means }: Case): UnverifiedSignature | Rejected {
  return parseSignature(request, policy.signature as SignaturePolicy, means.known);
}

function formText({ policy }: Case): string {
  const { label, maxBytes, form } = policy.signature as SignaturePolicy;
  return JSON.stringify([label, maxBytes, form]);
}

export function checkParameters(judged: Case): Failure | null {
  return checkStated(judged.signature as UnverifiedSignature, judged.policy.signature as SignaturePolicy, judged.at);
}

/** An absent digest cannot be covered: that is found when digests are checked. Who delegates may not see whether there is a body. */
export function checkCovered({ signature, policy, request }: Case): Failure | null {
  const mayHaveBody = policy.signature?.digest === 'delegated' || request.body?.present === true;
  const hasDigest = mayHaveBody && request.lines('content-digest').length > 0;
  return checkCoverage((signature as UnverifiedSignature).components, policy.signature as SignaturePolicy, hasDigest);
}

/** The base as RFC 9421 has it: no deviation that is tolerated finds a value that it does not. */
export function checkBase(judged: Case): Failure | null {
  judged.bases = foundAlike(judged, judged.signature, () => 'bases', basesOf);
  const strict = judged.bases.with(STRICT);
  if ('exceeded' in strict) return rejected('signature-malformed', `covers ${strict.exceeded}`);
  if ('unresolvable' in strict) return rejected('signature-component-unresolvable', unresolvable(strict.unresolvable, judged));
  judged.base = strict.base;
  return null;
}

function basesOf({ signature, request, means }: Case): SignatureBases {
  const { components, parametersText } = signature as UnverifiedSignature;
  return new SignatureBases(components, parametersText, { request, origin: means.originOf(request) });
}

const OF_ORIGIN = /^"@(?:target-uri|authority|scheme)"/;

function unresolvable(identifier: string, { request, means }: Case): string {
  const why = OF_ORIGIN.test(identifier) ? means.whyUnknown(request) : null;
  return why === null ? identifier.slice(0, 64) : `${identifier.slice(0, 64)}: ${why}`;
}

export function checkProof(judged: Case): MaybePromise<Failure | null> {
  const proven = foundAlike(judged, judged.signingKey, basesText, prove);
  return chain(proven, (held) => {
    if (held === null) return rejected('signature-invalid');
    judged.proof = verifiedSignature(judged.signature as UnverifiedSignature, judged.policy.signature as SignaturePolicy);
    judged.signatureState = 'verified';
    return null;
  });
}

/** An explanation tries every base, and leaves no trace. */
function prove({ request, signature, bases, signingKey, policy, means, verified, trace, at }: Case): MaybePromise<number | null> {
  const { label, combinations } = policy.signature as SignaturePolicy;
  const bytes = (signature as UnverifiedSignature).signature;
  const key = signingKey as PreparedKey;
  const all = bases as SignatureBases;
  if (trace !== null) return proveSignature(bytes, key, all.distinct(combinations), combinations.length);
  const owner = shareOf(verified as VerifiedToken, label);
  const { last, most } = means.habits.of(owner, at);
  const order = orderOfGuesses(last, () => request.lines('user-agent')[0] ?? '');
  return chain(proveSignature(bytes, key, all.distinct(combinations, order), most), (held) => {
    means.habits.note(owner, held, at);
    return held;
  });
}

function basesText({ policy }: Case): string {
  const { label, form, combinations } = policy.signature as SignaturePolicy;
  return JSON.stringify([label, form, combinations]);
}

/** The body is read only to compare it: after the signature held, and up to the policy's limit. */
export function checkDigest(judged: Case): MaybePromise<Failure | null> {
  return chain(compareDigest(judged), (failure) => giveBack(judged, failure));
}

function compareDigest(judged: Case): MaybePromise<Failure | null> {
  const { request } = judged;
  const policy = judged.policy.signature as SignaturePolicy;
  const stated = statedDigests(request, policy.stringDigest);
  if (stated !== null && 'outcome' in stated) return stated;
  if (stated !== null) {
    const isDelegated = policy.digest === 'delegated' || request.body?.delegated === true;
    return isDelegated ? null : compareBody(judged, policy, stated);
  }
  judged.digest = 'absent';
  return policy.digest !== 'if-present' && request.body?.present === true ? rejected('digest-missing') : null;
}

function compareBody(judged: Case, policy: SignaturePolicy, stated: readonly StatedDigest[]): MaybePromise<Failure | null> {
  const { label, maxBodyBytes, stringDigest } = policy;
  const bodyText = (): string => JSON.stringify([label, maxBodyBytes, stringDigest]);
  return chain(
    foundAlike(judged, 'body', bodyText, () => compareOnce(judged, policy, stated)),
    (failure) => {
      if (failure === null) judged.digest = 'verified';
      return failure;
    },
  );
}

function compareOnce(judged: Case, policy: SignaturePolicy, stated: readonly StatedDigest[]): MaybePromise<Failure | null> {
  const { request, means, verified, proof } = judged;
  const compare = (found: BodyFound): MaybePromise<Failure | null> => {
    if (found.outcome !== 'read') return unread(found);
    const compared = checkContentDigest(stated, (algorithm) => means.digestBody(algorithm, found.chunks));
    return chain(compared, (state) => (state === 'verified' ? null : state));
  };
  const { body, message } = request;
  if (body === undefined) return compare({ outcome: 'read', chunks: [] });
  // An explanation goes on without proof, and stands in no message's way.
  const once = policy.replay === null || proof === null || judged.trace !== null ? null : onceText(judged);
  const owner = verified === null ? 'unproven' : shareOf(verified, policy.label);
  return means.bodies.read({ body, maxBytes: policy.maxBodyBytes, owner, once, message }, compare);
}

/** Why a body could not be read: the client's side, except for what the server did with it or has no room for. */
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
