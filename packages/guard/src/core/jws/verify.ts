/** JWS verification (RFC 7515 §5.2): which of our keys signed this? */
import { isPromise, type MaybePromise } from '../result.ts';
import type { UnverifiedJws } from './compact.ts';
import type { VerificationKey } from './key-set.ts';

/** What a key answered, or that it could not say. */
type Answer = boolean | { readonly cause: unknown };

/**
 * Finds the key that signed, among those that may have. Does not look at the payload. Throws or rejects if none verified it and one could not
 * say: what no key refused is no forgery, it is our fault.
 * @returns the key, or `null` if none of them signed
 */
export function findSigner(jws: UnverifiedJws, candidates: readonly VerificationKey[]): MaybePromise<VerificationKey | null> {
  return findFrom(jws, candidates, 0, null);
}

/** A key that cannot say does not hide the others. */
function findFrom(
  jws: UnverifiedJws,
  candidates: readonly VerificationKey[],
  from: number,
  silent: { readonly cause: unknown } | null,
): MaybePromise<VerificationKey | null> {
  let failed = silent;
  for (let index = from; index < candidates.length; index++) {
    // The cast holds: the index is below the length of an array without holes.
    const key = candidates[index] as VerificationKey;
    const answer = ask(key, jws);
    if (answer === true) return key;
    if (isPromise(answer)) {
      const before = failed;
      return answer.then((found) => (found === true ? key : findFrom(jws, candidates, index + 1, found === false ? before : found)));
    }
    if (answer !== false) failed = answer;
  }
  if (failed !== null) throw failed.cause;
  return null;
}

/** Keys may be a user's own: a promise of another realm, and anything else that is not `true`, must not count as verified. */
function ask({ prepared }: VerificationKey, { signingInput, signature }: UnverifiedJws): MaybePromise<Answer> {
  try {
    const answer: unknown = prepared.verify(signingInput, signature);
    if (typeof answer !== 'object' || answer === null) return answer === true;
    return Promise.resolve<unknown>(answer).then(
      (good): Answer => good === true,
      (cause: unknown): Answer => ({ cause }),
    );
  } catch (cause) {
    return { cause };
  }
}
