/**
 * What the instances tell each other over Redis: a few commands each interval, never by request, and never waited for. While Redis is away, each goes
 * on with what it knows.
 */
import { ConfigurationError, type RedisClientLike } from 'approov-guard';
import { Distinct } from '../report/distinct.ts';
import { knownNames, numberWithin } from '../settings.ts';
import type { Fleet, InstanceSums } from './breaker.ts';
import type { HandRecord } from './emergency-switch.ts';

/** How instances share what they see. */
export interface SharedOptions {
  /** A connected client, as for `redisReplayStore`. It is asked for a few commands each interval. */
  readonly client: RedisClientLike;
  /** What the keys begin with. Default `approov:rollout:`. Instances of one API have the same, and no others. */
  readonly prefix?: string;
  /** How often, 0.1 to 60 s. Default 2. */
  readonly intervalSeconds?: number;
}

/** What this instance knows. */
export interface Told {
  readonly sums: InstanceSums;
  readonly hand: HandRecord | null;
  /** Whether what this instance accepts now is what it ought to. */
  readonly well: boolean;
}

const MOST_INSTANCES = 1024;
const MOST_TEXT = 4096;
/** What is older than an hour is not a baseline any more. */
const BASELINE_SECONDS = 3600;

interface Heard {
  readonly sequence: number;
  /** When it was heard first, by the clock of this instance. */
  readonly at: number;
  readonly sums: InstanceSums;
}

/** The connection of one instance with the others. */
export class Shared {
  readonly intervalMs: number;
  readonly #send: (command: readonly string[]) => Promise<unknown>;
  readonly #prefix: string;
  readonly #instance: string;
  readonly #heard: Map<string, Heard> = new Map();
  #sequence = 0;
  #asking = false;
  #askedAt: number = Number.NaN;
  #contactAt: number | null = null;
  #lost = false;
  #baseline: number | null = null;
  #commands = 0;

  constructor(options: SharedOptions, instance: string, path: string) {
    knownNames(options, path, ['client', 'prefix', 'intervalSeconds']);
    const { client, prefix = 'approov:rollout:' } = options;
    if (typeof prefix !== 'string') throw new ConfigurationError('option-invalid', `${path}.prefix`, 'must be a text');
    this.intervalMs = 1000 * numberWithin(options.intervalSeconds, `${path}.intervalSeconds`, [0.1, 60], 2);
    this.#send = sendThrough(client, path);
    // All keys on one node of a cluster.
    this.#prefix = prefix.includes('{') ? prefix : `{${prefix}}`;
    this.#instance = instance;
  }

  /** When the others were last heard, by the clock of this instance; `null` before the first time. */
  get contactAt(): number | null {
    return this.#contactAt;
  }

  /** Whether the last exchange failed, or hangs. */
  get lost(): boolean {
    return this.#lost;
  }

  /** How many commands were sent. */
  get commands(): number {
    return this.#commands;
  }

  /** Accepted requests a second that an instance may expect, as the others know it; `null` if they do not. */
  get baseline(): number | null {
    return this.#baseline;
  }

