/** A JWK set at a URL: when it is fetched, how long it is used, and what happens when it cannot be fetched. */
import type { AlgorithmName } from '../../core/jws/algorithms.ts';
import { KeySet } from '../../core/jws/jws.ts';
import type { CryptoPort, KeySource } from '../../core/ports.ts';
import type { MaybePromise } from '../../core/result.ts';
import type { Seconds } from '../../core/time.ts';
import { type KeyDocument, parseKeyDocument } from '../key-document.ts';
import type { KeyFailure, OnKeyEvent } from '../key-events.ts';
import { type Fetched, type FetchPlan, fetchKeySet } from './fetch-key-set.ts';

/** Compiled settings of a remote key source. */
export interface RemotePlan extends FetchPlan {
  readonly name: string;
  readonly algorithm: AlgorithmName | null;
  readonly refreshSeconds: Seconds;
  readonly cooldownSeconds: Seconds;
  readonly maxStaleSeconds: Seconds;
  readonly report: OnKeyEvent;
  readonly crypto: CryptoPort;
}

type FetchedText = Extract<Fetched, { outcome: 'fetched' }>;

/** A set that was fetched, and its times in milliseconds since the epoch. */
interface Held {
  readonly set: KeySet;
  readonly text: string;
  readonly fetchedAt: number;
  /** From here on a newer one is fetched in the background. */
  readonly refreshAt: number;
  /** From here on it is used only if the source does not deliver. */
  readonly freshUntil: number;
}

/** The part of its life after which a set is fetched again. */
const REFRESH_AHEAD = 0.8;

/**
 * The source has no timers: requests move it. A set is fetched again in the background in the last fifth of its life. When it is over age it
 * is used only while the source fails to deliver, for `maxStaleSeconds`; without a failure the request waits for a new one.
 */
export class RemoteKeys implements KeySource {
  readonly #plan: RemotePlan;
  readonly #closed: AbortController = new AbortController();
  #held: Held | null = null;
  #empty: KeySet | null = null;
  #pending: Promise<boolean> | null = null;
  #lastAttempt = Number.NEGATIVE_INFINITY;
  #lastFailure: KeyFailure | null = null;
  #told: 'nothing' | 'stale' | 'expired' = 'nothing';

  constructor(plan: RemotePlan) {
    this.#plan = plan;
  }

  current(at: number): KeySet | null {
    if (this.#held === null) return this.#empty;
    const held = this.#dated(this.#held, at);
    if (at < held.refreshAt) return held.set;
    this.#fetchInBackground(at);
    if (at < held.freshUntil) return held.set;
    return this.#lastFailure === null ? null : this.#stale(held, at);
  }

  /** A clock that was set back would let a withdrawn key live until it has caught up: the set counts as fetched now, and as due. */
  #dated(held: Held, at: number): Held {
    const { fetchedAt, freshUntil } = held;
    if (fetchedAt - at <= this.#plan.cooldownSeconds * 1000) return held;
    this.#held = { ...held, fetchedAt: at, refreshAt: at, freshUntil: at + (freshUntil - fetchedAt) };
    return this.#held;
  }

  refresh(at: number): MaybePromise<boolean> {
    const pending = this.#inFlight(at);
    if (pending !== null) return pending;
    return this.#mayFetch(at) ? this.#fetch(at) : this.#lastFailure === null;
  }

  freshAt(): number | null {
    return this.#held?.fetchedAt ?? null;
  }

  async warmUp(at: number): Promise<void> {
    if (this.#isUsable(at)) return;
    await (this.#inFlight(at) ?? this.#fetch(at));
    if (!this.#isUsable(at)) throw new Error(`${this.#plan.name}: the key set could not be fetched (${this.#lastFailure ?? 'closed'})`);
  }

  close(): void {
    this.#closed.abort();
  }

  #isUsable(at: number): boolean {
    return (this.current(at)?.keys.length ?? 0) > 0;
  }

  #fetchInBackground(at: number): void {
    if (this.#inFlight(at) === null && this.#mayFetch(at)) void this.#fetch(at);
  }

  /** The fetch under way. One that outlived its timeout was dropped by its platform, as Workers do when a request ends. */
  #inFlight(at: number): Promise<boolean> | null {
    const age = at - this.#lastAttempt;
    return age <= (this.#plan.timeoutSeconds + 1) * 1000 ? this.#pending : null;
  }

  /** One attempt each cool-down, failed ones included. A clock that was set back does not count as a wait. */
  #mayFetch(at: number): boolean {
    const waited = at - this.#lastAttempt;
    const isCoolingDown = waited >= 0 && waited < this.#plan.cooldownSeconds * 1000;
    return !this.#closed.signal.aborted && !isCoolingDown;
  }

  /** Starts the one fetch that all who ask share. Answers whether the set is now up to date. */
  #fetch(at: number): Promise<boolean> {
    this.#lastAttempt = at;
    const pending = fetchKeySet(this.#plan, this.#closed.signal).then((fetched) => {
      if (this.#pending === pending) {
        this.#pending = null;
        this.#take(fetched, at);
      }
      return this.#lastFailure === null;
    });
    this.#pending = pending;
    return pending;
  }

