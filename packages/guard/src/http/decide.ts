/** From verdict and mode to what we do. */
import { type Mode, type Modes, modeOfFailure, strictestMode } from '../core/judge/policy.ts';
import type { Claims } from '../core/token/claims.ts';
import type { Verdict } from '../core/verdict.ts';
import { type Refusal, type RefusalPolicy, renderRefusal } from './refusal.ts';

interface DecisionFacts {
  /** An id of this judgement: the hook and a problem+json refusal show the same. Unique, but no secret: where no answer shows them, ids count up. */
  readonly id: string;
  /** What is true of the request; `null` if it was not judged. */
  readonly verdict: Verdict | null;
  /** The mode that decided. */
  readonly mode: Mode;
  /** The verified claims; `null` unless the verdict is `accepted`. */
  readonly claims: Claims | null;
}

/** The request goes on to the handler. In `observe` mode its verdict may be anything: look at `claims` before you rely on it. */
export interface Pass extends DecisionFacts {
  readonly action: 'pass';
  /** Why the request was not judged, or `null` if it was. */
  readonly skipped: 'preflight' | 'exempt' | null;
}

/** The request is answered with the refusal and goes no further. */
export interface Refuse extends DecisionFacts {
  readonly action: 'refuse';
  readonly verdict: Exclude<Verdict, { outcome: 'accepted' }>;
  readonly claims: null;
  readonly refusal: Refusal;
}

/** What the guard does with a request. Adapters put it on the request as `approov`. */
export type Decision = Pass | Refuse;

/** Decides about a request that was judged. */
export function decide(verdict: Verdict, modes: Modes, id: string, refusal: RefusalPolicy): Decision {
  const mode = verdict.outcome === 'accepted' ? strictestMode(modes) : modeOfFailure(modes, verdict);
  if (verdict.outcome === 'accepted') return { action: 'pass', id, verdict, mode, claims: verdict.attestation.claims, skipped: null };
  if (mode === 'observe') return { action: 'pass', id, verdict, mode, claims: null, skipped: null };
  return { action: 'refuse', id, verdict, mode, claims: null, refusal: renderRefusal(verdict, id, refusal) };
}

/** Passes a request that is not judged. */
export function skip(skipped: 'preflight' | 'exempt', modes: Modes, id: string): Pass {
  return { action: 'pass', id, verdict: null, mode: modes.token, claims: null, skipped };
}
