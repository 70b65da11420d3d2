/** Next.js 13 to 16, App Router: route handlers, and middleware (`middleware.ts`, `proxy.ts` from 16 on), on Node and the edge runtime. */

import { guardWhenAsked } from '../guard/create-guard.ts';
import type { Guard } from '../guard/guard.ts';
import type { GuardOptions, RouteOptions } from '../guard/options.ts';
import type { Decision } from '../http/decide.ts';
import { targetsReadByNext } from '../http/plain-path.ts';
import { type WebRequest, WebRequestView } from '../http/view-web.ts';

/** A request that passed. */
export type Judged<Request> = Request & { readonly approov: Decision };

type Handler<Request, Rest extends readonly unknown[], Answer> = (request: Request, ...rest: Rest) => Answer | Promise<Answer>;

/** Next goes on where a middleware answers `null`. A route may answer nothing (`void`), but not that: so this fits no route. */
export type Middleware = (request: WebRequest) => Promise<Response | null>;

/**
 * Protects a route handler: it is called, with `request.approov`, for requests that pass; all others are answered (`401`, `{}`).
 * Without a handler it is a middleware, which lets requests go on to their routes; its `matcher` says which it sees. Routes behind it see
 * the request without a decision: a route that needs claims protects itself.
 *
 * @param guard - a guard, its options, or a function that answers either at the first request, so that `next build` needs no secret
 * @param handler - your route handler; leave it out in `middleware.ts`
 * @param route - what is demanded here differently
 * @throws ConfigurationError for any mistake in the options: at once, or from a function's at the first request
 *
 * @example
 * ```ts
 * import { approov } from 'approov-guard/next';
 * const keys = { secret: { base64: process.env.APPROOV_BASE64_SECRET } };
 * export const GET = approov(() => ({ keys }), (request) => Response.json({ device: request.approov.claims?.did })); // app/shapes/route.ts
 * export const middleware = approov(() => ({ keys })); // middleware.ts
 * ```
 */
export function approov<
  Request extends WebRequest = globalThis.Request,
  Rest extends readonly unknown[] = readonly unknown[],
  Answer = Response,
>(
  guard: Guard | GuardOptions | (() => Guard | GuardOptions),
  handler: Handler<Judged<Request>, Rest, Answer>,
  route?: RouteOptions,
): (request: Request, ...rest: Rest) => Promise<Response | Answer>;
export function approov(guard: Guard | GuardOptions | (() => Guard | GuardOptions), handler?: undefined, route?: RouteOptions): Middleware;
export function approov(
  guard: Guard | GuardOptions | (() => Guard | GuardOptions),
  handler?: Handler<Judged<WebRequest>, readonly unknown[], unknown>,
  route?: RouteOptions,
): (request: WebRequest, ...rest: readonly unknown[]) => Promise<unknown> {
  const asked = guardWhenAsked(guard, route);
  return async (request, ...rest) => {
    const guarded = asked();
    const view = new WebRequestView(request, undefined, targetsReadByNext(request));
    const decision = await guarded.guard.decide(view, guarded.route);
    if (decision.action === 'refuse') return new Response(decision.refusal.body, decision.refusal);
    return handler === undefined ? null : handler(Object.assign(request, { approov: decision }), ...rest);
  };
}
