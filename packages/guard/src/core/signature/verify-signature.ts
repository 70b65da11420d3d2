/**
 * The signature verifier: proves that the holder of the installation's key (label `install`) or of the account key (label `account`) signed
 * this request (RFC 9421 §3.2). Order: form, policy, base, proof.
 */
import type { PreparedKey } from '../jws/key-set.ts';
import { chain, isPromise, type MaybePromise } from '../result.ts';
import type { Seconds } from '../time.ts';
import { type Rejected, rejected } from '../verdict.ts';
import { SignatureBases } from './base.ts';
import type { SignedMessage } from './components.ts';
import { type CoveragePolicy, checkCoverage } from './coverage.ts';
import { acceptableUntil, checkParameters } from './parameters.ts';
import { readSignature, type SignatureFormPolicy, type UnverifiedSignature } from './read-signature.ts';
import { type Deviations, STRICT } from './sdk-tolerances.ts';

/** What a signature must satisfy. */
export interface SignatureCheck extends SignatureFormPolicy, CoveragePolicy {
  /** The value that `alg` must have where it is given: that of the label's key, never the message's choice. */
  readonly algorithm: 'ecdsa-p256-sha256' | 'hmac-sha256';
  readonly combinations: readonly Deviations[];
}

/** A signature that held. */
export interface VerifiedSignature {
  /** The names of the covered components without parameters. */
  readonly covered: ReadonlySet<string>;
  readonly nonce: string | null;
  /** r‖s, or the MAC. */
  readonly signature: Uint8Array<ArrayBuffer>;
  /** Until when the same signature would be accepted again. */
  readonly acceptableUntil: Seconds;
}

/** What is signed, by which key, and when it is judged. */
export interface SignatureEvidence {
  readonly message: SignedMessage;
  readonly key: PreparedKey;
  readonly at: Seconds;
  /** Whether the request carries a body. */
  readonly hasBody: boolean;
}

/**
 * Verifies one signature, chosen by label. Does not check that the key belongs to anybody, nor the content digest, nor replay.
 * @returns the verified signature, or the reason: any of the `signature-…` codes but those of keys and replay
 */
export function verifySignature(check: SignatureCheck, evidence: SignatureEvidence): MaybePromise<VerifiedSignature | Rejected> {
  const { message, at } = evidence;
  const unverified = readSignature(message.request, check);
  if ('outcome' in unverified) return unverified;
  const failed = checkPolicy(unverified, check, evidence, at);
  if (failed !== null) return failed;
  const bases = new SignatureBases(unverified.components, unverified.parametersText, message);
  const strict = bases.with(STRICT);
  if ('exceeded' in strict) return rejected('signature-malformed', `covers ${strict.exceeded}`);
  if ('unresolvable' in strict) return rejected('signature-component-unresolvable', strict.unresolvable.slice(0, 64));
  const { signature } = unverified;
  const proven = chain(evidence.key.verify(strict.base, signature), (good) => {
    if (good) return true;
    // Only now: most clients sign as the RFC has it.
    const others = bases.distinct(check.combinations);
    return tryBases(others, signature, evidence.key, others[0] === strict.base ? 1 : 0);
  });
  return chain(proven, (good) => outcomeOf(good, unverified, check));
}

function checkPolicy(unverified: UnverifiedSignature, check: SignatureCheck, evidence: SignatureEvidence, at: Seconds): Rejected | null {
  const { alg } = unverified.parameters;
  if (alg !== null && alg !== check.algorithm) return rejected('signature-algorithm-not-allowed');
  // An absent digest cannot be covered: that is found when digests are judged.
  const hasDigest = evidence.hasBody && evidence.message.request.lines('content-digest').length > 0;
  return checkParameters(unverified.parameters, check, at) ?? checkCoverage(unverified.components, check, hasDigest);
}

function tryBases(bases: readonly string[], signature: Uint8Array<ArrayBuffer>, key: PreparedKey, from: number): MaybePromise<boolean> {
  for (let index = from; index < bases.length; index++) {
    // The cast holds: the index is below the length of an array without holes.
    const good = key.verify(bases[index] as string, signature);
    if (isPromise(good)) return good.then((verified) => verified || tryBases(bases, signature, key, index + 1));
    if (good) return true;
  }
  return false;
}

function outcomeOf(good: boolean, unverified: UnverifiedSignature, check: SignatureCheck): VerifiedSignature | Rejected {
  if (!good) return rejected('signature-invalid');
  const { components, parameters, signature } = unverified;
  return {
    covered: new Set(components.map((component) => component.identifier)),
    nonce: parameters.nonce,
    signature,
    acceptableUntil: acceptableUntil(parameters, check),
  };
}
