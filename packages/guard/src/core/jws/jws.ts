/** JSON Web Signature (RFC 7515): the compact form, the protected header, which of our keys may have signed, and which of them did. */
import { decodeBase64, decodeUtf8, encodeBase64, parseJsonObject } from '../bytes.ts';
import type { ReasonCode } from '../reasons/reasons.ts';
import type { MaybePromise } from '../result.ts';
import type { AlgorithmRow } from './algorithms.ts';

/** The parts of a compact JWS. Nothing in it is trusted. */
export interface UnverifiedJws {
  readonly header: string;
  readonly payload: string;
  readonly signature: string;
  /** Header and payload with the dot between them: what was signed (RFC 7515 §5.2 step 8). */
  readonly signingInput: string;
}

/** What the protected header says. Nothing in it is trusted. */
export interface UnverifiedHeader {
  readonly algorithm: string;
  readonly kid: string | null;
}

const HEADER_MAX_DEPTH = 8;

/**
 * Splits a token into its three segments, each canonical base64url; `null` if it has another form. Payload and
 * signature may be empty, as those of an unsecured JWS are (RFC 7515 Appendix A.5): an empty payload is not a claims set, and none of our algorithms
 * accepts an empty signature.
 */
export function parseUnverifiedCompact(token: string): UnverifiedJws | null {
  const first = token.indexOf('.');
  const second = token.indexOf('.', first + 1);
  // A third dot is not a base64url character, so it fails with the signature segment.
  if (first < 1 || second < 0) return null;
  const payload = token.slice(first + 1, second);
  const signature = token.slice(second + 1);
  if (!isBase64Url(payload) || !isBase64Url(signature)) return null;
  return { header: token.slice(0, first), payload, signature, signingInput: token.slice(0, second) };
}

const NOT_BASE64URL = /[^A-Za-z0-9_-]/;

/** Tells whether a text is base64url without padding, in the one spelling that its bytes have: the last character leaves no bits over (RFC 4648 §3.5). */
export function isBase64Url(text: string): boolean {
  const rest = text.length & 3;
  if (rest === 1 || NOT_BASE64URL.test(text)) return false;
  return rest === 0 || (rest === 2 ? 'AQgw' : 'AEIMQUYcgkosw048').includes(text.charAt(text.length - 1));
}

/** Parses a header segment; `null` unless it is a JSON object that a plain JWT may carry. */
export function parseUnverifiedHeader(segment: string): UnverifiedHeader | null {
  const text = segment.endsWith('=') ? null : decodeUtf8(decodeBase64(segment, 'base64url'));
  const header = text === null ? null : parseJsonObject(text, HEADER_MAX_DEPTH);
  if (header === null || typeof header.alg !== 'string') return null;
  // RFC 7515 §4.1.11, RFC 7797 §6: extensions that change the processing; we understand none.
  if (Object.hasOwn(header, 'crit') || Object.hasOwn(header, 'b64')) return null;
  if (!isJwtType(header) || !hasUsableKid(header)) return null;
  return { algorithm: header.alg, kid: typeof header.kid === 'string' ? header.kid : null };
}

/** RFC 7519 §5.1: `typ` is optional and, as a media type, compared without regard to case (RFC 7515 §4.1.9). */
function isJwtType(header: { readonly [member: string]: unknown }): boolean {
  if (!Object.hasOwn(header, 'typ')) return true;
  return typeof header.typ === 'string' && header.typ.toLowerCase() === 'jwt';
}

function hasUsableKid(header: { readonly [member: string]: unknown }): boolean {
  return !Object.hasOwn(header, 'kid') || typeof header.kid === 'string';
}

