/** Counts distinct texts in 256 bytes (HyperLogLog, about 7 % off; exact enough below a few dozen). */

const BITS = 8;
const REGISTERS = 1 << BITS;

/** How many different texts were seen, about. */
export class Distinct {
  readonly #registers: Uint8Array = new Uint8Array(REGISTERS);
  #counted = 0;

  add(text: string): void {
    const bytes = Buffer.from(text);
    this.addBytes(bytes, 0, bytes.length);
  }

  addBytes(bytes: Uint8Array, from: number, to: number): void {
    const hash = hashOf(bytes, from, to);
    const register = hash >>> (32 - BITS);
    const rank = Math.clz32((hash << BITS) | (1 << (BITS - 1))) + 1;
    if (rank > (this.#registers[register] as number)) this.#registers[register] = rank;
  }

  /** Counts what another one counted, too: what both saw counts once. */
  merge(other: Distinct): void {
    for (let index = 0; index < REGISTERS; index++) {
      const rank = other.#registers[index] as number;
      if (rank > (this.#registers[index] as number)) this.#registers[index] = rank;
    }
  }

  clear(): void {
    this.#registers.fill(0);
  }

  /** What was counted, as a text that {@link Distinct.from} reads; empty if that is nothing. */
  get text(): string {
    return this.#registers.every((rank) => rank === 0) ? '' : Buffer.from(this.#registers).toString('base64');
  }

  /** What another process counted; what is not such a text counts nothing. */
  static from(text: string): Distinct {
    const distinct = new Distinct();
    const bytes = Buffer.from(text, 'base64');
    if (bytes.length === REGISTERS)
      for (let index = 0; index < REGISTERS; index++) distinct.#registers[index] = Math.min(bytes[index] as number, 32);
    return distinct;
  }

  /** So many were counted elsewhere. Which ones is not known: the larger number is told. */
  addCount(count: number): void {
    this.#counted = Math.max(this.#counted, count);
  }

  get count(): number {
    let [sum, empty] = [0, 0];
    for (const rank of this.#registers) {
      sum += 2 ** -rank;
      if (rank === 0) empty++;
    }
    const estimate = (0.7182725932495458 * REGISTERS ** 2) / sum;
    const seen = Math.round(estimate <= 2.5 * REGISTERS && empty > 0 ? REGISTERS * Math.log(REGISTERS / empty) : estimate);
    return Math.max(seen, this.#counted);
  }
}

/** FNV-1a, and MurmurHash3's last mixing. */
function hashOf(bytes: Uint8Array, from: number, to: number): number {
  let hash = 0x811c9dc5;
  for (let index = from; index < to; index++) hash = Math.imul(hash ^ (bytes[index] as number), 0x01000193);
  hash = Math.imul(hash ^ (hash >>> 16), 0x85ebca6b);
  hash = Math.imul(hash ^ (hash >>> 13), 0xc2b2ae35);
  return (hash ^ (hash >>> 16)) >>> 0;
}
