/** Which of the configured routes a request belongs to. When in doubt, it belongs to several. */
import type { RequestView } from '../core/request-view.ts';
import { unambiguousPath } from './exempt-paths.ts';
import { pathReadings } from './path-readings.ts';

/** What a request must look like to belong to a route. `null` matches anything. */
export interface RouteMatch {
  /** Host names in lower case; `*.` and a domain for every host below it. */
  readonly hosts: readonly string[] | null;
  /** In lower case: exact, or a prefix and `/*` for the prefix itself and everything below. */
  readonly paths: readonly string[] | null;
  readonly methods: ReadonlySet<string> | null;
}

/** A row of the table: the first row that matches wins. */
export interface RouteRow<T> {
  readonly match: RouteMatch;
  /** What the match leads to; `exempt` to let the request pass unjudged. */
  readonly leadsTo: T | 'exempt';
}

/**
 * Finds where a request belongs.
 *
 * - A request that no row matches belongs to `otherwise`.
 * - Where servers may disagree about the path, every reading is looked up. If they lead to different rows, the request belongs to each of
 *   them and has to satisfy all, so that no spelling of a path escapes to a weaker route.
 * - A path is exempt only if it is unambiguous, as for {@link isExempt}.
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
  const readings = pathReadings(request.target);
  const method = request.method.toUpperCase();
  if (readings === null) {
    // No telling what path this is, nor (in absolute-form) what host: it must satisfy every row for its method.
    const possible = table.filter(({ match }) => methodMatches(match, method)).map(({ leadsTo }) => leadsTo);
    return judged([...possible, otherwise], otherwise);
  }
  const host = hostOf(authority);
  const rows = table.filter(({ match }) => methodMatches(match, method) && mayMatchHost(match, host));
  const found = readings.flatMap((path) => rowsFor(path, host, rows, otherwise));
  if (found.every((one) => one === 'exempt') && unambiguousPath(request.target) !== null) return 'exempt';
  return judged(found, otherwise);
}

/** The first row that surely matches a path, and those before it that match if the unknown host is theirs. */
function rowsFor<T>(path: string, host: string | null, rows: readonly RouteRow<T>[], otherwise: T): readonly (T | 'exempt')[] {
  const matching = rows.filter(({ match }) => pathMatches(match, path));
  const sure = matching.findIndex(({ match }) => host !== null || match.hosts === null);
  const found = matching.slice(0, sure < 0 ? undefined : sure + 1).map(({ leadsTo }) => leadsTo);
  return sure < 0 ? [...found, otherwise] : found;
}

/** Exemption counts only where all agree on it. */
function judged<T>(found: readonly (T | 'exempt')[], otherwise: T): readonly T[] {
  return [...new Set(found.map((one) => (one === 'exempt' ? otherwise : one)))];
}

/** The host name of an authority, without port and final dot; `null` if it is absent or nonsense. */
function hostOf(authority: string | null): string | null {
  const host = /^([a-z0-9._-]+|\[[0-9a-f:.]+\])(?::\d*)?$/.exec(authority?.toLowerCase() ?? '')?.[1];
  return host?.replace(/\.$/, '') ?? null;
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

function pathMatches({ paths }: RouteMatch, path: string): boolean {
  return paths === null || paths.some((pattern) => coversPath(pattern, path));
}

/** `/pay/*` covers `/pay` and everything below; `/pay` covers `/pay/` too, since most servers make no difference. */
function coversPath(pattern: string, path: string): boolean {
  if (!pattern.endsWith('/*')) return path === pattern || path === `${pattern}/`;
  const prefix = pattern.slice(0, -1);
  return path.startsWith(prefix) || path === prefix.slice(0, -1);
}
