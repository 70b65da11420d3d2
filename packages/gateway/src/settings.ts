/** The settings of the gateway: the section `gateway` of a policy file. */
import { resolve } from 'node:path';
import { ConfigurationError } from 'approov-guard';
import {
  type Bounds,
  checkedAmount,
  checkedFlag,
  checkedLimit,
  checkedList,
  checkedSection,
  checkedText,
  invalid,
  type Unchecked,
} from './checks.ts';
import { addressFrom, type ListenAddress } from './listen-address.ts';

/** Where some of the requests are sent. */
export interface UpstreamSettings {
  /** Shown in logs and metrics. */
  readonly name: string;
  /** Host names in lower case; `*.` and a domain for every host below it; `null` for any. */
  readonly hosts: readonly string[] | null;
  /** Exact, or a prefix and `/*`; `null` for any. */
  readonly paths: readonly string[] | null;
  /** The servers that share the requests: `http:`, `https:`, or `unix:` and a path. */
  readonly to: readonly string[];
  /** Whether HTTP/2 is offered to `https:` servers. */
  readonly http2: boolean;
  /** A file of certificates (PEM) that vouch for the servers; `null`: those of the platform. */
  readonly ca: string | null;
  /** What is asked to see whether a server is well; `null`: only what requests meet. */
  readonly health: { readonly path: string; readonly intervalMs: number } | null;
}

/** How long things may take, milliseconds. */
export interface Timeouts {
  readonly headerMs: number;
  readonly bodyMs: number;
  readonly idleMs: number;
  readonly connectMs: number;
  readonly upstreamMs: number;
  readonly upstreamIdleMs: number;
  readonly drainMs: number;
}

/** How much there may be. */
export interface Limits {
  readonly headerBytes: number;
  readonly bodyBytes: number | null;
  readonly connections: number | null;
  readonly connectionsPerAddress: number | null;
}

/** The settings, checked. */
export interface GatewaySettings {
  readonly listen: readonly ListenAddress[];
  readonly admin: ListenAddress | null;
  /** The first that fits is used; the last fits everything if `to` is given. */
  readonly upstreams: readonly UpstreamSettings[];
  /** Lower case, such as `x-attestation-`. */
  readonly identityPrefix: string;
  readonly stripToken: boolean;
  /** What connections may become by `Upgrade`, lower case. */
  readonly upgrades: ReadonlySet<string>;
  readonly timeouts: Timeouts;
  readonly limits: Limits;
  readonly log: { readonly format: 'json' | 'common' | null; readonly file: string | null };
  readonly workers: number;
}

const NAMES = [
  'to',
  'listen',
  'tls',
  'admin',
  'upstreams',
  'http2',
  'ca',
  'health',
  'identityPrefix',
  'stripToken',
  'upgrades',
  'timeouts',
  'limits',
  'log',
  'workers',
];

/**
 * Checks the settings.
 * @param section - what the policy says under `gateway`
 * @param folder - the folder in which relative paths begin
 * @throws ConfigurationError
 */
export function compileSettings(section: unknown, folder: string): GatewaySettings {
  const given = checkedSection(section, 'gateway', NAMES);
  const tls = compileTls(given.tls, folder, 'gateway.tls');
  const listen = checkedList(given.listen, 'gateway.listen') ?? ['127.0.0.1:8002'];
  const admin = given.admin === null ? null : checkedText(given.admin, 'gateway.admin', '127.0.0.1:8003');
  return {
    listen: listen.map((text, index) =>
      addressFrom(text, Array.isArray(given.listen) ? `gateway.listen[${index}]` : 'gateway.listen', tls),
    ),
    admin: admin === null ? null : addressFrom(admin, 'gateway.admin', null),
    upstreams: compileUpstreams(given, folder),
    identityPrefix: compilePrefix(given.identityPrefix, 'gateway.identityPrefix'),
    stripToken: checkedFlag(given.stripToken, 'gateway.stripToken', false),
    upgrades: compileUpgrades(given.upgrades),
    timeouts: compileTimeouts(given.timeouts),
    limits: compileLimits(given.limits),
    log: compileLog(given.log, folder, 'gateway.log'),
    workers: Math.floor(checkedAmount(given.workers, 'gateway.workers', { min: 1, max: 256, fallback: 1, unit: 'processes' })),
  };
}

