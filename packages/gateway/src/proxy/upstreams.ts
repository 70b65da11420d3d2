/** The servers behind the gateway: which one gets a request, and which of them are well. */
import { buildConnector, type Dispatcher, Pool } from 'undici';
import { readPem } from '../checks.ts';
import type { Timeouts, UpstreamSettings } from '../settings.ts';

/**
 * How long an idle connection is used again, unless the server says. Shorter than what common servers keep (gunicorn 2 s, uvicorn and Node
 * 5 s): a request on a connection that the server is about to close would be lost.
 */
const IDLE_MS = 1500;
/** How long a server that refused a connection is left alone, while others can answer. */
const DOWN_MS = 5000;

/** One server. */
export class Target {
  readonly url: string;
  readonly pool: Pool;
  /** When it may be tried again, milliseconds of `performance.now()`; 0 while it is well. */
  #downUntil = 0;
  #checked: boolean | null = null;

  constructor(url: string, settings: UpstreamSettings, timeouts: Timeouts) {
    const socketPath = url.startsWith('unix:') ? url.slice('unix:'.length) : null;
    this.url = url;
    this.pool = new Pool(socketPath === null ? url : 'http://localhost', {
      connections: null,
      pipelining: 1,
      keepAliveTimeout: IDLE_MS,
      keepAliveMaxTimeout: 600_000,
      headersTimeout: timeouts.upstreamMs,
      bodyTimeout: timeouts.upstreamIdleMs,
      allowH2: settings.http2,
      maxHeaderSize: 65_536,
      connect: connectorTo(socketPath, settings, timeouts),
    });
  }

  /** Sends a request. */
  dispatch(request: Dispatcher.DispatchOptions, handler: Dispatcher.DispatchHandler): void {
    this.pool.dispatch({ ...request, ...SAME_NAME }, handler);
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

/**
 * undici takes the name that the certificate must hold, and that TLS sends, from the Host of each request, which the client chooses. Here it is
 * always that of the server's URL, and this word keeps undici from opening another connection for each Host.
 */
const SAME_NAME = { servername: 'upstream' } as const;

function connectorTo(socketPath: string | null, { ca, http2 }: UpstreamSettings, { connectMs }: Timeouts): buildConnector.connector {
  const connect = buildConnector({
    timeout: connectMs,
    allowH2: http2,
    ...(socketPath === null ? {} : { socketPath }),
    ...(ca === null ? {} : { ca: readPem(ca, 'gateway.ca', 'CERTIFICATE') }),
  });
  return ({ servername: _ofHost, ...options }, callback) => connect(options, callback);
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
      for (const target of upstream.targets) void checkHealth(target, health.path);
      const check = (): void => upstream.targets.forEach((target) => void checkHealth(target, health.path));
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
    await Promise.all(this.all.flatMap(({ targets }) => targets.map(({ pool }) => pool.close())));
  }

  /** Ends everything at once. */
  async destroy(): Promise<void> {
    for (const check of this.#checks) clearInterval(check);
    await Promise.all(this.all.flatMap(({ targets }) => targets.map(({ pool }) => pool.destroy())));
  }
}

function coversHost(pattern: string, host: string): boolean {
  return pattern.startsWith('*.') ? host.length >= pattern.length && host.endsWith(pattern.slice(1)) : host === pattern;
}

function coversPath(pattern: string, path: string): boolean {
  if (!pattern.endsWith('/*')) return path === pattern;
  return path.startsWith(pattern.slice(0, -1)) || path === pattern.slice(0, -2);
}

async function checkHealth(target: Target, path: string): Promise<void> {
  try {
    const { statusCode, body } = await target.pool.request({ path, method: 'GET', headersTimeout: 5000, bodyTimeout: 5000, ...SAME_NAME });
    await body.dump();
    target.checked(statusCode < 500);
  } catch {
    target.checked(false);
  }
}
