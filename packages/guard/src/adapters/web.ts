/** Web-standard fetch handlers: Bun, Deno, Cloudflare Workers, Hono's and Next's handlers, and everything else that takes a `Request`. */
import { viewOfFetch } from '#fetch-view';
import { chain } from '../core/result.ts';
import { guardOf } from '../guard/create-guard.ts';
import type { Guard } from '../guard/guard.ts';
import type { GuardOptions, RouteOptions } from '../guard/options.ts';
import type { Decision } from '../http/decide.ts';
import type { WebRequest } from '../http/view-web.ts';

/** A fetch handler, with whatever the platform passes after the request. */
export type FetchHandler<Request, Rest extends readonly unknown[]> = (request: Request, ...rest: Rest) => Response | Promise<Response>;

/**
 * Protects a fetch handler: it is called, with `request.approov`, for requests that pass; all others are answered (`401`, `{}`).
 *
 * @param guard - a guard, or the options of one
 * @param handler - your handler
 * @param route - what is demanded here differently from the guard as a whole
 * @throws ConfigurationError for any mistake in the options
 *
 * @example
 * ```ts
 * import { approov } from 'approov-guard/web';
 * const keys = { secret: { base64: process.env.APPROOV_BASE64_SECRET } };
 * const fetch = approov({ keys }, (request) => Response.json({ device: request.approov.claims?.did }));
 * const response = await fetch(new Request('https://api.example.com/'));
 * console.log(response.status); // 401
 * ```
 */
export function approov<Request extends WebRequest = globalThis.Request, Rest extends readonly unknown[] = readonly unknown[]>(
  guard: Guard | GuardOptions,
  handler: FetchHandler<Request & { readonly approov: Decision }, Rest>,
  route?: RouteOptions,
): FetchHandler<Request, Rest> {
  const guarded = guardOf(guard, route);
  return (request, ...rest) => {
    const proceed = (decision: Decision): Response | Promise<Response> => {
      if (decision.action === 'refuse') return new Response(decision.refusal.body, decision.refusal);
      // The cast holds once the property is set. (`Object.assign` would cost a tenth of the decision.)
      const judged = request as Request & { approov: Decision };
      judged.approov = decision;
      return handler(judged, ...rest);
    };
    return chain(guarded.guard.decide(viewOfFetch(request, rest[0]), guarded.route), proceed);
  };
}
