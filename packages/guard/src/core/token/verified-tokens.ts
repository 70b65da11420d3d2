/** The tokens that verified lately, so that the next request with the same token costs a comparison and no cryptography. */
import { RecentTable } from '../bytes/recent-table.ts';
import type { VerificationKey } from '../jws/jws.ts';
import type { Claims } from './claims.ts';

/** A token whose signature held. Its times and its other claims are to be checked at each use. */
export interface VerifiedToken {
  readonly token: string;
  readonly claims: Claims;
  readonly key: VerificationKey;
}

/**
 * A bounded table of verified tokens for one key set. It holds verified tokens only, so that a flood of others cannot fill it, and it hits
 * only if the whole token is the same.
 *
 * A token with a MAC is held from its second request on: verifying it again costs less than holding a token that never returns. One with an
 * asymmetric signature is held from its first.
 */
export class VerifiedTokens {
  readonly #maxLength: number;
  readonly #held: RecentTable<number, VerifiedToken>;
  readonly #slots: number;
  /** Made for the first token with a MAC : key sets without such keys need none. */
  #seenOnce: Int32Array | null = null;
  #turn: number = 0;
  /** How often a token was found. */
  hits = 0;
  /** How often one was not. */
  misses = 0;

  /**
   * @param maxTokens - how many tokens are held at most, a whole number, 1 and more
   * @param maxLength - longer tokens are not held; with `maxTokens` it bounds the memory
   */
  constructor(maxTokens: number, maxLength: number) {
    this.#maxLength = maxLength;
    this.#held = new RecentTable(maxTokens);
    this.#slots = powerOfTwoFrom(maxTokens * SLOTS_PER_TOKEN);
  }

  /** How many tokens are held. */
  get size(): number {
    return this.#held.size;
  }

  /** The entry of exactly this token, if it is held. */
  get(token: string): VerifiedToken | undefined {
    const held = token.length > this.#maxLength ? undefined : this.#held.get(nameOf(token));
    if (held !== undefined && held.token === token) {
      this.hits++;
      return held;
    }
    this.misses++;
    return undefined;
  }

  /** Takes note of a token that verified. */
  add(entry: VerifiedToken): void {
    const { token, key } = entry;
    if (token.length > this.#maxLength) return;
    const name = nameOf(token);
    if (key.algorithm.family !== 'hmac' || this.#wasSeen(name)) this.#held.set(name, entry);
  }

  /**
   * Tells whether this name came before, as far as two slots of a small table remember. Names of other tokens push it out, not always the older
   * of the two: three that come in turn would all be forgotten for ever.
   */
  #wasSeen(name: number): boolean {
    this.#seenOnce ??= new Int32Array(this.#slots);
    const seen = this.#seenOnce;
    const slot = (name << 1) & (seen.length - 1);
    if (seen[slot] === name || seen[slot + 1] === name) return true;
    this.#turn = (Math.imul(this.#turn, 1_664_525) + 1_013_904_223) | 0;
    seen[slot + (this.#turn >>> 31)] = name;
    return false;
  }
}

const SLOTS_PER_TOKEN = 4;

function powerOfTwoFrom(least: number): number {
  return 2 ** Math.ceil(Math.log2(least));
}

/** This many characters of a signature name a token; the last one is left out, since it carries fewer bits. */
const NAME_CHARACTERS = 7;

/** A number of 30 bits. Any two tokens may share it: it finds a token, and never tells that it is the right one. */
function nameOf(token: string): number {
  const end = token.length - 1;
  let name = 0;
  for (let at = end < NAME_CHARACTERS ? 0 : end - NAME_CHARACTERS; at < end; at++) {
    name = (Math.imul(name, 61) + token.charCodeAt(at)) | 0;
  }
  return name & 0x3fffffff;
}
