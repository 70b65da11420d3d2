/** An immutable snapshot of verification keys, and which of them may verify a token (RFC 7515 §4.1.4, §6). */
import { encodeBase64 } from '../bytes/base64.ts';
import type { ReasonCode } from '../reasons.ts';
import type { MaybePromise } from '../result.ts';
import type { AlgorithmRow } from './algorithms.ts';
import { parseUnverifiedHeader } from './compact.ts';

/** A key in the platform's own form, prepared once, bound to one algorithm. */
export interface PreparedKey {
  /**
   * Verifies a JWS signature (RFC 7515 §5.2 step 8).
   * @param signingInput - header and payload segments with the dot between them, ASCII
   * @param signature - the signature segment, already known to be canonical base64url; for message signatures the bytes
   */
  verify(signingInput: string, signature: string | Uint8Array<ArrayBuffer>): MaybePromise<boolean>;
}

/** A key with the one algorithm it may be used with. */
export interface VerificationKey {
  /** How the operator knows it: its `kid`, else its place in the configuration. */
  readonly id: string;
  /** The key id that tokens name; `null` for a key that is tried for any token. */
  readonly kid: string | null;
  readonly algorithm: AlgorithmRow;
  readonly prepared: PreparedKey;
}

/** How many keys are tried for one token at most. */
export const MAX_KEYS_TRIED = 8;
const MAX_KNOWN_HEADERS = 64;

/** A snapshot of keys. A newer snapshot is another object; nothing in this one changes what it answers. */
export class KeySet {
  readonly keys: readonly VerificationKey[];
  /** True if a source that belongs to this set could not be had: a key that is not here may still exist. */
  readonly partial: boolean;
  /** Candidates by header segment, for headers of tokens that verified: nearly all tokens of an account share one header. */
  readonly #known: Map<string, readonly VerificationKey[]> = new Map();
  #latest: { readonly segment: string; readonly candidates: readonly VerificationKey[] } = { segment: '', candidates: [] };

  constructor(keys: readonly VerificationKey[], partial = false) {
    this.keys = Object.freeze([...keys]);
    this.partial = partial;
    // Known before the first token, so that a flood at start costs no parsing either.
    for (const key of this.keys.slice(0, MAX_KEYS_TRIED)) this.#foresee(key);
  }

  /** Selects for the headers that issuers write for a key of this algorithm. */
  #foresee({ algorithm, kid }: VerificationKey): void {
    for (const members of kid === null ? ['alg typ', 'typ alg'] : ['alg kid typ', 'alg typ kid', 'typ alg kid']) {
      const values: { readonly [member: string]: string } = { alg: algorithm.name, typ: 'JWT', kid: kid ?? '' };
      const header = Object.fromEntries(members.split(' ').map((name) => [name, values[name]]));
      const segment = encodeBase64(new TextEncoder().encode(JSON.stringify(header)), 'base64url');
      const candidates = this.#select(segment);
      if (typeof candidates !== 'string') this.#known.set(segment, candidates);
    }
  }

  /** The keys that may have signed a token with this header segment, or the reason why none may. */
  candidates(headerSegment: string): readonly VerificationKey[] | ReasonCode {
    // One comparison instead of a look-up: the next token nearly always has the same header.
    if (headerSegment === this.#latest.segment) return this.#latest.candidates;
    return this.#known.get(headerSegment) ?? this.#select(headerSegment);
  }

  /** Remembers the candidates of a header that came with a good signature. Only such headers, so that no flood can fill the table. */
  remember(headerSegment: string, candidates: readonly VerificationKey[]): void {
    // Each header has a list of its own, so that the lists tell the headers apart.
    if (candidates === this.#latest.candidates) return;
    this.#latest = { segment: headerSegment, candidates };
    if (this.#known.size < MAX_KNOWN_HEADERS) this.#known.set(headerSegment, candidates);
  }

  #select(headerSegment: string): readonly VerificationKey[] | ReasonCode {
    const header = parseUnverifiedHeader(headerSegment);
    if (header === null) return 'token-malformed';
    const { algorithm, kid } = header;
    const sameAlgorithm = this.keys.filter((key) => key.algorithm.name === algorithm);
    if (sameAlgorithm.length === 0) return 'token-algorithm-not-allowed';
    const named = sameAlgorithm.filter((key) => kid === null || key.kid === null || key.kid === kid);
    if (named.length > 0) return preferNamed(named, kid).slice(0, MAX_KEYS_TRIED);
    return this.keys.some((key) => key.kid === kid) ? 'token-algorithm-not-allowed' : 'token-key-unknown';
  }
}

/** Puts the keys that carry the token's `kid` first. The sort is stable, so the configured order (newest first) decides the rest. */
function preferNamed(keys: readonly VerificationKey[], kid: string | null): readonly VerificationKey[] {
  if (kid === null) return keys;
  return [...keys].sort((left, right) => Number(right.kid === kid) - Number(left.kid === kid));
}
