/** Public keys that are well-formed and protect nothing, for the suites of keys and configuration. */
import { createPublicKey, generateKeyPairSync, type JsonWebKey } from 'node:crypto';
import { freshSigningKey } from '@approov-guard/testkit';
import type { AlgorithmName } from 'approov-guard';

/** A public key as JWK that has to be refused. */
export interface WeakKey {
  readonly name: string;
  readonly algorithm: AlgorithmName;
  readonly jwk: { readonly [member: string]: string };
}

const base64url = (bytes: Uint8Array): string => Buffer.from(bytes).toString('base64url');
const bytesOf = (text: unknown): Buffer => Buffer.from(String(text), 'base64url');

const rsa = generateKeyPairSync('rsa', { modulusLength: 2048 }).publicKey.export({ format: 'jwk' }) as { n: string; e: string };
const short = generateKeyPairSync('rsa', { modulusLength: 1024 }).publicKey.export({ format: 'jwk' }) as { n: string; e: string };
const evenModulus = bytesOf(rsa.n).fill(0, 255);
const p256 = freshSigningKey('ES256').jwk as { x: string; y: string };
const p384 = freshSigningKey('ES384').jwk as { x: string; y: string };
const offCurve = bytesOf(p256.y).map((byte, index) => (index === 31 ? byte ^ 1 : byte));

/** Little-endian encodings of the points of order 1, 2, 4 and 8, of both signs, and of y coordinates beyond the prime (RFC 8032 §5.1.3). */
const weakPoints: { readonly [name: string]: string } = {
  'order 4': '0000000000000000000000000000000000000000000000000000000000000000',
  'order 1': '0100000000000000000000000000000000000000000000000000000000000000',
  'order 8': '26e8958fc2b227b045c3f489f2ef98f0d5dfac05d3c63339b13802886d53fc05',
  'order 8, the other': 'c7176a703d4dd84fba3c0b760d10670f2a2053fa2c39ccc64ec7fd7792ac037a',
  'order 2': 'ecffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f',
  'order 4, not reduced': 'edffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f',
  'order 1, not reduced': 'eeffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f',
  'largest y, not reduced': 'ffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f',
};

function bothSigns(hexadecimal: string): readonly string[] {
  const negative = Buffer.from(hexadecimal, 'hex');
  negative[31] = (negative[31] ?? 0) | 0x80;
  return [base64url(Buffer.from(hexadecimal, 'hex')), base64url(negative)];
}

/** Keys that every port refuses or never verifies with. */
export const weakKeys: readonly WeakKey[] = [
  { name: 'RSA of 1024 bits', algorithm: 'RS256', jwk: { kty: 'RSA', n: short.n, e: short.e } },
  {
    name: 'RSA of 1024 bits, filled up with zeros',
    algorithm: 'PS256',
    jwk: { kty: 'RSA', n: base64url(Buffer.concat([Buffer.alloc(128), bytesOf(short.n)])), e: short.e },
  },
  ...['AQ', 'Ag', 'AA', 'AAAB', 'AQAA', ''].map(
    (e): WeakKey => ({ name: `RSA with exponent ${e}`, algorithm: 'RS256', jwk: { kty: 'RSA', n: rsa.n, e } }),
  ),
  { name: 'RSA with an even modulus', algorithm: 'PS512', jwk: { kty: 'RSA', n: base64url(evenModulus), e: rsa.e } },
  { name: 'EC beside its curve', algorithm: 'ES256', jwk: { kty: 'EC', crv: 'P-256', x: p256.x, y: base64url(offCurve) } },
  {
    name: 'EC at the origin',
    algorithm: 'ES256',
    jwk: { kty: 'EC', crv: 'P-256', x: base64url(Buffer.alloc(32)), y: base64url(Buffer.alloc(32)) },
  },
  { name: 'EC with coordinates of another curve', algorithm: 'ES256', jwk: { kty: 'EC', crv: 'P-256', x: p384.x, y: p384.y } },
  { name: 'EC without y', algorithm: 'ES256', jwk: { kty: 'EC', crv: 'P-256', x: p256.x } },
  { name: 'EC with a short x', algorithm: 'ES256', jwk: { kty: 'EC', crv: 'P-256', x: base64url(bytesOf(p256.x).subarray(1)), y: p256.y } },
  {
    name: 'EC with a long x',
    algorithm: 'ES256',
    jwk: { kty: 'EC', crv: 'P-256', x: base64url(Buffer.concat([Buffer.alloc(1), bytesOf(p256.x)])), y: p256.y },
  },
  ...Object.entries(weakPoints).flatMap(([name, point]) =>
    bothSigns(point).map((x): WeakKey => ({ name: `Ed25519 of ${name}`, algorithm: 'EdDSA', jwk: { kty: 'OKP', crv: 'Ed25519', x } })),
  ),
  { name: 'Ed25519 of 31 bytes', algorithm: 'EdDSA', jwk: { kty: 'OKP', crv: 'Ed25519', x: base64url(Buffer.alloc(31, 7)) } },
  { name: 'Ed25519 of 33 bytes', algorithm: 'EdDSA', jwk: { kty: 'OKP', crv: 'Ed25519', x: base64url(Buffer.alloc(33, 7)) } },
];

/** The DER of those whose numbers are the fault, and not their encoding: Node imports them without complaint. */
export const weakDer: readonly { readonly name: string; readonly algorithm: AlgorithmName; readonly der: Buffer }[] = weakKeys
  .filter(({ name }) => /^RSA|^Ed25519 of (?:order|largest)/.test(name))
  .filter(({ jwk }) => jwk.e !== '')
  .map(({ name, algorithm, jwk }) => {
    const key = createPublicKey({ key: jwk as JsonWebKey, format: 'jwk' });
    return { name, algorithm, der: key.export({ type: 'spki', format: 'der' }) };
  });
