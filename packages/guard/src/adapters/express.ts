/** Express 4 and 5: a middleware. */
import { guardOf } from '../guard/create-guard.ts';
import type { Guard } from '../guard/guard.ts';
import type { GuardOptions, RouteOptions } from '../guard/options.ts';
import type { Decision } from '../http/decide.ts';
import { answerNode, type NodeResponse } from '../http/refusal.ts';
import { type NodeRequest, NodeRequestView } from '../http/view-node.ts';

declare global {
  namespace Express {
    interface Request {
      /** The decision of the guard that this request passed. */
      approov?: Decision;
    }
  }
}

/** A middleware that passes genuine requests on and answers all others. */
export type ExpressMiddleware = (request: NodeRequest, response: NodeResponse, next: (error?: unknown) => void) => void;

/**
 * Protects an Express app, router or route: requests that pass go on with `request.approov`, all others are answered (`401`, `{}`).
 * Put it behind your CORS middleware, which answers preflights, and before body parsers and handlers.
 *
 * @param guard - a guard, or the options of one
 * @param route - what this route demands differently
 * @throws ConfigurationError for any mistake in the options
 *
 * @example
 * ```ts
 * import { createGuard } from 'approov-guard';
 * import { approov } from 'approov-guard/express';
 * import express from 'express';
 * const guard = createGuard({ keys: { secret: { base64: process.env.APPROOV_BASE64_SECRET } } });
 * const app = express();
 * app.use(approov(guard));
 * app.post('/pay', approov(guard, { binding: { headers: ['authorization'] } }), (request, response) => {
 *   response.json({ device: request.approov?.claims?.did });
 * });
 * ```
 */
export function approov(guard: Guard | GuardOptions, route?: RouteOptions): ExpressMiddleware {
  const guarded = guardOf(guard, route);
  return (request, response, next) => {
    const proceed = (decision: Decision): void => {
      Object.assign(request, { approov: decision });
      if (decision.action === 'pass') next();
      else answerNode(response, decision.refusal);
    };
    const decision = guarded.guard.decide(new NodeRequestView(request), guarded.route);
    if (decision instanceof Promise) decision.then(proceed).catch(next);
    else proceed(decision);
  };
}
