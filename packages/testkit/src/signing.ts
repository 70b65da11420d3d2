/** Signing (RFC 7518 §3, RFC 8037 §3.1): one table, one row an algorithm. */
import { constants, createHmac, createPrivateKey, type KeyObject, sign } from 'node:crypto';
import type { AlgorithmName } from 'approov-guard';
import { type SecretText, secretBytes } from './secret.ts';

/** The algorithms that take the account secret. */
export type SecretAlgorithm = 'HS256' | 'HS384' | 'HS512';

/** The algorithms that take a private key: all others that the guard verifies. */
export type PrivateKeyAlgorithm = Exclude<AlgorithmName, SecretAlgorithm>;

/** With what a token is signed: the account secret (default algorithm `HS256`), or a private key as an object or as PEM. */
export type SigningOptions =
  | { readonly secret: SecretText; readonly algorithm?: SecretAlgorithm }
  | { readonly key: KeyObject | string; readonly algorithm: PrivateKeyAlgorithm };

/** How node:crypto is told about an algorithm. */
interface PrivateKeyRow {
  readonly hash: 'sha256' | 'sha384' | 'sha512' | null;
  readonly parameters: { readonly padding?: number; readonly saltLength?: number; readonly dsaEncoding?: 'ieee-p1363' };
}

const PKCS1 = { padding: constants.RSA_PKCS1_PADDING };
// RFC 7518 §3.5: the salt is as long as the hash.
const PSS = { padding: constants.RSA_PKCS1_PSS_PADDING, saltLength: constants.RSA_PSS_SALTLEN_DIGEST };
// RFC 7518 §3.4: r and s side by side, not DER.
const P1363 = { dsaEncoding: 'ieee-p1363' } as const;

const ROWS: { readonly [Name in PrivateKeyAlgorithm]: PrivateKeyRow } = {
  RS256: { hash: 'sha256', parameters: PKCS1 },
  RS384: { hash: 'sha384', parameters: PKCS1 },
  RS512: { hash: 'sha512', parameters: PKCS1 },
  PS256: { hash: 'sha256', parameters: PSS },
  PS384: { hash: 'sha384', parameters: PSS },
  PS512: { hash: 'sha512', parameters: PSS },
  ES256: { hash: 'sha256', parameters: P1363 },
  ES384: { hash: 'sha384', parameters: P1363 },
  ES512: { hash: 'sha512', parameters: P1363 },
  EdDSA: { hash: null, parameters: {} },
  Ed25519: { hash: null, parameters: {} },
};

const HASH_OF_SECRET: { readonly [Name in SecretAlgorithm]: string } = { HS256: 'sha256', HS384: 'sha384', HS512: 'sha512' };

/** Every algorithm that takes a private key, in the table's order. */
export const PRIVATE_KEY_ALGORITHMS: readonly PrivateKeyAlgorithm[] = Object.freeze(Object.keys(ROWS) as PrivateKeyAlgorithm[]);

/** The algorithm that {@link signerFor} uses for these options. */
export function algorithmOf(options: SigningOptions): SecretAlgorithm | PrivateKeyAlgorithm {
  return options.algorithm ?? 'HS256';
}

/**
 * Makes the function that signs a signing input. It does not compare the algorithm with the token's header: tests want both.
 * @param options - secret or private key, and the algorithm
 * @throws TypeError if there is no secret and no key, if the algorithm belongs to neither, or if node:crypto refuses the key
 */
export function signerFor(options: SigningOptions): (signingInput: Uint8Array) => Uint8Array {
  if ('secret' in options) {
    const hash = rowOf(HASH_OF_SECRET, options.algorithm ?? 'HS256', 'a secret');
    const secret = secretBytes(options.secret);
    return (signingInput) => createHmac(hash, secret).update(signingInput).digest();
  }
  if (options.key === undefined) throw new TypeError('expected a secret or a key to sign with');
  const { hash, parameters } = rowOf(ROWS, options.algorithm, 'a private key');
  const key = typeof options.key === 'string' ? createPrivateKey(options.key) : options.key;
  return (signingInput) => sign(hash, signingInput, { key, ...parameters });
}

function rowOf<Row>(rows: { readonly [name: string]: Row }, name: string, of: string): Row {
  const row = Object.hasOwn(rows, name) ? rows[name] : undefined;
  if (row !== undefined) return row;
  throw new TypeError(`algorithm: ${of} signs with one of ${Object.keys(rows).join(', ')}`);
}
