/** Where keys come from, as a user writes it. `key-source.ts` checks it. */
import type { AlgorithmName } from '../core/jws/algorithms.ts';
import type { KeySource } from '../core/ports.ts';
import type { MaybePromise } from '../core/result.ts';
import type { Seconds } from '../core/time.ts';
import type { RemoteKeysSettings } from './remote/keys-url.ts';

/** An account secret (HMAC). Give it in the one encoding in which you have it. */
export type SecretOptions = {
  /** The key id, if the account sets one (`approov secret -setKeyID`). Default: none, and the secret is tried for any token. */
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
      /** The one algorithm of the key. */
      readonly algorithm: AlgorithmName;
      /** The key id of a single PEM key. Default: none, so that it is tried for any token. */
      readonly kid?: string;
    });

/** The variants exclude each other: combine them as a list. */
type NoOtherKeys<Kind extends string> = {
  readonly [Other in Exclude<'secret' | 'secrets' | 'jwks' | 'pem' | 'jwksUrl' | 'choose', Kind>]?: never;
};

/** Keys that are published at a URL: see `keysFromUrl`. */
export type RemoteKeysOptions = RemoteKeysSettings & {
  /** Where the JWK set is: `https`, or `http` on this machine. */
  readonly jwksUrl: string;
};

/** One place where keys come from. */
export type KeysPart = StaticKeysOptions | RemoteKeysOptions | KeySource;

/** Where a request goes: what a choice of keys may rest on. Each is `null` where the request has none, as a token by itself (`verifyToken`). */
export interface RoutingFacts {
  /** The host that the client asked for, lower case, without port. Behind a proxy see the option `origin`. */
  readonly host: string | null;
  /** The first segments of the path, as many as `pathSegments` says, percent-encoded: `/acme`. */
  readonly path: string | null;
  /** The headers that the option names, by their names in lower case. */
  readonly headers: { readonly [name: string]: string | null };
}

/** Keys that a function chooses by where a request goes: for many tenants. **The client chooses where it goes**: see docs/keys.md. */
export interface ChosenKeysOptions {
  /**
   * Answers the keys of a tenant, or `null` for a place that is nobody's: then the token is refused (`token-key-unknown`). It is asked once for each
   * place in `keepSeconds`. If it throws, rejects, answers no keys or takes too long, the request is `unavailable` (503). The same object answered
   * again keeps its remembered tokens, so answer the same one as long as nothing changed. Sources of your own are yours to close once nobody is led
   * to them any more; `guard.close()` closes those in use.
   */
  readonly choose: (facts: RoutingFacts) => MaybePromise<KeysPart | readonly KeysPart[] | null | undefined>;
  /** Headers that say where a request goes. Default: none. One that comes twice, or with a comma, is refused. */
  readonly headers?: string | readonly string[];
  /** How many segments of the path say where a request goes, 0 to 8. Default 0. A path that servers may read differently is refused. */
  readonly pathSegments?: number;
  /** How many places have their keys remembered, 1 to 100000. Default 100. They share `cache.maxTokens` evenly. */
  readonly maxSources?: number;
  /** How long an answer counts, 1 to 86400 s. Default 300: as long as a tenant that you remove may still come in. */
  readonly keepSeconds?: Seconds;
  /** How long an answer may take, 0.1 to 60 s. Default 5. */
  readonly timeoutSeconds?: Seconds;
}

/** Where keys come from: one place, or several (each serves while another cannot deliver), or chosen for each request. */
export type KeysOptions = KeysPart | readonly KeysPart[] | ChosenKeysOptions;
