/** The servers behind the gateway: which one gets a request, and which of them are well. */
import { readPem } from '../../checks.ts';
import type { Timeouts, UpstreamSettings } from '../../settings.ts';
import { Connections } from './connections.ts';
import { Http2Connections } from './http2-connections.ts';
import type { AnswerHandler, Flow, Outbound, ServerAddress } from './outbound.ts';

/** How long a server that refused a connection is left alone, while others can answer. */
const DOWN_MS = 5000;
/** How long a server may take for a health check. */
const HEALTH_MS = 5000;

/** One server. */
export class Target {
  readonly url: string;
  readonly #connections: Connections | Http2Connections;
  /** When it may be tried again, milliseconds of `performance.now()`; 0 while it is well. */
  #downUntil = 0;
  #checked: boolean | null = null;

  constructor(url: string, settings: UpstreamSettings, timeouts: Timeouts) {
    this.url = url;
    const address = addressOf(url, settings);
    this.#connections =
      settings.http2 && address.tls !== null ? new Http2Connections(address, timeouts) : new Connections(address, timeouts);
  }

  /** Sends a request. */
  dispatch(request: Outbound, handler: AnswerHandler): void {
    this.#connections.dispatch(request, handler);
  }

  /** Lets what is under way come to its end, and closes the connections. */
  close(): Promise<void> {
    return this.#connections.close();
  }

  /** Ends everything at once. */
  destroy(): void {
    void this.#connections.destroy();
  }

  /** Whether it is thought to be well. */
  get well(): boolean {
    return this.#checked ?? this.#downUntil <= performance.now();
  }

  /** A request could not be sent to it. */
  refused(): void {
    this.#downUntil = performance.now() + DOWN_MS;
  }

  /** What a health check found. */
  checked(well: boolean): void {
    this.#checked = well;
  }
}

/** The settings have checked the form. */
function addressOf(url: string, { ca }: UpstreamSettings): ServerAddress {
  if (url.startsWith('unix:')) return { host: 'localhost', port: 80, socketPath: url.slice('unix:'.length), tls: null };
  const { protocol, hostname, port } = new URL(url);
  const isTls = protocol === 'https:';
  return {
    host: hostname.replace(/^\[|\]$/g, ''),
    port: port === '' ? (isTls ? 443 : 80) : Number(port),
    socketPath: null,
    tls: isTls ? { ca: ca === null ? null : readPem(ca, 'gateway.ca', 'CERTIFICATE') } : null,
  };
}

/** Servers that share the same requests. */
export class Upstream {
  readonly settings: UpstreamSettings;
  readonly targets: readonly Target[];
  #next = 0;

  constructor(settings: UpstreamSettings, timeouts: Timeouts) {
    this.settings = settings;
    this.targets = settings.to.map((url) => new Target(url, settings, timeouts));
  }

  /** The server whose turn it is: a well one that is not in `tried`, else any that is not; `null` if all were tried. */
  pick(tried: readonly Target[]): Target | null {
    if (this.targets.length === 1) return tried.length === 0 ? (this.targets[0] ?? null) : null;
    const left = this.targets.filter((target) => !tried.includes(target));
    const well = left.filter((target) => target.well);
    const among = well.length > 0 ? well : left;
    this.#next = (this.#next + 1) % 0x4000_0000;
    return among[this.#next % among.length] ?? null;
  }

  /** Whether a host and a path are its own. */
  covers(host: string, path: string): boolean {
    const { hosts, paths } = this.settings;
    return (
      (hosts === null || hosts.some((pattern) => coversHost(pattern, host))) &&
      (paths === null || paths.some((one) => coversPath(one, path)))
    );
  }
}

/** All of them. */
export class Upstreams {
  readonly all: readonly Upstream[];
  readonly #checks: NodeJS.Timeout[];

  constructor(settings: readonly UpstreamSettings[], timeouts: Timeouts) {
    this.all = settings.map((one) => new Upstream(one, timeouts));
    this.#checks = this.all.flatMap((upstream) => {
      const { health } = upstream.settings;
      if (health === null) return [];
      const check = (): void => {
        for (const target of upstream.targets) checkHealth(target, health.path);
      };
      check();
      return [setInterval(check, health.intervalMs).unref()];
    });
  }

  /** The first whose host and path fit, or `null`. The path is compared as it came: the guard has demanded what every reading of it demands. */
  find(authority: string, target: string): Upstream | null {
    const [only] = this.all;
    if (only !== undefined && this.all.length === 1 && only.settings.hosts === null && only.settings.paths === null) return only;
    const host = authority.toLowerCase().replace(/:\d*$/, '').replace(/\.$/, '');
    const path = target.replace(/\?.*$/s, '');
    return this.all.find((upstream) => upstream.covers(host, path)) ?? null;
  }

  /** Lets what is under way come to its end, and closes the connections. */
  async close(): Promise<void> {
    for (const check of this.#checks) clearInterval(check);
    await Promise.all(this.all.flatMap(({ targets }) => targets.map((target) => target.close())));
  }

  /** Ends everything at once. */
  destroy(): void {
    for (const check of this.#checks) clearInterval(check);
    for (const { targets } of this.all) for (const target of targets) target.destroy();
  }
}

function coversHost(pattern: string, host: string): boolean {
  return pattern.startsWith('*.') ? host.length >= pattern.length && host.endsWith(pattern.slice(1)) : host === pattern;
}

function coversPath(pattern: string, path: string): boolean {
  if (!pattern.endsWith('/*')) return path === pattern;
  return path.startsWith(pattern.slice(0, -1)) || path === pattern.slice(0, -2);
}

/** Asks for a page; its head says all. */
class HealthCheck implements AnswerHandler {
  readonly #target: Target;
  #flow: Flow | null = null;

  constructor(target: Target) {
    this.#target = target;
  }

  onSending(flow: Flow): void {
    this.#flow = flow;
  }

  onInformation(): void {
    // The answer comes later.
  }

  onHead(status: number): void {
    this.#target.checked(status < 500);
  }

  /** A page that is long is not read to its end. */
  onContent(): boolean {
    this.#flow?.abort();
    return false;
  }

  onEnd(): void {
    // The head has said it.
  }

  onError(): void {
    this.#target.checked(false);
  }
}

function checkHealth(target: Target, path: string): void {
  const fields = ['host', 'localhost'];
  target.dispatch(
    { method: 'GET', path, fields, body: null, upgrade: '', takesTrailers: false, withinMs: HEALTH_MS },
    new HealthCheck(target),
  );
}
