/** How a middleware of Next.js tells the routes behind it what was decided: a header that it writes itself, whatever the client sent. */
import type { Decision } from 'approov-guard';

const NAME = 'x-conformance-decision';

/** The request's headers, with the decision. */
export function headersWith(request: Request, decision: Decision | undefined): Headers {
  const headers = new Headers(request.headers);
  headers.delete(NAME);
  if (decision !== undefined) headers.set(NAME, encodeURIComponent(JSON.stringify(decision)));
  return headers;
}

/** The decision that the middleware wrote. */
export function decisionIn({ headers }: Request): Decision | undefined {
  const text = headers.get(NAME);
  return text === null ? undefined : JSON.parse(decodeURIComponent(text));
}
