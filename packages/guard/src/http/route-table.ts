/** Which of the configured routes a request belongs to. When in doubt, it belongs to several. */
import type { RequestView } from '../core/request-view.ts';
import { coverage, type PathPattern, type PlainPath, plainPath } from './plain-path.ts';

/** What a request must look like to belong to a route. `null` matches anything. */
export interface RouteMatch {
  /** Host names in lower case; `*.` and a domain for every host below it. */
  readonly hosts: readonly string[] | null;
  readonly paths: readonly PathPattern[] | null;
  readonly methods: ReadonlySet<string> | null;
}

/** A row of the table. */
export interface RouteRow<T> {
  readonly match: RouteMatch;
  /** What the match leads to; `exempt` to let the request pass unjudged. */
  readonly leadsTo: T | 'exempt';
}

/**
 * Finds where a request belongs: to all that its original and its current target lead to.
 *
 * - A row that covers a plain path byte for byte ends the search. One that covers it only loosely counts, too, and the search goes on:
 *   routers differ in what they take for the same. What no row covers exactly belongs to `otherwise` as well.
 * - Any other path may be every path: it belongs to each row whose host and method may be the request's, and to `otherwise`.
 * - Exempt is a request whose targets are both covered exactly by exempt rows, before any other.
 *
 * The client chooses the host that it names, and so among the rows: `otherwise` should not be the weakest of them.
 *
 * @param authority - host and port as the client saw them, or `null` where they are unknown: then it may be any of the hosts in the table, and
 * the request has to satisfy each of those rows
 */
export function findRoutes<T>(
  request: RequestView,
  authority: string | null,
  table: readonly RouteRow<T>[],
  otherwise: T,
): 'exempt' | readonly T[] {
  const { target, currentTarget = target, otherTargets = NO_OTHERS } = request;
  const method = request.method.toUpperCase();
  const rows = table.filter(({ match }) => methodMatches(match, method));
  // Who writes `http://${host}${target}` reads a path in such a host.
  const isPlainHost = !/[/\\?#]/.test(request.authority ?? '');
  const host = isPlainHost ? hostNameOf(authority) : null;
  const targets = target === currentTarget ? [target] : [target, currentTarget];
  const found = targets.concat(otherTargets).flatMap((one) => {
    const path = isPlainHost ? plainPath(one) : null;
    return path === null ? allRows(MAY_NAME_HOST.test(one) ? null : host, rows, otherwise) : rowsFor(path, host, rows, otherwise);
  });
  if (found.every((one) => one === 'exempt')) return 'exempt';
  return [...new Set(found.map((one) => (one === 'exempt' ? otherwise : one)))];
}

const NO_OTHERS: readonly string[] = [];

/** Two slashes of either kind start an authority (RFC 3986 §4.2, WHATWG URL §4.4), whatever parsers drop before and between them. */
const MAY_NAME_HOST = /^(?!\/(?:[\w%.~;:@!$&'()*+,=-]|$))/;

function allRows<T>(host: string | null, rows: readonly RouteRow<T>[], otherwise: T): readonly T[] {
  const possible = rows.filter(({ match }) => mayMatchHost(match, host));
  return [...possible.flatMap(({ leadsTo }) => (leadsTo === 'exempt' ? [] : [leadsTo])), otherwise];
}

/** The rows that may cover a path, to the first that surely does. An exempt row counts only if it surely does. */
function rowsFor<T>(path: PlainPath, host: string | null, rows: readonly RouteRow<T>[], otherwise: T): readonly (T | 'exempt')[] {
  const found: (T | 'exempt')[] = [];
  for (const { match, leadsTo } of rows) {
    const covers = pathMatches(match, path);
    if (covers === null || !mayMatchHost(match, host)) continue;
    const surely = covers === 'exactly' && (host !== null || match.hosts === null);
    if (surely || leadsTo !== 'exempt') found.push(leadsTo);
    if (surely) return found;
  }
  return [...found, otherwise];
}

/** The host name of an authority, without port and final dot; `null` if it is absent or nonsense. */
export function hostNameOf(authority: string | null): string | null {
  const host = /^([a-z0-9._-]+|\[[0-9a-f:.]+\])(?::\d*)?$/i.exec(authority ?? '')?.[1];
  return host?.toLowerCase().replace(/\.$/, '') ?? null;
}

function mayMatchHost({ hosts }: RouteMatch, host: string | null): boolean {
  return hosts === null || host === null || hosts.some((pattern) => coversHost(pattern, host));
}

function coversHost(pattern: string, host: string): boolean {
  return pattern.startsWith('*.') ? host.length >= pattern.length && host.endsWith(pattern.slice(1)) : host === pattern;
}

/** Servers answer HEAD with the code for GET, so a row for GET is a row for HEAD. */
function methodMatches({ methods }: RouteMatch, method: string): boolean {
  return methods === null || methods.has(method) || (method === 'HEAD' && methods.has('GET'));
}

function pathMatches({ paths }: RouteMatch, path: PlainPath): 'exactly' | 'loosely' | null {
  if (paths === null) return 'exactly';
  const found = paths.map((pattern) => coverage(pattern, path));
  return found.includes('exactly') ? 'exactly' : found.includes('loosely') ? 'loosely' : null;
}
