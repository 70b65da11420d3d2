/** Percent-encoding as text (RFC 3986 §2.1), one character a byte. */

const DIGITS = /^[0-9a-f]{2}/i;

/** Decodes every escape to its byte. What encodes nothing stays. */
export function percentDecode(text: string): string {
  const [first = '', ...escaped] = text.split('%');
  let decoded = first;
  for (const part of escaped) {
    decoded += DIGITS.test(part) ? String.fromCharCode(Number.parseInt(part.slice(0, 2), 16)) + part.slice(2) : `%${part}`;
  }
  return decoded;
}

/** Whether decoding would give a control character: a line feed would forge lines of a signature base. */
export function hasControlEscape(text: string): boolean {
  return /%(?:[01][0-9a-f]|7f)/i.test(text);
}

/** Whether decoding would give a percent sign: `%2541` would pass for what another client signed as `%41`. */
export function hasNestedEscape(text: string): boolean {
  return text.includes('%25');
}

/**
 * Whether decoding would give another path: one that could have been sent as it reads, since the character needs no escape in a path (RFC 3986 §3.3
 * `pchar`, `/`), or one that some servers read differently (backslash, percent sign, control character).
 */
export function hasPathEscape(text: string): boolean {
  return /%(?:[01][0-9a-f]|2[14-9a-f]|3[0-9abd]|4[0-9a-f]|5[0-9acf]|6[1-9a-f]|7[0-9aef])/i.test(text);
}

/** Encodes these characters; all of them are ASCII. */
export function percentEncode(text: string, characters: string): string {
  let encoded = text;
  for (const character of characters) encoded = encoded.replaceAll(character, `%${character.charCodeAt(0).toString(16).toUpperCase()}`);
  return encoded;
}