  /** What the others told lately. */
  fleet(at: number): Fleet {
    const fresh = Math.max(10_000, 3 * this.intervalMs);
    return [...this.#heard.values()].filter((heard) => at - heard.at <= fresh).map(({ sums }) => sums);
  }

  /** How many instances were heard lately, this one among them. */
  instances(at: number): number {
    return this.fleet(at).length + 1;
  }

  /**
   * Tells the others, and hears them; at most one exchange at a time. Never rejects.
   * @returns what was last done by hand on another instance; `null` if nothing, or if nobody answers
   */
  async exchange({ sums, hand, well }: Told, at: number): Promise<HandRecord | null> {
    if (this.#asking) {
      // Nobody has answered since the last time.
      if (at - this.#askedAt >= this.intervalMs) this.#lost = true;
      return null;
    }
    this.#asking = true;
    this.#askedAt = at;
    try {
      const [remote, theirs] = await this.#ask(sums, well, at);
      const record = parseRecord(remote);
      if (hand !== null && hand.since > (record?.since ?? Number.NEGATIVE_INFINITY)) await this.#tellHand(hand, at);
      this.#hear(theirs, at);
      this.#contactAt = at;
      this.#lost = false;
      return record;
    } catch {
      this.#lost = true;
      return null;
    } finally {
      this.#asking = false;
    }
  }

  /** Says that this instance is gone. Never rejects. */
  async leave(): Promise<void> {
    await this.#command(['HDEL', `${this.#prefix}instances`, this.#instance]).catch(() => undefined);
  }

  async #ask(sums: InstanceSums, well: boolean, at: number): Promise<readonly [unknown, unknown]> {
    const instances = `${this.#prefix}instances`;
    const text = spell(this.#instance, ++this.#sequence, sums, at);
    const baseline = `${this.#prefix}baseline`;
    const sent = [
      this.#command(['GET', `${this.#prefix}switch`]),
      this.#command(['HVALS', instances]),
      this.#command(['GET', baseline]),
      this.#command(['HSET', instances, this.#instance, text]),
      this.#command(['PEXPIRE', instances, '3600000']),
    ];
    if (well && sums.baseline !== null && sums.baseline > 0)
      sent.push(this.#command(['SET', baseline, String(sums.baseline), 'EX', String(BASELINE_SECONDS)]));
    // All are sent before any is answered.
    const answers = await Promise.allSettled(sent);
    const failed = answers.find((answer) => answer.status === 'rejected');
    if (failed !== undefined) throw failed.reason;
    const [hand, theirs, rate] = answers.map((answer) => (answer.status === 'fulfilled' ? answer.value : null));
    const number = typeof rate === 'string' ? Number(rate) : Number.NaN;
    this.#baseline = number > 0 && number < 1e9 ? number : null;
    return [hand, theirs];
  }

  async #tellHand(hand: HandRecord, at: number): Promise<void> {
    const ms = Math.max(hand.until ?? 0, hand.since + 86_400_000) - at;
    await this.#command(['SET', `${this.#prefix}switch`, JSON.stringify(hand), 'PX', String(Math.max(1000, Math.ceil(ms)))]);
  }

  #hear(answer: unknown, at: number): void {
    for (const text of Array.isArray(answer) ? answer.slice(0, MOST_INSTANCES) : []) {
      const read = parseSums(text);
      if (read === null || read.instance === this.#instance) continue;
      const before = this.#heard.get(read.instance);
      if (before?.sequence === read.sequence) continue;
      // Of one that was not heard before it is not known how long it has been silent, but by its own clock.
      if (before === undefined && Math.abs(at - read.at) > 30_000) continue;
      if (before === undefined && this.#heard.size >= MOST_INSTANCES) continue;
      this.#heard.set(read.instance, { sequence: read.sequence, at, sums: read.sums });
    }
    for (const [name, heard] of this.#heard) {
      if (at - heard.at <= 600_000) continue;
      this.#heard.delete(name);
      void this.#command(['HDEL', `${this.#prefix}instances`, name]).catch(() => undefined);
    }
  }

  #command(command: readonly string[]): Promise<unknown> {
    this.#commands++;
    try {
      return Promise.resolve(this.#send(command));
    } catch (error) {
      return Promise.reject(error);
    }
  }
}

function sendThrough(client: RedisClientLike, path: string): (command: readonly string[]) => Promise<unknown> {
  if (typeof client === 'function') return client;
  const given = client as {
    readonly customCommand?: (command: string[]) => Promise<unknown>;
    readonly call?: (command: string, ...parameters: string[]) => Promise<unknown>;
    readonly sendCommand?: unknown;
  } | null;
  if (typeof given?.customCommand === 'function')
    return (command) => (given.customCommand as (words: string[]) => Promise<unknown>)([...command]);
  if (typeof given?.call === 'function')
    return ([name = '', ...rest]) => (given.call as (word: string, ...words: string[]) => Promise<unknown>)(name, ...rest);
  if (typeof given?.sendCommand === 'function')
    return (command) => (given.sendCommand as (words: string[]) => Promise<unknown>)([...command]);
  throw new ConfigurationError(
    'option-invalid',
    `${path}.client`,
    'must be a client of ioredis, iovalkey, redis or @valkey/valkey-glide, or a function that sends a command',
  );
}

function spell(instance: string, sequence: number, sums: InstanceSums, at: number): string {
  const { accepted, rejected, refused, coveredMs, baseline, devices, struck } = sums;
  return JSON.stringify({
    instance,
    sequence,
    at,
    accepted,
    rejected,
    refused,
    coveredMs,
    baseline,
    devices: devices.text,
    struck: struck.text,
  });
}

function parseSums(
  text: unknown,
): { readonly instance: string; readonly sequence: number; readonly at: number; readonly sums: InstanceSums } | null {
  const given = parsed(text);
  if (given === null) return null;
  const { instance, devices, struck, baseline } = given;
  const numbers = ['sequence', 'at', 'accepted', 'rejected', 'refused', 'coveredMs'].map((name) => given[name]);
  if (typeof instance !== 'string' || typeof devices !== 'string' || typeof struck !== 'string' || !numbers.every(Number.isFinite))
    return null;
  const [sequence = 0, at = 0, accepted = 0, rejected = 0, refused = 0, coveredMs = 0] = numbers as readonly number[];
  const known = typeof baseline === 'number' && Number.isFinite(baseline) ? baseline : null;
  const sums = { accepted, rejected, refused, coveredMs, baseline: known, devices: Distinct.from(devices), struck: Distinct.from(struck) };
  return { instance, sequence, at, sums };
}

function parseRecord(text: unknown): HandRecord | null {
  const given = parsed(text);
  if (given === null) return null;
  const { by, why, place, since, until } = given;
  if (typeof by !== 'string' || typeof why !== 'string' || typeof since !== 'number') return null;
  if (until !== null && typeof until !== 'number') return null;
  return { by: by.slice(0, 128), why: why.slice(0, 256), place: place === 'signal' ? 'signal' : 'hand', since, until };
}

function parsed(text: unknown): { readonly [name: string]: unknown } | null {
  if (typeof text !== 'string' || text.length > MOST_TEXT) return null;
  try {
    const value: unknown = JSON.parse(text);
    return typeof value === 'object' && value !== null ? (value as { readonly [name: string]: unknown }) : null;
  } catch {
    return null;
  }
}
