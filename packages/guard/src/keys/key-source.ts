/** Compiles the option `keys`: what is in the configuration, what is at a URL, sources of your own, or a list of those. */
import { ConfigurationError } from '../checks/configuration-error.ts';
import { checkedObject, checkedWord, isText, type UncheckedOptions } from '../checks/option-checks.ts';
import { SECRET, STATIC_KEYS } from '../checks/option-table.ts';
import { ALGORITHMS, type AlgorithmRow } from '../core/jws/algorithms.ts';
import { type JwkFault, parsePublicJwk } from '../core/jws/jwk.ts';
import { KeySet, MAX_KEYS_TRIED, type VerificationKey } from '../core/jws/jws.ts';
import type { CryptoPort, KeySource, PublicKeyMaterial } from '../core/ports.ts';
import { isThenable, type MaybePromise } from '../core/result.ts';
import { fixedKeys } from './key-ring.ts';
import { parsePublicPem, publicAlgorithm } from './public-keys.ts';
import { remoteKeySource } from './remote/keys-url.ts';
import { decodeSecret } from './secret.ts';

/**
 * Makes one key source of the option.
 * @throws ConfigurationError
 */
export function compileKeys(keys: unknown, path: string, context: KeyContext): KeySource {
  if (keys === undefined || keys === null) {
    throw new ConfigurationError('option-missing', path, 'is required, for instance `{ secret: { base64: … } }`');
  }
  if (typeof keys === 'function') {
    throw new ConfigurationError(
      'option-invalid',
      path,
      'is a function: write `{ choose: … }`, which also names the headers that it may see',
    );
  }
  if (!Array.isArray(keys)) return compilePart(keys, path, context);
  if (keys.length === 0) throw new ConfigurationError('keys-missing', path, 'holds no key that can verify a signature');
  const sources = keys.map((part: unknown, index) => compilePart(part ?? {}, `${path}[${index}]`, context));
  return keys.every(isStatic) ? fixedSource(sources, path) : new CombinedKeys(sources);
}

function isStatic(part: unknown): boolean {
  return typeof part === 'object' && part !== null && !('jwksUrl' in part) && !('current' in part);
}

/** What never changes needs no combining at each request. */
function fixedSource(sources: readonly KeySource[], path: string): KeySource {
  const keys = sources.flatMap((source) => source.current(0)?.keys ?? []);
  refuseUntried(keys, path);
  return fixedKeys(new KeySet(keys));
}

function compilePart(part: unknown, path: string, context: KeyContext): KeySource {
  // The cast holds as far as the call goes: whatever has a function `current` is asked through it.
  const source = part as KeySource;
  if (typeof source.current === 'function') return source;
  const isRemote = typeof part === 'object' && part !== null && 'jwksUrl' in part;
  return isRemote ? remoteKeySource(part, 'jwksUrl', path, context.crypto) : staticKeySource(part, path, context);
}

/** Several sources as one. While one of them has no keys the others serve, and the snapshot says that it is partial. */
class CombinedKeys implements KeySource {
  readonly #sources: readonly KeySource[];
  #parts: readonly (KeySet | null)[] = [];
  #set: KeySet | null = null;

  constructor(sources: readonly KeySource[]) {
    this.#sources = sources;
  }

