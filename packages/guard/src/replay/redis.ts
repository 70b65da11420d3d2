/** Remembers in Redis or Valkey, shared by all instances, what may be accepted once. */

import { ConfigurationError } from '../checks/configuration-error.ts';
import { checkedFunction, checkedNumber, checkedObject } from '../checks/option-checks.ts';
import { REDIS_REPLAY } from '../checks/option-table.ts';
import type { ReplayStore } from '../core/ports.ts';
import type { Seconds } from '../core/time.ts';
import { afterListening } from '../http/deadline.ts';
import { ReplayStoreError } from './replay-store-error.ts';

/** `ioredis` and `iovalkey`: `Redis`, `Cluster`, and what they pipeline. */
export interface IoRedisLike {
  call(command: string, ...parameters: string[]): Promise<unknown>;
}

/** `redis` (node-redis 4 and newer): client, pool, cluster, sentinel. */
export interface NodeRedisLike {
  set(key: string, value: string, options: { NX: true; EX: number }): Promise<unknown>;
  // Tells these clients from others whose `set` takes options of other names, and would ignore NX.
  sendCommand: unknown;
}

/** `@valkey/valkey-glide`: `GlideClient` and `GlideClusterClient`. */
export interface GlideLike {
  customCommand(command: string[]): Promise<unknown>;
}

/** Sends one command, such as `['SET', 'key', '1', 'EX', '60', 'NX']`, and answers with the reply: for every other client. */
export type SendCommand = (command: readonly string[]) => Promise<unknown>;

/** What {@link redisReplayStore} can talk through. */
export type RedisClientLike = IoRedisLike | NodeRedisLike | GlideLike | SendCommand;

/** Options of {@link redisReplayStore}. */
export interface RedisReplayOptions {
  /**
   * What the keys begin with. Default `approov:replay:`. Give each environment that shares a server its own. In a cluster, no `{…}` in it:
   * that would put every entry on one node.
   */
  readonly prefix?: string;
  /**
   * How long an answer may take, connecting included, 0.01 to 30 s. Default 0.25. A longer time lets requests pile up while the server hangs.
   * Time in which your own handler keeps the event loop does not count.
   */
  readonly timeoutSeconds?: Seconds;
  /**
   * How much longer an entry lives than its signature, 0 to 3600 s. Default 60: as far as the clocks of your instances may differ. Less saves
   * memory, and lets an instance whose clock is late accept what the others have forgotten.
   */
  readonly marginSeconds?: Seconds;
  /** The clock, milliseconds since the epoch; the same as the guard's. Default `Date.now`. */
  readonly now?: () => number;
}

/**
 * Remembers keys in Redis or Valkey with one `SET key 1 EX seconds NX` each: atomic, one round trip, one key. Any version since 2.6.12.
 *
 * The life is sent as a duration, so that the server's clock does not matter: with an absolute time (`EXAT`), a server whose clock is ahead
 * deletes the entry at once and still answers `OK`. Only the literal answers are believed: `OK` is new, none is known, and all else throws
 * {@link ReplayStoreError}, as do errors of the client and an answer that takes too long. It does **not** open, watch or close connections,
 * and does not protect against a server that forgets: see docs/replay.md on eviction, persistence and fail-over.
 *
 * @param client - a connected client of `ioredis`, `iovalkey`, `redis` or `@valkey/valkey-glide`, or a function that sends a command
 * @param options - see {@link RedisReplayOptions}
 * @throws ConfigurationError for a mistake in the options, or a client of another kind
 *
 * @example
 * ```ts
 * import { redisReplayStore } from 'approov-guard';
 * const remembered = new Set<string>(); // stands for a server here
 * const store = redisReplayStore(async ([, key = '']) => (remembered.has(key) ? null : remembered.add(key) && 'OK'));
 * const until = Math.ceil(Date.now() / 1000) + 60;
 * console.log(await store.setIfAbsent('key', until), await store.setIfAbsent('key', until)); // true false
 * ```
 */
export function redisReplayStore(client: RedisClientLike, options: RedisReplayOptions = {}): ReplayStore {
  const given = checkedObject(options, 'options', REDIS_REPLAY);
  const { prefix = 'approov:replay:' } = given;
  if (typeof prefix !== 'string') throw new ConfigurationError('option-invalid', 'prefix', 'must be a text');
  const timeout = checkedNumber(given.timeoutSeconds, 'timeoutSeconds', REDIS_REPLAY.timeoutSeconds);
  const margin = checkedNumber(given.marginSeconds, 'marginSeconds', REDIS_REPLAY.marginSeconds);
  const now = checkedFunction<() => number>(given.now, 'now') ?? (() => Date.now());
  const setNew = setNewThrough(client);
  return {
    setIfAbsent: async (key, untilSeconds) => {
      const left = untilSeconds - now() / 1000;
      if (!(left > 0) || left === Number.POSITIVE_INFINITY) {
        throw new ReplayStoreError('entry-past', 'The time is past: nobody can tell any more whether the key is new');
      }
      const reply = await answered(() => setNew(prefix + key, Math.ceil(left + margin)), timeout);
      if (reply === 'OK') return true;
      if (reply === null) return false;
      throw new ReplayStoreError('answer-unexpected', 'The server answered neither OK nor nil');
    },
  };
}

type SetNew = (key: string, seconds: number) => Promise<unknown>;

/** Lower case, since some clients look for the key of a command, and so for its node, by this name. */
const setCommand = (key: string, seconds: number): string[] => ['set', key, '1', 'EX', String(seconds), 'NX'];

function setNewThrough(client: RedisClientLike): SetNew {
  if (typeof client === 'function') return (key, seconds) => client(setCommand(key, seconds));
  if (isObject(client)) {
    if (has(client, 'customCommand')) return (key, seconds) => client.customCommand(setCommand(key, seconds));
    if (has(client, 'call')) return (key, seconds) => client.call('set', key, '1', 'EX', String(seconds), 'NX');
    if (has(client, 'set') && has(client, 'sendCommand')) return (key, seconds) => client.set(key, '1', { NX: true, EX: seconds });
  }
  throw new ConfigurationError(
    'option-invalid',
    'client',
    'must be a client of ioredis, iovalkey, redis or @valkey/valkey-glide, or a function that sends a command',
  );
}

type ClientObject = Exclude<RedisClientLike, SendCommand>;

function isObject(value: unknown): value is ClientObject {
  return typeof value === 'object' && value !== null;
}

function has<Name extends string>(client: ClientObject, name: Name): client is Extract<ClientObject, { readonly [N in Name]: unknown }> {
  // The cast holds: the member is looked at before it is used.
  return typeof (client as { readonly [N in Name]?: unknown })[name] === 'function';
}

/** The reply, unless it fails or takes longer than `seconds`. What comes later is dropped. */
function answered(ask: () => Promise<unknown>, seconds: Seconds): Promise<unknown> {
  return new Promise((resolve, reject) => {
    const callOff = afterListening(seconds, () => reject(new ReplayStoreError('store-timed-out', `No answer within ${seconds} s`)));
    const failed = (cause: unknown): void => {
      callOff();
      reject(new ReplayStoreError('store-failed', 'The client reported an error', { cause }));
    };
    try {
      ask().then((reply) => {
        callOff();
        resolve(reply);
      }, failed);
    } catch (cause) {
      failed(cause);
    }
  });
}
