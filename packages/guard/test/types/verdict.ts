/** Verdicts and decisions narrow by their tags, and no case can be forgotten. */
import { type Claims, createGuard, type Decision, type FaultCode, type ReasonCode, type Refusal, type Verdict } from 'approov-guard';
import { proves, type Same } from './same.ts';

export function describe(verdict: Verdict): string {
  switch (verdict.outcome) {
    case 'accepted':
      proves<Same<typeof verdict.attestation.claims, Claims>>();
      // @ts-expect-error: nothing was wrong
      verdict.reason;
      return verdict.attestation.binding;
    case 'rejected':
      proves<Same<typeof verdict.reason, ReasonCode>>();
      // @ts-expect-error: nothing was proven
      verdict.attestation;
      return verdict.reason;
    case 'unavailable':
      proves<Same<typeof verdict.fault, FaultCode>>();
      // @ts-expect-error: it is not the client's fault
      verdict.reason;
      return verdict.fault;
    default:
      return verdict satisfies never;
  }
}

export function answer(decision: Decision): Refusal | null {
  if (decision.action === 'pass') {
    // @ts-expect-error: there is nothing to answer
    decision.refusal;
    // @ts-expect-error: claims may be absent: observed, exempt, preflight
    decision.claims.did;
    return null;
  }
  proves<Same<typeof decision.claims, null>>();
  proves<Same<typeof decision.verdict.outcome, 'rejected' | 'unavailable'>>();
  return decision.refusal;
}

export function read(claims: Claims): void {
  proves<Same<typeof claims.exp, number>>();
  proves<Same<typeof claims.did, string | undefined>>();
  proves<Same<typeof claims.anything, unknown>>();
  // @ts-expect-error: claims are shared between requests
  claims.did = 'x';
}

const guard = createGuard({ keys: { secret: { base64: 'x' } } });
// @ts-expect-error: a verdict has to be awaited
describe(guard.verifyToken('x'));
// @ts-expect-error: a view needs its lines
guard.judge({ method: 'GET', scheme: null, authority: null, target: '/' });
const known: ReasonCode = 'token-expired';
// @ts-expect-error: no such reason
const unknown: ReasonCode = 'token-stale';
export const unused: readonly unknown[] = [known, unknown];
