/** The crypto port on `node:crypto`: every answer comes at once, so that no request waits for a promise or a thread. */
import { Buffer, isUtf8 } from 'node:buffer';
import { constants, createHash, createHmac, createPublicKey, createSecretKey, hash, type KeyObject, verify } from 'node:crypto';
import { equalInConstantTime, isOneByteText } from '../core/bytes.ts';
import type { AlgorithmRow } from '../core/jws/algorithms.ts';
import { hasSoundNumbers } from '../core/jws/jwk.ts';
import type { PreparedKey } from '../core/jws/jws.ts';
import type { CryptoPort, PublicKeyMaterial } from '../core/ports.ts';
import type { Bytes } from '../core/time.ts';

/** Older Bun and Deno lack the one-shot hash. */
const HAS_ONE_SHOT = typeof hash === 'function';

/** The cryptography of Node (and of Bun and Deno, through `node:crypto`). */
export const crypto: CryptoPort = { prepareSecret, preparePublicKey, openPublicKey, hmacSha256, digest, sha256Base64, decodeText };

function prepareSecret(algorithm: AlgorithmRow, secret: Uint8Array): PreparedKey {
  // The cast holds: every row of the hmac family names its hash.
  const name = algorithm.hash as 'sha256' | 'sha384' | 'sha512';
  const mac = HAS_ONE_SHOT ? prepareHmac(name, secret) : macByHmac(name, secret);
  // Comparing the encoded texts refuses non-canonical spellings for free.
  return { verify: (signingInput, signature) => equalInConstantTime(mac(signingInput), textOf(signature)) };
}

function textOf(signature: string | Uint8Array<ArrayBuffer>): string {
  return typeof signature === 'string' ? signature : Buffer.from(signature).toString('base64url');
}

function macByHmac(name: string, secret: Uint8Array): ComputeMac {
  const key = createSecretKey(secret);
  return (signingInput) => createHmac(name, key).update(signingInput, 'latin1').digest('base64url');
}

// HMAC (RFC 2104) as two one-shot hashes over buffers that already hold the padded key: half the time of `createHmac`, which makes and
// finalises three native objects for each token. The hash itself is the platform's.

/** Computes one MAC, base64url without padding. */
export type ComputeMac = (signingInput: string) => string;

const INNER_PAD = 0x36;
const OUTER_PAD = 0x5c;
const FIRST_ROOM = 2048;

/**
 * Prepares a key.
 * @param algorithm - the hash
 * @param secret - the key, any length
 * @returns a function over texts of one byte a character. It is synchronous, so that its buffers are never used twice at once.
 */
export function prepareHmac(algorithm: 'sha256' | 'sha384' | 'sha512', secret: Uint8Array): ComputeMac {
  const blockBytes: Bytes = algorithm === 'sha256' ? 64 : 128;
  const key = Buffer.alloc(blockBytes);
  // RFC 2104 §2: keys longer than the block are hashed first.
  key.set(secret.length > blockBytes ? createHash(algorithm).update(secret).digest() : secret);
  const digestBytes = createHash(algorithm).digest().length;
  let inner = padded(key, INNER_PAD, FIRST_ROOM);
  const outer = padded(key, OUTER_PAD, digestBytes);
  // What is hashed is a part of `inner`. Tokens of one account have few lengths: the last part is kept.
  let part = inner;
  return (signingInput) => {
    if (inner.length < blockBytes + signingInput.length) inner = padded(key, INNER_PAD, signingInput.length * 2);
    const end = blockBytes + inner.write(signingInput, blockBytes, 'latin1');
    if (part.length !== end || part.buffer !== inner.buffer) part = inner.subarray(0, end);
    outer.write(hash(algorithm, part, 'binary'), blockBytes, 'latin1');
    return hash(algorithm, outer, 'base64url');
  };
}

function padded(key: Uint8Array, pad: number, room: Bytes): Buffer {
  const buffer = Buffer.alloc(key.length + room);
  // The cast holds: the index is below the length.
  for (let index = 0; index < key.length; index++) buffer[index] = (key[index] as number) ^ pad;
  return buffer;
}

