/** Mints well-formed tokens. */
import { createHash } from 'node:crypto';
import { signCompact } from './compact.ts';
import { algorithmOf, type SigningOptions, signerFor } from './signing.ts';

/** What every token has, whatever signs it. */
export interface TokenContent {
  /** The moment of issue, milliseconds since the epoch. Default: the system clock, read once. */
  readonly now?: number;
  /** From issue to expiry, in seconds; negative for a dead token. Default 300, as for an app's tokens. */
  readonly lifetimeSeconds?: number;
  /** Claims beside `exp`. A claim given here wins over the minted one; one given as `undefined` is left out, `exp` included. */
  readonly claims?: { readonly [claim: string]: unknown };
  /** The text to which the token is bound: its hash becomes the last claim, `pay`. */
  readonly bind?: string;
  /** The key id in the header. Default: none. */
  readonly kid?: string;
  /** Header members beside `alg`, `typ` and `kid`; they win over those. */
  readonly header?: { readonly [member: string]: unknown };
}

/** Options of {@link mintToken}. */
export type MintOptions = SigningOptions & TokenContent;

/**
 * The claim `pay`: standard base64 with padding of SHA-256 over the UTF-8 bytes of the bound text.
 * @example
 * ```ts
 * import { bindingHash } from '@approov-guard/testkit';
 *
 * console.log(bindingHash('EXAMPLE_USER_AUTHORIZATON_CREDENTIALS')); // dYjXmQqEuGx/Xl7eW1OZ3rVYAAFcDbh5Syv8C16q9/A=
 * ```
 */
export function bindingHash(text: string): string {
  return createHash('sha256').update(text, 'utf8').digest('base64');
}

/**
 * Mints a token as the issuing cloud would: header `alg`, `typ`, `kid` if given; `exp` in whole seconds first, `pay` last.
 * It does not refuse nonsense (a negative lifetime, a claim of the wrong type): tests need that too.
 * @param options - what signs it and what it says
 * @returns the token, a compact JWS
 * @example
 * ```ts
 * import { devSecret, mintToken } from '@approov-guard/testkit';
 *
 * const token = mintToken({ secret: devSecret, now: 1_700_000_000_000, lifetimeSeconds: 60, bind: 'Bearer abc' });
 * console.log(JSON.parse(atob(token.split('.')[1] ?? '')).exp); // 1700000060
 * ```
 */
export function mintToken(options: MintOptions): string {
  const { now = Date.now(), lifetimeSeconds = 300, bind, kid } = options;
  const header = { alg: algorithmOf(options), typ: 'JWT', ...(kid === undefined ? {} : { kid }), ...options.header };
  const claims = {
    exp: Math.floor(now / 1000) + lifetimeSeconds,
    ...options.claims,
    ...(bind === undefined ? {} : { pay: bindingHash(bind) }),
  };
  return signCompact({ header, payload: claims, sign: signerFor(options) });
}
