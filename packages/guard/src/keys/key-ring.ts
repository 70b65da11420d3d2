/** The keys of one policy as the guard holds them: the source, the tokens they verified lately, and how often each key was used. */
import type { KeySnapshot, Keys, RequestKeys } from '../core/judge/case.ts';
import type { KeySet, VerificationKey } from '../core/jws/jws.ts';
import type { KeySource } from '../core/ports.ts';
import type { RequestView } from '../core/request-view.ts';
import { isThenable, type MaybePromise } from '../core/result.ts';
import type { Seconds } from '../core/time.ts';
import { VerifiedTokens } from '../core/token/verified.ts';

/** How often a key was used. A rotation is over when the old key's `lastUsedAt` is older than your longest-lived token and app. */
export interface KeyUse {
  /** The key's `kid`, else its place in the configuration or a name derived from the key. */
  readonly id: string;
  readonly algorithm: string;
  /** Tokens whose signature and claims held with this key, whatever came of their requests afterwards. */
  readonly uses: number;
  /** The last such token, milliseconds since the epoch; `null` if there was none. */
  readonly lastUsedAt: number | null;
  /** Since when this key's uses are counted, milliseconds since the epoch. */
  readonly since: number;
}

/** The keys of one policy, as the guard looks after them. */
export interface GuardKeys extends RequestKeys {
  /** Those in use now. */
  readonly rings: readonly KeyRing[];
}

interface Use {
  uses: number;
  /** `NaN` if there was none. */
  lastUsedAt: Seconds;
  /** Milliseconds since the epoch. */
  readonly since: number;
}

const LONGEST_CACHED_TOKEN = 2048;
/** Counts of keys that left the set are kept, in case they come back; this many at most. */
const MAX_USES_KEPT = 256;

/** The keys of one policy. */
export class KeyRing implements Keys, GuardKeys {
  readonly source: KeySource;
  /** How many requests wait for the source. */
  waiting = 0;
  readonly #cacheTokens: number;
  readonly #uses: Map<string, Use> = new Map();
  #snapshot: KeySnapshot = { keys: null, verified: null, of: this };
  #takenAt = Number.NaN;
  /** Of the tables of earlier key sets. */
  #earlier = { hits: 0, misses: 0 };
  #latestKey: VerificationKey | null = null;
  #latestUse: Use = newUse(0);

  /** @param cacheTokens - how many verified tokens are remembered; 0 for none */
  constructor(source: KeySource, cacheTokens: number) {
    this.source = source;
    this.#cacheTokens = cacheTokens;
  }

  ofRequest(_request: RequestView, at: number): KeySnapshot {
    return this.snapshot(at);
  }

  get rings(): readonly KeyRing[] {
    return [this];
  }

  /** The newest keys, and the tokens that they verified lately. */
  snapshot(at: number): KeySnapshot {
    const set = this.source.current(at);
    if (set !== this.#snapshot.keys) this.#take(set, at);
    return this.#snapshot;
  }

  /** Asks the source for a newer snapshot; a source that cannot ask vouches for what it has, if it has something. */
  refresh(at: number): MaybePromise<boolean> {
    const answer: unknown = this.source.refresh?.(at) ?? this.source.current(at) !== null;
    // A source may be a user's own: a promise of another realm vouches for nothing.
    return isThenable(answer) ? Promise.resolve(answer).then((vouched) => vouched === true) : answer === true;
  }

  /** How often each key of the newest snapshot was used. */
  uses(at: number): readonly KeyUse[] {
    const keys = this.snapshot(at).keys?.keys ?? [];
    return keys.map((key) => {
      const { uses, lastUsedAt, since } = this.#useOf(key.id, at);
      const last = Number.isNaN(lastUsedAt) ? null : Math.round(lastUsedAt * 1000);
      return { id: key.id, algorithm: key.algorithm.name, uses, lastUsedAt: last, since };
    });
  }

  /** How many keys there are, and how long ago the source last made sure of them; `null` if there are none. */
  keySetGauge(at: number): { readonly keys: number; readonly ageSeconds: Seconds | null } {
    const set = this.snapshot(at).keys;
    const since = this.source.freshAt?.() ?? this.#takenAt;
    return { keys: set?.keys.length ?? 0, ageSeconds: set === null ? null : Math.max(0, at - since) / 1000 };
  }

  /** How many verified tokens are remembered, of how many, and how often one was found among them. */
  get cacheGauge(): { readonly tokens: number; readonly capacity: number; readonly hits: number; readonly misses: number } {
    const { hits = 0, misses = 0, size = 0 } = this.#snapshot.verified ?? {};
    return { tokens: size, capacity: this.#cacheTokens, hits: this.#earlier.hits + hits, misses: this.#earlier.misses + misses };
  }

  /** Another key set starts with an empty cache: what an old key verified must not outlive it. */
  #take(set: KeySet | null, at: number): void {
    this.#takenAt = at;
    const { hits, misses } = this.cacheGauge;
    this.#earlier = { hits, misses };
    this.#latestKey = null;
    const verified = this.#cacheTokens > 0 ? new VerifiedTokens(this.#cacheTokens, LONGEST_CACHED_TOKEN) : null;
    this.#snapshot = { keys: set, verified, of: this };
    if (this.#uses.size > MAX_USES_KEPT) this.#forgetAbsent(set);
    for (const key of set?.keys ?? []) this.#useOf(key.id, at);
  }

  /** Counts one use. */
  keyUsed(key: VerificationKey, at: Seconds): void {
    // Nearly always the same key: then there is nothing to look up.
    if (key !== this.#latestKey) {
      this.#latestUse = this.#useOf(key.id, at * 1000);
      this.#latestKey = key;
    }
    this.#latestUse.uses++;
    this.#latestUse.lastUsedAt = at;
  }

  #useOf(id: string, at: number): Use {
    let use = this.#uses.get(id);
    if (use === undefined) {
      use = newUse(at);
      this.#uses.set(id, use);
    }
    return use;
  }

  #forgetAbsent(set: KeySet | null): void {
    const present = new Set(set?.keys.map((key) => key.id));
    for (const id of this.#uses.keys()) if (!present.has(id)) this.#uses.delete(id);
  }
}

function newUse(since: number): Use {
  return { uses: 0, lastUsedAt: Number.NaN, since };
}

/** A source of keys that never change: those in the configuration. */
export function fixedKeys(set: KeySet): KeySource {
  return { current: () => set };
}