function preparePublicKey(algorithm: AlgorithmRow, material: PublicKeyMaterial): PreparedKey {
  const key = importPublicKey(material);
  assertFits(algorithm, key);
  const options = verifyOptions(algorithm, key);
  const { hash: digest } = algorithm;
  // RFC 8017 §8.1.2: an RSA signature is as long as the modulus; OpenSSL takes a shorter one whose leading zero was cut off.
  const signatureBytes = algorithm.signatureBytes ?? Math.ceil((key.asymmetricKeyDetails?.modulusLength ?? 0) / 8);
  return {
    verify(signingInput, signature) {
      const bytes = typeof signature === 'string' ? Buffer.from(signature, 'base64url') : signature;
      if (bytes.length !== signatureBytes) return false;
      return verify(digest, Buffer.from(signingInput, 'latin1'), options, bytes);
    },
  };
}

/** The cast holds as far as Node looks: it refuses what is not a key. */
function importPublicKey(material: PublicKeyMaterial): KeyObject {
  return material.form === 'jwk'
    ? createPublicKey({ key: material.jwk as import('node:crypto').JsonWebKey, format: 'jwk' })
    : createPublicKey({ key: Buffer.from(material.der), format: 'der', type: 'spki' });
}

const NODE_KEY_TYPES: { readonly [Family in AlgorithmRow['family']]: string | null } = {
  hmac: null,
  'rsa-pkcs1': 'rsa',
  // Not `rsa-pss`: WebCrypto refuses that key type, and both ports answer alike.
  'rsa-pss': 'rsa',
  ecdsa: 'ec',
  eddsa: 'ed25519',
};
const NODE_CURVES: { readonly [curve: string]: string } = { 'P-256': 'prime256v1', 'P-384': 'secp384r1', 'P-521': 'secp521r1' };

/** RFC 7518 §3.3 to §3.5: the key's type, curve and numbers must fit the algorithm. */
function assertFits(algorithm: AlgorithmRow, key: KeyObject): void {
  const { namedCurve } = key.asymmetricKeyDetails ?? {};
  const typeFits = NODE_KEY_TYPES[algorithm.family] === key.asymmetricKeyType;
  const curveFits = algorithm.family !== 'ecdsa' || (algorithm.curve !== null && namedCurve === NODE_CURVES[algorithm.curve]);
  if (!typeFits || !curveFits) throw new TypeError(`the key does not fit ${algorithm.name}`);
  if (!hasSoundNumbers({ ...key.export({ format: 'jwk' }) }, algorithm)) throw new TypeError(`the key is too weak for ${algorithm.name}`);
}

function verifyOptions(algorithm: AlgorithmRow, key: KeyObject): import('node:crypto').VerifyKeyObjectInput {
  if (algorithm.family === 'rsa-pkcs1') return { key, padding: constants.RSA_PKCS1_PADDING };
  if (algorithm.family === 'ecdsa') return { key, dsaEncoding: 'ieee-p1363' };
  if (algorithm.family === 'eddsa') return { key };
  // RFC 7518 §3.5: the salt is as long as the hash.
  return { key, padding: constants.RSA_PKCS1_PSS_PADDING, saltLength: constants.RSA_PSS_SALTLEN_DIGEST };
}

function openPublicKey(algorithm: AlgorithmRow, material: PublicKeyMaterial): PreparedKey | null {
  try {
    return preparePublicKey(algorithm, material);
  } catch {
    return null;
  }
}

function hmacSha256(secret: Uint8Array, data: Uint8Array): Uint8Array {
  return createHmac('sha256', secret).update(data).digest();
}

const DIGEST_NAMES = { 'sha-256': 'sha256', 'sha-512': 'sha512' } as const;

function digest(algorithm: 'sha-256' | 'sha-512', chunks: readonly Uint8Array[]): string {
  const digester = createHash(DIGEST_NAMES[algorithm]);
  for (const chunk of chunks) digester.update(chunk);
  return digester.digest('base64');
}

function sha256Base64(text: string): string {
  const encoding = isOneByteText(text) ? 'latin1' : 'utf8';
  if (HAS_ONE_SHOT) return hash('sha256', Buffer.from(text, encoding), 'base64');
  return createHash('sha256').update(text, encoding).digest('base64');
}

const FIRST_TEXT_ROOM = 4096;
let room = Buffer.alloc(FIRST_TEXT_ROOM);

/** Over one buffer, since a new one for each token costs as much as the decoding. */
function decodeText(segment: string): string | null {
  if (room.length < segment.length) room = Buffer.alloc(segment.length * 2);
  const length = room.write(segment, 'base64url');
  const text = room.toString('utf8', 0, length);
  // Bytes that are not UTF-8 become U+FFFD, which is also a character of its own.
  return text.includes('\ufffd') && !isUtf8(room.subarray(0, length)) ? null : text;
}
