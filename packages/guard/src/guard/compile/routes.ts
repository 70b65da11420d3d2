/** Checks and compiles the options `routes` and `origin`: policies by host, path and method, and where the host is found. */
import { ConfigurationError } from '../../checks/configuration-error.ts';
import * as checks from '../../checks/option-checks.ts';
import { checkedObject, checkedTexts, type UncheckedOptions } from '../../checks/option-checks.ts';
import { MATCH, MATCHED_ROUTE, ORIGIN, ROUTE } from '../../checks/option-table.ts';
import type { RequestKeys, Route } from '../../core/judge/case.ts';
import { routeOf } from '../../core/judge/order.ts';
import type { Policy } from '../../core/judge/policy.ts';
import { normaliseAuthority } from '../../core/signature/target.ts';
import { parseRange } from '../../http/forwarded.ts';
import type { OriginPolicy } from '../../http/origin.ts';
import type { RouteMatch, RouteRow } from '../../http/route-table.ts';
import { compilePaths } from './options.ts';

/** What the compilation of routes takes from the guard as a whole. */
export interface RoutesContext {
  readonly whole: Route;
  /** Compiles what a route demands differently from the whole. */
  readonly compilePolicy: (options: UncheckedOptions, path: string) => Policy;
  readonly requestKeys: (keys: unknown, path: string) => RequestKeys;
}

/** Compiles the table. */
export function compileRoutes(options: unknown, context: RoutesContext): readonly RouteRow<Route>[] {
  if (!Array.isArray(options)) throw new ConfigurationError('option-invalid', 'routes', 'must be a list of routes');
  const known: Map<string, Policy> = new Map();
  const ids: Map<unknown, number> = new Map();
  const compilePolicy = (route: UncheckedOptions, path: string): Policy => {
    const policy = context.compilePolicy(route, path);
    const text = textOf(policy, ids);
    const same = known.get(text) ?? policy;
    known.set(text, same);
    return same;
  };
  return options.map((route: unknown, index) => compileRow(route, `routes[${index}]`, { ...context, compilePolicy }));
}

const DATA: ReadonlySet<unknown> = new Set([Object.prototype, Array.prototype]);

/**
 * The same for policies that demand the same. They become one: a path that may be every path is judged once by each. Functions, and objects of
 * a class, are the same only as themselves.
 */
function textOf(policy: Policy, ids: Map<unknown, number>): string {
  return JSON.stringify(policy, (_, value: unknown) => {
    const isObject = typeof value === 'object' && value !== null;
    if (typeof value !== 'function' && !(isObject && !DATA.has(Object.getPrototypeOf(value)))) return value;
    const id = ids.get(value) ?? ids.size;
    ids.set(value, id);
    return { id };
  });
}

function compileRow(options: unknown, path: string, context: RoutesContext): RouteRow<Route> {
  const given = checkedObject(options, path, { ...MATCHED_ROUTE, ...ROUTE });
  const { name, match, exempt, keys, ...demands } = given;
  const compiled = compileMatch(match, `${path}.match`);
  if (exempt !== undefined) return exemptRow(given, compiled, path);
  const routeName = checkedName(name, `${path}.name`) ?? path;
  const policy = context.compilePolicy(demands, path);
  const ring = keys === undefined ? context.whole.keys : context.requestKeys(keys, `${path}.keys`);
  return { match: compiled, leadsTo: routeOf(routeName, policy, ring) };
}

function exemptRow(options: UncheckedOptions, match: RouteMatch, path: string): RouteRow<Route> {
  checkedObject(options, path, ['match', 'name', 'exempt']);
  if (options.exempt !== true) throw new ConfigurationError('option-invalid', `${path}.exempt`, 'must be true, or be left out');
  // The client chooses what it writes into Host: that alone must not open anything.
  if (match.paths === null) throw new ConfigurationError('option-missing', `${path}.match.paths`, 'an exempt route must name its paths');
  return { match, leadsTo: 'exempt' };
}

function checkedName(name: unknown, path: string): string | null {
  if (name === undefined) return null;
  if (typeof name === 'string' && /^[\x20-\x7e]{1,64}$/.test(name)) return name;
  throw new ConfigurationError('option-invalid', path, 'must be a text of 1 to 64 printable ASCII characters');
}

const HOST = /^(?:\*\.)?[a-z0-9_](?:[a-z0-9._-]*[a-z0-9_])?$|^\[[0-9a-f:.]+\]$/i;
const METHOD = /^[A-Z][A-Z-]*$/;

function compileMatch(options: unknown, path: string): RouteMatch {
  const match = checkedObject(options, path, MATCH);
  if (match.path !== undefined && match.paths !== undefined) {
    throw new ConfigurationError('options-contradict', path, 'give either `path` or `paths`');
  }
  const hosts = checkedTexts(match.host, `${path}.host`);
  const paths = checkedTexts(match.paths ?? match.path, `${path}.paths`);
  const methods = checkedTexts(match.methods, `${path}.methods`)?.map((method) => method.toUpperCase()) ?? null;
  if (hosts === null && paths === null && methods === null) {
    throw new ConfigurationError(
      'option-missing',
      path,
      'give at least one of host, paths and methods; all other requests use the policy of the guard',
    );
  }
  demand(hosts, HOST, `${path}.host`, 'must be a host name without port, such as `api.example.com` or `*.example.com`');
  demand(methods, METHOD, `${path}.methods`, 'must be methods such as `POST`');
  return {
    // In lower case once they are known to be ASCII: the Kelvin sign would become a k.
    hosts: hosts?.map((host) => host.toLowerCase()) ?? null,
    paths: paths === null ? null : compilePaths(paths, `${path}.paths`),
    methods: methods === null ? null : new Set(methods),
  };
}

function demand(texts: readonly string[] | null, form: RegExp, path: string, remedy: string): void {
  if (texts?.every((text) => form.test(text)) === false) throw new ConfigurationError('option-invalid', path, remedy);
}

// Checks `origin` and compiles it.

const ORIGIN_TEXT = /^(https?):\/\/([^/?#@\s]+)\/?$/i;

/** Compiles how the origin is found. */
export function compileOrigin(options: unknown): OriginPolicy {
  if (typeof options === 'string') return fixedOrigin(options);
  const origin = checks.checkedObject(options, 'origin', ORIGIN);
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
  const hops = checks.checkedNumber(trustedHops, 'origin.trustedHops', ORIGIN.trustedHops);
  if (hops === null || Number.isInteger(hops)) return hops;
  throw new ConfigurationError('option-invalid', 'origin.trustedHops', 'must be a whole number');
}

function fixedOrigin(text: string): OriginPolicy {
  const [, scheme = '', authority = ''] = ORIGIN_TEXT.exec(text) ?? [];
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
