/** The derived components of the request target (RFC 9421 §2.2.2, §2.2.6, §2.2.7), and how SDKs deviate. */
import { bytesOfFieldValue } from '../bytes.ts';
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
 * Reads a query; `null` if it has more parameters than `most`, or names that are encoded in more than `mostEncoded` characters.
 * @param query - with its question mark, or `null`
 */
export function parseQuery(query: string | null, most: number, mostEncoded: number): QueryParameters | null {
  const parameters = new Map<string, string[]>();
  if (query === null) return parameters;
  const pairs = query.slice(1).split('&', most + 1);
  if (pairs.length > most) return null;
  let encoded = 0;
  for (const pair of pairs) {
    const equals = pair.indexOf('=');
    const sent = equals < 0 ? pair : pair.slice(0, equals);
    const name = pair === '' ? null : decodeForm(sent);
    if (name !== sent) encoded += sent.length;
    if (encoded > mostEncoded) return null;
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

/** application/x-www-form-urlencoded (URL standard §5.1). `null` where the octets are not UTF-8, or a percent sign encodes nothing. */
function decodeForm(text: string): string | null {
  if (!/[%+]/.test(text)) return text;
  const spaced = text.replaceAll('+', ' ');
  if (BROKEN_ESCAPE.test(spaced)) return null;
  // Asked first, and no exception is waited for: that costs as much as decoding a hundred of these.
  const readable = /%[89a-f]/i.test(spaced) ? decodeBeyondAscii(spaced) : spaced;
  return readable === null ? null : percentDecode(readable);
}

const BROKEN_ESCAPE = /%(?![0-9a-f]{2})/i;
/** Octets beyond ASCII: whole characters in UTF-8, whose octets are all beyond it. */
const BEYOND_ASCII = /(?:%[89a-f][0-9a-f])+/gi;
const LENIENT = new TextDecoder('utf-8', { ignoreBOM: true });

function decodeBeyondAscii(text: string): string | null {
  let isUtf8 = true;
  const decoded = text.replace(BEYOND_ASCII, (run) => {
    const octets = bytesOfFieldValue(percentDecode(run));
    const characters = LENIENT.decode(octets);
    // What is not UTF-8 becomes U+FFFD, which has three octets of its own.
    if (characters.includes('\ufffd') && encodeURIComponent(characters) !== run.toUpperCase()) isUtf8 = false;
    return characters;
  });
  return isUtf8 ? decoded : null;
}

/** RFC 9421 §2.2.8: percent-encode with the application/x-www-form-urlencoded set, space as `%20`. */
function encodeForm(text: string | null): string | null {
  if (text === null) return null;
  return encodeURIComponent(text).replace(/[!'()~]/g, (character) => `%${character.charCodeAt(0).toString(16).toUpperCase()}`);
}

// Percent-encoding as text (RFC 3986 §2.1), one character a byte.

/** Decodes every escape to its byte. What encodes nothing stays. */
export function percentDecode(text: string): string {
  // `unescape` is the platform's own, but would also take `%u0041` for a character.
  return text.includes('%')
    ? text
        .split(/(?=%u)/i)
        .map(decodePart)
        .join('')
    : text;
}

function decodePart(text: string): string {
  return /^%u/i.test(text) ? text.slice(0, 2) + unescape(text.slice(2)) : unescape(text);
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
