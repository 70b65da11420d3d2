/** The checks of the attestation token: header, form, key, signature, times, other claims, rules. */

import { excerpt, trimOptionalWhiteSpace } from '../bytes.ts';
import {
  findSigner,
  type KeysAtHand,
  parseUnverifiedCompact,
  parseUnverifiedHeader,
  type UnverifiedJws,
  type VerificationKey,
} from '../jws/jws.ts';
import type { RequestView } from '../request-view.ts';
import type { MaybePromise } from '../result.ts';
import type { Seconds } from '../time.ts';
import { type Claims, EMULATOR_CLAIM, parseClaims, type VerifiedToken, type VerifiedTokens } from '../token/verified.ts';
import { type Rejected, rejected, unavailable } from '../verdict.ts';
import type { Case, Failure } from './case.ts';
import type { AskRules, ClaimsPolicy, TokenPlace } from './policy.ts';

// The casts below hold: each check names in the order what it needs, and an earlier check has found it.

/** Whatever was dropped was meant for somebody: the handler would read another message than the one that is judged. */
export function checkSection({ request }: Case): Failure | null {
  return request.mayBeCut === true ? rejected('request-headers-cut') : null;
}

/** One header line, not too long, that holds a token. One that the same keys verified lately is known. */
export function checkHeader(judged: Case): Failure | null {
  const found = findToken(judged.request, judged.policy.token, judged.snapshot.verified);
  if (typeof found !== 'string') return 'outcome' in found ? found : held(judged, found);
  judged.token = found;
  return null;
}

/** A compact JWS. */
export function checkForm(judged: Case): Failure | null {
  judged.jws = parseUnverifiedCompact(judged.token as string);
  return judged.jws === null ? rejected('token-malformed', 'not three canonical base64url segments') : null;
}

/** The form comes before the keys: garbage is the client's fault in an outage, too, and waits for no key. */
export function checkKey(judged: Case): Failure | null {
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
  if (judged.snapshot.verified?.refused?.has(judged.token as string) === true) return rejected('token-signature-invalid');
  const signer = foundAlike(judged, judged.snapshot.keys, tokenText, signerOf);
  if (signer instanceof Promise) return signer.then((key) => signedBy(judged, key));
  return signedBy(judged, signer);
}

function signerOf({ jws, candidates }: Case): MaybePromise<VerificationKey | null> {
  return findSigner(jws as UnverifiedJws, candidates as readonly VerificationKey[]);
}

function tokenText({ token }: Case): string {
  return token as string;
}

/**
 * What `find` answers. Where one message is judged by several routes, it is asked once for all that have the subject and the text in common.
 * @param subject - what it is about, compared by identity
 * @param textOf - what else the answer depends on, beside the message
 */
export function foundAlike<T>(judged: Case, subject: unknown, textOf: (judged: Case) => string, find: (judged: Case) => T): T {
  const { alike } = judged;
  return alike === null ? find(judged) : alike.of(subject, textOf(judged), () => find(judged));
}

function signedBy(judged: Case, key: VerificationKey | null): Failure | null {
  const { jws, candidates, snapshot, means } = judged;
  if (key === null) {
    snapshot.verified?.refuse(judged.token as string);
    return rejected('token-signature-invalid');
  }
  const { header, payload } = jws as UnverifiedJws;
  (snapshot.keys as KeysAtHand).remember(header, candidates as readonly VerificationKey[]);
  const text = means.decodeText(payload);
  const claims = text === null ? null : parseClaims(text);
  if (claims === null) return rejected('token-malformed', 'claims set');
  const verified = { token: judged.token as string, claims, key };
  snapshot.verified?.add(verified);
  return held(judged, verified);
}

