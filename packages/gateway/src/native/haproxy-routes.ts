/**
 * Which of the policies count for a request, as rules of HAProxy. Demands match loosely, exemptions exactly, and a path that is not plain has to
 * satisfy every policy: the same rules as in the guard (docs/architecture.md).
 */
import { ConfigurationError, type GuardOptions } from 'approov-guard';
import { compilePattern, type PathPattern } from 'approov-guard/order';
import { literal, quoted } from './haproxy-token.ts';

/** RFC 3986 §3.3: `pchar` without `;`, no empty inner segment; of percent-encodings those of ASCII that change nothing. */
const SHAPE = String.raw`^(?:/(?:[A-Za-z0-9\-._~!$&'()*+,=:@]|%[2-7][0-9A-Fa-f])+)*/?$`;
const STRUCTURE = String.raw`/\.{1,2}(?:/|$)|%(?:2[35EF]|3[BF]|5C|7F)`;

/** One row: a route, or a path of the option `exempt`. */
interface Row {
  /** Which policy counts; `null` for an exempt row. */
  readonly policy: number | null;
  readonly patterns: readonly PathPattern[] | null;
  readonly methods: readonly string[] | null;
}

/** The rules; `null` where one policy counts for everything. Sets `txn.exempt`, or `txn.asked_N` for each policy that counts. */
export function routeRules(options: GuardOptions): readonly string[] | null {
  const rows = rowsOf(options);
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

function rowsOf({ exempt = [], routes = [] }: GuardOptions): readonly Row[] {
  let policies = 0;
  const opened = exempt.map((path): Row => ({ policy: null, patterns: patternsOf(path, 'exempt', false), methods: null }));
  const matched = routes.map((route, index): Row => {
    const { path, paths, methods } = route.match;
    const named = [paths ?? path ?? []].flat();
    return {
      policy: 'exempt' in route ? null : ++policies,
      patterns: named.length === 0 ? null : named.flatMap((one) => patternsOf(one, `routes[${index}].match.path`, !('exempt' in route))),
      methods: methods === undefined ? null : [methods].flat(),
    };
  });
  return [...opened, ...matched];
}

function patternsOf(path: string, at: string, isDemand: boolean): readonly PathPattern[] {
  const pattern = compilePattern(path);
  if (pattern === null || (isDemand && BEYOND_ASCII.test(pattern.raw))) {
    const remedy = 'names a path with bytes beyond ASCII, which HAProxy cannot fold; the gateway and the authoriser can';
    throw new ConfigurationError('option-unavailable', at, remedy);
  }
  return [pattern];
}

/** An exact cover ends the search; a loose one counts, and the search goes on. */
function rowRules({ policy, patterns, methods }: Row, index: number, plain: string): readonly string[] {
  const open = '!{ var(txn.found) -m bool }';
  const method = methods === null ? '' : ` { method -m str -i ${methodsOf(methods).join(' ')} }`;
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

/** Servers answer HEAD with the code for GET. */
function methodsOf(methods: readonly string[]): readonly string[] {
  const upper = methods.map((method) => method.toUpperCase());
  return upper.includes('GET') && !upper.includes('HEAD') ? [...upper, 'HEAD'] : upper;
}

function exact(patterns: readonly PathPattern[]): string {
  return `^(?:${patterns.map(({ raw, below }) => `${literal(raw)}${below ? '.*' : ''}`).join('|')})$`;
}

/** Case, encoding and a slash at the end do not matter, and `/public` belongs to `/public/*`. What covers exactly covers loosely. */
function loose(patterns: readonly PathPattern[]): string {
  return `^(?:${patterns.map((pattern) => (pattern.below ? `${literal(pattern.loose.replace(/\/$/, ''))}(?:/.*)?` : `${literal(pattern.loose)}/?`)).join('|')})$`;
}
