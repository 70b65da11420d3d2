/** Public JSON Web Keys (RFC 7517, RFC 7518 §6, RFC 8037 §2). */
import { decodeBase64 } from '../bytes/base64.ts';
import type { JsonObject } from '../bytes/json.ts';
import { ALGORITHM_OF_CURVE, ALGORITHMS, type AlgorithmName, type AlgorithmRow } from './algorithms.ts';

/** A JWK that may verify signatures with one algorithm. */
export interface PublicJwk {
  readonly kid: string | null;
  readonly algorithm: AlgorithmRow;
  readonly jwk: JsonObject;
}

/** Why a JWK cannot be used. `other-use`: it is not meant for signatures. */
export interface JwkFault {
  readonly fault: 'other-use' | 'key-not-public' | 'key-algorithm' | 'key-invalid';
  readonly remedy: string;
}

/** The members of private and symmetric keys (RFC 7518 §6.2.2, §6.3.2, §6.4). */
const PRIVATE_MEMBERS = ['d', 'p', 'q', 'dp', 'dq', 'qi', 'oth', 'k'] as const;

/**
 * Reads a public JWK. Does not check that the numbers are a key: the platform does, when it imports them.
 * @param member - a member of a JWK set's `keys`
 * @param fallback - the algorithm of an RSA key that carries no `alg`, or `null`
 */
export function parsePublicJwk(member: unknown, fallback: AlgorithmName | null): PublicJwk | JwkFault {
  if (typeof member !== 'object' || member === null || Array.isArray(member)) return fault('key-invalid', 'must be a JWK object');
  const jwk = member as JsonObject;
  if (!isForVerification(jwk)) return fault('other-use', 'is not for signatures');
  if (jwk.kty === 'oct' || PRIVATE_MEMBERS.some((name) => Object.hasOwn(jwk, name))) {
    return fault('key-not-public', 'holds private or symmetric material; publish public keys only, and give an account secret as `secret`');
  }
  const algorithm = algorithmOf(jwk, fallback);
  if (algorithm === undefined)
    return fault('key-algorithm', 'has no supported `alg`; an RSA key needs one, or set `algorithm` beside `jwks`');
  if (jwk.kty !== algorithm.keyType || (algorithm.curve !== null && jwk.crv !== algorithm.curve)) {
    return fault('key-algorithm', `is of another type or curve than ${algorithm.name} needs`);
  }
  if (!hasCanonicalNumbers(jwk, algorithm)) return fault('key-invalid', 'has a missing, malformed or too short number');
  return { kid: typeof jwk.kid === 'string' && jwk.kid !== '' ? jwk.kid : null, algorithm, jwk };
}

function algorithmOf(jwk: JsonObject, fallback: AlgorithmName | null): AlgorithmRow | undefined {
  const { alg, crv } = jwk;
  if (alg !== undefined) return typeof alg === 'string' ? ALGORITHMS.get(alg) : undefined;
  const implied = typeof crv === 'string' ? ALGORITHM_OF_CURVE.get(crv) : undefined;
  return ALGORITHMS.get(implied ?? fallback ?? '');
}

function fault(code: JwkFault['fault'], remedy: string): JwkFault {
  return { fault: code, remedy };
}

/** RFC 7517 §4.2, §4.3: `use` and `key_ops`, where present, must allow verification. */
function isForVerification(jwk: JsonObject): boolean {
  const operations = jwk.key_ops;
  const allowed = operations === undefined || (Array.isArray(operations) && operations.includes('verify'));
  return allowed && (jwk.use === undefined || jwk.use === 'sig');
}

const COORDINATE_BYTES: { readonly [curve: string]: number } = { 'P-256': 32, 'P-384': 48, 'P-521': 66, Ed25519: 32 };

function hasCanonicalNumbers(jwk: JsonObject, algorithm: AlgorithmRow): boolean {
  if (algorithm.keyType === 'RSA') return bitsOf(jwk.n) >= algorithm.minimumKey && isUsableExponent(jwk.e);
  const bytes = COORDINATE_BYTES[algorithm.curve ?? ''];
  const names = algorithm.keyType === 'EC' ? ['x', 'y'] : ['x'];
  return names.every((name) => bytesOf(jwk[name])?.length === bytes);
}

function bytesOf(value: unknown): Uint8Array | null {
  return typeof value === 'string' && !value.endsWith('=') ? decodeBase64(value, 'base64url') : null;
}

/** The length of an unsigned big-endian number in bits; 0 if it is none. */
function bitsOf(value: unknown): number {
  const bytes = bytesOf(value);
  const first = bytes?.findIndex((byte) => byte !== 0) ?? -1;
  return bytes === null || first < 0 ? 0 : (bytes.length - first) * 8 - Math.clz32(bytes[first] as number) + 24;
}

/** An even exponent, or 1, makes no RSA key. */
function isUsableExponent(value: unknown): boolean {
  const bytes = bytesOf(value);
  return bytes !== null && bytes.length > 0 && ((bytes.at(-1) as number) & 1) === 1 && bitsOf(value) > 1;
}