  current(at: number): KeySet | null {
    let changed = this.#parts.length === 0;
    const parts = this.#sources.map((source, index) => {
      const part = source.current(at);
      changed ||= part !== this.#parts[index];
      return part;
    });
    if (!changed) return this.#set;
    this.#parts = parts;
    const known = parts.filter((part) => part !== null);
    const partial = parts.some((part) => part === null || part.keys.length === 0 || part.partial);
    this.#set =
      known.length === 0
        ? null
        : new KeySet(
            known.flatMap(({ keys }) => keys),
            partial,
          );
    return this.#set;
  }

  refresh(at: number): MaybePromise<boolean> {
    const answers = this.#sources.map((source) => source.refresh?.(at) ?? source.current(at) !== null);
    return answers.some(isThenable) ? Promise.all(answers).then((all) => all.every(Boolean)) : answers.every(Boolean);
  }

  /** That of the source that has gone longest without news. */
  freshAt(): number | null {
    const moments = this.#sources.flatMap((source) => source.freshAt?.() ?? []);
    return moments.length === 0 ? null : Math.min(...moments);
  }

  async warmUp(at: number): Promise<void> {
    await Promise.all(this.#sources.map((source) => source.warmUp?.(at)));
  }

  close(): void {
    for (const source of this.#sources) source.close?.();
  }
}

// Keys in the configuration: account secrets, JWK sets and PEM texts.

/** What turning options into keys depends on. */
export interface KeyContext {
  readonly crypto: CryptoPort;
  readonly production: boolean;
}

/** A key source over options that never change. */
function staticKeySource(options: unknown, path: string, context: KeyContext): KeySource {
  const keys = staticKeys(options, path, context);
  if (keys.length === 0) throw new ConfigurationError('keys-missing', path, 'holds no key that can verify a signature');
  refuseUntried(keys, path);
  return fixedKeys(new KeySet(keys));
}

/** The keys of one part of the configuration. */
export function staticKeys(options: unknown, path: string, context: KeyContext): readonly VerificationKey[] {
  const part = checkedObject(options ?? {}, path, { ...STATIC_KEYS, jwksUrl: null });
  const [kind, another] = KINDS.filter((name) => Object.hasOwn(part, name));
  if (kind === undefined || another !== undefined)
    throw new ConfigurationError('keys-missing', path, 'give exactly one of secret, secrets, jwks, jwksUrl and pem');
  refuseMisplaced(part, kind, path);
  if (kind === 'jwks') return jwksKeys(part, path, context);
  if (kind === 'pem') return pemKeys(part, path, context);
  if (kind === 'secret') return [secretKey(part.secret, `${path}.secret`, context)];
  const { secrets } = part;
  if (!Array.isArray(secrets)) throw new ConfigurationError('option-invalid', `${path}.secrets`, 'must be a list of secrets');
  const keys = secrets.map((secret: unknown, index) => secretKey(secret, `${path}.secrets[${index}]`, context));
  refuseUntried(keys, `${path}.secrets`);
  return keys;
}

/**
 * Refuses keys that no token would ever reach: those without `kid` beyond the number that is tried, by algorithm.
 * @throws ConfigurationError
 */
export function refuseUntried(
  keys: readonly VerificationKey[],
  path: string,
  code: 'option-invalid' | 'key-invalid' = 'option-invalid',
): void {
  const nameless = keys.filter(({ kid }) => kid === null);
  const isFull = (name: string): boolean => nameless.filter(({ algorithm }) => algorithm.name === name).length > MAX_KEYS_TRIED;
  if (!nameless.some(({ algorithm }) => isFull(algorithm.name))) return;
  const remedy = `at most ${MAX_KEYS_TRIED} of one algorithm may lack \`kid\`: more would not be tried`;
  throw new ConfigurationError(code, path, remedy);
}

const KINDS = ['secret', 'secrets', 'jwks', 'pem'] as const;
/** What may stand beside keys of a kind. */
const BESIDE: { readonly [Kind in (typeof KINDS)[number]]: readonly string[] } = {
  secret: [],
  secrets: [],
  jwks: ['algorithm'],
  pem: ['algorithm', 'kid'],
};

/** Beside a secret, `algorithm` and `kid` would be passed over, and HS256 be used for any token. */
function refuseMisplaced(part: UncheckedOptions, kind: keyof typeof BESIDE, path: string): void {
  const misplaced = ['algorithm', 'kid'].find((name) => part[name] !== undefined && !BESIDE[kind].includes(name));
  if (misplaced === undefined) return;
  const remedy = kind === 'jwks' ? 'a key of a set has its own `kid`' : 'write it inside the secret, beside its text';
  throw new ConfigurationError('options-contradict', `${path}.${misplaced}`, `does not belong beside \`${kind}\`; ${remedy}`);
}

function secretKey(options: unknown, path: string, context: KeyContext): VerificationKey {
  const secret = checkedObject(options, path, SECRET);
  const name = checkedWord(secret.algorithm, `${path}.algorithm`, SECRET.algorithm);
  // The cast holds: the table has these rows.
  const algorithm = ALGORITHMS.get(name) as AlgorithmRow;
  const bytes = decodeSecret(secret, { path, algorithm, production: context.production, command: 'approov secret -get base64' });
  return { ...identity(secret.kid, path), algorithm, prepared: context.crypto.prepareSecret(algorithm, bytes) };
}

function pemKeys(options: UncheckedOptions, path: string, context: KeyContext): readonly VerificationKey[] {
  const blocks = parsePublicPem(options.pem, `${path}.pem`);
  const algorithm = publicAlgorithm(options.algorithm, `${path}.algorithm`);
  if (blocks.length > 1 && options.kid !== undefined) {
    throw new ConfigurationError(
      'options-contradict',
      `${path}.kid`,
      'names one key, and the PEM text holds several; give each its own entry',
    );
  }
  return blocks.map((der, index) => {
    const place = blocks.length > 1 ? `${path}.pem[${index}]` : `${path}.pem`;
    const { id, kid } = identity(options.kid, blocks.length > 1 ? place : path);
    return publicKey({ id, kid, algorithm, material: { form: 'spki', der } }, place, context);
  });
}

function jwksKeys(options: UncheckedOptions, path: string, context: KeyContext): readonly VerificationKey[] {
  // The cast holds: the one member is looked at before it is used.
  const set = options.jwks as { readonly keys?: unknown } | null | undefined;
  const keys = set?.keys;
  if (!Array.isArray(keys))
    throw new ConfigurationError('key-invalid', `${path}.jwks`, 'must be a JWK set: an object with a list `keys` (RFC 7517 §5)');
  const fallback = options.algorithm === undefined ? null : publicAlgorithm(options.algorithm, `${path}.algorithm`).name;
  return keys.flatMap((member: unknown, index) => {
    const place = `${path}.jwks.keys[${index}]`;
    const parsed = parsePublicJwk(member, fallback);
    if ('fault' in parsed) return refuseOrSkip(parsed, place);
    return [
      publicKey(
        { ...identity(parsed.kid, place), algorithm: parsed.algorithm, material: { form: 'jwk', jwk: parsed.jwk } },
        place,
        context,
      ),
    ];
  });
}

/** RFC 7517 §5: keys for another use are ignored; what is meant to be used and cannot be is a mistake. */
function refuseOrSkip(fault: JwkFault, path: string): readonly VerificationKey[] {
  if (fault.fault === 'other-use') return [];
  throw new ConfigurationError(fault.fault, path, fault.remedy);
}

interface PublicKeyParts {
  readonly id: string;
  readonly kid: string | null;
  readonly algorithm: AlgorithmRow;
  readonly material: PublicKeyMaterial;
}

function publicKey(parts: PublicKeyParts, path: string, context: KeyContext): VerificationKey {
  const { id, kid, algorithm, material } = parts;
  try {
    return { id, kid, algorithm, prepared: context.crypto.preparePublicKey(algorithm, material) };
  } catch {
    // The platform's message is dropped: it may describe the material.
    throw new ConfigurationError('key-invalid', path, `is not a usable ${algorithm.name} public key`);
  }
}

function identity(kid: unknown, path: string): { readonly id: string; readonly kid: string | null } {
  if (kid === undefined || kid === null) return { id: path, kid: null };
  if (isText(kid)) return { id: kid, kid };
  throw new ConfigurationError(
    'option-invalid',
    `${path}.kid`,
    'must be a text, not empty and without white space at its ends; leave it out for a key that is tried for any token',
  );
}
