/** Texts from outside: what bytes they stand for, base64, UTF-8, JSON. HTTP field values carry one byte a character. */

/** What a token is made of (RFC 9110 §5.6.2), such as the name of a field or of a scheme: for the brackets of a pattern. */
export const TOKEN_CHARACTERS: string = "!#$%&'*+.^_`|~0-9A-Za-z-";
const TOKEN = new RegExp(`^[${TOKEN_CHARACTERS}]+$`);

/** Tells whether a text is a token. */
export function isToken(text: string): boolean {
  return TOKEN.test(text);
}

const NOT_ONE_BYTE = /[^\x00-\xff]/;

/** Tells whether each character stands for one byte. */
export function isOneByteText(text: string): boolean {
  return !NOT_ONE_BYTE.test(text);
}

/** The bytes of a field value: one a character (ISO-8859-1) if all fit, else UTF-8. */
export function bytesOfFieldValue(text: string): Uint8Array<ArrayBuffer> {
  if (!isOneByteText(text)) return new TextEncoder().encode(text);
  const bytes = new Uint8Array(text.length);
  for (let index = 0; index < text.length; index++) bytes[index] = text.charCodeAt(index);
  return bytes;
}

/**
 * Compares two texts in a time that depends on their lengths only. Use it where the right text could otherwise be found
 * by measuring how long a wrong one takes.
 */
export function equalInConstantTime(left: string, right: string): boolean {
  if (left.length !== right.length) return false;
  let difference = 0;
  for (let index = 0; index < left.length; index++) difference |= left.charCodeAt(index) ^ right.charCodeAt(index);
  return difference === 0;
}

/** Shortens and escapes a text from outside, so that it can stand in a log line. */
export function excerpt(text: string, maxCharacters: number): string {
  if (text.length <= maxCharacters && isPlain(text)) return text;
  const escaped = text
    .slice(0, maxCharacters)
    .replace(/[^\x20-\x7e]|[\\"']/g, (character) => `\\u${character.charCodeAt(0).toString(16).padStart(4, '0')}`);
  return text.length > maxCharacters ? `${escaped}…` : escaped;
}

/** A loop, since calling a pattern costs more than these texts, which are short. */
function isPlain(text: string): boolean {
  for (let at = 0; at < text.length; at++) if (!isPlainCode(text.charCodeAt(at))) return false;
  return true;
}

/** Tells whether a character can stand in a log line as it is. Small letters, which most are, take two comparisons. */
export function isPlainCode(code: number): boolean {
  return code > BACKSLASH ? code <= TILDE : code >= SPACE && code !== QUOTE && code !== APOSTROPHE && code !== BACKSLASH;
}

const SPACE = 0x20;
const TILDE = 0x7e;

const QUOTE = 0x22;
const APOSTROPHE = 0x27;
const BACKSLASH = 0x5c;

/** RFC 3629: no replacement characters, and a byte order mark is data. */
const UTF8 = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });

/** Decodes UTF-8; `null` if the bytes are none. */
export function decodeUtf8(bytes: Uint8Array | null): string | null {
  if (bytes === null) return null;
  try {
    return UTF8.decode(bytes);
  } catch {
    return null;
  }
}

/** Removes optional white space (SP and HTAB, RFC 9110 §5.6.3) from both ends of a field value. */
export function trimOptionalWhiteSpace(value: string): string {
  let start = 0;
  let end = value.length;
  while (start < end && isSpaceOrTab(value.charCodeAt(start))) start++;
  while (end > start && isSpaceOrTab(value.charCodeAt(end - 1))) end--;
  return start === 0 && end === value.length ? value : value.slice(start, end);
}

function isSpaceOrTab(code: number): boolean {
  return code === 0x20 || code === 0x09;
}

// Base64 and base64url (RFC 4648 §4, §5), strict: no white space, no other alphabet, no bits left over.

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

const EQUALS_SIGN = 0x3d;
const LETTERS: { readonly [A in Base64Alphabet]: Uint8Array } = {
  base64: new TextEncoder().encode(STANDARD),
  base64url: new TextEncoder().encode(URL_SAFE),
};

