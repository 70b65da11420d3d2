/** The parts of a request target and of an origin (RFC 9110 §4.2, §7.1; RFC 9112 §3.2; RFC 3986 §3.2). */

/** Scheme and authority as the client saw them. */
export interface Origin {
  /** Lower case. */
  readonly scheme: string;
  /** Lower case, without the scheme's default port. */
  readonly authority: string;
}

const DEFAULT_PORTS: { readonly [scheme: string]: string } = { http: '80', https: '443', ws: '80', wss: '443' };

/** RFC 3986 §3.2.2: a registered name of unreserved characters, an IPv4 address (which is one), or a bracketed IPv6 address. */
const HOST = /^(?:[a-z0-9\-._~]+|\[[0-9a-f:.]+\])$/i;
const AUTHORITY = /^(.*?)(?::([0-9]{0,5}))?$/;

/** Normalises an authority (RFC 9421 §2.2.3): lower case, default port left out. `null` if it breaks the grammar. */
export function normaliseAuthority(authority: string, scheme: string): string | null {
  const [, host = '', port] = AUTHORITY.exec(authority) ?? [];
  // Before lower case, in which the Kelvin sign is a k.
  if (host.length > 255 || !HOST.test(host)) return null;
  const name = host.toLowerCase();
  if (port === undefined || port === '' || String(Number(port)) === DEFAULT_PORTS[scheme]) return name;
  return Number(port) <= 65_535 ? `${name}:${Number(port)}` : null;
}

/** An authority without its port. */
export function hostOf(authority: string): string {
  return AUTHORITY.exec(authority)?.[1] ?? authority;
}

/** The path and the query of a target, as they were sent. */
export interface TargetParts {
  /** Empty where the target holds none. */
  readonly path: string;
  /** With its question mark; `null` where there is none. */
  readonly query: string | null;
}

const ABSOLUTE = /^[a-z][a-z0-9+.-]*:\/\/[^/?#]*/i;

/**
 * Splits a target in origin-form or absolute-form; `null` for the forms that name no resource (authority-form, `*`), and for a target with a
 * fragment, which belongs in none (RFC 9112 §3.2) and which servers cut off or not: `%23` would pass for it where values are decoded.
 */
export function splitTarget(target: string): TargetParts | null {
  if (target.includes('#')) return null;
  const rest = target.startsWith('/') ? target : target.replace(ABSOLUTE, '');
  if (rest === target && !target.startsWith('/')) return null;
  const mark = rest.indexOf('?');
  return mark < 0 ? { path: rest, query: null } : { path: rest.slice(0, mark), query: rest.slice(mark) };
}