// An immutable snapshot of verification keys, and which of them may verify a token (RFC 7515 §4.1.4, §6).

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
  /** True if a source that belongs to this set could not be fetched: a key that is not here may still exist. */
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
      const candidates = selectKeys(this.keys, segment);
      if (typeof candidates !== 'string') this.#known.set(segment, candidates);
    }
  }

  /** The keys that may have signed a token with this header segment, or the reason why none may. */
  candidates(headerSegment: string): readonly VerificationKey[] | ReasonCode {
    // One comparison instead of a look-up: the next token nearly always has the same header.
    if (headerSegment === this.#latest.segment) return this.#latest.candidates;
    return this.#known.get(headerSegment) ?? selectKeys(this.keys, headerSegment);
  }

  /** Remembers the candidates of a header that came with a good signature. Only such headers, so that no flood can fill the table. */
  remember(headerSegment: string, candidates: readonly VerificationKey[]): void {
    // Each header has a list of its own, so that the lists tell the headers apart.
    if (candidates === this.#latest.candidates) return;
    this.#latest = { segment: headerSegment, candidates };
    if (this.#known.size < MAX_KNOWN_HEADERS) this.#known.set(headerSegment, candidates);
  }
}

/** What a judgement needs of a snapshot of keys. */
export type KeysAtHand = Pick<KeySet, 'keys' | 'partial' | 'candidates' | 'remember'>;

/**
 * Chooses the keys that may have signed a token with this header segment. Remembers nothing: {@link KeySet} does.
 * @param keys - all there are, in the order in which they are tried
 * @param headerSegment - the first segment of a token, of which nothing is trusted
 * @returns at most {@link MAX_KEYS_TRIED} of them, or the reason why none may: `token-malformed`, `token-algorithm-not-allowed`, `token-key-unknown`
 */
export function selectKeys(keys: readonly VerificationKey[], headerSegment: string): readonly VerificationKey[] | ReasonCode {
  const header = parseUnverifiedHeader(headerSegment);
  if (header === null) return 'token-malformed';
  const { algorithm, kid } = header;
  const sameAlgorithm = keys.filter((key) => key.algorithm.name === algorithm);
  if (sameAlgorithm.length === 0) return 'token-algorithm-not-allowed';
  const named = sameAlgorithm.filter((key) => kid === null || key.kid === null || key.kid === kid);
  if (named.length > 0) return preferNamed(named, kid).slice(0, MAX_KEYS_TRIED);
  return keys.some((key) => key.kid === kid) ? 'token-algorithm-not-allowed' : 'token-key-unknown';
}

/** Puts the keys that carry the token's `kid` first. The sort is stable, so the configured order (newest first) decides the rest. */
function preferNamed(keys: readonly VerificationKey[], kid: string | null): readonly VerificationKey[] {
  if (kid === null) return keys;
  return [...keys].sort((left, right) => Number(right.kid === kid) - Number(left.kid === kid));
}

// JWS verification (RFC 7515 §5.2): which of our keys signed this?

/** What a key answered, or that it could not say. */
type Answer = boolean | { readonly cause: unknown };

/**
 * Finds the key that signed, among those that may have. Does not look at the payload. Throws or rejects if none verified it and one could not
 * say: what no key refused is not a forgery, it is our fault.
 * @returns the key, or `null` if none of them signed
 */
export function findSigner(jws: UnverifiedJws, candidates: readonly VerificationKey[]): MaybePromise<VerificationKey | null> {
  return findFrom(jws, candidates, 0, null);
}

/** A key that cannot say does not hide the others. */
function findFrom(
  jws: UnverifiedJws,
  candidates: readonly VerificationKey[],
  from: number,
  silent: { readonly cause: unknown } | null,
): MaybePromise<VerificationKey | null> {
  let failed = silent;
  for (let index = from; index < candidates.length; index++) {
    // The cast holds: the index is below the length of an array without holes.
    const key = candidates[index] as VerificationKey;
    const answer = ask(key, jws);
    if (answer === true) return key;
    if (answer instanceof Promise) {
      const before = failed;
      return answer.then((found) => (found === true ? key : findFrom(jws, candidates, index + 1, found === false ? before : found)));
    }
    if (answer !== false) failed = answer;
  }
  if (failed !== null) throw failed.cause;
  return null;
}

/** Keys may be a user's own: a promise of another realm, and anything else that is not `true`, must not count as verified. */
function ask({ prepared }: VerificationKey, { signingInput, signature }: UnverifiedJws): MaybePromise<Answer> {
  try {
    const answer: unknown = prepared.verify(signingInput, signature);
    if (typeof answer !== 'object' || answer === null) return answer === true;
    return Promise.resolve<unknown>(answer).then(
      (good): Answer => good === true,
      (cause: unknown): Answer => ({ cause }),
    );
  } catch (cause) {
    return { cause };
  }
}