/** How many bytes a canonical unpadded text of this length stands for; -1 if no text has this length. */
function decodedLength(textLength: number): number {
  return (textLength & 3) === 1 ? -1 : (textLength * 3) >> 2;
}

/**
 * Decodes base64 or base64url. Padding may be there or not, but if it is there it must be right; everything else is strict.
 * @param leftOver - whether the bits that are left over must be zero (RFC 4648 §3.5), or are ignored
 * @returns the bytes, or `null` if `text` is not in that encoding
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
    // The cast holds: the table has a number for each code below 128.
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
  const letters = LETTERS[alphabet];
  const codes = new Uint8Array(Math.ceil(bytes.length / 3) * 4);
  for (let at = 0, to = 0; at < bytes.length; at += 3) {
    // The casts hold: the index is below the length, and six bits name one of 64 letters.
    const three = ((bytes[at] as number) << 16) | ((bytes[at + 1] ?? 0) << 8) | (bytes[at + 2] ?? 0);
    codes[to++] = letters[three >> 18] as number;
    codes[to++] = letters[(three >> 12) & 63] as number;
    codes[to++] = letters[(three >> 6) & 63] as number;
    codes[to++] = letters[three & 63] as number;
  }
  const rest = bytes.length % 3;
  if (rest === 0) return UTF8.decode(codes);
  const kept = codes.length + rest - 3;
  if (alphabet === 'base64url') return UTF8.decode(codes.subarray(0, kept));
  return UTF8.decode(codes.fill(EQUALS_SIGN, kept));
}

// JSON objects from outside (RFC 8259): one meaning or none.

/** A parsed JSON object whose members nobody has looked at yet. */
export type JsonObject = { readonly [member: string]: unknown };

/**
 * Parses a JSON object. Refuses what is not an object, nests deeper than `maxDepth`, or names a member twice at its top level
 * (RFC 7515 §4 and RFC 7519 §4 allow that refusal, and two parsers would otherwise read two meanings).
 * @returns the object, or `null`
 */
export function parseJsonObject(text: string, maxDepth: number): JsonObject | null {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    return null;
  }
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return null;
  // The cast holds: a JSON value that is neither primitive, null nor array is an object with string keys.
  const object = value as JsonObject;
  const members = Object.keys(object).length;
  return hasNoMoreColonsThan(text, members) || membersAtTop(text, maxDepth) === members ? object : null;
}

/**
 * True only if nothing is named twice and nothing nests: each member has a colon, in whatever object it is, and only a list could nest
 * without one. Most claims sets are like that, and a native search is faster than reading the text.
 */
function hasNoMoreColonsThan(text: string, members: number): boolean {
  if (text.includes('[')) return false;
  let colons = 0;
  for (let at = text.indexOf(':'); at >= 0; at = text.indexOf(':', at + 1)) if (++colons > members) return false;
  return true;
}

/** Counts the members of the outermost object of a valid JSON text, or answers -1 if it nests too deep. */
function membersAtTop(text: string, maxDepth: number): number {
  let depth = 0;
  let members = 0;
  for (let at = 0; at < text.length; at++) {
    const code = text.charCodeAt(at);
    if (code === QUOTE) at = endOfString(text, at);
    else if (code === COLON) members += depth === 1 ? 1 : 0;
    else if (code === OPEN_BRACE || code === OPEN_BRACKET) {
      if (++depth > maxDepth) return -1;
    } else if (code === CLOSE_BRACE || code === CLOSE_BRACKET) depth--;
  }
  return members;
}

const COLON = 0x3a;
const OPEN_BRACE = 0x7b;
const CLOSE_BRACE = 0x7d;
const OPEN_BRACKET = 0x5b;
const CLOSE_BRACKET = 0x5d;

/** The index of the quote that ends the string which starts at `start`. */
function endOfString(text: string, start: number): number {
  let end = text.indexOf('"', start + 1);
  while (isEscaped(text, end)) end = text.indexOf('"', end + 1);
  return end;
}

function isEscaped(text: string, at: number): boolean {
  let backslashes = 0;
  while (text.charCodeAt(at - 1 - backslashes) === BACKSLASH) backslashes++;
  return (backslashes & 1) === 1;
}
