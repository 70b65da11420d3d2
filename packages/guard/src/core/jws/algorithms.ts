/** The signature algorithms of RFC 7518 §3 and RFC 8037 §3.1: one table, one row an algorithm. Code below takes the row, never the name. */
import type { Bytes } from '../time.ts';

/** The algorithms that a key may carry. `none` is not among them (RFC 8725 §3.2). */
export type AlgorithmName =
  | 'HS256'
  | 'HS384'
  | 'HS512'
  | 'RS256'
  | 'RS384'
  | 'RS512'
  | 'PS256'
  | 'PS384'
  | 'PS512'
  | 'ES256'
  | 'ES384'
  | 'ES512'
  | 'EdDSA'
  | 'Ed25519';

/** What the table says of an algorithm. */
export interface AlgorithmRow {
  readonly name: AlgorithmName;
  /** The family of primitives. */
  readonly family: 'hmac' | 'rsa-pkcs1' | 'rsa-pss' | 'ecdsa' | 'eddsa';
  /** The JWK key type that fits (RFC 7518 §6.1). */
  readonly keyType: 'oct' | 'RSA' | 'EC' | 'OKP';
  readonly hash: 'sha256' | 'sha384' | 'sha512' | null;
  /** The curve, for EC and OKP keys. */
  readonly curve: 'P-256' | 'P-384' | 'P-521' | 'Ed25519' | null;
  /** The one length a signature can have; `null` for RSA, where it is the modulus's. */
  readonly signatureBytes: Bytes | null;
  /** The shortest key: bytes of an HMAC secret (RFC 7518 §3.2), bits of an RSA modulus (§3.3, §3.5), else 0. */
  readonly minimumKey: number;
}

type Rest = Omit<AlgorithmRow, 'name'>;
const hmac = (hash: 'sha256' | 'sha384' | 'sha512', bytes: Bytes): Rest => ({
  family: 'hmac',
  keyType: 'oct',
  hash,
  curve: null,
  signatureBytes: bytes,
  minimumKey: bytes,
});
const rsa = (family: 'rsa-pkcs1' | 'rsa-pss', hash: 'sha256' | 'sha384' | 'sha512'): Rest => ({
  family,
  keyType: 'RSA',
  hash,
  curve: null,
  signatureBytes: null,
  minimumKey: 2048,
});
const ecdsa = (curve: 'P-256' | 'P-384' | 'P-521', hash: 'sha256' | 'sha384' | 'sha512', bytes: Bytes): Rest => ({
  family: 'ecdsa',
  keyType: 'EC',
  hash,
  curve,
  signatureBytes: bytes,
  minimumKey: 0,
});
const eddsa: Rest = { family: 'eddsa', keyType: 'OKP', hash: null, curve: 'Ed25519', signatureBytes: 64, minimumKey: 0 };

const ROWS: { readonly [Name in AlgorithmName]: Rest } = {
  HS256: hmac('sha256', 32),
  HS384: hmac('sha384', 48),
  HS512: hmac('sha512', 64),
  RS256: rsa('rsa-pkcs1', 'sha256'),
  RS384: rsa('rsa-pkcs1', 'sha384'),
  RS512: rsa('rsa-pkcs1', 'sha512'),
  PS256: rsa('rsa-pss', 'sha256'),
  PS384: rsa('rsa-pss', 'sha384'),
  PS512: rsa('rsa-pss', 'sha512'),
  ES256: ecdsa('P-256', 'sha256', 64),
  ES384: ecdsa('P-384', 'sha384', 96),
  ES512: ecdsa('P-521', 'sha512', 132),
  EdDSA: eddsa,
  // RFC 9864 §2.2: the fully-specified name of the same primitive; a key carries one name or the other.
  Ed25519: eddsa,
};

/** Every algorithm by its name. A `Map`, so that no name reaches `Object.prototype`. */
export const ALGORITHMS: ReadonlyMap<string, AlgorithmRow> = new Map(
  // The cast holds: the names are those of the rows.
  Object.entries(ROWS).map(([name, rest]) => [name, Object.freeze({ name: name as AlgorithmName, ...rest })]),
);

/** The algorithm that a curve implies where a JWK carries no `alg` (RFC 7518 §3.4, RFC 8037 §3.1). */
export const ALGORITHM_OF_CURVE: ReadonlyMap<string, AlgorithmName> = new Map([
  ['P-256', 'ES256'],
  ['P-384', 'ES384'],
  ['P-521', 'ES512'],
  ['Ed25519', 'EdDSA'],
]);
