/** JWK sets from outside (RFC 7517 §5): what can be used is used, the rest is reported. */
import type { AlgorithmName } from '../core/jws/algorithms.ts';
import { type PublicJwk, parsePublicJwk } from '../core/jws/jwk.ts';
import { MAX_KEYS_TRIED, type VerificationKey } from '../core/jws/jws.ts';
import type { CryptoPort } from '../core/ports.ts';
import type { KeyProblem } from './key-events.ts';

/** What a JWK set holds. */
export interface KeyDocument {
  readonly keys: readonly VerificationKey[];
  readonly skipped: readonly { readonly index: number; readonly problem: KeyProblem; readonly cause?: string }[];
}

/**
 * Parses the text of a JWK set. RFC 7517 §5: keys that are not understood are ignored, not a reason to refuse the set. A private or a
 * symmetric key is ignored too: whoever can read the set could sign with it.
 * @param fallback - the algorithm of RSA keys that carry no `alg`, or `null`
 * @returns `null` if the text is not a JWK set
 */
export function parseKeyDocument(text: string, fallback: AlgorithmName | null, crypto: CryptoPort): KeyDocument | null {
  const members = membersOf(text);
  if (members === null) return null;
  const keys: VerificationKey[] = [];
  const skipped: { index: number; problem: KeyProblem; cause?: string }[] = [];
  for (const [index, member] of members.entries()) {
    const parsed = parsePublicJwk(member, fallback);
    const key = 'fault' in parsed ? parsed.fault : prepare(parsed, crypto);
    const problem = typeof key === 'string' ? key : isUntried(key, keys) ? 'key-untried' : null;
    if (problem !== null) skipped.push({ index, problem, ...('fault' in parsed ? { cause: parsed.remedy } : {}) });
    // The cast holds: a key that has no problem is not a text.
    else keys.push(key as VerificationKey);
  }
  return { keys, skipped };
}

/** Whether a key without `kid` is one more of its algorithm than are tried: no token would ever reach it. */
function isUntried({ kid, algorithm }: VerificationKey, before: readonly VerificationKey[]): boolean {
  return kid === null && before.filter((key) => key.kid === null && key.algorithm === algorithm).length >= MAX_KEYS_TRIED;
}

function membersOf(text: string): readonly unknown[] | null {
  try {
    const document: unknown = JSON.parse(text);
    const found = typeof document === 'object' && document !== null && 'keys' in document ? document.keys : null;
    return Array.isArray(found) ? found : null;
  } catch {
    return null;
  }
}

function prepare({ kid, algorithm, jwk }: PublicJwk, crypto: CryptoPort): VerificationKey | 'key-invalid' {
  try {
    const prepared = crypto.preparePublicKey(algorithm, { form: 'jwk', jwk });
    return { id: kid ?? nameOf(jwk, algorithm.name), kid, algorithm, prepared };
  } catch {
    return 'key-invalid';
  }
}

/** A key without `kid` is named after its public numbers, so that its name outlives a reordering of the set. */
function nameOf(jwk: PublicJwk['jwk'], algorithm: AlgorithmName): string {
  // The cast holds: parsePublicJwk checked that each key has one of the two, as text.
  return `${algorithm}:${((jwk.n ?? jwk.x) as string).slice(-12)}`;
}
