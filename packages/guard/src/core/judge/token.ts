/** The checks of the attestation token: header, form, key, signature, times, other claims, rules. */
import {
  findSigner,
  type KeySet,
  parseUnverifiedCompact,
  parseUnverifiedHeader,
  type UnverifiedJws,
  type VerificationKey,
} from '../jws/jws.ts';
import { isPromise, type MaybePromise } from '../result.ts';
import { checkIdentity, checkTimes } from '../token/check-claims.ts';
import { type Claims, parseClaims } from '../token/claims.ts';
import { readToken } from '../token/read-token.ts';
import type { VerifiedToken } from '../token/verified-tokens.ts';
import { rejected, unavailable } from '../verdict.ts';
import type { Case, Failure } from './case.ts';
import type { AskRules } from './policy.ts';

// The casts below hold: each check names in the order what it needs, and an earlier check has found it.

/** Whatever was dropped was meant for somebody: the handler would read another message than the one that is judged. */
export function checkSection({ request }: Case): Failure | null {
  return request.mayBeCut === true ? rejected('request-headers-cut') : null;
}

/** One header line, not too long, that holds a token. */
export function checkHeader(judged: Case): Failure | null {
  const token = readToken(judged.request, judged.policy.token);
  if (typeof token !== 'string') return token;
  judged.token = token;
  return null;
}

/** A compact JWS. A token that the same keys verified lately is known. */
export function checkForm(judged: Case): Failure | null {
  const token = judged.token as string;
  const known = judged.snapshot.verified?.get(token);
  if (known !== undefined) return held(judged, known);
  judged.jws = parseUnverifiedCompact(token);
  return judged.jws === null ? rejected('token-malformed', 'not three canonical base64url segments') : null;
}

/** The form comes before the keys: garbage is the client's fault in an outage, too, and waits for no key. */
export function checkKey(judged: Case): Failure | null {
  if (judged.verified !== null) return null;
  const { header } = judged.jws as UnverifiedJws;
  const { keys, whyNone } = judged.snapshot;
  if (keys === null || keys.keys.length === 0) {
    if (parseUnverifiedHeader(header) === null) return rejected('token-malformed', 'header');
    return whyNone ?? unavailable(keys === null ? 'keys-unavailable' : 'keys-empty');
  }
  const candidates = keys.candidates(header);
  if (typeof candidates === 'string') return rejected(candidates, candidates === 'token-malformed' ? 'header' : undefined);
  judged.candidates = candidates;
  return null;
}

/** RFC 7515 §5.2. The claims set is read only after the signature held. */
export function checkSignature(judged: Case): MaybePromise<Failure | null> {
  if (judged.verified !== null) return null;
  const signer = findSigner(judged.jws as UnverifiedJws, judged.candidates as readonly VerificationKey[]);
  if (isPromise(signer)) return signer.then((key) => signedBy(judged, key));
  return signedBy(judged, signer);
}

function signedBy(judged: Case, key: VerificationKey | null): Failure | null {
  if (key === null) return rejected('token-signature-invalid');
  const { jws, candidates, snapshot, means } = judged;
  const { header, payload } = jws as UnverifiedJws;
  (snapshot.keys as KeySet).remember(header, candidates as readonly VerificationKey[]);
  const text = means.decodeText(payload);
  const claims = text === null ? null : parseClaims(text);
  if (claims === null) return rejected('token-malformed', 'claims set');
  const verified = { token: judged.token as string, claims, key };
  snapshot.verified?.add(verified);
  return held(judged, verified);
}

function held(judged: Case, verified: VerifiedToken): null {
  judged.verified = verified;
  judged.claims = verified.claims;
  return null;
}

/** RFC 7519 §4.1.4, §4.1.5: at each use, also of a token that is known. */
export function checkLife({ claims, policy, at }: Case): Failure | null {
  return checkTimes(claims as Claims, policy.token, at);
}

/** The other claims of the token. Its key counts as used from here on. */
export function checkOtherClaims(judged: Case): Failure | null {
  const failure = checkIdentity(judged.claims as Claims, judged.policy.token);
  if (failure === null) judged.tokenHeld = judged.verified !== null && !judged.settled;
  return failure;
}

/** What the operator's own knowledge says of the token. */
export function checkRules({ verified, policy, at }: Case): MaybePromise<Failure | null> {
  return (policy.rules as AskRules)(verified as VerifiedToken, at);
}
