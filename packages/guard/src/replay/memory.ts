/** Remembers in this process what may be accepted once. */

import { checkedFunction, checkedNumber, checkedObject } from '../checks/option-checks.ts';
import { MEMORY_REPLAY } from '../checks/option-table.ts';
import type { ReplayStore, StoreOccupancy } from '../core/ports.ts';
import type { Seconds } from '../core/time.ts';
import { ReplayStoreError } from './replay-store-error.ts';

/** Options of {@link memoryReplayStore}. */
export interface MemoryReplayOptions {
  /**
   * How many entries are held at most, 1 to 10000000. Default 1000000: about 120 MB when full. At the SDKs' lives (15 s, 60 s of clock tolerance
   * and 60 s for the body) that is 7400 signed requests a second. A smaller store refuses earlier when it is flooded.
   */
  readonly maxEntries?: number;
  /** The clock, milliseconds since the epoch; the same as the guard's. Default `Date.now`. */
  readonly now?: () => number;
}

/**
 * Remembers keys in the memory of this process until their time has come. For one process; several need a store they share.
 *
 * Each call costs a look-up and at most a few removals, whatever is stored; there is no timer. When it is full, and when it cannot tell
 * because the clock went back behind entries that it forgot, it throws {@link ReplayStoreError} rather than call a key new. It does **not**
 * outlive the process: a signature that was accepted just before a restart is accepted once more after it.
 *
 * @param options - see {@link MemoryReplayOptions}
 * @throws ConfigurationError for a mistake in the options
 *
 * @example
 * ```ts
 * import { memoryReplayStore } from 'approov-guard';
 * const store = memoryReplayStore({ maxEntries: 100_000 });
 * const until = Math.ceil(Date.now() / 1000) + 60;
 * console.log(await store.setIfAbsent('key', until), await store.setIfAbsent('key', until)); // true false
 * ```
 */
export function memoryReplayStore(options: MemoryReplayOptions = {}): ReplayStore {
  const given = checkedObject(options, 'options', MEMORY_REPLAY);
  return new ReplayMemory(
    Math.floor(checkedNumber(given.maxEntries, 'maxEntries', MEMORY_REPLAY.maxEntries)),
    checkedFunction<() => number>(given.now, 'now') ?? (() => Date.now()),
  );
}

/** How many seconds the wheel has; entries that live longer are met again at each turn. A power of two. */
const SLOTS = 4096;
/** How many entries a call looks at for removal: more than the one that it adds, so that removal keeps up, and few, so that no call is slow. */
const SWEEP = 16;

/**
 * A table of the entries, and a hashed timing wheel that finds those whose time has come: each second has a slot, and the slot of second `s`
 * holds the keys whose time is `s`, `s + SLOTS`, … The wheel is turned by the calls themselves.
 */
class ReplayMemory implements ReplayStore {
  readonly #maxEntries: number;
  readonly #now: () => number;
  readonly #untilOf: Map<string, Seconds> = new Map();
  readonly #slots: (string[] | undefined)[] = new Array(SLOTS).fill(undefined);
  /** The keys being looked at, of the seconds up to {@link #turned}. */
  #due: string[] = [];
  /** The second up to which the wheel was turned. */
  #turned: Seconds;
  /** The latest time of all that was forgotten. A key comes with the same time whenever it comes, so one with an earlier time may be among them. */
  #forgotten: Seconds = Number.NEGATIVE_INFINITY;

  constructor(maxEntries: number, now: () => number) {
    this.#maxEntries = maxEntries;
    this.#now = now;
    this.#turned = Math.floor(now() / 1000);
  }

  setIfAbsent(key: string, untilSeconds: Seconds): boolean {
    const at = this.#now() / 1000;
    const until = Math.ceil(untilSeconds);
    const known = this.#untilOf.get(key);
    if (known !== undefined && known > at) return false;
    if (!Number.isSafeInteger(until) || !(until > at) || until <= this.#forgotten) {
      throw new ReplayStoreError(
        'entry-past',
        'The time is past, or the clock went back, so that it cannot be told whether the key is new',
      );
    }
    this.#sweep(at);
    if (this.#untilOf.size >= this.#maxEntries && known === undefined) {
      throw new ReplayStoreError('store-full', `All ${this.#maxEntries} entries are in use`);
    }
    this.#untilOf.set(key, until);
    this.#slot(key, until);
    return true;
  }

  occupancy(): StoreOccupancy {
    return { entries: this.#untilOf.size, capacity: this.#maxEntries };
  }

  #slot(key: string, until: Seconds): void {
    const index = until % SLOTS;
    const slot = this.#slots[index];
    if (slot === undefined) this.#slots[index] = [key];
    else slot.push(key);
  }

  /** Looks at a few entries; at as many as it takes when the table is full. */
  #sweep(at: Seconds): void {
    for (let looked = 0; looked < SWEEP || this.#untilOf.size >= this.#maxEntries; looked++) {
      const key = this.#nextDue(at);
      if (key === undefined) return;
      const until = this.#untilOf.get(key);
      if (until === undefined) continue;
      if (until > at) {
        this.#slot(key, until);
      } else {
        this.#untilOf.delete(key);
        this.#forgotten = Math.max(this.#forgotten, until);
      }
    }
  }

  #nextDue(at: Seconds): string | undefined {
    const second = Math.floor(at);
    // After a long silence one turn meets every slot. After a step back the wheel turns again from there.
    this.#turned = Math.min(Math.max(this.#turned, second - SLOTS), second);
    while (this.#due.length === 0 && this.#turned < second) {
      this.#turned++;
      const index = this.#turned % SLOTS;
      this.#due = this.#slots[index] ?? [];
      this.#slots[index] = undefined;
    }
    return this.#due.pop();
  }
}
