/** The bodies that are held to compare their digests: how many bytes in all, how many for one signing key, and for how long. */
import type { BodyFound, BodyReader, BodyReading } from '../core/ports.ts';
import type { BodyAllowance, BodyRead } from '../core/request-view.ts';
import { chain, type MaybePromise } from '../core/result.ts';
import type { Bytes, Seconds } from '../core/time.ts';
import { afterListening } from '../http/deadline.ts';

/** Compiled `bodies`. */
export interface BodyLimits {
  /** For the whole guard; `null`: 128 MiB, and at least four times the longest body. */
  readonly maxBytes: Bytes | null;
  /** For one signing key; `null`: 8 MiB, and at least twice the longest body. */
  readonly maxBytesPerKey: Bytes | null;
  readonly deadlineSeconds: Seconds;
}

const MIB: Bytes = 1_048_576;

/** Counts the bytes that views hold, and ends what lasts too long. What a body held is free again when its digest was compared. */
export class HeldBodies implements BodyReader {
  readonly deadlineSeconds: Seconds;
  readonly #limits: BodyLimits;
  readonly #bytesOf: Map<string, Bytes> = new Map();
  readonly #arriving: Map<string, object | undefined> = new Map();
  #bodies = 0;
  #bytes: Bytes = 0;
  #exceeded = 0;

  constructor(limits: BodyLimits) {
    this.#limits = limits;
    this.deadlineSeconds = limits.deadlineSeconds;
  }

  /** How many bodies and bytes are held now, and how often one was not read for want of room. */
  get gauge(): { readonly held: number; readonly bytes: Bytes; readonly exceeded: number } {
    return { held: this.#bodies, bytes: this.#bytes, exceeded: this.#exceeded };
  }

  read<T>(reading: BodyReading, use: (found: BodyFound) => MaybePromise<T>): MaybePromise<T> {
    const { once, message } = reading;
    if (once !== null && this.#arriving.has(once) && (message === undefined || this.#arriving.get(once) !== message)) {
      return use({ outcome: 'twin' });
    }
    const allowance = new Allowance((bytes) => this.#take(reading, bytes));
    const release = this.#hold(reading, allowance);
    try {
      const found = this.#read(reading, allowance);
      const used = chain(found, use);
      if (used instanceof Promise) return used.finally(release);
      release();
      return used;
    } catch (error) {
      release();
      throw error;
    }
  }

  #read({ body, maxBytes }: BodyReading, allowance: Allowance): MaybePromise<BodyRead> {
    const found = body.read(maxBytes, allowance);
    // What is there at once is held by somebody else already.
    return found instanceof Promise
      ? withinDeadline(found, allowance, this.deadlineSeconds).then((read) => charged(read, allowance))
      : found;
  }

  /** Answers how to let go. */
  #hold({ owner, once, message }: BodyReading, allowance: Allowance): () => void {
    const isFirst = once !== null && !this.#arriving.has(once);
    if (isFirst) this.#arriving.set(once, message);
    this.#bodies++;
    return () => {
      if (isFirst) this.#arriving.delete(once);
      this.#bodies--;
      this.#bytes -= allowance.bytes;
      const left = (this.#bytesOf.get(owner) ?? 0) - allowance.bytes;
      if (left > 0) this.#bytesOf.set(owner, left);
      else this.#bytesOf.delete(owner);
    };
  }

  #take({ owner, maxBytes }: BodyReading, bytes: Bytes): boolean {
    const ofKey = (this.#bytesOf.get(owner) ?? 0) + bytes;
    const forKey = this.#limits.maxBytesPerKey ?? Math.max(8 * MIB, 2 * maxBytes);
    const forAll = this.#limits.maxBytes ?? Math.max(128 * MIB, 4 * maxBytes);
    if (ofKey > forKey || this.#bytes + bytes > forAll) {
      this.#exceeded++;
      return false;
    }
    this.#bytesOf.set(owner, ofKey);
    this.#bytes += bytes;
    return true;
  }
}

class Allowance implements BodyAllowance {
  bytes: Bytes = 0;
  stop: (() => void) | null = null;
  readonly #take: (bytes: Bytes) => boolean;

  constructor(take: (bytes: Bytes) => boolean) {
    this.#take = take;
  }

  take(bytes: Bytes): boolean {
    const taken = this.#take(bytes);
    if (taken) this.bytes += bytes;
    return taken;
  }
}

/** A view that did not ask is charged for what it read. */
function charged(read: BodyRead, allowance: Allowance): BodyRead {
  if (read.outcome !== 'read' || allowance.bytes > 0) return read;
  return allowance.take(read.chunks.reduce((sum, chunk) => sum + chunk.length, 0)) ? read : { outcome: 'over-budget' };
}

/** A view that does not stop when it is told to is not waited for. */
function withinDeadline(reading: Promise<BodyRead>, allowance: Allowance, seconds: Seconds): Promise<BodyRead> {
  return new Promise((resolve, reject) => {
    const late = (): void => {
      allowance.stop?.();
      resolve({ outcome: 'late' });
    };
    const callOff = afterListening(seconds, late, false);
    reading.finally(callOff).then(resolve, reject);
  });
}
