/** The crypto port on WebCrypto (`crypto.subtle`): for runtimes without a synchronous `node:crypto`. */
import { bytesOfFieldValue, decodeBase64, decodeUtf8, encodeBase64 } from '../core/bytes.ts';
import type { AlgorithmRow } from '../core/jws/algorithms.ts';
import { hasSoundNumbers } from '../core/jws/jwk.ts';
import type { PreparedKey } from '../core/jws/jws.ts';
import type { CryptoPort, PublicKeyMaterial } from '../core/ports.ts';

type SubtleKey = Awaited<ReturnType<typeof globalThis.crypto.subtle.importKey>>;
type SubtleParameters = Parameters<typeof globalThis.crypto.subtle.verify>[0];
type ImportParameters = Parameters<typeof globalThis.crypto.subtle.importKey>[2];

const { subtle } = globalThis.crypto;
const HASH_NAMES = { sha256: 'SHA-256', sha384: 'SHA-384', sha512: 'SHA-512' } as const;

/** The cryptography of Workers, browsers and other runtimes with WebCrypto. */
export const crypto: CryptoPort = { prepareSecret, preparePublicKey, openPublicKey, hmacSha256, digest, sha256Base64, decodeText };

function prepareSecret(algorithm: AlgorithmRow, secret: Uint8Array): PreparedKey {
  // The cast holds: these are the parameters of an HMAC key.
  const parameters = parametersOf(algorithm) as ImportParameters;
  return preparedKey(algorithm, () => subtle.importKey('raw', new Uint8Array(secret), parameters, false, ['verify']));
}

/** RFC 5280 §4.1.2.7: the algorithm identifiers (RFC 8017 §A.1, RFC 5480 §2.1.1, RFC 8410 §3), in hexadecimal, by curve. */
const IDENTIFIERS = {
  RSA: '300d06092a864886f70d0101010500',
  'P-256': '301306072a8648ce3d020106082a8648ce3d030107',
  'P-384': '301006072a8648ce3d020106052b81040022',
  'P-521': '301006072a8648ce3d020106052b81040023',
  Ed25519: '300506032b6570',
};
/** The identifier follows a tag and a length of one to three bytes. */
const IDENTIFIER_WITHIN = 25;

/** The platform would say so, too, but not before the first request. */
function assertFits({ curve, name }: AlgorithmRow, der: Uint8Array): void {
  const start = Array.from(der.subarray(0, IDENTIFIER_WITHIN), (byte) => byte.toString(16).padStart(2, '0')).join('');
  if (!start.includes(IDENTIFIERS[curve ?? 'RSA'])) throw new TypeError(`the key does not fit ${name}`);
}

function preparePublicKey(algorithm: AlgorithmRow, material: PublicKeyMaterial): PreparedKey {
  if (material.form === 'spki') assertFits(algorithm, material.der);
  return preparedKey(algorithm, () => importPublic(algorithm, material));
}

function importPublic(algorithm: AlgorithmRow, material: PublicKeyMaterial): Promise<SubtleKey> {
  // The cast holds: the table names for each algorithm what its import takes.
  const parameters = parametersOf(algorithm) as ImportParameters;
  if (material.form === 'spki') return importSpki(algorithm, new Uint8Array(material.der), parameters);
  return subtle.importKey('jwk', publicMembers(material.jwk), parameters, false, ['verify']);
}

/** The numbers of a DER key can be read only after the import, so it is asked for as extractable: a public key is not a secret. */
async function importSpki(algorithm: AlgorithmRow, der: Uint8Array<ArrayBuffer>, parameters: ImportParameters): Promise<SubtleKey> {
  const key = await subtle.importKey('spki', der, parameters, true, ['verify']);
  if (hasSoundNumbers({ ...(await subtle.exportKey('jwk', key)) }, algorithm)) return key;
  throw new TypeError(`the key is too weak for ${algorithm.name}`);
}

/** Only what describes the key: `alg`, `use` and `key_ops` are judged by us, and platforms disagree about them. */
function publicMembers(jwk: { readonly [member: string]: unknown }): JsonWebKey {
  // The casts hold: these members were checked to be texts, and are those of a JWK.
  const { kty, crv, x, y, n, e } = jwk as { [member: string]: string };
  return Object.fromEntries(Object.entries({ kty, crv, x, y, n, e }).filter(([, value]) => value !== undefined)) as JsonWebKey;
}

