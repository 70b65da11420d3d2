/** Account secrets: the HMAC keys of the symmetric algorithms. */
import { createHash, randomBytes } from 'node:crypto';

/** An account secret in the one encoding in which you have it. Fits the guard's `keys: { secret }` as it is. */
export type SecretText = { readonly base64: string } | { readonly base64url: string } | { readonly bytes: Uint8Array };

/**
 * The secret that most of the vendor's samples publish. Anybody can sign with it: the guard refuses it in production, which is why
 * it is safe to show in examples and tests.
 * @example
 * ```ts
 * import { devSecret, mintToken } from '@approov-guard/testkit';
 *
 * console.log(mintToken({ secret: devSecret, now: 0 }).split('.').length); // 3
 * ```
 */
export const devSecret: { readonly base64: string } = Object.freeze({
  base64: 'h+CX0tOzdAAR9l15bWAqvq7w9olk66daIH+Xk+IAHhVVHszjDzeGobzNnqyRze3lw/WVyWrc2gZfh3XXfBOmww==',
});

/**
 * Makes a random secret, as long as the accounts' own.
 * @param bytes - its length in bytes, default 64
 * @returns the secret in base64, with padding
 * @example
 * ```ts
 * import { freshSecret } from '@approov-guard/testkit';
 *
 * console.log(freshSecret().base64.length); // 88
 * ```
 */
export function freshSecret(bytes = 64): { readonly base64: string } {
  return { base64: randomBytes(bytes).toString('base64') };
}

/**
 * The decoded bytes of a secret. It is lenient about the encoding; the guard is not.
 * @throws TypeError if there is none, as where a variable of the environment is not set
 */
export function secretBytes(secret: SecretText): Buffer {
  const { base64, base64url, bytes } = (secret ?? {}) as { readonly [encoding in 'base64' | 'base64url' | 'bytes']?: unknown };
  if (typeof base64 === 'string') return Buffer.from(base64, 'base64');
  if (typeof base64url === 'string') return Buffer.from(base64url, 'base64url');
  if (bytes instanceof Uint8Array) return Buffer.from(bytes);
  throw new TypeError('secret: expected { base64: TEXT }, { base64url: TEXT } or { bytes: Uint8Array }');
}

/**
 * The secret with which tokens are signed that shall look genuine and not verify. Derived from `secret`, so that a test that
 * mints twice gets the same token twice.
 * @returns 64 bytes, base64
 */
export function anotherSecret(secret: SecretText): { readonly base64: string } {
  return { base64: createHash('sha512').update('another secret').update(secretBytes(secret)).digest('base64') };
}