/**
 * Checks where certificate and key are.
 * @param folder - the folder in which relative paths begin
 */
export function compileTls(section: unknown, folder: string, path: string): ListenAddress['tls'] {
  if (section === undefined || section === null) return null;
  const { cert, key } = checkedSection(section, path, ['cert', 'key']);
  const file = (value: unknown, name: string): string => {
    const text = checkedText(value, `${path}.${name}`, null);
    if (text === null) throw new ConfigurationError('option-missing', `${path}.${name}`, 'must be the path of a PEM file');
    return resolve(folder, text);
  };
  return { cert: file(cert, 'cert'), key: file(key, 'key'), path };
}

const UPSTREAM_NAMES = ['name', 'match', 'to', 'http2', 'ca', 'health'];

function compileUpstreams(given: Unchecked, folder: string): readonly UpstreamSettings[] {
  const { upstreams = [] } = given;
  if (!Array.isArray(upstreams)) return invalid('gateway.upstreams', 'must be a list');
  const rows = upstreams.map((row: unknown, index) => {
    const path = `gateway.upstreams[${index}]`;
    const upstream = checkedSection(row, path, UPSTREAM_NAMES);
    const match = checkedSection(upstream.match, `${path}.match`, ['host', 'path']);
    return compileUpstream(upstream, match, path, folder);
  });
  if (given.to !== undefined) return [...rows, compileUpstream({ name: 'default', ...picked(given) }, {}, 'gateway', folder)];
  if (rows.length > 0) return rows;
  throw new ConfigurationError('option-missing', 'gateway.to', 'must be where requests go, such as http://127.0.0.1:5000');
}

function picked({ to, http2, ca, health }: Unchecked): Unchecked {
  return { to, http2, ca, health };
}

