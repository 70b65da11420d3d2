/** The way of a JWS through the order of judgement: candidates, then signature. */
import type { UnverifiedJws } from '../src/core/jws/compact.ts';
import type { KeySet, VerificationKey } from '../src/core/jws/key-set.ts';
import { findSigner } from '../src/core/jws/verify.ts';
import type { ReasonCode } from '../src/core/reasons.ts';
import { chain, type MaybePromise } from '../src/core/result.ts';

export function verifyJws(jws: UnverifiedJws, keys: KeySet): MaybePromise<VerificationKey | ReasonCode> {
  const candidates = keys.candidates(jws.header);
  return typeof candidates === 'string' ? candidates : chain(findSigner(jws, candidates), (key) => key ?? 'token-signature-invalid');
}
