/** What the last seconds brought, in a fixed number of bytes. */
import { Distinct } from '../report/distinct.ts';

/** Sums of one window. */
export interface WindowSums {
  /** Accepted requests, whatever the mode. */
  readonly accepted: number;
  /** Rejected requests, whatever the mode. Faults of our own are not among them. */
  readonly rejected: number;
  /** Rejected requests that were refused, or would have been except for the breaker or the switch. */
  readonly refused: number;
  /** Distinct proven devices that were judged in mode `enforce`, or would have been. */
  readonly devices: Distinct;
  /** Those of them that were refused, or would have been. */
  readonly struck: Distinct;
  /** How much of the window there has been so far, milliseconds. */
  readonly coveredMs: number;
}

/** One judged request. */
export interface Judged {
  readonly accepted: boolean;
  readonly enforced: boolean;
  /** The proven device, or `null`. */
  readonly device: string | null;
  /** Whether such a refusal may be a mistake on our side: not one of what we refuse on purpose. */
  readonly counts: boolean;
}

const SLOTS = 10;

interface Slot {
  accepted: number;
  rejected: number;
  refused: number;
  readonly devices: Distinct;
  readonly struck: Distinct;
}

/** A window that slides by tenths of its length. */
export class SlidingWindow {
  readonly #slotMs: number;
  /** The slot that is being filled has the number `#now`; it is `#now % length` in the ring. */
  readonly #ring: readonly Slot[] = Array.from({ length: SLOTS + 1 }, () => newSlot());
  #now: number = Number.NaN;
  #since: number = Number.NaN;

  constructor(windowMs: number) {
    this.#slotMs = windowMs / SLOTS;
  }

  /** Moves on to a moment. Answers whether a tenth of the window is over: then there is something new to look at. */
  moveTo(at: number): boolean {
    const number = Math.floor(at / this.#slotMs);
    if (number === this.#now || Number.isNaN(number)) return false;
    const first = Number.isNaN(this.#now);
    // A clock that was set back by more than the window starts again; one that was set back a little waits.
    if (!first && number < this.#now && this.#now - number <= SLOTS) return false;
    const anew = first || number < this.#now || number - this.#now > SLOTS;
    if (first || number < this.#now) this.#since = at;
    const from = anew ? number - SLOTS : this.#now + 1;
    for (let slot = from; slot <= number; slot++) clear(this.#slot(slot));
    this.#now = number;
    return !first;
  }

  /** Counts a request at the moment to which the window has moved. */
  note({ accepted, enforced, device, counts }: Judged): void {
    if (Number.isNaN(this.#now)) return;
    const slot = this.#slot(this.#now);
    if (accepted) slot.accepted++;
    else slot.rejected++;
    if (!enforced) return;
    if (!accepted) slot.refused++;
    if (device === null) return;
    slot.devices.add(device);
    if (!accepted && counts) slot.struck.add(device);
  }

  /** What the tenths brought that are over. */
  sums(): WindowSums {
    const sums = { accepted: 0, rejected: 0, refused: 0, devices: new Distinct(), struck: new Distinct(), coveredMs: 0 };
    if (Number.isNaN(this.#now)) return sums;
    for (let number = this.#now - SLOTS; number < this.#now; number++) {
      const slot = this.#slot(number);
      sums.accepted += slot.accepted;
      sums.rejected += slot.rejected;
      sums.refused += slot.refused;
      sums.devices.merge(slot.devices);
      sums.struck.merge(slot.struck);
    }
    const end = this.#now * this.#slotMs;
    return { ...sums, coveredMs: Math.max(0, end - Math.max(this.#since, end - SLOTS * this.#slotMs)) };
  }

  #slot(number: number): Slot {
    const length = this.#ring.length;
    // The cast holds: the index is below the length.
    return this.#ring[((number % length) + length) % length] as Slot;
  }
}

function newSlot(): Slot {
  return { accepted: 0, rejected: 0, refused: 0, devices: new Distinct(), struck: new Distinct() };
}

function clear(slot: Slot): void {
  slot.accepted = 0;
  slot.rejected = 0;
  slot.refused = 0;
  slot.devices.clear();
  slot.struck.clear();
}
