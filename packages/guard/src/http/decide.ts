/** From verdict and mode to what we do, and what is done with preflights and with a body that nobody reads on. */
import { type Mode, type Modes, modeOfFailure, strictestMode } from '../core/judge/policy.ts';
import { type ReasonCode, stageOf } from '../core/reasons/codes.ts';
import type { RequestView } from '../core/request-view.ts';
import type { Claims } from '../core/token/verified.ts';
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

// CORS preflights (Fetch standard §4.8): browsers send them without the headers that they ask about.

/** Tells whether a request is a true CORS preflight. A plain OPTIONS request is not one. */
export function isPreflight(request: RequestView): boolean {
  return (
    request.method === 'OPTIONS' &&
    request.lines('access-control-request-method').length === 1 &&
    request.lines('origin').length === 1 &&
    hasNoBody(request)
  );
}

/** Where the platform cannot tell (Fetch requests whose body may be empty), there is one. */
function hasNoBody(request: RequestView): boolean {
  const length = request.lines('content-length');
  if (request.lines('transfer-encoding').length > 0 || length.length > 1 || (length[0] ?? '0') !== '0') return false;
  return request.body?.present !== true;
}

/** Tells whether a preflight may pass unjudged: it does nothing but ask, and stays with this server. */
export function mayPassPreflight(request: RequestView): boolean {
  return isPreflight(request) && request.leadsOn !== true && request.mayBeCut !== true && request.lines('upgrade').length === 0;
}

const REMEDY = 'a CORS preflight, which never carries a token: put CORS before the guard, so that it is answered there';

/** Tells the operator why preflights are refused. */
export function withPreflightRemedy(verdict: Verdict, request: RequestView): Verdict {
  if (verdict.outcome !== 'rejected' || verdict.reason !== 'token-missing' || !isPreflight(request)) return verdict;
  return { ...verdict, detail: REMEDY };
}

function isOfBody(reason: ReasonCode): boolean {
  return stageOf(reason) === 'digest' && reason.startsWith('digest-body-');
}

/**
 * Drops what is left of a body if the request is refused on its account: Node does so by itself only where nobody has begun to read, and the
 * next request on the connection would wait for it for ever. What still arrives is held by nobody.
 */
export function discardRest(request: RequestView, { action, verdict }: Decision): void {
  if (action !== 'refuse' || (verdict.outcome === 'rejected' ? !isOfBody(verdict.reason) : verdict.stage !== 'digest')) return;
  try {
    request.body?.discard?.();
  } catch {
    // The stream is gone, and with it what was left.
  }
}
