/** Where keys come from, as a user writes it. `key-source.ts` checks it. */
import type { AlgorithmName } from '../core/jws/algorithms.ts';
import type { KeySource } from '../core/ports.ts';
import type { RemoteKeysSettings } from './remote/keys-url.ts';

/** An account secret (HMAC). Give it in the one encoding in which you have it. */
export type SecretOptions = {
  /** The key id, if the account sets one (`approov secret -setKeyID`). A secret without `kid` is tried for any token. */
  readonly kid?: string;
  /** Default `HS256`. The secret must be at least as long as the hash: 32, 48 or 64 bytes (RFC 7518 §3.2). */
  readonly algorithm?: 'HS256' | 'HS384' | 'HS512';
} & (
  | {
      /** From `approov secret -get base64`. `undefined` (an unset variable) is refused at start. */
      readonly base64: string | undefined;
      readonly base64url?: never;
      readonly bytes?: never;
    }
  | {
      /** From `approov secret -get base64url`. `undefined` is refused at start. */
      readonly base64url: string | undefined;
      readonly base64?: never;
      readonly bytes?: never;
    }
  | {
      /** The decoded bytes. */
      readonly bytes: Uint8Array;
      readonly base64?: never;
      readonly base64url?: never;
    }
);

/** A JSON Web Key Set (RFC 7517 §5) of public keys. */
export interface JsonWebKeySet {
  readonly keys: readonly { readonly [member: string]: unknown }[];
}

/** Keys given in the configuration. */
export type StaticKeysOptions =
  | (NoOtherKeys<'secret'> & {
      /** The account secret. */
      readonly secret: SecretOptions;
    })
  | (NoOtherKeys<'secrets'> & {
      /** Several live secrets, newest first: rotation without a gap. At most 8 are tried for one token. */
      readonly secrets: readonly SecretOptions[];
    })
  | (NoOtherKeys<'jwks'> & {
      /** A set of public keys. A key without `alg` takes the algorithm of its curve, or `algorithm`. */
      readonly jwks: JsonWebKeySet;
      /** The algorithm of the RSA keys that carry no `alg`. No default: an RSA key without an algorithm is refused. */
      readonly algorithm?: AlgorithmName;
    })
  | (NoOtherKeys<'pem'> & {
      /** A public key, PEM `PUBLIC KEY` (`approov keyset -getPEM`). */
      readonly pem: string;
      readonly algorithm: AlgorithmName;
      readonly kid?: string;
    });

/** The variants exclude each other: combine them as a list. */
type NoOtherKeys<Kind extends string> = { readonly [Other in Exclude<'secret' | 'secrets' | 'jwks' | 'pem' | 'jwksUrl', Kind>]?: never };

/** Keys that are published at a URL: see `keysFromUrl`. */
export type RemoteKeysOptions = RemoteKeysSettings & {
  /** Where the JWK set is: `https`, or `http` on this machine. */
  readonly jwksUrl: string;
};

/** One place where keys come from. */
export type KeysPart = StaticKeysOptions | RemoteKeysOptions | KeySource;

/** Where keys come from: one place or several. With several, each serves while another cannot deliver. */
export type KeysOptions = KeysPart | readonly KeysPart[];
