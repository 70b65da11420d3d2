/** A body that comes in pieces, held in little more room than it has bytes. */
import type { Bytes } from '../core/time.ts';

const LARGEST_BLOCK: Bytes = 65_536;
const SMALLEST_BLOCK: Bytes = 1024;

/**
 * Copies small pieces together: a piece of five bytes costs a hundred as an object, and may keep the whole buffer alive that the socket read
 * into. Blocks grow with the body, so that at most twice its bytes are held, and each byte is copied at most twice, in however many pieces it comes.
 */
export class GatheredBody {
  #blocks: Uint8Array[] = [];
  #open: Uint8Array = new Uint8Array(0);
  #used = 0;
  #length = 0;

  /** How many bytes have come. */
  get length(): Bytes {
    return this.#length;
  }

  /** Takes a piece. The caller lets go of it. */
  add(piece: Uint8Array): void {
    this.#length += piece.length;
    if (piece.length * 2 >= piece.buffer.byteLength) {
      this.#closeBlock();
      this.#blocks.push(piece);
      return;
    }
    for (let at = 0; at < piece.length; ) {
      if (this.#used === this.#open.length) this.#openBlock();
      const part = piece.subarray(at, at + this.#open.length - this.#used);
      this.#open.set(part, this.#used);
      this.#used += part.length;
      at += part.length;
    }
  }

  /** All of it as one buffer. */
  whole(): Uint8Array {
    this.#closeBlock();
    if (this.#blocks.length > 1) this.#blocks = [joined(this.#blocks, this.#length)];
    return this.#blocks[0] ?? new Uint8Array(0);
  }

  #openBlock(): void {
    this.#closeBlock();
    this.#open = new Uint8Array(Math.min(LARGEST_BLOCK, Math.max(SMALLEST_BLOCK, this.#length)));
  }

  #closeBlock(): void {
    if (this.#used > 0) this.#blocks.push(this.#open.subarray(0, this.#used));
    this.#open = new Uint8Array(0);
    this.#used = 0;
  }
}

function joined(blocks: readonly Uint8Array[], length: Bytes): Uint8Array {
  const whole = new Uint8Array(length);
  let at = 0;
  for (const block of blocks) {
    whole.set(block, at);
    at += block.length;
  }
  return whole;
}
