/** Elysia 1, on Bun, Node and Workers: a function for `onRequest` (every request) or `beforeHandle` (a route). */

import { viewOfFetch } from '#fetch-view';
import { guardOf } from '../guard/create-guard.ts';
import type { Guard } from '../guard/guard.ts';
import type { GuardOptions, RouteOptions } from '../guard/options.ts';
import type { Decision } from '../http/decide.ts';
import type { WebRequest } from '../http/view-web.ts';

const decisions: WeakMap<WebRequest, Decision> = new WeakMap();

/** Answers a response for requests that are refused, and nothing for those that pass. */
export type ElysiaGuard = (context: { readonly request: WebRequest; readonly path?: string }) => Promise<Response | undefined>;

/**
 * Protects an Elysia app (`app.onRequest(…)`, before routing and parsing) or a route (`{ beforeHandle: … }`): all requests but those that
 * pass are answered (`401`, `{}`). {@link decisionOf} tells a handler what was decided.
 *
 * @param guard - a guard, or the options of one
 * @param route - what this route demands differently
 * @throws ConfigurationError for any mistake in the options
 *
 * @example
 * ```ts
 * import { approov, decisionOf } from 'approov-guard/elysia';
 * import { Elysia } from 'elysia';
 * const app = new Elysia()
 *   .onRequest(approov({ keys: { secret: { base64: process.env.APPROOV_BASE64_SECRET } } }))
 *   .derive(({ request }) => ({ approov: decisionOf(request) }))
 *   .get('/', ({ approov }) => ({ device: approov?.claims?.did }));
 * const response = await app.handle(new Request('https://api.example.com/'));
 * console.log(response.status); // 401
 * ```
 */
export function approov(guard: Guard | GuardOptions, route?: RouteOptions): ElysiaGuard {
  const guarded = guardOf(guard, route);
  return async ({ request, path }) => {
    const decision = await guarded.guard.decide(viewOfFetch(request, undefined, path), guarded.route);
    decisions.set(request, decision);
    return decision.action === 'refuse' ? new Response(decision.refusal.body, decision.refusal) : undefined;
  };
}

/** The decision about a request; `null` if no guard stood before it. */
export function decisionOf(request: WebRequest): Decision | null {
  return decisions.get(request) ?? null;
}
