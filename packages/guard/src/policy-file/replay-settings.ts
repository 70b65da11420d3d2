/** Replay stores that a policy file names: this process's memory, or Redis. */

import { ConfigurationError } from '../checks/configuration-error.ts';
import { checkedObject, isPlainObject } from '../checks/option-checks.ts';
import type { ReplayStore } from '../core/ports.ts';
import { type MemoryReplayOptions, memoryReplayStore } from '../replay/memory.ts';
import { type RedisClientLike, type RedisReplayOptions, redisReplayStore } from '../replay/redis.ts';

/** Opens a connection to Redis or Valkey. Called once for each URL. */
export type OpenRedis = (url: string) => RedisClientLike;

/**
 * The replay stores of a policy. They outlive a re-reading: what was accepted once stays remembered although the file changed.
 */
export class ReplayStores {
  readonly #openRedis: OpenRedis | null;
  readonly #now: (() => number) | undefined;
  readonly #known: Map<string, ReplayStore> = new Map();

  /**
   * @param openRedis - how Redis is reached; `null`: a policy that asks for it is refused
   * @param now - the clock, milliseconds since the epoch; default `Date.now`
   */
  constructor(openRedis: OpenRedis | null = null, now?: () => number) {
    this.#openRedis = openRedis;
    this.#now = now;
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
    throw new ConfigurationError('option-invalid', path, 'must be "memory", { "memory": … }, { "redis": { "url": … } }, or null for none');
  }

  #memory(options: { readonly [name: string]: unknown }, path: string): ReplayStore {
    const { maxEntries } = checkedObject(options, path, ['maxEntries']);
    const make = (): ReplayStore =>
      // The cast holds: the store checks its options.
      memoryReplayStore({ ...(maxEntries === undefined ? {} : { maxEntries }), ...this.#clock() } as MemoryReplayOptions);
    return this.#remembered(`memory ${String(maxEntries)}`, () => under(path, make));
  }

  #redis(options: { readonly [name: string]: unknown }, path: string): ReplayStore {
    const { url, ...settings } = checkedObject(options, path, ['url', 'prefix', 'timeoutSeconds', 'marginSeconds']);
    if (typeof url !== 'string' || !/^rediss?:\/\//.test(url)) {
      throw new ConfigurationError('option-invalid', `${path}.url`, 'must be a URL that begins with redis:// or rediss://');
    }
    const open = this.#openRedis;
    if (open === null) {
      throw new ConfigurationError('option-unavailable', path, 'needs a client: give `openRedis` to the function that loads the policy');
    }
    const make = (): ReplayStore => redisReplayStore(open(url), { ...settings, ...this.#clock() } as RedisReplayOptions);
    return this.#remembered(`redis ${JSON.stringify([url, settings])}`, () => under(path, make));
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
