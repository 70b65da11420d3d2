/** JWS verification (RFC 7515 §5.2): which of our keys signed this? */
import type { ReasonCode } from '../reasons.ts';
import { isPromise, type MaybePromise } from '../result.ts';
import type { UnverifiedJws } from './compact.ts';
import type { KeySet, VerificationKey } from './key-set.ts';

/**
 * Finds the key that signed. Does not look at the payload.
 * @returns the key, or the reason: `token-malformed` (header), `token-algorithm-not-allowed`, `token-key-unknown`, `token-signature-invalid`
 */
export function verifyJws(jws: UnverifiedJws, keys: KeySet): MaybePromise<VerificationKey | ReasonCode> {
  const candidates = keys.candidates(jws.header);
  if (typeof candidates === 'string') return candidates;
  const found = findSigner(jws, candidates, 0);
  if (isPromise(found)) return found.then((signer) => remembered(jws, keys, candidates, signer));
  return remembered(jws, keys, candidates, found);
}

function remembered(
  jws: UnverifiedJws,
  keys: KeySet,
  candidates: readonly VerificationKey[],
  signer: VerificationKey | ReasonCode,
): VerificationKey | ReasonCode {
  if (typeof signer !== 'string') keys.remember(jws.header, candidates);
  return signer;
}

/** What a key answered, or that it could not say. */
type Answer = boolean | { readonly cause: unknown };

/** A key that cannot say does not hide the others; but what none of them verified is then no forgery: it is our fault. */
function findSigner(
  jws: UnverifiedJws,
  candidates: readonly VerificationKey[],
  from: number,
  silent: { readonly cause: unknown } | null = null,
): MaybePromise<VerificationKey | ReasonCode> {
  let failed = silent;
  for (let index = from; index < candidates.length; index++) {
    // The cast holds: the index is below the length of an array without holes.
    const key = candidates[index] as VerificationKey;
    const answer = ask(key, jws);
    if (answer === true) return key;
    if (isPromise(answer)) {
      const before = failed;
      return answer.then((found) => (found === true ? key : findSigner(jws, candidates, index + 1, found === false ? before : found)));
    }
    if (answer !== false) failed = answer;
  }
  if (failed !== null) throw failed.cause;
  return 'token-signature-invalid';
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
