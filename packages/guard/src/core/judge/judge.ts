/** Runs the order of judgement, and composes the verdict. The one place that waits for a check. */

import type { RequestView } from '../request-view.ts';
import { isPromise, type MaybePromise } from '../result.ts';
import type { Seconds } from '../time.ts';
import { type Claims, parseClaims, type VerifiedToken } from '../token/verified.ts';
import { type Accepted, type Verdict, withProven } from '../verdict.ts';
import type { Case, Check, Failure, KeySnapshot, Means } from './case.ts';
import { modeOfFailure, modesOf, type Policy } from './policy.ts';

/** A request of which nothing is known yet. One literal: it is made for each request. */
export function newCase(request: RequestView, policy: Policy, means: Means, snapshot: KeySnapshot, at: Seconds): Case {
  return {
    request,
    policy,
    means,
    snapshot,
    at,
    token: null,
    jws: null,
    candidates: null,
    verified: null,
    claims: null,
    tokenHeld: false,
    binding: 'unchecked',
    signingKey: null,
    signature: null,
    bases: null,
    base: null,
    signatureState: 'unchecked',
    proof: null,
    taken: null,
    digest: 'unchecked',
    failure: null,
    over: null,
    trace: null,
    settled: false,
  };
}

/**
 * Judges a request by the checks that its policy asks for, to the first failure that counts; with a trace on the case, to their end. Reads
 * nothing but its argument.
 * @returns the verdict; each check's row says with which codes it can fail
 */
export function judge(judged: Case, order: readonly Check[]): MaybePromise<Verdict> {
  return runFrom(judged, order, 0);
}

function runFrom(judged: Case, order: readonly Check[], from: number): MaybePromise<Verdict> {
  for (let index = from; index < order.length; index++) {
    // The cast holds: the index is below the length of a list without holes.
    const check = order[index] as Check;
    if (check.part === judged.over || (judged.trace !== null && isSkipped(judged, check))) continue;
    const failure = check.run(judged);
    if (failure === null && judged.trace === null) continue;
    if (isPromise(failure)) {
      return failure.then((found) => (goesOn(judged, check, found) ? runFrom(judged, order, index + 1) : verdictOf(judged)));
    }
    if (!goesOn(judged, check, failure)) break;
  }
  return verdictOf(judged);
}

/** An explanation goes on after a failure, as far as what it found carries. */
function isSkipped(judged: Case, check: Check): boolean {
  if (judged.claims === null && check.needs.includes('claims')) judged.claims = unverifiedClaims(judged);
  if (check.needs.every((fact) => judged[fact] !== null)) return false;
  judged.trace?.push({ check, failure: 'skipped' });
  return true;
}

/** What a token says of itself whose signature did not hold, or could not be checked. */
function unverifiedClaims({ jws, means }: Case): Claims | null {
  const text = jws === null ? null : means.decodeText(jws.payload);
  return text === null ? null : parseClaims(text);
}

/** Notes how a check ended. Answers whether the next one is made. */
function goesOn(judged: Case, check: Check, failure: Failure | null): boolean {
  judged.trace?.push({ check, failure });
  if (failure === null) return true;
  if (!judged.settled) settle(judged, check, failure);
  return judged.trace !== null || !judged.settled;
}

/**
 * A failure that is only observed ends its own part, so that it cannot hide one that is enforced; the verdict names the first that is
 * enforced, else the first. Without its token a request has nothing else to be judged by.
 */
function settle(judged: Case, check: Check, failure: Failure): void {
  const modes = modesOf(judged.policy, judged.request, judged.verified?.claims ?? null, judged.at);
  const enforced = modeOfFailure(modes, failure) === 'enforce';
  if (enforced || judged.failure === null) judged.failure = failure;
  if (enforced || check.part === 'token') judged.settled = true;
  else if (judged.trace === null) judged.over = check.part;
}

function verdictOf(judged: Case): Verdict {
  const { failure, verified } = judged;
  if (failure !== null) return verified === null ? failure : withProven(failure, verified.claims);
  // The cast holds: a case without a failure has passed the checks of its token.
  return accepted(judged, verified as VerifiedToken);
}

function accepted({ binding, signatureState: signature, digest, proof }: Case, { claims, key }: VerifiedToken): Accepted {
  const covered = proof?.covered ?? NOTHING_COVERED;
  return { outcome: 'accepted', code: 'accepted', attestation: { claims, keyId: key.id, binding, signature, digest, covered } };
}

/** Shared by all verdicts without a signature: what one handler did to it would be believed of every later request. */
const NOTHING_COVERED: ReadonlySet<string> = Object.defineProperty(new Set<string>(), 'add', {
  value: () => {
    throw new TypeError('what a signature covers cannot be changed');
  },
});
