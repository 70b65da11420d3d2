/** Replay stores that a policy file names: this process's memory, or Redis. */

import { ConfigurationError } from '../checks/configuration-error.ts';
import { checkedObject, isPlainObject } from '../checks/option-checks.ts';
import type { ReplayStore } from '../core/ports.ts';
import { type MemoryReplayOptions, memoryReplayStore } from '../replay/memory.ts';
import { type RedisClientLike, type RedisReplayOptions, redisReplayStore } from '../replay/redis.ts';

/** Opens a connection to one server. Called once for each setting. */
export type OpenServer = (url: string) => RedisClientLike;

/** Opens connections to Redis or Valkey, by what a policy names. What is left out stops a policy that names it. */
export interface OpenRedisBy {
  /** `{ url }`: one server. */
  readonly server: OpenServer;
  /** `{ cluster: [URL, …] }`: some servers of a cluster, which know the others. */
  readonly cluster?: (urls: readonly string[]) => RedisClientLike;
  /** `{ url: "redis://NAME", sentinels: [URL, …] }`: the primary that the sentinels know under this name. */
  readonly sentinel?: (url: string, sentinels: readonly string[]) => RedisClientLike;
}

/** How Redis or Valkey is reached. A function reaches single servers only. */
export type OpenRedis = OpenServer | OpenRedisBy;

/**
 * The replay stores of a policy. They outlive a re-reading: what was accepted once stays remembered although the file changed.
 */
export class ReplayStores {
  readonly #open: OpenRedisBy | null;
  readonly #now: (() => number) | undefined;
  readonly #known: Map<string, ReplayStore> = new Map();

  /**
   * @param openRedis - how Redis or Valkey is reached; `null`: a policy that asks for it is refused
   * @param now - the clock, milliseconds since the epoch; default `Date.now`
   */
  constructor(openRedis: OpenRedis | null = null, now?: () => number) {
    this.#open = typeof openRedis === 'function' ? { server: openRedis } : openRedis;
    this.#now = now;
  }

  /**
   * Stores for a policy that is only looked at: of Redis nothing is asked, and its entries count as new.
   * @param now - as for the constructor
   */
  static unasked(now?: () => number): ReplayStores {
    const nobody = (): RedisClientLike => async () => 'OK';
    return new ReplayStores({ server: nobody, cluster: nobody, sentinel: nobody }, now);
  }

  /** The kinds of the stores that were asked for. */
  get kinds(): ReadonlySet<'memory' | 'redis'> {
    return new Set([...this.#known.keys()].map((key) => (key.startsWith('redis') ? 'redis' : 'memory')));
  }

  /** The store of a setting: `memory`, `{ memory: … }` or `{ redis: … }`; the same one for the same setting. */
  of(setting: unknown, path: string): ReplayStore {
    if (setting === 'memory') return this.#memory({}, path);
    const given = isPlainObject(setting) ? checkedObject(setting, path, ['memory', 'redis']) : {};
    if (isPlainObject(given.memory) && given.redis === undefined) return this.#memory(given.memory, `${path}.memory`);
    if (isPlainObject(given.redis) && given.memory === undefined) return this.#redis(given.redis, `${path}.redis`);
    throw new ConfigurationError(
      'option-invalid',
      path,
      'must be "memory", { "memory": … }, { "redis": { "url": … } }, { "redis": { "cluster": […] } }, or null for none',
    );
  }

  #memory(options: { readonly [name: string]: unknown }, path: string): ReplayStore {
    const { maxEntries } = checkedObject(options, path, ['maxEntries']);
    const make = (): ReplayStore =>
      // The cast holds: the store checks its options.
      memoryReplayStore({ ...(maxEntries === undefined ? {} : { maxEntries }), ...this.#clock() } as MemoryReplayOptions);
    return this.#remembered(`memory ${String(maxEntries)}`, () => under(path, make));
  }

  #redis(options: { readonly [name: string]: unknown }, path: string): ReplayStore {
    const names = ['url', 'cluster', 'sentinels', 'prefix', 'timeoutSeconds', 'marginSeconds'];
    const { url, cluster, sentinels, ...settings } = checkedObject(options, path, names);
    const open = this.#clientOf({ url, cluster, sentinels }, path);
    // The cast holds: the store checks its options.
    const make = (): ReplayStore => redisReplayStore(open(), { ...settings, ...this.#clock() } as RedisReplayOptions);
    return this.#remembered(`redis ${JSON.stringify([url, cluster, sentinels, settings])}`, () => under(path, make));
  }

  /** What opens the connection that a setting names. */
  #clientOf({ url, cluster, sentinels }: { readonly [name: string]: unknown }, path: string): () => RedisClientLike {
    if (cluster !== undefined) {
      const other = url !== undefined ? 'url' : sentinels !== undefined ? 'sentinels' : null;
      if (other !== null) throw new ConfigurationError('options-contradict', `${path}.${other}`, 'cannot stand beside `cluster`');
      const urls = checkedUrls(cluster, `${path}.cluster`);
      const open = this.#opened('cluster', `${path}.cluster`);
      return () => open(urls);
    }
    const one = checkedUrl(url, `${path}.url`);
    if (sentinels === undefined) {
      const open = this.#opened('server', path);
      return () => open(one);
    }
    const urls = checkedUrls(sentinels, `${path}.sentinels`);
    const open = this.#opened('sentinel', `${path}.sentinels`);
    return () => open(one, urls);
  }

  #opened<Name extends keyof OpenRedisBy>(name: Name, path: string): NonNullable<OpenRedisBy[Name]> {
    const open = this.#open?.[name];
    if (open) return open;
    throw new ConfigurationError(
      'option-unavailable',
      path,
      `needs a client: give \`new ReplayStores({ ${name}: … })\` to the function that loads the policy`,
    );
  }

  #clock(): { readonly now?: () => number } {
    return this.#now === undefined ? {} : { now: this.#now };
  }

  #remembered(key: string, make: () => ReplayStore): ReplayStore {
    const store = this.#known.get(key) ?? make();
    this.#known.set(key, store);
    return store;
  }
}

/** Puts the path of a setting before that of the option which is wrong in it. */
export function under<T>(path: string, make: () => T): T {
  try {
    return make();
  } catch (error) {
    if (!(error instanceof ConfigurationError)) throw error;
    throw new ConfigurationError(error.code, error.path === 'options' ? path : `${path}.${error.path}`, error.remedy);
  }
}

function checkedUrl(url: unknown, path: string): string {
  if (typeof url === 'string' && /^rediss?:\/\//.test(url)) return url;
  throw new ConfigurationError('option-invalid', path, 'must be a URL that begins with redis:// or rediss://');
}

/** More than any cluster needs to be found by. */
const MAX_URLS = 64;

function checkedUrls(urls: unknown, path: string): readonly string[] {
  if (Array.isArray(urls) && urls.length > 0 && urls.length <= MAX_URLS)
    return urls.map((url: unknown, index) => checkedUrl(url, `${path}[${index}]`));
  throw new ConfigurationError('option-invalid', path, `must be a list of 1 to ${MAX_URLS} URLs that begin with redis:// or rediss://`);
}