type JsonWebKey = import('node:crypto').webcrypto.JsonWebKey;

/** Imports on first use and once; a failed import is reported by each `verify`, and never accepted. */
function preparedKey(algorithm: AlgorithmRow, importKey: () => Promise<SubtleKey>): PreparedKey {
  const parameters = parametersOf(algorithm);
  let imported: Promise<SubtleKey> | undefined;
  return {
    async verify(signingInput, signature) {
      const bytes = typeof signature === 'string' ? decodeBase64(signature, 'base64url') : signature;
      if (bytes === null || (algorithm.signatureBytes !== null && bytes.length !== algorithm.signatureBytes)) return false;
      // Only now, since its rejection must not stay unhandled.
      imported ??= importKey();
      const key = await imported;
      if (bytes.length !== signatureBytesOf(algorithm, key)) return false;
      return subtle.verify(parameters, key, bytes, bytesOfFieldValue(signingInput));
    },
  };
}

/** RFC 8017 §8.1.2: an RSA signature is as long as the modulus; not every platform insists. */
function signatureBytesOf(algorithm: AlgorithmRow, key: SubtleKey): number {
  if (algorithm.signatureBytes !== null) return algorithm.signatureBytes;
  // The cast holds: the key was imported for an RSA algorithm, and those tell their modulus.
  return Math.ceil((key.algorithm as unknown as { readonly modulusLength: number }).modulusLength / 8);
}

type NamedParameters = SubtleParameters & { name: string };

/** The casts hold: the table has a hash for each algorithm but EdDSA, and a curve for each of ECDSA. */
function parametersOf(algorithm: AlgorithmRow): NamedParameters {
  const digest = algorithm.hash === null ? undefined : HASH_NAMES[algorithm.hash];
  if (algorithm.family === 'hmac') return { name: 'HMAC', hash: digest } as NamedParameters;
  if (algorithm.family === 'rsa-pkcs1') return { name: 'RSASSA-PKCS1-v1_5', hash: digest } as NamedParameters;
  if (algorithm.family === 'ecdsa') return { name: 'ECDSA', hash: digest, namedCurve: algorithm.curve } as NamedParameters;
  if (algorithm.family === 'eddsa') return { name: 'Ed25519' };
  // RFC 7518 §3.5: the salt is as long as the hash.
  return { name: 'RSA-PSS', hash: digest, saltLength: Number(algorithm.hash?.slice(3)) / 8 } as NamedParameters;
}

async function openPublicKey(algorithm: AlgorithmRow, material: PublicKeyMaterial): Promise<PreparedKey | null> {
  try {
    const key = await importPublic(algorithm, material);
    return preparedKey(algorithm, async () => key);
  } catch {
    return null;
  }
}

async function hmacSha256(secret: Uint8Array, data: Uint8Array): Promise<Uint8Array> {
  // RFC 2104 §2, over the platform's hash: WebCrypto ties its MAC to a signing permission, which this library never asks for.
  const block = new Uint8Array(64);
  block.set(secret.length > 64 ? await sha256(secret) : secret);
  const inner = await sha256(
    block.map((byte) => byte ^ 0x36),
    data,
  );
  return sha256(
    block.map((byte) => byte ^ 0x5c),
    inner,
  );
}

async function sha256(...parts: readonly Uint8Array[]): Promise<Uint8Array> {
  const whole = await new Blob(parts.map((part) => new Uint8Array(part))).arrayBuffer();
  return new Uint8Array(await subtle.digest('SHA-256', whole));
}

async function digest(algorithm: 'sha-256' | 'sha-512', chunks: readonly Uint8Array[]): Promise<string> {
  const whole = new Uint8Array(await new Blob(chunks.map((chunk) => new Uint8Array(chunk))).arrayBuffer());
  return encodeBase64(new Uint8Array(await subtle.digest(algorithm.toUpperCase(), whole)), 'base64');
}

async function sha256Base64(text: string): Promise<string> {
  return encodeBase64(new Uint8Array(await subtle.digest('SHA-256', bytesOfFieldValue(text))), 'base64');
}

function decodeText(segment: string): string | null {
  return segment.endsWith('=') ? null : decodeUtf8(decodeBase64(segment, 'base64url'));
}
