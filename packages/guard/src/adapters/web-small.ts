/** Web-standard fetch handlers in a small bundle, for Workers: tokens and token binding, without message signatures. */
import { crypto } from '#crypto';
import type { Guard } from '../guard/guard.ts';
import { guardBy } from '../guard/guarded-route.ts';
import { makeGuard } from '../guard/make-guard.ts';
import { NO_PARTS } from '../guard/optional-parts.ts';
import type { GuardOptions, RouteOptions } from '../guard/options.ts';
import type { Decision } from '../http/decide.ts';
import { type FetchHandler, protectFetch } from '../http/protect-fetch.ts';
import { type WebRequest, WebRequestView } from '../http/view-web.ts';

export type { FetchHandler } from '../http/protect-fetch.ts';

/**
 * Protects a fetch handler as `approov-guard/web` does, and decides the same. Only the options `signature`, `rules` and `keys.jwksUrl` are
 * not there, which makes the bundle a third smaller.
 *
 * @param guard - a guard, or the options of one
 * @param handler - your handler
 * @param route - what is demanded here differently from the guard as a whole
 * @throws ConfigurationError for any mistake in the options; `option-unavailable` where they ask for what is left out
 *
 * @example
 * ```ts
 * import { approov } from 'approov-guard/web-small';
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
  const guarded = guardBy((options) => makeGuard(NO_PARTS, crypto, options), guard, route);
  return protectFetch((request) => guarded.guard.decide(new WebRequestView(request), guarded.route), handler);
}
