/** Every client that the Redis store takes, connected as docs/replay.md recommends. */
import { GlideClient } from '@valkey/valkey-glide';
import type { IoRedisLike, RedisClientLike } from 'approov-guard';
import { Redis } from 'ioredis';
import { Redis as Redis5 } from 'ioredis5';
import { Redis as Valkey } from 'iovalkey';
import { createClient } from 'redis';
import { createClient as createClient4 } from 'redis4';
import { createClient as createClient5 } from 'redis5';

export interface Connected {
  readonly client: RedisClientLike;
  readonly close: () => void;
}

export interface RedisClient {
  readonly name: string;
  /** Connects without a queue for commands while it is offline, and reconnects by itself. */
  readonly connect: (port: number) => Promise<Connected>;
  /** The client as it is by default, with its queue; `null` where there is no difference. */
  readonly connectQueueing: ((port: number) => Promise<Connected>) | null;
}

const host = '127.0.0.1';
const quickly = 50;
const ignore = (): void => {};

interface IoRedisOptions {
  readonly host: string;
  readonly port: number;
  readonly enableOfflineQueue: boolean;
  readonly lazyConnect: true;
  readonly retryStrategy: () => number;
}

type IoRedisClass = new (
  options: IoRedisOptions,
) => IoRedisLike & {
  on(event: 'error', listener: () => void): unknown;
  connect(): Promise<void>;
  disconnect(): void;
};

function ioRedis(name: string, Client: IoRedisClass): RedisClient {
  const connect = async (port: number, enableOfflineQueue: boolean): Promise<Connected> => {
    const client = new Client({ host, port, enableOfflineQueue, lazyConnect: true, retryStrategy: () => quickly });
    client.on('error', ignore);
    await client.connect();
    return { client, close: () => client.disconnect() };
  };
  return { name, connect: (port) => connect(port, false), connectQueueing: (port) => connect(port, true) };
}

type Open = (url: string, disableOfflineQueue: boolean) => Promise<Connected>;

const nodeRedis6: Open = async (url, disableOfflineQueue) => {
  // Its own time-out for commands must not be the one that is tested.
  const commandOptions = { timeout: 30_000 };
  const client = createClient({ url, disableOfflineQueue, commandOptions, socket: { reconnectStrategy: () => quickly } });
  client.on('error', ignore);
  await client.connect();
  return { client, close: () => client.destroy() };
};

const nodeRedis5: Open = async (url, disableOfflineQueue) => {
  const client = createClient5({ url, disableOfflineQueue, socket: { reconnectStrategy: () => quickly } });
  client.on('error', ignore);
  await client.connect();
  return { client, close: () => client.destroy() };
};

const nodeRedis4: Open = async (url, disableOfflineQueue) => {
  const client = createClient4({ url, disableOfflineQueue, socket: { reconnectStrategy: () => quickly } });
  client.on('error', ignore);
  await client.connect();
  return { client, close: () => void client.disconnect().catch(ignore) };
};

function nodeRedis(name: string, open: Open): RedisClient {
  const url = (port: number): string => `redis://${host}:${port}`;
  return { name, connect: (port) => open(url(port), true), connectQueueing: (port) => open(url(port), false) };
}

const glide: RedisClient = {
  name: '@valkey/valkey-glide 2',
  connect: async (port) => {
    const client = await GlideClient.createClient({ addresses: [{ host, port }], requestTimeout: 2000, inflightRequestsLimit: 4000 });
    return { client, close: () => client.close() };
  },
  connectQueueing: null,
};

/** One of them, where any will do. */
export const anyClient: RedisClient = ioRedis('ioredis 6', Redis);

export const redisClients: readonly RedisClient[] = [
  anyClient,
  ioRedis('ioredis 5', Redis5),
  ioRedis('iovalkey', Valkey),
  nodeRedis('redis 6', nodeRedis6),
  nodeRedis('redis 5', nodeRedis5),
  nodeRedis('redis 4', nodeRedis4),
  glide,
];
