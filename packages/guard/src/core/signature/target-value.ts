/** The derived components of the request target (RFC 9421 §2.2.2, §2.2.6, §2.2.7), and how SDKs deviate. */
import type { Deviations } from './sdk-tolerances.ts';
import type { Origin, TargetParts } from './target.ts';

/** The value of `@target-uri`, `@path` or `@query`; `null` where the origin gives none. */
export function targetValue(name: string, parts: TargetParts, origin: Origin | null, deviations: Deviations): string | null {
  if (name === '@path') return pathValue(parts, deviations);
  if (name === '@query') return queryValue(parts, deviations);
  const rest = uriRest(parts, deviations);
  return origin === null || rest === null ? null : `${origin.scheme}://${origin.authority}${rest}`;
}

/** How many characters of a path or a query deviations may rewrite: each costs as much as a hundred others. */
const MAX_REWRITTEN = 256;
const REWRITTEN = /[%[\]\\^`{|}]/g;

function isRewritable(text: string): boolean {
  REWRITTEN.lastIndex = 0;
  for (let found = 0; REWRITTEN.test(text); found++) if (found === MAX_REWRITTEN) return false;
  return true;
}

function isRoot({ path }: TargetParts): boolean {
  return path === '' || path === '/';
}

function pathValue(parts: TargetParts, deviations: Deviations): string | null {
  if (isRoot(parts)) return deviations.emptyRootPath ? '' : '/';
  if (!deviations.decodedPath) return parts.path;
  return !isRewritable(parts.path) || hasPathEscape(parts.path) ? null : percentDecode(parts.path);
}

/** RFC 9421 §2.2.7: an absent query is a lone question mark. */
function queryValue({ query }: TargetParts, deviations: Deviations): string | null {
  const whole = query ?? '?';
  if (!deviations.queryWithoutMark) return whole;
  // `??a=1` without its first mark would pass for what another client signed as `?a=1`.
  return whole.startsWith('??') ? null : whole.slice(1);
}

function uriRest(parts: TargetParts, deviations: Deviations): string | null {
  const path = isRoot(parts) ? (deviations.emptyRootTarget ? '' : '/') : parts.path;
  const query = parts.query ?? '';
  if (!deviations.reescapedTarget) return path + query;
  if (!isRewritable(path) || !isRewritable(query)) return null;
  return percentEncode(strictly(path), '[]') + percentEncode(strictly(query), '\\^`{|}');
}

/** A percent sign that encodes nothing is encoded itself. */
function strictly(text: string): string {
  return text.replace(/%(?![0-9a-f]{2})/gi, '%25');
}

// The derived component `@query-param` (RFC 9421 §2.2.8).

/** The values of each parameter of a query as they were sent, by its decoded name. */
export type QueryParameters = ReadonlyMap<string, readonly string[]>;

/**
 * Reads a query; `null` if it has more parameters than `most`.
 * @param query - with its question mark, or `null`
 */
export function parseQuery(query: string | null, most: number): QueryParameters | null {
  const parameters = new Map<string, string[]>();
  if (query === null) return parameters;
  const pairs = query.slice(1).split('&', most + 1);
  if (pairs.length > most) return null;
  for (const pair of pairs) {
    const equals = pair.indexOf('=');
    const name = pair === '' ? null : decodeForm(equals < 0 ? pair : pair.slice(0, equals));
    if (name === null) continue;
    const value = equals < 0 ? '' : pair.slice(equals + 1);
    const values = parameters.get(name);
    if (values === undefined) parameters.set(name, [value]);
    else values.push(value);
  }
  return parameters;
}

/**
 * The value of a parameter as it was sent; `null` if it is absent or occurs more than once (which may not be covered).
 * @param encodedName - the parameter's name, percent-encoded as in the component identifier
 */
export function queryValueOf(query: QueryParameters, encodedName: string): string | null {
  const name = decodeForm(encodedName);
  const values = name === null ? undefined : query.get(name);
  return values?.length === 1 ? (values[0] ?? null) : null;
}

/** The value re-encoded as the RFC has it, or decoded as SDKs have it; `null` where it cannot be. */
export function queryParameter(value: string, form: Deviations['queryParam']): string | null {
  return form === 'encoded' ? encodeForm(decodeForm(value)) : decodedValue(value, form);
}

function decodedValue(value: string, form: 'form-decoded' | 'percent-decoded'): string | null {
  if (hasControlEscape(value) || hasNestedEscape(value)) return null;
  return percentDecode(form === 'form-decoded' ? value.replaceAll('+', ' ') : value);
}

/** application/x-www-form-urlencoded (URL standard §5.1). `null` where the octets are not UTF-8. */
function decodeForm(text: string): string | null {
  if (!/[%+]/.test(text)) return text;
  try {
    return decodeURIComponent(text.replaceAll('+', ' '));
  } catch {
    return null;
  }
}

/** RFC 9421 §2.2.8: percent-encode with the application/x-www-form-urlencoded set, space as `%20`. */
function encodeForm(text: string | null): string | null {
  if (text === null) return null;
  return encodeURIComponent(text).replace(/[!'()~]/g, (character) => `%${character.charCodeAt(0).toString(16).toUpperCase()}`);
}

// Percent-encoding as text (RFC 3986 §2.1), one character a byte.

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
