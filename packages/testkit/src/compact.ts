/** The compact serialisation of RFC 7515 §3.1, with every byte under the test's control. */

/** One of the first two segments: an object (written as JSON, members in order), or the exact text or bytes to encode. */
export type SegmentContent = { readonly [member: string]: unknown } | string | Uint8Array;

/** Parts of {@link signCompact}. */
export interface CompactParts {
  /** The protected header. */
  readonly header: SegmentContent;
  /** The claims set, or whatever shall stand in its place. */
  readonly payload: SegmentContent;
  /** Signs the signing input (header and payload segments with the dot between them); `null` leaves the signature segment empty. */
  readonly sign: ((signingInput: Uint8Array) => Uint8Array) | null;
}

/** Encodes text (as UTF-8) or bytes as unpadded base64url (RFC 7515 §2). */
export function base64url(content: string | Uint8Array): string {
  return Buffer.from(typeof content === 'string' ? Buffer.from(content, 'utf8') : content).toString('base64url');
}

/** Encodes a segment: objects as JSON, texts and bytes as they are. */
export function segment(content: SegmentContent): string {
  return base64url(typeof content === 'string' || content instanceof Uint8Array ? content : JSON.stringify(content));
}

/**
 * Makes a compact JWS. It does not check anything: neither that the header is JSON nor that the signature fits the header.
 * @param parts - what to encode and how to sign
 * @returns the three segments, joined by dots
 * @example
 * ```ts
 * import { signCompact, signerFor, devSecret } from '@approov-guard/testkit';
 *
 * const token = signCompact({ header: '{"alg":"HS256"}', payload: '{"exp":1e400}', sign: signerFor({ secret: devSecret }) });
 * console.log(token.split('.').length); // 3
 * ```
 */
export function signCompact(parts: CompactParts): string {
  return signSegments(segment(parts.header), segment(parts.payload), parts.sign);
}

/** Signs two segments that are given as they shall stand in the token, for texts that are not base64url. */
export function signSegments(header: string, payload: string, sign: CompactParts['sign']): string {
  const signingInput = `${header}.${payload}`;
  const signature = sign === null ? '' : base64url(sign(Buffer.from(signingInput, 'utf8')));
  return `${signingInput}.${signature}`;
}
