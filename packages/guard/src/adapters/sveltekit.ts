/** SvelteKit 1 to 3: a `handle` hook. */
import type { Decision } from '../http/decide.ts';
import { type WebRequest, WebRequestView } from '../http/view-web.ts';
import type { Guard } from '../shell/guard.ts';
import { guardOf } from '../shell/guard-of.ts';
import type { GuardOptions, RouteOptions } from '../shell/options.ts';

declare global {
  namespace App {
    interface Locals {
      /** The decision of the guard that this request passed. */
      approov?: Decision;
    }
  }
}

/** What is needed of SvelteKit's event. */
export interface SvelteKitEvent {
  readonly request: WebRequest;
  readonly locals: object;
  readonly url?: { readonly pathname: string };
  /** The route that was found, such as `/shapes/[id]`; the hook `reroute` may have led there. */
  readonly route?: { readonly id: string | null };
  readonly params?: { readonly [name: string]: string | undefined };
}

/**
 * A `handle` hook, for `src/hooks.server.ts` (`sequence` puts it before yours): requests that pass go on with `event.locals.approov`, all
 * others are answered (`401`, `{}`). It sees pages too: where an app and a site share a server, exempt the site's paths.
 *
 * @param guard - a guard, or the options of one
 * @param route - what is demanded here differently
 * @throws ConfigurationError for any mistake in the options
 *
 * @example
 * ```ts
 * import { approov } from 'approov-guard/sveltekit';
 * const keys = { secret: { base64: process.env.APPROOV_BASE64_SECRET } };
 * export const handle = approov({ keys, exempt: ['/', '/_app/*'] });
 * ```
 */
export function approov(
  guard: Guard | GuardOptions,
  route?: RouteOptions,
): <Event extends SvelteKitEvent>(input: { event: Event; resolve: (event: Event) => Response | Promise<Response> }) => Promise<Response> {
  const guarded = guardOf(guard, route);
  return async ({ event, resolve }) => {
    const decision = await guarded.guard.decide(new WebRequestView(event.request, pathRead(event)), guarded.route);
    if (decision.action === 'refuse') return new Response(decision.refusal.body, decision.refusal);
    Object.assign(event.locals, { approov: decision });
    return resolve(event);
  };
}

/** The path of the route that was found: that of a page for the page's data (`/account/__data.json`), too. */
function pathRead({ route, params = {}, url }: SvelteKitEvent): string | undefined {
  const id = route?.id ?? null;
  if (id === null) return undefined;
  const segments = id.split('/').filter((segment) => !/^\(.*\)$/.test(segment));
  const path = segments.map((segment) =>
    segment.replace(PARAMETER, (_, code: string | undefined, name: string) => filled(code, params[name])),
  );
  const read = path.filter((segment) => segment !== '').map((segment) => `/${segment}`);
  // Routes are found with or without a slash at the end.
  return read.join('') + (read.length === 0 || url?.pathname.endsWith('/') === true ? '/' : '');
}

/** `[id]`, `[[lang]]`, `[...rest]`, `[page=matcher]`, and characters by their number: `[x+3a]`, `[u+d83d-de00]`. */
const PARAMETER = /\[{1,2}(?:\.{3})?(?:[xu]\+([0-9a-f-]+)|(\w+)(?:=\w+)?)\]{1,2}/g;

function filled(code: string | undefined, value: string | undefined): string {
  return code === undefined ? (value ?? '') : String.fromCharCode(...code.split('-').map((hex) => Number.parseInt(hex, 16)));
}
