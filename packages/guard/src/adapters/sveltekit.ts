/** SvelteKit 1 to 3: a `handle` hook. */

import { guardOf } from '../guard/create-guard.ts';
import type { Guard } from '../guard/guard.ts';
import type { GuardOptions, RouteOptions } from '../guard/options.ts';
import type { Decision } from '../http/decide.ts';
import { pathReadBySvelteKit, type SvelteKitPath, targetsReadBySvelteKit } from '../http/plain-path.ts';
import { type WebRequest, WebRequestView } from '../http/view-web.ts';

declare global {
  namespace App {
    interface Locals {
      /** The decision of the guard that this request passed. */
      approov?: Decision;
    }
  }
}

/** What is needed of SvelteKit's event. */
export interface SvelteKitEvent extends SvelteKitPath {
  readonly request: WebRequest;
  readonly locals: object;
}

/**
 * A `handle` hook, for `src/hooks.server.ts` (`sequence` puts it before yours): requests that pass go on with `event.locals.approov`, all
 * others are answered (`401`, `{}`). It sees pages too: where an app and a site share a server, exempt the site's paths.
 *
 * @param guard - a guard, or the options of one
 * @param route - what is demanded here differently
 * @param base - the app's `paths.base` (`base` of `$app/paths`), where `reroute` leads to paths below it
 * @throws ConfigurationError for any mistake in the options
 *
 * @example
 * ```ts
 * import { approov } from 'approov-guard/sveltekit';
 * const keys = { secret: { base64: process.env.APPROOV_BASE64_SECRET } };
 * export const handle = approov({ keys, exempt: ['/', '/_app/immutable/*'] });
 * ```
 */
export function approov(
  guard: Guard | GuardOptions,
  route?: RouteOptions,
  base = '',
): <Event extends SvelteKitEvent>(input: { event: Event; resolve: (event: Event) => Response | Promise<Response> }) => Promise<Response> {
  const guarded = guardOf(guard, route);
  return async ({ event, resolve }) => {
    const decision = await guarded.guard.decide(
      new WebRequestView(event.request, pathReadBySvelteKit(event), targetsReadBySvelteKit(event, base)),
      guarded.route,
    );
    if (decision.action === 'refuse') return new Response(decision.refusal.body, decision.refusal);
    Object.assign(event.locals, { approov: decision });
    return resolve(event);
  };
}
