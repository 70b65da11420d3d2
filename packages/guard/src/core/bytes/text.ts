/** Texts of bytes: HTTP field values carry one byte a character. */

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
  for (let at = 0; at < text.length; at++) {
    const code = text.charCodeAt(at);
    if (code < 0x20 || code > 0x7e || code === BACKSLASH || code === QUOTE || code === APOSTROPHE) return false;
  }
  return true;
}

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
