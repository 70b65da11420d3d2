/** JSON objects from outside (RFC 8259): one meaning or none. */

/** A parsed JSON object whose members nobody has looked at yet. */
export type JsonObject = { readonly [member: string]: unknown };

/**
 * Parses a JSON object. Refuses what is no object, nests deeper than `maxDepth`, or names a member twice at its top level
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

const QUOTE = 0x22;
const COLON = 0x3a;
const BACKSLASH = 0x5c;
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
