/** Base64 and base64url (RFC 4648 §4, §5), strict: no white space, no other alphabet, no bits left over. */

const STANDARD = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/';
const URL_SAFE = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_';

/** The two alphabets of RFC 4648. */
export type Base64Alphabet = 'base64' | 'base64url';

function valuesOf(alphabet: string): Uint8Array {
  const values = new Uint8Array(128).fill(255);
  for (let value = 0; value < 64; value++) values[alphabet.charCodeAt(value)] = value;
  return values;
}

const VALUES: { readonly [A in Base64Alphabet]: Uint8Array } = { base64: valuesOf(STANDARD), base64url: valuesOf(URL_SAFE) };

/** How many bytes a canonical unpadded text of this length stands for; -1 if no text has this length. */
export function decodedLength(textLength: number): number {
  return (textLength & 3) === 1 ? -1 : (textLength * 3) >> 2;
}

/**
 * Tells whether the last character of an unpadded base64url text leaves no bits over (RFC 4648 §3.5), so that each
 * byte string has exactly one spelling.
 */
export function endsCanonically(text: string): boolean {
  const rest = text.length & 3;
  if (rest === 0) return true;
  const value = VALUES.base64url[text.charCodeAt(text.length - 1) & 127] as number;
  return rest === 2 ? (value & 15) === 0 : rest === 3 && (value & 3) === 0;
}

/**
 * Decodes base64 or base64url. Padding may be there or not, but if it is there it must be right; everything else is strict.
 * @param leftOver - whether the bits that are left over must be zero (RFC 4648 §3.5), or are ignored
 * @returns the bytes, or `null` if `text` is no such encoding
 */
export function decodeBase64(
  text: string,
  alphabet: Base64Alphabet,
  leftOver: 'zero' | 'ignored' = 'zero',
): Uint8Array<ArrayBuffer> | null {
  const length = unpaddedLength(text);
  const size = decodedLength(length);
  if (size < 0) return null;
  const values = VALUES[alphabet];
  const bytes = new Uint8Array(size);
  let bits = 0;
  let held = 0;
  let at = 0;
  for (let index = 0; index < length; index++) {
    const code = text.charCodeAt(index);
    const value = code < 128 ? (values[code] as number) : 255;
    if (value === 255) return null;
    held = ((held << 6) | value) & 0xffff;
    bits += 6;
    if (bits >= 8) {
      bits -= 8;
      bytes[at++] = held >> bits;
    }
  }
  return leftOver === 'ignored' || (held & ((1 << bits) - 1)) === 0 ? bytes : null;
}

function unpaddedLength(text: string): number {
  if (!text.endsWith('=')) return text.length;
  if ((text.length & 3) !== 0) return -1;
  return text.endsWith('==') ? text.length - 2 : text.length - 1;
}

/** Encodes bytes: base64 with padding, base64url without. */
export function encodeBase64(bytes: Uint8Array, alphabet: Base64Alphabet): string {
  const letters = alphabet === 'base64' ? STANDARD : URL_SAFE;
  let text = '';
  for (let at = 0; at < bytes.length; at += 3) {
    const three = ((bytes[at] as number) << 16) | ((bytes[at + 1] ?? 0) << 8) | (bytes[at + 2] ?? 0);
    text +=
      letters.charAt(three >> 18) + letters.charAt((three >> 12) & 63) + letters.charAt((three >> 6) & 63) + letters.charAt(three & 63);
  }
  const rest = bytes.length % 3;
  if (rest === 0) return text;
  const kept = text.slice(0, rest - 3);
  return alphabet === 'base64' ? kept + '='.repeat(3 - rest) : kept;
}
