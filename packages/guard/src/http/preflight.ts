/** CORS preflights (Fetch standard §4.8): browsers send them without the headers that they ask about. */
import type { RequestView } from '../core/request-view.ts';

/** Tells whether a request is a true CORS preflight. A plain OPTIONS request is none. */
export function isPreflight(request: RequestView): boolean {
  return (
    request.method === 'OPTIONS' &&
    request.lines('access-control-request-method').length === 1 &&
    request.lines('origin').length === 1 &&
    hasNoBody(request)
  );
}

function hasNoBody(request: RequestView): boolean {
  const length = request.lines('content-length');
  if (request.lines('transfer-encoding').length > 0 || length.length > 1 || (length[0] ?? '0') !== '0') return false;
  // HTTP/2 need not state a length. Fetch platforms on Node give OPTIONS a body object, empty or not: there, only the fields count.
  return request.joinsLines === true || request.body?.present !== true;
}
