/** The tokens that verified lately, so that the next request with the same token costs a comparison and no cryptography. */
import type { VerificationKey } from '../jws/key-set.ts';
import type { Claims } from './claims.ts';

/** A token whose signature held. Its times and its other claims are to be checked at each use. */
export interface VerifiedToken {
  readonly token: string;
  readonly claims: Claims;
  readonly key: VerificationKey;
}

/**
 * A bounded table of verified tokens for one key set. It holds verified tokens only, so that a flood of others cannot fill it,
 * and it is looked up by signature segment but hits only if the whole token is the same. Two generations make the eviction O(1):
 * when the younger is full it becomes the elder, and the elder goes.
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
  get(signature: string, token: string): VerifiedToken | undefined {
    const young = this.#young.get(signature);
    if (young !== undefined) return young.token === token ? young : undefined;
    const old = this.#old.get(signature);
    if (old === undefined || old.token !== token) return undefined;
    this.#put(signature, old);
    return old;
  }

  /** Remembers a token that verified. */
  add(signature: string, entry: VerifiedToken): void {
    if (entry.token.length <= this.#maxLength) this.#put(signature, entry);
  }

  #put(signature: string, entry: VerifiedToken): void {
    if (this.#young.size >= this.#perGeneration) {
      this.#old = this.#young;
      this.#young = new Map();
    }
    this.#young.set(signature, entry);
  }
}
