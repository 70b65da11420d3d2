/** The origin as the client saw it (RFC 9110 §4.2.3, RFC 7239). Only message signatures and host routes depend on it. */
import type { RequestView } from '../core/request-view.ts';
import { normaliseAuthority, type Origin } from '../core/signature/target.ts';
import { type AddressRange, isTrusted, parseForwarded } from './forwarded.ts';

/** How the origin is found. */
export type OriginPolicy =
  | { readonly kind: 'fixed'; readonly origin: Origin }
  | {
      /** As the request arrived; from forwarding fields only if the peer is a trusted proxy, or if hops are counted. */
      readonly kind: 'request';
      readonly proxies: readonly AddressRange[];
      /** How many of our proxies are in front of whoever asks; `null`: they are known by address. */
      readonly hops: number | null;
      readonly hosts: ReadonlySet<string> | null;
    };

/** The default: as the request arrived, no proxy trusted. */
export const AS_ARRIVED: OriginPolicy = { kind: 'request', proxies: [], hops: null, hosts: null };

/** Finds the origin, or answers `null` where it is unknown, contradictory, malformed or not on the list. */
export function originOf(request: RequestView, policy: OriginPolicy): Origin | null {
  const found = findOrigin(request, policy);
  return typeof found === 'string' ? null : found;
}

/** Finds the origin, or says why it is unknown. What it says names fields, and holds no value. */
export function findOrigin(request: RequestView, policy: OriginPolicy): Origin | string {
  if (policy.kind === 'fixed') return policy.origin;
  const trusted = policy.hops !== null || isTrusted(request.peer ?? null, policy.proxies);
  const stated = trusted ? parseForwarded(request, policy.hops) : {};
  if ('trouble' in stated) return stated.trouble;
  const scheme = stated.scheme ?? request.scheme;
  const authority = stated.authority ?? request.authority;
  // A proxy that states the scheme only vouches for no host.
  const ownHost = stated.authority === undefined;
  if (scheme === null || (scheme !== 'http' && scheme !== 'https')) return 'the scheme is unknown';
  if (authority === null) return 'Host is absent, or contradicts :authority';
  // RFC 9112 §3.2: a request with several Host lines is malformed; nobody may choose among them.
  if (ownHost && request.lines('host').length > 1) return 'there are several Host lines';
  if (ownHost && !agreesWithTarget(normaliseAuthority(authority, scheme), request.target, scheme))
    return 'Host and the target contradict each other';
  const normal = normaliseAuthority(withPort(authority, stated.port, scheme), scheme);
  if (normal === null) return `${ownHost ? 'Host' : 'the forwarded host'} is malformed`;
  return policy.hosts !== null && !policy.hosts.has(normal) ? 'the host is not one of `origin.hosts`' : { scheme, authority: normal };
}

const OTHER_DEFAULT: { readonly [scheme: string]: string } = { http: '443', https: '80' };

/**
 * A host that names its port keeps it. The default port of the other scheme is not a port of the client's: a balancer that ends TLS states the one
 * at which it was reached itself.
 */
function withPort(authority: string, port: string | undefined, scheme: string): string {
  return port === undefined || /:\d*$/.test(authority) || port === OTHER_DEFAULT[scheme] ? authority : `${authority}:${port}`;
}

const ABSOLUTE_FORM = /^[a-z][a-z0-9+.-]*:\/\/([^/?#]*)/i;

/** RFC 9112 §3.2.2: in absolute-form the target names the host. One that contradicts Host is refused: servers differ in whom they believe. */
function agreesWithTarget(authority: string | null, target: string, scheme: string): boolean {
  const named = target.startsWith('/') ? undefined : ABSOLUTE_FORM.exec(target)?.[1];
  return named === undefined || normaliseAuthority(named, scheme) === authority;
}
