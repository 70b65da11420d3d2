/// <reference types="fastify" preserve="true" />
/** Fastify 5: an `onRequest` hook, so that nothing is parsed for requests that are refused. */
import { guardOf } from '../guard/create-guard.ts';
import type { Guard } from '../guard/guard.ts';
import type { GuardOptions, RouteOptions } from '../guard/options.ts';
import type { Decision } from '../http/decide.ts';
import { answerFastify, type FastifyReply } from '../http/refusal.ts';
import { type NodeRequest, viewShownBy } from '../http/view-node.ts';

declare module 'fastify' {
  interface FastifyRequest {
    /** The decision of the guard that this request passed. */
    approov?: Decision;
  }
}

/** What is needed of Fastify's request. */
type Request = { readonly raw: NodeRequest };
/** A hook for `onRequest`. */
export type FastifyHook = (request: Request, reply: FastifyReply, done: () => void) => void;

/**
 * Protects a Fastify app (`app.addHook('onRequest', …)`) or a route (`{ onRequest: … }`): requests that pass go on with
 * `request.approov`, all others are answered (`401`, `{}`).
 *
 * @param guard - a guard, or the options of one
 * @param route - what this route demands differently
 * @throws ConfigurationError for any mistake in the options
 *
 * @example
 * ```ts
 * import { approov } from 'approov-guard/fastify';
 * import fastify from 'fastify';
 * const app = fastify();
 * app.addHook('onRequest', approov({ keys: { secret: { base64: process.env.APPROOV_BASE64_SECRET } } }));
 * app.get('/', async (request) => ({ device: request.approov?.claims?.did }));
 * ```
 */
export function approov(guard: Guard | GuardOptions, route?: RouteOptions): FastifyHook {
  const guarded = guardOf(guard, route);
  return (request, reply, done) => {
    const proceed = (decision: Decision): void => {
      Object.assign(request, { approov: decision });
      if (decision.action === 'pass') done();
      else answerFastify(reply, decision.refusal);
    };
    const decision = guarded.guard.decide(viewShownBy('Fastify', request, request.raw), guarded.route);
    if (decision instanceof Promise) decision.then(proceed);
    else proceed(decision);
  };
}
