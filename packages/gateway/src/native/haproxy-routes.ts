/**
 * Which of the policies count for a request, as rules of HAProxy. Demands match loosely, exemptions exactly, and a path that is not plain has to
 * satisfy every policy: the same rules as in the guard (docs/architecture.md).
 */
import { ConfigurationError, type GuardOptions } from 'approov-guard';
import type { PathPattern } from 'approov-guard/order';
import { literal, quoted } from './haproxy-text.ts';
import { type Row, rowsOf } from './rows.ts';

/** RFC 3986 §3.3: `pchar` without `;`, no empty inner segment; of percent-encodings those of ASCII that change nothing. */
const SHAPE = String.raw`^(?:/(?:[A-Za-z0-9\-._~!$&'()*+,=:@]|%[2-7][0-9A-Fa-f])+)*/?$`;
const STRUCTURE = String.raw`/\.{1,2}(?:/|$)|%(?:2[35EF]|3[BF]|5C|7F)`;

/** The rules; `null` where one policy counts for everything. Sets `txn.exempt`, or `txn.asked_N` for each policy that counts. */
export function routeRules(options: GuardOptions): readonly string[] | null {
  const rows = rowsOf(options).map(foldable);
  if (rows.length === 0) return null;
  const whole = 'txn.asked_0';
  const plain = '{ var(txn.plain) -m bool }';
  return [
    '# ---- which demands count: a path is plain if all servers read it alike; any other may be every path',
    'http-request set-var(txn.loose) path,url_dec,lower',
    `http-request set-var(txn.plain) bool(true) if { url -m beg / } { var(txn.path) -m reg ${quoted(SHAPE)} } !{ var(txn.path) -m reg -i ${quoted(STRUCTURE)} } !{ req.fhdr(host) -m reg ${quoted(String.raw`[/\\?#]`)} }`,
    ...named(rows),
    ...rows.flatMap((row, index) => rowRules(row, index, plain)),
    `http-request set-var(${whole}) bool(true) if !{ var(txn.found) -m bool }`,
    `http-request set-var(${whole}) bool(true) if !${plain}`,
  ];
}

/** A row names a plain path: what is equal to it is plain, too, also beyond ASCII. */
function named(rows: readonly Row[]): readonly string[] {
  const paths = rows.flatMap(({ patterns }) => patterns ?? []).filter(({ below, raw }) => !below && BEYOND_ASCII.test(raw));
  return paths.map(({ raw }) => `http-request set-var(txn.plain) bool(true) if { url -m beg / } { var(txn.path) -m str ${quoted(raw)} }`);
}

const BEYOND_ASCII = /%[89a-f]/i;

/** HAProxy folds what it decodes byte by byte. */
function foldable(row: Row): Row {
  if (row.policy !== null && row.patterns?.some(({ raw }) => BEYOND_ASCII.test(raw))) {
    const remedy = 'names a path with bytes beyond ASCII, which HAProxy cannot fold; the gateway and the authoriser can';
    throw new ConfigurationError('option-unavailable', row.at, remedy);
  }
  return row;
}

/** An exact cover ends the search; a loose one counts, and the search goes on. */
function rowRules({ policy, patterns, methods }: Row, index: number, plain: string): readonly string[] {
  const open = '!{ var(txn.found) -m bool }';
  const method = methods === null ? '' : ` { method -m str -i ${methods.join(' ')} }`;
  const exactly = patterns === null ? '' : ` { var(txn.path) -m reg ${quoted(exact(patterns))} }`;
  const loosely = patterns === null ? '' : ` { var(txn.loose) -m reg ${quoted(loose(patterns))} }`;
  if (policy === null) {
    return [
      `# row ${index + 1}: exempt, if the path is the row's byte for byte`,
      `http-request set-var(txn.exempt) bool(true) if ${plain} ${open}${method}${exactly} !{ var(txn.asked) -m bool }`,
      `http-request set-var(txn.found) bool(true) if ${plain} { var(txn.exempt) -m bool }`,
      // Some demand covers it loosely: then it is not exempt, and everything that may count does.
      `http-request set-var(txn.asked_0) bool(true) if ${plain} ${open}${method}${exactly}`,
      `http-request set-var(txn.found) bool(true) if ${plain} ${open}${method}${exactly}`,
    ];
  }
  const asked = `txn.asked_${policy}`;
  return [
    `# row ${index + 1}`,
    `http-request set-var(${asked}) bool(true) if ${plain} ${open}${method}${loosely}`,
    `http-request set-var(${asked}) bool(true) if !${plain}${method}`,
    `http-request set-var(txn.asked) bool(true) if { var(${asked}) -m bool }`,
    `http-request set-var(txn.found) bool(true) if ${plain} ${open}${method}${exactly}`,
  ];
}

function exact(patterns: readonly PathPattern[]): string {
  return `^(?:${patterns.map(({ raw, below }) => `${literal(raw)}${below ? '.*' : ''}`).join('|')})$`;
}

/** Case, encoding and a slash at the end do not matter, and `/public` belongs to `/public/*`. What covers exactly covers loosely. */
function loose(patterns: readonly PathPattern[]): string {
  return `^(?:${patterns.map((pattern) => (pattern.below ? `${literal(pattern.loose.replace(/\/$/, ''))}(?:/.*)?` : `${literal(pattern.loose)}/?`)).join('|')})$`;
}
