/** Checks the claims of a token whose signature held (RFC 7519 §4.1, RFC 8725 §3). */
import { isNumericDate, type Seconds } from '../time.ts';
import { type Rejected, rejected } from '../verdict.ts';
import { type Claims, EMULATOR_CLAIM } from './claims.ts';

/** What the claims must satisfy. */
export interface ClaimsPolicy {
  readonly clockToleranceSeconds: Seconds;
  readonly maxLifetimeSeconds: Seconds | null;
  readonly issuers: readonly string[] | null;
  /** The accepted values of `aud`, or `null` where any is. */
  readonly audiences: readonly string[] | null;
  /** Whether a token without `aud` fails. */
  readonly audienceRequired: boolean;
  /** Whether tokens that say that an emulator made them fail. */
  readonly refuseEmulated: boolean;
}

/**
 * Checks the claims that are no times: whether an emulator made the token, their types, issuer, audience.
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
  if (!isNumericDate(exp)) return rejected('token-expiry-missing', exp === undefined ? 'exp is absent' : 'exp is no finite number');
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
