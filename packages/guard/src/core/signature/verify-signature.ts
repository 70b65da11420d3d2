/**
 * The signature verifier: proves that the holder of the installation's key (label `install`) or of the account key (label `account`) signed
 * this request, and that it covers what it must (RFC 9421 §3.2).
 */

import type { PreparedKey } from '../jws/jws.ts';
import type { MaybePromise } from '../result.ts';
import type { Seconds } from '../time.ts';
import { type Rejected, rejected } from '../verdict.ts';
import type { Guess } from './base.ts';
import { acceptableUntil, checkParameters } from './parameters.ts';
import type { Component, SignatureFormPolicy, UnverifiedSignature } from './parse-signature.ts';
import type { Deviations } from './sdk-tolerances.ts';

/** What must be covered. */
export interface CoveragePolicy {
  /** Component names, lower case; each must be covered without parameters. */
  readonly required: readonly string[];
  /** Whether the digest of a body must be there and covered. */
  readonly digest: 'if-present' | 'required' | 'delegated';
}

/** `@target-uri` is as good as these three together. */
const TARGET_PARTS = ['@authority', '@path', '@query'] as const;

/** Checks that the signature covers what the policy demands. A component with parameters covers only part of a value and does not count. */
export function checkCoverage(components: readonly Component[], policy: CoveragePolicy, hasDigest: boolean): Rejected | null {
  const covers = (name: string): boolean => components.some((component) => component.name === name && component.plain);
  const missing = policy.required.find((name) => !covers(name) && !(name === '@target-uri' && TARGET_PARTS.every(covers)));
  if (missing !== undefined) return rejected('signature-component-not-covered', missing);
  if (policy.digest !== 'if-present' && hasDigest && !covers('content-digest'))
    return rejected('signature-component-not-covered', 'content-digest');
  return null;
}

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

/** Checks what a signature says of itself (RFC 9421 §3.2 step 4): algorithm, time, nonce, tag. */
export function checkStated({ parameters }: UnverifiedSignature, check: SignatureCheck, at: Seconds): Rejected | null {
  const { alg } = parameters;
  // The algorithm is the key's, never the message's choice.
  if (alg !== null && alg !== check.algorithm) return rejected('signature-algorithm-not-allowed');
  return checkParameters(parameters, check, at);
}

/**
 * Verifies a signature (RFC 9421 §3.2 steps 6 and 7) over the bases that the message may have: as it was last, as the RFC has it, then those of
 * the other accepted deviations. Does not check to whom the key belongs.
 * @param guesses - the bases
 * @param most - how many of them are tried
 * @returns the place of the combination that held, or `null`
 */
export function proveSignature(
  signature: Uint8Array<ArrayBuffer>,
  key: PreparedKey,
  guesses: Iterator<Guess>,
  most: number,
): MaybePromise<number | null> {
  for (let tried = 0; tried < most; tried++) {
    const { value: guess, done } = guesses.next();
    if (done === true) return null;
    const good = key.verify(guess.base, signature);
    if (good instanceof Promise) {
      const left = most - tried - 1;
      return good.then((verified) => (verified ? guess.place : proveSignature(signature, key, guesses, left)));
    }
    if (good) return guess.place;
  }
  return null;
}

/** What is known of a signature that held. */
export function verifiedSignature({ components, parameters, signature }: UnverifiedSignature, check: SignatureCheck): VerifiedSignature {
  return {
    covered: new Set(components.map((component) => component.identifier)),
    nonce: parameters.nonce,
    signature,
    acceptableUntil: acceptableUntil(parameters, check),
  };
}
