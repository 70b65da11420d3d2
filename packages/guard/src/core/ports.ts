/** What the core needs from outside: the platform's cryptography, and where keys come from. */
import type { AlgorithmRow } from './jws/algorithms.ts';
import type { KeySet, PreparedKey } from './jws/key-set.ts';
import type { MaybePromise } from './result.ts';

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
  /** SHA-256 over `text` (one byte a character if all fit, else UTF-8), as padded base64 (RFC 4648 §4). */
  sha256Base64(text: string): MaybePromise<string>;
  /** Decodes a canonical base64url segment of UTF-8 text; `null` if it is neither. */
  decodeText(segment: string): string | null;
}

/** Where keys come from. A static set answers the same snapshot for ever. */
export interface KeySource {
  /** The newest snapshot, or `null` while none could be had. Called once for each judged request: it must be cheap. */
  current(): KeySet | null;
  /** Asks for a newer snapshot because a token named an unknown key. The source decides whether it may ask upstream yet. */
  refresh?(): MaybePromise<void>;
  /** Makes the first snapshot available before traffic; rejects if that fails. */
  warmUp?(): Promise<void>;
  /** Releases timers, watchers and connections. */
  close?(): void;
}
