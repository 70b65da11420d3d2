/** The claims of a verified attestation token (RFC 7519 §4; Approov's own claims). */

/**
 * A verified token's claims, frozen. Only `exp` is always there. Claims not listed here (annotations from the account's policy)
 * are kept as they came, with type `unknown`.
 */
export interface Claims {
  /** When the token dies, NumericDate; fractions occur. */
  readonly exp: number;
  /** When the token was issued, NumericDate. Not judged. */
  readonly iat?: number;
  /** Not valid before, NumericDate. */
  readonly nbf?: number;
  /** The issuing account (`approov policy -setIssuer on`). */
  readonly iss?: string;
  /** The API domain for which the token was fetched (`approov policy -setAudience on`). */
  readonly aud?: string | readonly string[];
  /** The subject (`approov policy -setSubject on`). */
  readonly sub?: string;
  /** The app installation's id, base64 of 16 bytes; a new one after reinstallation. */
  readonly did?: string;
  /** The client's address as the issuing cloud saw it. */
  readonly ip?: string;
  /** The token binding: base64(SHA-256(bound value)). */
  readonly pay?: unknown;
  /** The attestation response code, opaque; support or the vendor's command line expands it. */
  readonly arc?: string;
  /** The installation's public key for message signing, base64 of DER SubjectPublicKeyInfo. */
  readonly ipk?: unknown;
  /** The id of the account's message-signing key. */
  readonly mskid?: string;
  readonly [claim: string]: unknown;
}