function held(judged: Case, verified: VerifiedToken): null {
  judged.token = verified.token;
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

/** What the SDKs write into the token header when they could not fetch a token (upper case; okhttp 3.8 writes lower case). */
export const SDK_STATUSES: ReadonlySet<string> = new Set([
  'NO_NETWORK',
  'POOR_NETWORK',
  'MITM_DETECTED',
  'UNTRUSTED_NETWORK',
  'NO_APPROOV_SERVICE',
  'BAD_URL',
  'UNKNOWN_URL',
  'UNPROTECTED_URL',
  'NOT_INITIALIZED',
  'REJECTED',
  'DISABLED',
  'UNKNOWN_KEY',
  'BAD_KEY',
  'BAD_PAYLOAD',
  'INTERNAL_ERROR',
]);
const LONGEST_STATUS = 32;

/**
 * The token text of a request, or why there is none: missing, duplicated, too large, an SDK status, or an unexpected prefix.
 * @param verified - the tokens that are known: the whole entry is found of one of them. Default: none
 */
export function findToken(request: RequestView, place: TokenPlace): string | Rejected;
export function findToken(request: RequestView, place: TokenPlace, verified: VerifiedTokens | null): string | VerifiedToken | Rejected;
export function findToken(
  request: RequestView,
  place: TokenPlace,
  verified: VerifiedTokens | null = null,
): string | VerifiedToken | Rejected {
  const lines = request.lines(place.header);
  if (lines.length === 0) return withoutToken(request, place, 'header absent');
  if (lines.length > 1) return rejected('token-duplicated');
  const value = trimOptionalWhiteSpace(lines[0] as string);
  if (value.length > place.maxBytes) return rejected('token-too-large');
  const token =
    place.prefix === null || value === '' ? value : (withoutScheme(value, place.prefix) ?? (place.prefixOptional ? value : null));
  // Before the rest: it is the whole of the token's text that is known, and that it is one.
  const known = token === null || token.length <= LONGEST_STATUS ? undefined : verified?.get(token);
  if (known !== undefined) return known;
  // RFC 9110 §5.3: platforms that join repeated lines use a comma, which no token contains.
  if (value.includes(',')) return rejected('token-duplicated');
  if (token === null) return rejected('token-malformed', 'the configured prefix is absent');
  if (token === '') return withoutToken(request, place, 'header empty');
  return token.length <= LONGEST_STATUS && SDK_STATUSES.has(token.toUpperCase())
    ? rejected('token-sdk-status', excerpt(token, LONGEST_STATUS))
    : token;
}

/** okhttp from 3.7 on: one word, such as `no_network`, also of SDKs newer than this list. `success` explains no absence. */
const STATUS = /^(?!success$)[a-z][a-z_]{1,31}$/i;

/** An app whose SDK says why it has no token is not an app without the SDK. It proves nothing: the request is refused all the same. */
function withoutToken(request: RequestView, { statusHeader = null }: TokenPlace, detail: string): Rejected {
  const [line = '', ...more] = statusHeader === null ? [] : request.lines(statusHeader);
  const status = trimOptionalWhiteSpace(line);
  return more.length === 0 && STATUS.test(status) ? rejected('token-sdk-status', status) : rejected('token-missing', detail);
}

/** RFC 9110 §11.4: the scheme is compared without regard to case and followed by at least one space. */
function withoutScheme(value: string, scheme: string): string | null {
  const after = value.slice(scheme.length);
  if (value.slice(0, scheme.length).toLowerCase() !== scheme) return null;
  if (after !== '' && !after.startsWith(' ')) return null;
  return trimOptionalWhiteSpace(after);
}

/**
 * Checks the claims that are not times: whether an emulator made the token, their types, issuer, audience.
 * @returns `null` if all hold
 */
export function checkIdentity(claims: Claims, policy: ClaimsPolicy): Rejected | null {
  return checkOrigin(claims, policy) ?? checkTypes(claims) ?? checkIssuer(claims, policy) ?? checkAudience(claims, policy);
}

/** A stand-in for the issuing cloud attests nothing. Whoever has its secret configured in production has the wrong secret there. */
function checkOrigin(claims: Claims, { refuseEmulated }: ClaimsPolicy): Rejected | null {
  return refuseEmulated && claims[EMULATOR_CLAIM] !== undefined ? rejected('token-from-emulator') : null;
}

/**
 * Checks expiry and the other times. Comparisons are written so that NaN fails them.
 * @returns `null` if all hold
 */
export function checkTimes(claims: Claims, policy: ClaimsPolicy, at: Seconds): Rejected | null {
  const { exp, nbf } = claims;
  if (!isNumericDate(exp)) return rejected('token-expiry-missing', exp === undefined ? 'exp is absent' : 'exp is not a finite number');
  // RFC 7519 §4.1.4: on or after the expiration time it MUST NOT be accepted.
  if (!(at < exp + policy.clockToleranceSeconds)) return rejected('token-expired');
  if (nbf !== undefined && !isNumericDate(nbf)) return rejected('token-claim-invalid', 'nbf');
  if (nbf !== undefined && !(nbf <= at + policy.clockToleranceSeconds)) return rejected('token-not-yet-valid', 'nbf');
  const { maxLifetimeSeconds } = policy;
  if (maxLifetimeSeconds !== null && !(exp - at <= maxLifetimeSeconds)) return rejected('token-lifetime-too-long');
  return null;
}

/**
 * What {@link Claims} promises to be. A wrong type would otherwise reach a handler under a wrong type. RFC 7519 §4.1.6 gives no rule for the moment
 * that `iat` names: judging it would refuse genuine users whose issuer's clock is a second ahead.
 */
function checkTypes(claims: Claims): Rejected | null {
  const { did, ip, iss, sub, arc, mskid, aud, iat } = claims;
  if (iat !== undefined && !isNumericDate(iat)) return rejected('token-claim-invalid', 'iat');
  // Each by its own name: reading them in a loop costs four times as much.
  if (!isTextOrAbsent(did)) return rejected('token-claim-invalid', 'did');
  if (!isTextOrAbsent(ip)) return rejected('token-claim-invalid', 'ip');
  if (!isTextOrAbsent(iss)) return rejected('token-claim-invalid', 'iss');
  if (!isTextOrAbsent(sub)) return rejected('token-claim-invalid', 'sub');
  if (!isTextOrAbsent(arc)) return rejected('token-claim-invalid', 'arc');
  if (!isTextOrAbsent(mskid)) return rejected('token-claim-invalid', 'mskid');
  return isTextOrAbsent(aud) || isListOfTexts(aud) ? null : rejected('token-claim-invalid', 'aud');
}

function isTextOrAbsent(value: unknown): boolean {
  return value === undefined || typeof value === 'string';
}

function isListOfTexts(value: unknown): boolean {
  return Array.isArray(value) && value.every((member) => typeof member === 'string');
}

function checkIssuer(claims: Claims, policy: ClaimsPolicy): Rejected | null {
  if (policy.issuers === null) return null;
  return claims.iss !== undefined && policy.issuers.includes(claims.iss) ? null : rejected('token-issuer-unexpected');
}

/** The detail where the option was left out: whoever switches `aud` on sees at once what is missing here. */
const NOT_CONFIGURED = 'aud is there, and token.audience was left out: name your API domains in it, or write null';

/** RFC 7519 §4.1.3: one text, or a list of which one must be ours. Who is not named MUST reject the token, whatever was configured. */
function checkAudience(claims: Claims, policy: ClaimsPolicy): Rejected | null {
  const { audiences, audienceRequired } = policy;
  if (audiences === null || (claims.aud === undefined && !audienceRequired)) return null;
  const named = typeof claims.aud === 'string' ? [claims.aud] : (claims.aud ?? []);
  if (named.some((audience) => audiences.includes(audience))) return null;
  return rejected('token-audience-unexpected', audienceRequired ? undefined : NOT_CONFIGURED);
}

/** Tells whether a claim is a NumericDate: a finite number. `1e400` parses to infinity and is not one. */
export function isNumericDate(value: unknown): value is Seconds {
  return typeof value === 'number' && Number.isFinite(value);
}
