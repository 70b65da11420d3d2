/** The way of a JWS through the order of judgement: candidates, then signature. */
import { findSigner, type KeySet, type UnverifiedJws, type VerificationKey } from '../src/core/jws/jws.ts';
import type { ReasonCode } from '../src/core/reasons/reasons.ts';
import { chain, type MaybePromise } from '../src/core/result.ts';

export function verifyJws(jws: UnverifiedJws, keys: KeySet): MaybePromise<VerificationKey | ReasonCode> {
  const candidates = keys.candidates(jws.header);
  return typeof candidates === 'string' ? candidates : chain(findSigner(jws, candidates), (key) => key ?? 'token-signature-invalid');
}
