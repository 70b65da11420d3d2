/** Calls of `fetch()`, as browsers write them for "Copy as fetch" and "Copy as fetch (Node.js)". */
import type { HeaderLine } from 'approov-guard/views';
import { UsageError } from '../terminal/usage-error.ts';
import { asBytes, type Captured, urlParts } from './captured.ts';

/** What a call may say beside what is sent. */
const SAID_ELSEWHERE: ReadonlySet<string> = new Set([
  ...['referrer', 'referrerPolicy', 'mode', 'credentials', 'cache', 'redirect', 'integrity', 'keepalive', 'priority', 'signal'],
]);
/** What browsers add by themselves and therefore leave out of the copy. */
const ADDED = ['cookie', 'referer', 'origin', 'user-agent', 'accept-encoding', 'accept-charset', 'date', 'dnt', 'te', 'via'];

/** Reads a call whose parts are written out, as JSON. */
export function fetchCall(text: string): Captured {
  const [, url, options = '{}'] =
    /^(?:await\s+)?fetch\s*\(\s*("(?:[^"\\]|\\.)*")\s*(?:,\s*(\{[\s\S]*\})\s*)?,?\s*\)[\s;]*$/.exec(text) ?? [];
  const given = url === undefined ? null : objectOf(options);
  if (url === undefined || given === null) {
    throw new UsageError(
      'a call of fetch() is read only as browsers copy it: one call, its address and its options as JSON; choose "Copy as cURL" in the browser',
    );
  }
  const { method = 'GET', headers = {}, body = null, ...rest } = given;
  const unknown = Object.keys(rest).find((name) => !SAID_ELSEWHERE.has(name));
  if (unknown !== undefined) throw new UsageError(`fetch(): the option ${unknown} is not read here, since it might make another request`);
  if (typeof method !== 'string' || (body !== null && typeof body !== 'string'))
    throw new UsageError('fetch(): the method and the body must be texts');
  const lines = linesOf(headers);
  const bytes = body === null ? null : Buffer.from(body, 'utf8');
  if (bytes !== null && !lines.some(([name]) => name === 'content-type')) lines.push(['content-type', 'text/plain;charset=UTF-8']);
  if (bytes !== null) lines.push(['content-length', String(bytes.length)]);
  const shown = new Set(lines.map(([name]) => name));
  return {
    // Fetch §2.2.1: these are written in capitals whatever the call says.
    method: /^(?:delete|get|head|options|post|put)$/i.test(method) ? method.toUpperCase() : method,
    ...urlParts(JSON.parse(url)),
    headers: lines,
    body: bytes,
    leftOut: { names: ADDED.filter((name) => !shown.has(name)), by: 'the copy as fetch()' },
  };
}

function objectOf(text: string): { readonly [name: string]: unknown } | null {
  try {
    return JSON.parse(text);
  } catch {
    return null;
  }
}

function linesOf(headers: unknown): HeaderLine[] {
  const lines = Object.entries(headers ?? {});
  return lines.map(([name, value]) => {
    if (typeof value !== 'string') throw new UsageError('fetch(): a header is not a text');
    return [name.toLowerCase(), asBytes(value)];
  });
}
