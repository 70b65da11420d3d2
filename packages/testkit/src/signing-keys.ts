/** Key pairs: those of an account's key set, and those of an app installation. */
import { generateKeyPairSync, type KeyObject } from 'node:crypto';
import type { PrivateKeyAlgorithm } from './signing.ts';

/** A key pair of a key set, private half included. For tests only: nothing guards it. */
export interface SigningKey {
  readonly algorithm: PrivateKeyAlgorithm;
  readonly kid: string;
  readonly privateKey: KeyObject;
  /** The public half as PEM `PUBLIC KEY`, as `approov keyset -getPEM` writes it. */
  readonly pem: string;
  /** The public half as a JWK (RFC 7517 §4) with `kid`, `alg` and `use`. */
  readonly jwk: { readonly [member: string]: unknown };
}

interface KeyPair {
  readonly publicKey: KeyObject;
  readonly privateKey: KeyObject;
}

const rsa = (): KeyPair => generateKeyPairSync('rsa', { modulusLength: 2048 });
const curve = (namedCurve: string) => (): KeyPair => generateKeyPairSync('ec', { namedCurve });
const ed25519 = (): KeyPair => generateKeyPairSync('ed25519');

const GENERATE: { readonly [Name in PrivateKeyAlgorithm]: () => KeyPair } = {
  RS256: rsa,
  RS384: rsa,
  RS512: rsa,
  PS256: rsa,
  PS384: rsa,
  PS512: rsa,
  ES256: curve('P-256'),
  ES384: curve('P-384'),
  ES512: curve('P-521'),
  EdDSA: ed25519,
  Ed25519: ed25519,
};

/**
 * Generates a key pair for an algorithm. RSA keys have 2048 bits and take up to a second.
 * @param algorithm - what the key signs with
 * @param kid - its key id, default the algorithm's name in lower case
 * @example
 * ```ts
 * import { freshSigningKey, mintToken } from '@approov-guard/testkit';
 *
 * const key = freshSigningKey('ES256', 'key-1');
 * const token = mintToken({ key: key.privateKey, algorithm: key.algorithm, kid: key.kid, now: Date.now() });
 * console.log(token.split('.').length, key.jwk.kty); // 3 EC
 * ```
 */
export function freshSigningKey(algorithm: PrivateKeyAlgorithm, kid: string = algorithm.toLowerCase()): SigningKey {
  const { publicKey, privateKey } = GENERATE[algorithm]();
  return {
    algorithm,
    kid,
    privateKey,
    pem: publicKey.export({ type: 'spki', format: 'pem' }).toString(),
    jwk: { ...publicKey.export({ format: 'jwk' }), kid, alg: algorithm, use: 'sig' },
  };
}

/** The public JSON Web Key Set (RFC 7517 §5) of some key pairs; fits the guard's `keys: { jwks }`. */
export function publicKeySet(keys: readonly SigningKey[]): { readonly keys: readonly { readonly [member: string]: unknown }[] } {
  return { keys: keys.map((key) => key.jwk) };
}

/** An app installation's key pair for message signing. */
export interface InstallationKey {
  /** The claim `ipk`: base64 of the DER SubjectPublicKeyInfo, EC P-256, 91 bytes. */
  readonly ipk: string;
  readonly privateKey: KeyObject;
}

/** Generates an installation key pair, as the SDK does in the device's hardware. */
export function freshInstallationKey(): InstallationKey {
  const { publicKey, privateKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
  return { ipk: publicKey.export({ type: 'spki', format: 'der' }).toString('base64'), privateKey };
}
