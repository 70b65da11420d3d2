/// <reference types="koa" preserve="true" />
/** Koa 2 and 3: a middleware. */
import { chain } from '../core/result.ts';
import { guardOf } from '../guard/create-guard.ts';
import type { Guard } from '../guard/guard.ts';
import type { GuardOptions, RouteOptions } from '../guard/options.ts';
import type { Decision } from '../http/decide.ts';
import { type KoaPath, pathReadByKoa } from '../http/plain-path.ts';
import { type NodeRequest, viewShownBy } from '../http/view-node.ts';

declare module 'koa' {
  interface ExtendableContext {
    /** The decision of the guard that this request passed. */
    approov?: Decision;
  }
}

/** What is needed of Koa's context. */
export interface KoaContext extends KoaPath {
  readonly req: NodeRequest;
  status: number;
  body: unknown;
  set(headers: { readonly [name: string]: string }): void;
}

/** A middleware that passes genuine requests on and answers all others. */
export type KoaMiddleware = (context: KoaContext, next: () => Promise<unknown>) => unknown;

/**
 * Protects a Koa app, router or route: requests that pass go on with `context.approov`, all others are answered (`401`, `{}`).
 * Put it before body parsers and routers.
 *
 * @param guard - a guard, or the options of one
 * @param route - what this route demands differently
 * @throws ConfigurationError for any mistake in the options
 *
 * @example
 * ```ts
 * import { approov } from 'approov-guard/koa';
 * import Koa from 'koa';
 * const app = new Koa();
 * app.use(approov({ keys: { secret: { base64: process.env.APPROOV_BASE64_SECRET } } }));
 * app.use((context) => void (context.body = { device: context.approov?.claims?.did }));
 * ```
 */
export function approov(guard: Guard | GuardOptions, route?: RouteOptions): KoaMiddleware {
  const guarded = guardOf(guard, route);
  return (context, next) => {
    const view = viewShownBy('Koa', context, context.req, pathReadByKoa(context), context.originalUrl);
    return chain<Decision, unknown>(guarded.guard.decide(view, guarded.route), (decision) => {
      Object.assign(context, { approov: decision });
      if (decision.action === 'pass') return next();
      // The headers first: Koa would guess a content type for a body without one.
      const { status, headers, body } = decision.refusal;
      context.set(headers);
      return Object.assign(context, { status, body });
    });
  };
}
