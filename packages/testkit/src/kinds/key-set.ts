/** Kinds that are verified with a key set: asymmetric keys, each with its `kid`. */
import { type MintOptions, mintToken } from '../mint.ts';
import { PRIVATE_KEY_ALGORITHMS, type PrivateKeyAlgorithm } from '../signing.ts';
import { freshSigningKey, type SigningKey } from '../signing-keys.ts';
import type { ExpectedVerdict } from './kind.ts';

/** One kind of token of an account that signs with a key set. */
export interface KeySetKind {
  readonly describe: string;
  /** What a guard finds that has the public halves of the context's keys. */
  readonly expected: ExpectedVerdict;
  readonly mint: (context: KeySetContext) => string;
}

/** What a key-set kind is minted from. */
export interface KeySetContext {
  /** One key pair an algorithm: see {@link freshKeySet}. */
  readonly keys: readonly SigningKey[];
  /** The moment of issue and of judgement, milliseconds since the epoch. */
  readonly now: number;
}

/** Generates one key pair for each algorithm. Takes up to some seconds where RSA is among them. */
export function freshKeySet(algorithms: readonly PrivateKeyAlgorithm[] = PRIVATE_KEY_ALGORITHMS): readonly SigningKey[] {
  return algorithms.map((algorithm) => freshSigningKey(algorithm));
}

function keyFor(keys: readonly SigningKey[], algorithm: PrivateKeyAlgorithm): SigningKey {
  const found = keys.find((key) => key.algorithm === algorithm);
  if (found === undefined) throw new RangeError(`keys: the context has no key for ${algorithm}`);
  return found;
}

function signedBy(algorithm: PrivateKeyAlgorithm, more: (key: SigningKey) => Partial<MintOptions>): KeySetKind['mint'] {
  return ({ keys, now }) => {
    const key = keyFor(keys, algorithm);
    return mintToken({ key: key.privateKey, algorithm, now, kid: key.kid, ...more(key) } as MintOptions);
  };
}

const valid: { readonly [name: string]: KeySetKind } = Object.fromEntries(
  PRIVATE_KEY_ALGORITHMS.map((algorithm) => [
    algorithm.toLowerCase(),
    { describe: `${algorithm}, with its kid`, expected: 'accepted', mint: signedBy(algorithm, () => ({})) },
  ]),
);

/** Tokens of an account that signs with a key set, by name. */
export const keySetKinds: { readonly [name: string]: KeySetKind } = {
  ...valid,
  'without-kid': {
    describe: 'ES256 without kid: every ES256 key is tried',
    expected: 'accepted',
    mint: ({ keys, now }) => mintToken({ key: keyFor(keys, 'ES256').privateKey, algorithm: 'ES256', now }),
  },
  'expired-es256': {
    describe: 'ES256, dead for one minute',
    expected: 'token-expired',
    mint: signedBy('ES256', () => ({ lifetimeSeconds: -60 })),
  },
  'kid-unknown': {
    describe: 'ES256 with a kid that is not in the set',
    expected: 'token-key-unknown',
    mint: signedBy('ES256', () => ({ kid: 'absent' })),
  },
  'key-unknown': {
    describe: 'ES256 by a key that is not in the set, under the kid of one that is',
    expected: 'token-signature-invalid',
    mint: signedBy('ES256', () => ({ key: freshSigningKey('ES256').privateKey })),
  },
  'kid-of-another-algorithm': {
    describe: 'ES256 under the kid of the ES384 key',
    expected: 'token-algorithm-not-allowed',
    mint: ({ keys, now }) => mintToken({ key: keyFor(keys, 'ES256').privateKey, algorithm: 'ES256', now, kid: keyFor(keys, 'ES384').kid }),
  },
  'public-key-as-secret': {
    describe: 'HS256 over the public key’s PEM text',
    expected: 'token-algorithm-not-allowed',
    mint: ({ keys, now }) => mintToken({ secret: { bytes: Buffer.from(keyFor(keys, 'ES256').pem) }, now }),
  },
};
