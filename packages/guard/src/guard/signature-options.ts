/** The options of message signatures as a user writes them. `compile/signature.ts` checks them. */
import type { ReplayStore } from '../core/ports.ts';
import type { Tolerances } from '../core/signature/sdk-tolerances.ts';
import type { Bytes, Seconds } from '../core/time.ts';

/** An account key for message signing (HMAC-SHA-256), in the one encoding in which you have it. At least 32 bytes. */
export type AccountKeyOptions = {
  /** Its id: the value of `mskid` in tokens. A key without `id` is used where no other fits. Default: none. */
  readonly id?: string;
} & (
  | {
      /** The key in base64. */
      readonly base64: string | undefined;
    }
  | {
      /** The key in base64url, as `approov secret -messageSigningKey get-base64url` prints it. */
      readonly base64url: string | undefined;
    }
  | {
      /** The decoded bytes. */
      readonly bytes: Uint8Array;
    }
);

/** Which deviations of the client SDKs are accepted: see `sdk-tolerances.ts` for versions and sources. Each defaults to true. */
export type ToleranceOptions = Partial<Tolerances>;

/** What is demanded of message signatures (RFC 9421). */
export type SignatureOptions = {
  /**
   * The components that must be covered, beside `@method` and the token header, which always must. Default `['@target-uri']`, as good as which are
   * `@authority`, `@path` and `@query` together. Leaving it out lets a signature be moved to another URL.
   */
  readonly required?: readonly string[];
  /** How old a signature may be, 1 to 86400 s. Default 300, whatever `expires` says. A longer age gives replays more time. */
  readonly maxAgeSeconds?: Seconds;
  /** How far the device's clock may differ, 0 to 300 s. Default 60. It lengthens the life of the SDKs' 15-second signatures. */
  readonly clockToleranceSeconds?: Seconds;
  /**
   * `if-present` (default): a `Content-Digest` that is sent must match; iOS clients send none by default. `required`: a request with a body must
   * carry and cover it; refused at start where the guard sees no body (gRPC, Lambda authorisers). `delegated`: must be there and covered, and is
   * compared by whoever stands behind the guard; here it stays `unchecked`.
   */
  readonly digest?: 'if-present' | 'required' | 'delegated';
  /** Whether a signature must carry a nonce. Default `optional`. No SDK sends a nonce unless the app sets one. */
  readonly nonce?: 'optional' | 'required';
  /** The value that the parameter `tag` must have. Default `null`: not checked. */
  readonly tag?: string | null;
  /** The longest `Signature-Input` and `Signature`, 256 to 65536 bytes each. Default 4096. */
  readonly maxBytes?: Bytes;
  /** The longest body that is held in memory to compare its digest, 0 to 1 GiB. Default 1 MiB. Only bodies with a `Content-Digest` are read. */
  readonly maxBodyBytes?: Bytes;
  /** Accepted deviations of the client SDKs. Default: all; `null`: none. */
  readonly tolerances?: ToleranceOptions | null;
  /** Where signatures are remembered so that none is accepted twice. Default: this process's memory; `null`: replays are accepted. */
  readonly replay?: ReplayStore | null;
} & (
  | {
      /** Signed by the installation's key, claim `ipk`, ECDSA P-256. The default. */
      readonly label?: 'install';
      /** A token without `ipk`: `reject` (default) or `accept`. Fail-over tokens never carry it; `accept` leaves their requests unsigned. */
      readonly missingKey?: 'reject' | 'accept';
    }
  | {
      /** Signed by the account's key, HMAC-SHA-256. */
      readonly label: 'account';
      /** The live account keys (`approov secret -messageSigningKey get-base64url`). */
      readonly accountKeys: readonly AccountKeyOptions[];
    }
);
