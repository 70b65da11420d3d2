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

function findSigner(jws: UnverifiedJws, candidates: readonly VerificationKey[], from: number): MaybePromise<VerificationKey | ReasonCode> {
  for (let index = from; index < candidates.length; index++) {
    // The cast holds: the index is below the length of an array without holes.
    const key = candidates[index] as VerificationKey;
    const verified = key.prepared.verify(jws.signingInput, jws.signature);
    if (isPromise(verified)) return verified.then((good) => (good ? key : findSigner(jws, candidates, index + 1)));
    if (verified) return key;
  }
  return 'token-signature-invalid';
}
