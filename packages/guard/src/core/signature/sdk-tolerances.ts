/**
 * Where the client SDKs deviate from RFC 9421 and RFC 9530, and we accept it. Each deviation is named, dated, sourced, switchable and
 * tested; nothing else is tolerated. Read in the SDKs' public sources in November 2026.
 */

/** Which deviations a policy accepts. */
export interface Tolerances {
  /**
   * `Signature: install="BASE64"`: a String instead of a Byte Sequence (RFC 9421 §4.2).
   * approov-service-okhttp 3.5.2 to 3.5.7, since 2025-10-20 (commit 04b1930), on purpose; 3.5.8 returned to bytes.
   */
  readonly stringSignature: boolean;
  /**
   * `Content-Digest: sha-256="BASE64"`: a String instead of a Byte Sequence (RFC 9530 §2).
   * The message-signing script of approov/quickstart-asp.net-token-check, 2025-11-23.
   */
  readonly stringDigest: boolean;
  /**
   * ECDSA signatures as DER (X9.62) instead of r‖s (RFC 9421 §3.3.4).
   * What the SDK primitive getInstallMessageSignature gives; React Native service before 3.5.11 sent it.
   */
  readonly derSignature: boolean;
  /**
   * `@authority` without a port that is not the default (RFC 9421 §2.2.3).
   * approov-service-okhttp up to 3.5.7, retrofit 3.5.8, urlsession 3.5.5, alamofire.
   */
  readonly authorityWithoutPort: boolean;
  /**
   * `@query` without its question mark, and empty where there is no query (RFC 9421 §2.2.7).
   * approov-service-okhttp up to 3.5.7, retrofit, urlsession, alamofire, flutter 3.5.6.
   */
  readonly queryWithoutMark: boolean;
  /**
   * The root path left out in `@target-uri` and `@path` (RFC 9421 §2.2.6).
   * urlsession 3.5.5 and alamofire: URL.absoluteString and URL.path keep an empty path empty.
   */
  readonly rootPathEmpty: boolean;
}

/** The names of the tolerances. */
export const TOLERANCE_NAMES: readonly (keyof Tolerances)[] = [
  'stringSignature',
  'stringDigest',
  'derSignature',
  'authorityWithoutPort',
  'queryWithoutMark',
  'rootPathEmpty',
];

/** The deviations that change the signature base. */
export type Deviations = Pick<Tolerances, 'authorityWithoutPort' | 'queryWithoutMark' | 'rootPathEmpty'>;

/** The base as RFC 9421 has it. */
export const STRICT: Deviations = { authorityWithoutPort: false, queryWithoutMark: false, rootPathEmpty: false };

/** How many signature bases are tried for one request. */
export const MAX_BASES = 4;

/**
 * The combinations in the order in which they occur in the field: as the RFC has it; Apple's (all three); Android's (the first two);
 * then each alone, and the two rare pairs.
 */
const COMBINATIONS: readonly Deviations[] = [
  STRICT,
  { authorityWithoutPort: true, queryWithoutMark: true, rootPathEmpty: true },
  { authorityWithoutPort: true, queryWithoutMark: true, rootPathEmpty: false },
  { ...STRICT, rootPathEmpty: true },
  { ...STRICT, authorityWithoutPort: true },
  { ...STRICT, queryWithoutMark: true },
  { authorityWithoutPort: true, queryWithoutMark: false, rootPathEmpty: true },
  { authorityWithoutPort: false, queryWithoutMark: true, rootPathEmpty: true },
];

/** The combinations that only use deviations which the policy accepts. */
export function acceptedCombinations(tolerances: Tolerances): readonly Deviations[] {
  return COMBINATIONS.filter(
    (combination) =>
      (!combination.authorityWithoutPort || tolerances.authorityWithoutPort) &&
      (!combination.queryWithoutMark || tolerances.queryWithoutMark) &&
      (!combination.rootPathEmpty || tolerances.rootPathEmpty),
  );
}
