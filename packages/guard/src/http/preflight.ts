/** CORS preflights (Fetch standard §4.8): browsers send them without the headers that they ask about. */
import type { RequestView } from '../core/request-view.ts';
import type { Verdict } from '../core/verdict.ts';

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