const HOST = /^(?:\*\.)?[a-z0-9_](?:[a-z0-9._-]*[a-z0-9_])?$|^\[[0-9a-f:.]+\]$/;
const PATH = /^\/(?:[^*?#%;\\]*|[^*?#%;\\]*\/\*|\*)$/;

function compileUpstream(given: Unchecked, match: Unchecked, path: string, folder: string): UpstreamSettings {
  const to = checkedList(given.to, `${path}.to`);
  if (to === null) throw new ConfigurationError('option-missing', `${path}.to`, 'must be where requests go, such as http://127.0.0.1:5000');
  const hosts = checkedList(match.host, `${path}.match.host`)?.map((host) => host.toLowerCase()) ?? null;
  const paths = checkedList(match.path, `${path}.match.path`);
  if (hosts?.every((host) => HOST.test(host)) === false) return invalid(`${path}.match.host`, 'must be host names without port');
  if (paths?.every((one) => PATH.test(one)) === false) return invalid(`${path}.match.path`, 'must be plain paths such as /pay, or /pay/*');
  const ca = checkedText(given.ca, `${path}.ca`, null);
  return {
    name: checkedText(given.name, `${path}.name`, path.replace('gateway.', '')),
    hosts,
    paths,
    to: to.map((text) => checkedServer(text, `${path}.to`)),
    http2: checkedFlag(given.http2, `${path}.http2`, false),
    ca: ca === null ? null : resolve(folder, ca),
    health: compileHealth(given.health, `${path}.health`),
  };
}

/** Scheme, host and port: a path would be put before every target, and what is judged would not be what is asked for. */
function checkedServer(text: string, path: string): string {
  if (/^unix:\/[^\s]+$/.test(text)) return text;
  const [, scheme, authority] = /^(https?):\/\/([a-z0-9._-]+(?::\d+)?|\[[0-9a-f:.]+\](?::\d+)?)\/?$/i.exec(text) ?? [];
  if (scheme !== undefined && URL.canParse(text)) return `${scheme.toLowerCase()}://${authority?.toLowerCase()}`;
  return invalid(
    path,
    'must be scheme, host and port only, such as http://127.0.0.1:5000 or https://api.internal.example.com, or unix:/run/app.sock',
  );
}

function compileHealth(section: unknown, path: string): UpstreamSettings['health'] {
  if (section === undefined || section === null) return null;
  const given = checkedSection(section, path, ['path', 'intervalSeconds']);
  const target = checkedText(given.path, `${path}.path`, '/');
  if (!/^\/[\x21-\x7e]*$/.test(target)) return invalid(`${path}.path`, 'must be a path such as /health');
  return {
    path: target,
    intervalMs:
      1000 * checkedAmount(given.intervalSeconds, `${path}.intervalSeconds`, { min: 0.1, max: 3600, fallback: 5, unit: 'seconds' }),
  };
}

/** How the identity headers begin. */
export function compilePrefix(value: unknown, path: string): string {
  const prefix = checkedText(value, path, 'X-Attestation-').toLowerCase();
  return /^x-[a-z0-9-]*-$/.test(prefix) ? prefix : invalid(path, 'must begin with X- and end with -, such as X-Attestation-');
}

function compileUpgrades(value: unknown): ReadonlySet<string> {
  if (value === null || (Array.isArray(value) && value.length === 0)) return new Set();
  const names = (checkedList(value, 'gateway.upgrades') ?? ['websocket']).map((name) => name.toLowerCase());
  // What follows an upgrade to HTTP/2 is requests that nobody judges.
  if (names.some((name) => name.startsWith('h2') || name.startsWith('http')))
    return invalid('gateway.upgrades', 'must not name HTTP itself: requests on such a connection would not be judged');
  return new Set(names);
}

const SECONDS: { readonly [name: string]: Bounds } = {
  headerSeconds: { min: 0.1, max: 3600, fallback: 10, unit: 'seconds' },
  bodySeconds: { min: 0.1, max: 86_400, fallback: 300, unit: 'seconds' },
  idleSeconds: { min: 0.1, max: 3600, fallback: 65, unit: 'seconds' },
  connectSeconds: { min: 0.1, max: 600, fallback: 5, unit: 'seconds' },
  upstreamSeconds: { min: 0.1, max: 86_400, fallback: 60, unit: 'seconds' },
  upstreamIdleSeconds: { min: 0.1, max: 86_400, fallback: 300, unit: 'seconds' },
  drainSeconds: { min: 0, max: 3600, fallback: 30, unit: 'seconds' },
};

/** Checks time-outs. */
export function compileTimeouts(section: unknown): Timeouts {
  const given = checkedSection(section, 'gateway.timeouts', Object.keys(SECONDS));
  // The cast holds: the names are those of the table.
  const ms = (name: string): number => checkedAmount(given[name], `gateway.timeouts.${name}`, SECONDS[name] as Bounds) * 1000;
  return {
    headerMs: ms('headerSeconds'),
    bodyMs: ms('bodySeconds'),
    idleMs: ms('idleSeconds'),
    connectMs: ms('connectSeconds'),
    upstreamMs: ms('upstreamSeconds'),
    upstreamIdleMs: ms('upstreamIdleSeconds'),
    drainMs: ms('drainSeconds'),
  };
}

/** Checks limits. */
export function compileLimits(section: unknown): Limits {
  const given = checkedSection(section, 'gateway.limits', ['headerBytes', 'bodyBytes', 'connections', 'connectionsPerAddress']);
  const at = (name: string): string => `gateway.limits.${name}`;
  return {
    headerBytes: checkedAmount(given.headerBytes, at('headerBytes'), { min: 1024, max: 1_048_576, fallback: 32_768, unit: 'bytes' }),
    bodyBytes: checkedLimit(given.bodyBytes, at('bodyBytes'), { min: 0, max: 2 ** 50, fallback: 104_857_600, unit: 'bytes' }),
    connections: checkedLimit(given.connections, at('connections'), { min: 1, max: 1_000_000, fallback: 20_000, unit: 'connections' }),
    connectionsPerAddress: checkedLimit(given.connectionsPerAddress, at('connectionsPerAddress'), {
      min: 1,
      max: 1_000_000,
      fallback: null,
      unit: 'connections',
    }),
  };
}

/** Where the access log goes. */
export function compileLog(section: unknown, folder: string, path: string): GatewaySettings['log'] {
  if (section === null) return { format: null, file: null };
  const given = checkedSection(section, path, ['format', 'path']);
  const { format = 'json' } = given;
  if (format !== 'json' && format !== 'common')
    return invalid(`${path}.format`, "must be 'json' or 'common'; write `log: null` to switch the log off");
  const file = checkedText(given.path, `${path}.path`, null);
  return { format, file: file === null ? null : resolve(folder, file) };
}
