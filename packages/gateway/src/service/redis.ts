/** Connections to Redis or Valkey, for replay memory that processes share. */
import type { GuardOptions, ReplayStore, SendCommand } from 'approov-guard';
import { type OpenRedisBy, ReplayStores } from 'approov-guard/policy-file';
import { Cluster, Redis, type RedisOptions } from 'iovalkey';

/**
 * Commands under way at once, of one setting; what comes on top fails at once. A request waits for its answer no longer than the store's
 * time-out, but its command is kept until the server answers or the connection ends.
 */
const MOST_UNDER_WAY = 10_000;
/** Who says nothing for so long is gone. */
const SILENCE_MS = 5000;
/** How long a start waits for the first connection. */
const START_MS = 2000;

const pause = (times: number): number => Math.min(times * 100, 2000);

/**
 * Nothing waits for a server that is away, and nothing is sent twice: whoever asks again after a break may be told that its own entry is
 * there already, and a genuine request would be refused as a replay. What fails makes a verdict `unavailable`, never accepted.
 */
const SERVER: RedisOptions = {
  enableOfflineQueue: false,
  autoResendUnfulfilledCommands: false,
  maxRetriesPerRequest: 0,
  connectTimeout: SILENCE_MS,
  socketTimeout: SILENCE_MS,
  retryStrategy: pause,
  // A primary that has become a replica: ask who is the primary now.
  reconnectOnError: (error) => error.message.startsWith('READONLY'),
};

/** User, password and TLS of a URL. */
function accessOf(url: string): Pick<RedisOptions, 'username' | 'password' | 'tls'> {
  const { protocol, username, password } = new URL(url);
  return {
    ...(username === '' ? {} : { username: decodeURIComponent(username) }),
    ...(password === '' ? {} : { password: decodeURIComponent(password) }),
    ...(protocol === 'rediss:' ? { tls: {} } : {}),
  };
}

function addressOf(url: string, port: number): { readonly host: string; readonly port: number } {
  const { hostname, port: given } = new URL(url);
  return { host: hostname.replace(/^\[|\]$/g, ''), port: given === '' ? port : Number(given) };
}

/** A cluster. Its client finds a new primary by asking for the slots each second, not by asking again for each request. */
function clusterAt(urls: readonly string[]): Cluster {
  const { enableOfflineQueue: _queue, retryStrategy: _strategy, reconnectOnError: _reconnect, ...server } = SERVER;
  return new Cluster(
    urls.map((url) => addressOf(url, 6379)),
    {
      redisOptions: { ...server, ...accessOf(urls[0] ?? '') },
      enableOfflineQueue: false,
      clusterRetryStrategy: pause,
      maxRedirections: 4,
      retryDelayOnFailover: 0,
      retryDelayOnClusterDown: 0,
      slotsRefreshInterval: 1000,
      slotsRefreshTimeout: SILENCE_MS,
    },
  );
}

/** The primary that sentinels know. User and password of a sentinel's URL are for the sentinels. */
function primaryOf(url: string, sentinels: readonly string[]): Redis {
  const { username, password, tls } = accessOf(sentinels[0] ?? '');
  const database = Number(new URL(url).pathname.slice(1) || '0');
  return new Redis({
    ...SERVER,
    ...accessOf(url),
    name: new URL(url).hostname,
    db: database,
    sentinels: sentinels.map((sentinel) => addressOf(sentinel, 26379)),
    ...(username === undefined ? {} : { sentinelUsername: username }),
    ...(password === undefined ? {} : { sentinelPassword: password }),
    ...(tls === undefined ? {} : { enableTLSForSentinelMode: true, sentinelTLS: tls }),
    sentinelRetryStrategy: pause,
  });
}

type Client = Redis | Cluster;

/** The connections of a gateway. */
export class RedisConnections {
  readonly #clients: Client[] = [];

  /** Connects in the background. */
  readonly open: OpenRedisBy = {
    server: (url) => this.#through(new Redis(url, SERVER)),
    cluster: (urls) => this.#through(clusterAt(urls)),
    sentinel: (url, sentinels) => this.#through(primaryOf(url, sentinels)),
  };

  /** Waits until each is connected, or has found nobody, or two seconds are over: first requests need not be refused for that. */
  async started(): Promise<void> {
    await Promise.all(this.#clients.map((client) => (client.status === 'ready' ? null : firstOf(client))));
  }

  /** Those that `open` opens. */
  openedBy<Made>(open: () => Made): { readonly made: Made; readonly clients: readonly Client[] } {
    const before = this.#clients.length;
    const made = open();
    return { made, clients: this.#clients.slice(before) };
  }

  close(): void {
    for (const client of this.#clients) client.disconnect();
  }

  #through(client: Client): SendCommand {
    // Without a listener it would end the process; the store reports what it could not ask.
    client.on('error', () => undefined);
    this.#clients.push(client);
    let underWay = 0;
    return async ([command = '', ...parameters]) => {
      if (underWay >= MOST_UNDER_WAY) throw new Error(`${MOST_UNDER_WAY} commands are under way`);
      underWay++;
      try {
        return await client.call(command, ...parameters);
      } finally {
        underWay--;
      }
    };
  }
}

/**
 * Replay stores, and whether those that a policy uses can be asked. What it does not use any more stays open, so that its memory counts again if
 * the policy comes back to it, but nothing waits for it.
 */
export class ConnectedStores extends ReplayStores {
  readonly #redis: RedisConnections;
  readonly #clients: Map<unknown, readonly Client[]> = new Map();

  constructor(redis: RedisConnections, now?: () => number) {
    super(redis.open, now);
    this.#redis = redis;
  }

  override of(setting: unknown, path: string): ReplayStore {
    const { made, clients } = this.#redis.openedBy(() => super.of(setting, path));
    if (clients.length > 0) this.#clients.set(made, clients);
    return made;
  }

  /** Whether all that these options use are connected. */
  areConnected(options: GuardOptions): boolean {
    // The cast holds: whatever has no such member has none.
    const demands = [options, ...(options.routes ?? [])] as readonly Pick<GuardOptions, 'signature' | 'token'>[];
    const used = demands.flatMap(({ signature, token }) => [signature, token]).map((part) => replayOf(part));
    return used.flatMap((store) => this.#clients.get(store) ?? []).every(({ status }) => status === 'ready');
  }
}

function replayOf(part: unknown): unknown {
  return typeof part === 'object' && part !== null && 'replay' in part ? part.replay : null;
}

function firstOf(client: Client): Promise<void> {
  return new Promise((resolve) => {
    const done = (): void => {
      clearTimeout(timer);
      resolve();
    };
    const timer = setTimeout(done, START_MS);
    for (const event of ['ready', 'close', 'end']) client.once(event, done);
  });
}
