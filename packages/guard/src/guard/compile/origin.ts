/** Checks `origin` and compiles it. */

import { ConfigurationError } from '../../checks/configuration-error.ts';
import * as checks from '../../checks/option-checks.ts';
import { normaliseAuthority } from '../../core/signature/target.ts';
import type { OriginPolicy } from '../../http/origin.ts';
import { parseRange } from '../../http/trusted-proxies.ts';

const ORIGIN = /^(https?):\/\/([^/?#@\s]+)\/?$/i;

/** Compiles how the origin is found. Default: as the request arrived, no proxy trusted. */
export function compileOrigin(options: unknown): OriginPolicy {
  if (options === undefined || options === null) return { kind: 'request', proxies: [], hops: null, hosts: null };
  if (typeof options === 'string') return fixedOrigin(options);
  const origin = checks.checkedObject(options, 'origin', ['trustedProxies', 'trustedHops', 'hosts']);
  const proxies = (checks.checkedTexts(origin.trustedProxies, 'origin.trustedProxies') ?? []).flatMap((text) => {
    const ranges = parseRange(text);
    if (ranges !== null) return ranges;
    throw new ConfigurationError(
      'option-invalid',
      'origin.trustedProxies',
      'must list addresses, CIDR blocks, or `loopback`, `linklocal`, `uniquelocal`, `unix`',
    );
  });
  const hosts = checks.checkedTexts(origin.hosts, 'origin.hosts');
  return {
    kind: 'request',
    proxies,
    hops: compileHops(origin, proxies.length > 0),
    hosts: hosts === null ? null : new Set(hosts.map(checkedHost)),
  };
}

function compileHops({ trustedHops }: checks.UncheckedOptions, hasProxies: boolean): number | null {
  if (trustedHops === undefined || trustedHops === null) return null;
  if (hasProxies) {
    throw new ConfigurationError('options-contradict', 'origin.trustedHops', 'give either the addresses of your proxies or their number');
  }
  const hops = checks.checkedNumber(trustedHops, 'origin.trustedHops', { min: 1, max: 16, fallback: 1, unit: 'hops' });
  if (Number.isInteger(hops)) return hops;
  throw new ConfigurationError('option-invalid', 'origin.trustedHops', 'must be a whole number');
}

function fixedOrigin(text: string): OriginPolicy {
  const [, scheme = '', authority = ''] = ORIGIN.exec(text) ?? [];
  const normal = normaliseAuthority(authority, scheme.toLowerCase());
  if (normal !== null) return { kind: 'fixed', origin: { scheme: scheme.toLowerCase(), authority: normal } };
  throw new ConfigurationError('option-invalid', 'origin', 'must be scheme and authority only, such as `https://api.example.com`');
}

function checkedHost(host: string): string {
  const normal = normaliseAuthority(host, 'https');
  if (normal !== null) return normal;
  throw new ConfigurationError('option-invalid', 'origin.hosts', 'must list hosts, each with its port unless that is the default');
}

/** The hosts that the option names, each with its port, if it has one, and without. */
export function hostsOf(origin: OriginPolicy): readonly string[] {
  const authorities = origin.kind === 'fixed' ? [origin.origin.authority] : [...(origin.hosts ?? [])];
  return authorities.flatMap((authority) => [authority, authority.replace(/:\d+$/, '')]);
}
