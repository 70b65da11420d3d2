/** The guard's options as a user writes them. `compile-options.ts` checks them and turns them into policies. */

import type { AlgorithmName } from '../core/jws/algorithms.ts';
import type { Mode } from '../core/policy.ts';
import type { KeySource } from '../core/ports.ts';
import type { Bytes, Seconds } from '../core/time.ts';
import type { Verdict } from '../core/verdict.ts';
import type { RefusalOptions } from '../http/refusal.ts';

/** An account secret (HMAC). Give it in the one encoding in which you have it. */
export type SecretOptions = {
  /** The key id, if the account sets one (`approov secret -setKeyID`). A secret without `kid` is tried for any token. */
  readonly kid?: string;
  /** Default `HS256`. The secret must be at least as long as the hash: 32, 48 or 64 bytes (RFC 7518 §3.2). */
  readonly algorithm?: 'HS256' | 'HS384' | 'HS512';
} & (
  | { /** From `approov secret -get base64`. `undefined` (an unset variable) is refused at start. */ readonly base64: string | undefined }
  | { /** From `approov secret -get base64url`. `undefined` is refused at start. */ readonly base64url: string | undefined }
  | { /** The decoded bytes. */ readonly bytes: Uint8Array }
);

/** A JSON Web Key Set (RFC 7517 §5) of public keys. */
export interface JsonWebKeySet {
  readonly keys: readonly { readonly [member: string]: unknown }[];
}

/** Keys given in the configuration. */
export type StaticKeysOptions =
  | { /** The account secret. */ readonly secret: SecretOptions }
  | {
      /** Several live secrets, newest first: rotation without a gap. At most 8 are tried for one token. */ readonly secrets: readonly SecretOptions[];
    }
  | {
      /** A set of public keys. A key without `alg` takes the algorithm of its curve, or `algorithm`. */
      readonly jwks: JsonWebKeySet;
      /** The algorithm of the RSA keys that carry no `alg`. No default: an RSA key without an algorithm is refused. */
      readonly algorithm?: AlgorithmName;
    }
  | {
      /** A public key, PEM `PUBLIC KEY` (`approov keyset -getPEM`). */
      readonly pem: string;
      readonly algorithm: AlgorithmName;
      readonly kid?: string;
    };

/** Where keys come from: one or several static sources, or a source of your own. */
export type KeysOptions = StaticKeysOptions | readonly StaticKeysOptions[] | KeySource;

/** How the attestation token is read and checked. */
export interface TokenOptions {
  /** The header that carries the token. Default `approov-token`. */
  readonly header?: string;
  /** The scheme that precedes the token in that header, such as `Bearer`. Default `null`: the bare token. */
  readonly prefix?: string | null;
  /** The longest token that is looked at, 512 to 65536 bytes. Default 8192. A larger limit costs CPU under a flood. */
  readonly maxBytes?: Bytes;
  /** How far clocks may differ when `exp`, `nbf` and `iat` are judged, 0 to 300 s. Default 0. Relaxing it lets expired tokens live on. */
  readonly clockToleranceSeconds?: Seconds;
  /** The longest remaining life that is accepted. Default `null`: unlimited, so that long-lived test tokens work. */
  readonly maxLifetimeSeconds?: Seconds | null;
  /** The accepted values of `iss`. Default `null`: `iss` is not checked. */
  readonly issuer?: string | readonly string[] | null;
  /** The accepted values of `aud`. Default `null`: `aud` is not checked. */
  readonly audience?: string | readonly string[] | null;
}

/** How the token is bound to other header values. */
export interface BindingOptions {
  /** The bound headers. Several are concatenated without a separator, in this order (the platform's rule). */
  readonly headers: readonly string[];
  /**
   * A token without `pay`: `reject` (default) or `accept`. `accept` keeps fail-over tokens working, which never carry `pay`;
   * it costs the binding of every token that was never bound. A `pay` that is present is checked either way.
   */
  readonly missing?: 'reject' | 'accept';
  /** What of `authorization` is hashed: the `whole` value (default, what the SDK's setBindingHeader does), or the part after `Bearer `. */
  readonly value?: 'whole' | 'without-bearer';
}

/** `enforce` or `observe` for everything, or for each check by itself. */
export type ModeOptions = Mode | { readonly token?: Mode; readonly binding?: Mode };

/** What a single route may demand differently from the guard as a whole. */
export interface RouteOptions {
  readonly token?: TokenOptions;
  /** `null` switches binding off for this route. */
  readonly binding?: BindingOptions | null;
  readonly mode?: ModeOptions;
}

/** What the hook learns beside the verdict. */
export interface VerdictFacts {
  /** An opaque id of this judgement, the one that a problem+json refusal shows. */
  readonly id: string;
  /** What the guard did: `pass` or `refuse`. */
  readonly action: 'pass' | 'refuse';
  /** The mode that decided. */
  readonly mode: Mode;
  /** The request's method. */
  readonly method: string;
  /** The request's path, without the query; at most 256 characters, escaped. */
  readonly path: string;
  /** When the request was judged, milliseconds since the epoch. */
  readonly at: number;
}

/** Options of {@link createGuard}. Unknown names are refused. */
export interface GuardOptions extends RouteOptions {
  readonly keys: KeysOptions;
  /** Default: no binding. */
  readonly binding?: BindingOptions | null;
  /** Default `enforce`. */
  readonly mode?: ModeOptions;
  /**
   * Paths that pass unjudged: exact (`/health`) or everything below (`/public/*`). A path whose meaning is ambiguous
   * (`%2f`, `..`, `//`, `;`, `\` …) is never exempt.
   */
  readonly exempt?: readonly string[];
  /** True CORS preflights (OPTIONS with Origin and Access-Control-Request-Method, which cannot carry a token): `pass` (default) or `judge`. */
  readonly preflight?: 'pass' | 'judge';
  /**
   * The verified tokens that are remembered, so that the next request with the same token costs a comparison. Default 20000 tokens
   * (about 24 MiB when full); `null` switches it off, which costs a signature verification for each request.
   */
  readonly cache?: { readonly maxTokens?: number } | null;
  /** What the client sees of a refusal. Default: 401, `{}`. */
  readonly refusal?: RefusalOptions;
  /** Called once for each judged request, synchronously. What it throws is dropped: it cannot change the decision. */
  readonly onVerdict?: (verdict: Verdict, facts: VerdictFacts) => void;
  /** The clock, milliseconds since the epoch. Default `Date.now`. */
  readonly now?: () => number;
  /** Whether well-known test secrets are refused. Default: `production` if `NODE_ENV` says so, else `development`. */
  readonly environment?: 'production' | 'development';
}
