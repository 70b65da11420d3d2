/** The origin as the client saw it (RFC 9110 §4.2.3, RFC 7239). Only message signatures and host routes depend on it. */
import { type RequestView, trimOptionalWhiteSpace } from '../core/request-view.ts';
import { normaliseAuthority, type Origin } from '../core/signature/target.ts';
import { type AddressRange, isTrusted } from './trusted-proxies.ts';

/** How the origin is found. */
export type OriginPolicy =
  | { readonly kind: 'fixed'; readonly origin: Origin }
  /** As the request arrived; from forwarding fields only if the peer is a trusted proxy. */
  | { readonly kind: 'request'; readonly proxies: readonly AddressRange[]; readonly hosts: ReadonlySet<string> | null };

/** Finds the origin, or answers `null` where it is unknown, contradictory, malformed or not on the list. */
export function originOf(request: RequestView, policy: OriginPolicy): Origin | null {
  if (policy.kind === 'fixed') return policy.origin;
  const forwarded = isTrusted(request.peer ?? null, policy.proxies) ? forwardedOrigin(request) : 'absent';
  if (forwarded === null) return null;
  const stated: Forwarded = forwarded === 'absent' ? {} : forwarded;
  const scheme = stated.scheme ?? request.scheme;
  const authority = stated.authority ?? request.authority;
  // A proxy that states the scheme only vouches for no host.
  const ownHost = stated.authority === undefined;
  if (scheme === null || authority === null || (scheme !== 'http' && scheme !== 'https')) return null;
  // RFC 9112 §3.2: a request with several Host lines is malformed; nobody may choose among them.
  if (ownHost && request.lines('host').length > 1) return null;
  const normal = normaliseAuthority(authority, scheme);
  if (ownHost && !agreesWithTarget(normal, request.target, scheme)) return null;
  return normal === null || (policy.hosts !== null && !policy.hosts.has(normal)) ? null : { scheme, authority: normal };
}

const ABSOLUTE_FORM = /^[a-z][a-z0-9+.-]*:\/\/([^/?#]*)/i;

/** RFC 9112 §3.2.2: in absolute-form the target names the host. One that contradicts Host is refused: servers differ in whom they believe. */
function agreesWithTarget(authority: string | null, target: string, scheme: string): boolean {
  const named = target.startsWith('/') ? undefined : ABSOLUTE_FORM.exec(target)?.[1];
  return named === undefined || normaliseAuthority(named, scheme) === authority;
}

type Forwarded = { readonly scheme?: string; readonly authority?: string };

/**
 * What the nearest trusted proxy says, in `Forwarded` (RFC 7239) or `X-Forwarded-*`. Of either several values are refused, since each hop
 * appends one and only the configuration could say which to believe; and so are both if they contradict each other.
 */
function forwardedOrigin(request: RequestView): Forwarded | 'absent' | null {
  const forwarded = request.lines('forwarded');
  const standard = forwarded.length === 0 ? {} : forwarded.length === 1 ? parseForwarded(forwarded[0] as string) : null;
  const scheme = single(request.lines('x-forwarded-proto'));
  const authority = single(request.lines('x-forwarded-host'));
  if (standard === null || scheme === null || authority === null) return null;
  const others: Forwarded = { ...(scheme === '' ? {} : { scheme: handshakeScheme(scheme) }), ...(authority === '' ? {} : { authority }) };
  if (contradict(standard.scheme, others.scheme) || contradict(standard.authority, others.authority)) return null;
  const found = { ...others, ...standard };
  return Object.keys(found).length === 0 ? 'absent' : found;
}

/** RFC 6455 §4.1: a WebSocket opens with an HTTP request; some proxies state the scheme of what comes after. */
function handshakeScheme(scheme: string): string {
  return scheme.toLowerCase().replace(/^ws(?=s?$)/, 'http');
}

/** A proxy writes one kind and may pass the client's other kind on. */
function contradict(left: string | undefined, right: string | undefined): boolean {
  return left !== undefined && right !== undefined && left.toLowerCase() !== right.toLowerCase();
}

/** The one value of a field; empty if it is absent, `null` if there are several. */
function single(lines: readonly string[]): string | null {
  if (lines.length === 0) return '';
  const value = trimOptionalWhiteSpace(lines[0] as string);
  return lines.length > 1 || value.includes(',') ? null : value;
}

/** RFC 7239 §4: `name=value` pairs separated by semicolons; values are tokens or quoted strings. */
const PAIR = /^([!#$%&'*+\-.^_`|~0-9A-Za-z]+)=(?:([!#$%&'*+\-.^_`|~0-9A-Za-z]+)|"([^"\\,]*)")$/;

function parseForwarded(value: string): Forwarded | null {
  // A comma outside a quoted string separates hops, and inside one it is not used by any host or scheme.
  if (value.length > 1024 || value.includes(',')) return null;
  const found: { scheme?: string; authority?: string } = {};
  for (const part of value.split(';')) {
    const pair = PAIR.exec(trimOptionalWhiteSpace(part));
    if (pair === null) return null;
    const text = pair[2] ?? pair[3] ?? '';
    const name = pair[1]?.toLowerCase();
    // RFC 7239 §4: each parameter at most once.
    if ((name === 'proto' && found.scheme !== undefined) || (name === 'host' && found.authority !== undefined)) return null;
    if (name === 'proto') found.scheme = handshakeScheme(text);
    else if (name === 'host') found.authority = text;
  }
  return found;
}
