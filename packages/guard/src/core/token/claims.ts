/** The claims of a verified attestation token (RFC 7519 §4; Approov's own claims), and reading them. */
import { parseJsonObject } from '../bytes/json.ts';

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

/**
 * The claim by which a stand-in for the issuing cloud marks each token that it makes, whatever the value. A guard in production refuses the token
 * (`token-from-emulator`). The issuing cloud has no such claim.
 */
export const EMULATOR_CLAIM = 'approov-guard-emulator';

/** Deeper nesting than any genuine claim has (`embed` nests three levels). */
const CLAIMS_MAX_DEPTH = 32;

/**
 * Parses a claims set and freezes it. Does not check any claim, not even `exp`.
 * @param text - the decoded payload
 * @returns the claims, or `null` if it is not a JSON object
 */
export function parseClaims(text: string): Claims | null {
  const object = parseJsonObject(text, CLAIMS_MAX_DEPTH);
  // The cast holds for each member only after the checks of the claims, which every judgement makes before it hands them on.
  return object === null ? null : (freezeDeep(object) as Claims);
}

/** Claims are shared between requests: nobody may change them. The depth is bounded by the parser. */
function freezeDeep(value: object): object {
  for (const name in value) {
    // The cast holds: the value came out of a JSON parser, so its members are its own and have text names.
    const member = (value as { readonly [name: string]: unknown })[name];
    if (typeof member === 'object' && member !== null) freezeDeep(member);
  }
  return Object.freeze(value);
}