  #take(fetched: Fetched, at: number): void {
    if (this.#closed.signal.aborted) return;
    if (fetched.outcome === 'failed') this.#fail(fetched.failure, fetched.status);
    else if (this.#held?.text === fetched.text) this.#keep(this.#held.set, fetched, at);
    else this.#takeText(fetched, at);
  }

  #takeText(fetched: FetchedText, at: number): void {
    const document = parseKeyDocument(fetched.text, this.#plan.algorithm, this.#plan.crypto);
    if (document !== null) this.#reportSkipped(document);
    if (document !== null && document.keys.length > 0) {
      this.#keep(new KeySet(document.keys), fetched, at);
      return;
    }
    if (document !== null) this.#empty = new KeySet([]);
    this.#fail(document === null ? 'not-a-key-set' : 'no-usable-key');
  }

  /** A set that did not change stays the same object, so that the tokens it verified are still remembered. */
  #keep(set: KeySet, { text, maxAgeSeconds }: FetchedText, at: number): void {
    const { refreshSeconds, cooldownSeconds, report, name } = this.#plan;
    const life = Math.min(Math.max(maxAgeSeconds ?? refreshSeconds, cooldownSeconds), refreshSeconds) * 1000;
    const changed = this.#held?.set !== set;
    this.#held = { set, text, fetchedAt: at, refreshAt: at + life * REFRESH_AHEAD, freshUntil: at + life };
    this.#empty = null;
    this.#lastFailure = null;
    this.#told = 'nothing';
    report({ type: 'keys-refreshed', source: name, keys: set.keys.length, changed });
  }

  #fail(failure: KeyFailure, status?: number): void {
    this.#lastFailure = failure;
    const { report, name } = this.#plan;
    report({ type: 'keys-refresh-failed', source: name, failure, ...(status === undefined ? {} : { status }) });
  }

  #stale(held: Held, at: number): KeySet | null {
    const { maxStaleSeconds, name, report } = this.#plan;
    const usableForSeconds = (held.freshUntil - at) / 1000 + maxStaleSeconds;
    const state = usableForSeconds > 0 ? 'stale' : 'expired';
    if (state !== this.#told) {
      this.#told = state;
      report(state === 'stale' ? { type: 'keys-stale', source: name, usableForSeconds } : { type: 'keys-expired', source: name });
    }
    return state === 'stale' ? held.set : null;
  }

  #reportSkipped({ skipped }: KeyDocument): void {
    const { name, report } = this.#plan;
    for (const skip of skipped) report({ type: 'key-skipped', source: name, ...skip });
  }
}
