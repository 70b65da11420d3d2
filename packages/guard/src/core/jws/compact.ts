/** The compact serialisation and the protected header (RFC 7515 §3.1, §4, §5.2). */
import { decodeBase64, decodedLength, endsCanonically } from '../bytes/base64.ts';
import { parseJsonObject } from '../bytes/json.ts';
import { decodeUtf8 } from '../bytes/utf8.ts';

/** The parts of a compact JWS. Nothing in it is trusted. */
export interface UnverifiedJws {
  readonly header: string;
  readonly payload: string;
  readonly signature: string;
  /** Header and payload with the dot between them: what was signed (RFC 7515 §5.2 step 8). */
  readonly signingInput: string;
}

/** What the protected header says. Nothing in it is trusted. */
export interface UnverifiedHeader {
  readonly algorithm: string;
  readonly kid: string | null;
}

const NOT_BASE64URL = /[^A-Za-z0-9_-]/;
const HEADER_MAX_DEPTH = 8;

/**
 * Splits a token into its three segments, each canonical base64url; `null` if it has another form. Payload and
 * signature may be empty, as those of an unsecured JWS are (RFC 7515 Appendix A.5): an empty payload is no claims set, and no algorithm of ours
 * accepts an empty signature.
 */
export function parseUnverifiedCompact(token: string): UnverifiedJws | null {
  const first = token.indexOf('.');
  const second = token.indexOf('.', first + 1);
  // A third dot is no base64url character, so it fails with the signature segment.
  if (first < 1 || second < 0) return null;
  const payload = token.slice(first + 1, second);
  const signature = token.slice(second + 1);
  if (!isBase64UrlSegment(payload) || !isBase64UrlSegment(signature)) return null;
  return { header: token.slice(0, first), payload, signature, signingInput: token.slice(0, second) };
}

function isBase64UrlSegment(segment: string): boolean {
  return decodedLength(segment.length) >= 0 && endsCanonically(segment) && !NOT_BASE64URL.test(segment);
}

/** Parses a header segment; `null` unless it is a JSON object that a plain JWT may carry. */
export function parseUnverifiedHeader(segment: string): UnverifiedHeader | null {
  const text = segment.endsWith('=') ? null : decodeUtf8(decodeBase64(segment, 'base64url'));
  const header = text === null ? null : parseJsonObject(text, HEADER_MAX_DEPTH);
  if (header === null || typeof header.alg !== 'string') return null;
  // RFC 7515 §4.1.11, RFC 7797 §6: extensions that change the processing; we understand none.
  if (Object.hasOwn(header, 'crit') || Object.hasOwn(header, 'b64')) return null;
  if (!isJwtType(header) || !hasUsableKid(header)) return null;
  return { algorithm: header.alg, kid: typeof header.kid === 'string' ? header.kid : null };
}

/** RFC 7519 §5.1: `typ` is optional and, as a media type, compared without regard to case (RFC 7515 §4.1.9). */
function isJwtType(header: { readonly [member: string]: unknown }): boolean {
  if (!Object.hasOwn(header, 'typ')) return true;
  return typeof header.typ === 'string' && header.typ.toLowerCase() === 'jwt';
}

function hasUsableKid(header: { readonly [member: string]: unknown }): boolean {
  return !Object.hasOwn(header, 'kid') || typeof header.kid === 'string';
}
