/** Stands before a fetch handler. */
import { chain, type MaybePromise } from '../core/result.ts';
import type { Decision } from './decide.ts';
import type { WebRequest } from './view-web.ts';

/** A fetch handler, with whatever the platform passes after the request. */
export type FetchHandler<Request, Rest extends readonly unknown[]> = (request: Request, ...rest: Rest) => Response | Promise<Response>;

/**
 * Calls the handler for requests that pass, and answers the others.
 * @param decide - is given the request and what the platform passes second
 */
export function protectFetch<Request extends WebRequest, Rest extends readonly unknown[]>(
  decide: (request: Request, second: unknown) => MaybePromise<Decision>,
  handler: FetchHandler<Request & { readonly approov: Decision }, Rest>,
): FetchHandler<Request, Rest> {
  return (request, ...rest) => {
    const proceed = (decision: Decision): Response | Promise<Response> => {
      if (decision.action === 'refuse') return new Response(decision.refusal.body, decision.refusal);
      // The cast holds once the property is set. (`Object.assign` would cost a tenth of the decision.)
      const judged = request as Request & { approov: Decision };
      judged.approov = decision;
      return handler(judged, ...rest);
    };
    return chain(decide(request, rest[0]), proceed);
  };
}
