/** The tokens that verified lately, so that the next request with the same token costs a comparison and no cryptography. */
import type { VerificationKey } from '../jws/key-set.ts';
import type { Claims } from './claims.ts';

/** A token whose signature held. Its times and its other claims are to be checked at each use. */
export interface VerifiedToken {
  readonly token: string;
  readonly claims: Claims;
  readonly key: VerificationKey;
}

/** This much of a signature names a token: 256 bits, as much as the shortest signature has. */
const NAME_LENGTH = 43;

/**
 * A bounded table of verified tokens for one key set. It holds verified tokens only, so that a flood of others cannot fill it,
 * and it is looked up by the beginning of the signature but hits only if the whole token is the same. Two generations make the eviction
 * O(1): when the younger is full it becomes the elder, and the elder goes.
 */
export class VerifiedTokens {
  readonly #perGeneration: number;
  readonly #maxLength: number;
  #young: Map<string, VerifiedToken> = new Map();
  #old: Map<string, VerifiedToken> = new Map();

  /**
   * @param maxTokens - how many tokens are held at most
   * @param maxLength - longer tokens are not held; with `maxTokens` it bounds the memory
   */
  constructor(maxTokens: number, maxLength: number) {
    this.#perGeneration = Math.ceil(maxTokens / 2);
    this.#maxLength = maxLength;
  }

  /** The entry of exactly this token, if it verified lately. */
  get(token: string): VerifiedToken | undefined {
    if (token.length > this.#maxLength) return undefined;
    const name = nameOf(token);
    const young = this.#young.get(name);
    if (young !== undefined) return young.token === token ? young : undefined;
    const old = this.#old.get(name);
    if (old === undefined || old.token !== token) return undefined;
    this.#put(name, old);
    return old;
  }

  /** Remembers a token that verified. */
  add(entry: VerifiedToken): void {
    if (entry.token.length <= this.#maxLength) this.#put(nameOf(entry.token), entry);
  }

  #put(name: string, entry: VerifiedToken): void {
    if (this.#young.size >= this.#perGeneration) {
      this.#old = this.#young;
      this.#young = new Map();
    }
    this.#young.set(name, entry);
  }
}

/** Of bounded length whatever the token is: hashing a long text costs more than judging it. */
function nameOf(token: string): string {
  const start = token.indexOf('.', token.indexOf('.') + 1) + 1;
  return token.slice(start, start + NAME_LENGTH);
}
