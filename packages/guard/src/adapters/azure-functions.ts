/** Azure Functions, programming model 4: an HTTP handler around yours. */

import { guardOf } from '../guard/create-guard.ts';
import type { Guard } from '../guard/guard.ts';
import type { GuardOptions, RouteOptions } from '../guard/options.ts';
import type { Decision } from '../http/decide.ts';
import type { Refusal } from '../http/refusal.ts';
import { type WebRequest, WebRequestView } from '../http/view-web.ts';

/**
 * Protects an HTTP handler: it is called, with `request.approov`, for requests that pass; all others are answered (`401`, `{}`). Set
 * `authLevel` as before: function keys are another matter.
 *
 * @param guard - a guard, or the options of one
 * @param handler - your handler
 * @param route - what is demanded here differently
 * @throws ConfigurationError for any mistake in the options
 *
 * @example
 * ```ts
 * import { app } from '@azure/functions';
 * import { approov } from 'approov-guard/azure-functions';
 * const keys = { secret: { base64: process.env.APPROOV_BASE64_SECRET } };
 * app.http('shapes', { handler: approov({ keys }, (request) => ({ jsonBody: { device: request.approov.claims?.did } })) });
 * ```
 */
export function approov<Request extends WebRequest, Rest extends readonly unknown[], Result>(
  guard: Guard | GuardOptions,
  handler: (request: Request & { readonly approov: Decision }, ...rest: Rest) => Result | Promise<Result>,
  route?: RouteOptions,
): (request: Request, ...rest: Rest) => Promise<Result | Refusal> {
  const guarded = guardOf(guard, route);
  return async (request, ...rest) => {
    const decision = await guarded.guard.decide(new WebRequestView(request), guarded.route);
    // A refusal has the shape of this platform's answers.
    return decision.action === 'refuse' ? decision.refusal : handler(Object.assign(request, { approov: decision }), ...rest);
  };
}
