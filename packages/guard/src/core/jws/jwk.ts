/** Public JSON Web Keys (RFC 7517, RFC 7518 §6, RFC 8037 §2). */
import { decodeBase64, type JsonObject } from '../bytes.ts';
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
 * Reads a public JWK. Does not check that a point lies on its curve: the platform does, when it imports it.
 * @param member - a member of a JWK set's `keys`
 * @param fallback - the algorithm of an RSA key that carries no `alg`, or `null`
 */
export function parsePublicJwk(member: unknown, fallback: AlgorithmName | null): PublicJwk | JwkFault {
  if (typeof member !== 'object' || member === null || Array.isArray(member)) return fault('key-invalid', 'must be a JWK object');
  // The cast holds: it has the members of an object, and nothing is said of their values.
  const jwk = Object.fromEntries(Object.entries(member).filter(([, value]) => isGiven(value))) as JsonObject;
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
  if (!hasSoundNumbers(jwk, algorithm))
    return fault('key-invalid', coordinateFault(jwk, algorithm) ?? 'has a missing, malformed, too short or weak number');
  return { kid: typeof jwk.kid === 'string' && jwk.kid !== '' ? jwk.kid : null, algorithm, jwk };
}

function algorithmOf(jwk: JsonObject, fallback: AlgorithmName | null): AlgorithmRow | undefined {
  const { alg, crv } = jwk;
  if (alg !== undefined) return typeof alg === 'string' ? ALGORITHMS.get(alg) : undefined;
  const implied = typeof crv === 'string' ? ALGORITHM_OF_CURVE.get(crv) : undefined;
  return ALGORITHMS.get(implied ?? fallback ?? '');
}

/** Serialisers that do not leave out what is unset write `null`: it means absent. */
function isGiven(member: unknown): boolean {
  return member !== undefined && member !== null;
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

/** Libraries that treat coordinates as numbers drop leading zeros, or put one before a high bit: RFC 7518 §6.2.1.2 wants the full size. */
function coordinateFault(jwk: JsonObject, { keyType, curve }: AlgorithmRow): string | null {
  const wanted = COORDINATE_BYTES[curve ?? ''];
  for (const name of keyType === 'EC' ? ['x', 'y'] : ['x']) {
    const length = bytesOf(jwk[name])?.length;
    if (wanted !== undefined && length !== undefined && length !== wanted)
      return `has \`${name}\` of ${length} bytes where ${curve} has ${wanted}: pad it with leading zeros, or drop those beyond (RFC 7518 §6.2.1.2)`;
  }
  return null;
}

/**
 * Tells whether the numbers of a public key have the lengths that its algorithm needs and are none of those with which everybody can sign.
 * Platforms import such keys without complaint. Does not check that a point lies on its curve: platforms do.
 */
export function hasSoundNumbers(jwk: JsonObject, algorithm: AlgorithmRow): boolean {
  if (algorithm.keyType === 'RSA') return bitsOf(jwk.n) >= algorithm.minimumKey && isOdd(jwk.n) && isOdd(jwk.e) && bitsOf(jwk.e) > 1;
  const bytes = COORDINATE_BYTES[algorithm.curve ?? ''];
  const names = algorithm.keyType === 'EC' ? ['x', 'y'] : ['x'];
  const coordinates = names.map((name) => bytesOf(jwk[name]));
  if (!coordinates.every((coordinate) => coordinate?.length === bytes)) return false;
  // The cast holds: each coordinate has its length by now.
  return algorithm.curve !== 'Ed25519' || !isWeakEd25519Point(coordinates[0] as Uint8Array);
}

function bytesOf(value: unknown): Uint8Array | null {
  return typeof value === 'string' && !value.endsWith('=') ? decodeBase64(value, 'base64url') : null;
}

/** The length of an unsigned big-endian number in bits; 0 if it is none. */
function bitsOf(value: unknown): number {
  const bytes = bytesOf(value);
  const first = bytes?.findIndex((byte) => byte !== 0) ?? -1;
  // The cast holds: the byte at this index was found.
  return bytes === null || first < 0 ? 0 : (bytes.length - first) * 8 - Math.clz32(bytes[first] as number) + 24;
}

/** An even modulus or exponent, and an exponent of 1, make no RSA key (RFC 8017 §3.1). */
function isOdd(value: unknown): boolean {
  return ((bytesOf(value)?.at(-1) ?? 0) & 1) === 1;
}

/** The y coordinates of the points of order 1, 2, 4 and 8, big-endian: a signature under them can be made for any message (RFC 8032 §8). */
const SMALL_ORDER: ReadonlySet<bigint> = new Set([
  0n,
  1n,
  2n ** 255n - 20n,
  0x05fc536d880238b13933c6d305acdfd5f098eff289f4c345b027b2c28f95e826n,
  0x7a03ac9277fdc74ec6cc392cfa53202a0f67100d760b3cba4fd84d3d706a17c7n,
]);

/** RFC 8032 §5.1.3: y is little-endian, below the prime, with the sign of x in the top bit. */
function isWeakEd25519Point(encoded: Uint8Array): boolean {
  const hexadecimal = Array.from(encoded, (byte) => byte.toString(16).padStart(2, '0')).reverse();
  const y = BigInt(`0x${hexadecimal.join('')}`) & (2n ** 255n - 1n);
  return y >= 2n ** 255n - 19n || SMALL_ORDER.has(y);
}
