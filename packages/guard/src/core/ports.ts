/** What the core needs from outside: the platform's cryptography, and where keys come from. */
import type { AlgorithmRow } from './jws/algorithms.ts';
import type { KeySet, PreparedKey } from './jws/jws.ts';
import type { BodyRead, RequestBody } from './request-view.ts';
import type { MaybePromise } from './result.ts';
import type { Bytes, Seconds } from './time.ts';

/** Public key material in one of the forms that platforms import. */
export type PublicKeyMaterial =
  | { readonly form: 'jwk'; readonly jwk: { readonly [member: string]: unknown } }
  | { readonly form: 'spki'; readonly der: Uint8Array };

/** The platform's cryptography. `node.ts` answers at once; `web.ts` answers with promises. */
export interface CryptoPort {
  /** Prepares an HMAC secret (RFC 7518 §3.2). */
  prepareSecret(algorithm: AlgorithmRow, secret: Uint8Array): PreparedKey;
  /**
   * Prepares a public key (RFC 7518 §3.3 to §3.5, RFC 8037 §3.1).
   * @throws Error (or answers a key whose `verify` rejects) when the platform refuses the material
   */
  preparePublicKey(algorithm: AlgorithmRow, material: PublicKeyMaterial): PreparedKey;
  /** Opens a public key that came in a verified token; `null` if the platform refuses it. */
  openPublicKey(algorithm: AlgorithmRow, material: PublicKeyMaterial): MaybePromise<PreparedKey | null>;
  /** HMAC-SHA-256 of `data` under `secret`. */
  hmacSha256(secret: Uint8Array, data: Uint8Array): MaybePromise<Uint8Array>;
  /** Digests a body that came in chunks, as padded base64. */
  digest(algorithm: 'sha-256' | 'sha-512', chunks: readonly Uint8Array[]): MaybePromise<string>;
  /** SHA-256 over `text` (one byte a character if all fit, else UTF-8), as padded base64 (RFC 4648 §4). */
  sha256Base64(text: string): MaybePromise<string>;
  /** Decodes a canonical base64url segment of UTF-8 text; `null` if it is neither. */
  decodeText(segment: string): string | null;
}

/** Where keys come from. A static set answers the same snapshot for ever. */
export interface KeySource {
  /**
   * The newest snapshot, or `null` while none could be had. Called once for each judged request: it must be cheap, and answer the same object
   * as long as nothing changed, since another object empties the cache of verified tokens.
   * @param at - the moment of judgement, milliseconds since the epoch
   */
  current(at: number): KeySet | null;
  /**
   * Asks for a newer snapshot because there is none, or because a token named a key that is not in it. The source decides whether it may
   * ask upstream yet, and bounds how long that takes.
   * @param at - the moment of judgement, milliseconds since the epoch
   * @returns whether the snapshot is now known to be up to date. After `false` an unknown key is our fault (503), not the client's (401).
   */
  refresh?(at: number): MaybePromise<boolean>;
  /**
   * Makes the first snapshot available before traffic; rejects if that fails.
   * @param at - now, milliseconds since the epoch
   */
  warmUp?(at: number): Promise<void>;
  /** When the snapshot was last known to be up to date, milliseconds since the epoch; `null` if never. Default: when the guard first saw it. */
  freshAt?(): number | null;
  /** Releases timers, watchers and connections. */
  close?(): void;
}

/** How full a replay store is. */
export interface StoreOccupancy {
  readonly entries: number;
  readonly capacity: number;
}

/** Remembers what may be accepted once. */
export interface ReplayStore {
  /**
   * Remembers `key` if it is not remembered yet: one atomic step, so that of many concurrent calls exactly one answers `true`.
   * A store that cannot answer, or is full, throws or rejects: it never forgets an entry before its time.
   * @param key - a hash, base64
   * @param untilSeconds - when the entry may be forgotten, whole seconds since the epoch
   * @returns whether the key is new
   */
  setIfAbsent(key: string, untilSeconds: Seconds): MaybePromise<boolean>;
  /** How many entries it holds, and how many it can hold. For `guard.gauges()`; stores that cannot tell have none. */
  occupancy?(): StoreOccupancy;
}

/** A body that is to be read. */
export interface BodyReading {
  readonly body: RequestBody;
  readonly maxBytes: Bytes;
  /** The signing key that answers for what is held. */
  readonly owner: string;
  /** The signature, of which one body arrives at a time; `null` where replays are accepted. */
  readonly once: string | null;
  /** The platform's own request: a message is not its own twin. */
  readonly message: object | undefined;
}

/** What reading gave. `twin`: another body with the same signature is still arriving. */
export type BodyFound = BodyRead | { readonly outcome: 'twin' };

/** Reads bodies within a budget of bytes and time. */
export interface BodyReader {
  /** How long a body may take to arrive. */
  readonly deadlineSeconds: Seconds;
  /** Reads, and holds what was read until `use` has done with it. */
  read<T>(reading: BodyReading, use: (found: BodyFound) => MaybePromise<T>): MaybePromise<T>;
}
