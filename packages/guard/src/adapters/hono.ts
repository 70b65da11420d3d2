/// <reference types="hono" preserve="true" />
/** Hono 4: a middleware, on Node, Bun, Deno, Workers and every other runtime of Hono's. */
import { viewOfFetch } from '#fetch-view';
import { guardOf } from '../guard/create-guard.ts';
import type { Guard } from '../guard/guard.ts';
import type { GuardOptions, RouteOptions } from '../guard/options.ts';
import type { Decision } from '../http/decide.ts';
import type { WebRequest } from '../http/view-web.ts';

declare module 'hono' {
  interface ContextVariableMap {
    /** The decision of the guard that this request passed. */
    approov?: Decision;
  }
}

/** What is needed of Hono's context. */
export interface HonoContext {
  readonly req: { readonly raw: WebRequest; readonly path: string };
  readonly env: unknown;
  set(name: 'approov', decision: Decision): void;
}

/** A middleware that passes genuine requests on and answers all others. */
export type HonoMiddleware = (context: HonoContext, next: () => Promise<void>) => Promise<Response | undefined>;

/**
 * Protects a Hono app or route: requests that pass go on with the variable `approov` (`c.get('approov')`, `c.var.approov`), all others
 * are answered (`401`, `{}`). Put it behind `cors()`, which answers preflights.
 *
 * @param guard - a guard, or the options of one
 * @param route - what this route demands differently
 * @throws ConfigurationError for any mistake in the options
 *
 * @example
 * ```ts
 * import { approov } from 'approov-guard/hono';
 * import { Hono } from 'hono';
 * const app = new Hono();
 * app.use(approov({ keys: { secret: { base64: process.env.APPROOV_BASE64_SECRET } } }));
 * app.get('/', (c) => c.json({ device: c.var.approov?.claims?.did }));
 * ```
 */
export function approov(guard: Guard | GuardOptions, route?: RouteOptions): HonoMiddleware {
  const guarded = guardOf(guard, route);
  return (context, next) => {
    const proceed = (decision: Decision): Promise<Response | undefined> => {
      context.set('approov', decision);
      if (decision.action === 'refuse') return Promise.resolve(new Response(decision.refusal.body, decision.refusal));
      // The cast holds: what Hono's `next` promises is nothing.
      return next() as Promise<undefined>;
    };
    const decision = guarded.guard.decide(viewOfFetch(context.req.raw, context.env, context.req.path), guarded.route);
    return decision instanceof Promise ? decision.then(proceed) : proceed(decision);
  };
}
