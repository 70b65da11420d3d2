/** Cloudflare Workers, whose settings come with each request: a fetch handler around yours, or in front of an origin. */

import { type GuardedRoute, guardOf } from '../../guard/create-guard.ts';
import type { GuardOptions, RouteOptions } from '../../guard/options.ts';
import type { Decision } from '../../http/decide.ts';
import { WebRequestView } from '../../http/view-web.ts';
import { ForwardedRequestView, forwarded } from './forward.ts';

/** A request that passed. */
export type Judged = Request & { readonly approov: Decision };
/** Where a reverse proxy passes requests on to. */
export interface Origin {
  /** Scheme and authority of the origin, such as `https://api.internal.example.com`. */
  readonly origin: string;
  /** Takes the token out, for origins that are not yours. Default `false`. Bound headers stay: they are the origin's business. */
  readonly stripToken?: boolean;
}

/**
 * Protects a Worker: requests that pass reach your handler, with `request.approov`, or the origin; all others are answered (`401`, `{}`).
 * The guard is made once for each set of settings, so its memory of verified tokens lives as long as the isolate.
 *
 * @param options - makes the guard's options from the Worker's settings; a mistake in them throws at the first request
 * @param target - your handler; or where to pass requests on to, made from the settings
 * @param route - what is demanded here differently
 *
 * @example
 * ```ts
 * import { approov } from 'approov-guard/workers';
 * type Env = { APPROOV_BASE64_SECRET: string };
 * const options = (env: Env) => ({ keys: { secret: { base64: env.APPROOV_BASE64_SECRET } } });
 * export default { fetch: approov(options, { origin: 'https://api.internal.example.com', stripToken: true }) };
 * ```
 */
export function approov<Env extends object, Rest extends readonly unknown[] = readonly unknown[]>(
  options: (env: Env) => GuardOptions,
  target: Origin | ((request: Judged, env: Env, ...rest: Rest) => Response | Promise<Response>),
  route?: RouteOptions,
): (request: Request, env: Env, ...rest: Rest) => Promise<Response> {
  const made = new WeakMap<Env, GuardedRoute>();
  return async (request, env, ...rest) => {
    const guarded = made.get(env) ?? guardOf(options(env), route);
    made.set(env, guarded);
    const view = typeof target === 'function' ? new WebRequestView(request) : new ForwardedRequestView(request);
    const decision = await guarded.guard.decide(view, guarded.route);
    if (decision.action === 'refuse') return new Response(decision.refusal.body, decision.refusal);
    if (typeof target === 'function') return target(Object.assign(request, { approov: decision }), env, ...rest);
    const [{ token }] = guarded.guard.demands(guarded.route);
    return fetch(forwarded(request, target.origin, target.stripToken === true ? [token.header] : []));
  };
}
