/** tRPC 11: a `createContext`, and a middleware that judges before tRPC takes the body. */
import { guardOf } from '../../guard/create-guard.ts';
import type { Guard } from '../../guard/guard.ts';
import type { GuardOptions, RouteOptions } from '../../guard/options.ts';
import type { Decision } from '../../http/decide.ts';
import { trpcError } from '../../http/refusal-errors.ts';
import { NodeRequestView } from '../../http/view-node.ts';
import { placesOf } from '../sockets/connection.ts';
import { type TrpcCreateContext, TrpcProcedures } from './procedures.ts';
import { requestOf, type TrpcContextOptions, viewInContext } from './view-trpc.ts';

export type { TrpcCreateContext } from './procedures.ts';

/**
 * A function for `createContext`, of every tRPC adapter that shows Node's request or a Fetch request: procedures find the decision at
 * `ctx.approov`. Calls of requests that do not pass are answered with `UNAUTHORIZED` (401), in an outage on our side `SERVICE_UNAVAILABLE`. A batch
 * must satisfy the routes of all its procedures; calls over a WebSocket are judged by its handshake, which must satisfy every route.
 *
 * On Node, tRPC takes the body before it asks for a context. Where bodies are signed, put `createContext.middleware` in front.
 *
 * @param guard - a guard, or the options of one
 * @param route - what is demanded here differently
 * @throws ConfigurationError for any mistake in the options
 *
 * @example
 * ```ts
 * import { initTRPC } from '@trpc/server';
 * import { createHTTPServer } from '@trpc/server/adapters/standalone';
 * import { approov } from 'approov-guard/trpc';
 * const createContext = approov({ keys: { secret: { base64: process.env.APPROOV_BASE64_SECRET } }, signature: {} });
 * const t = initTRPC.context<typeof createContext>().create();
 * const router = t.router({ device: t.procedure.query(({ ctx }) => ctx.approov.claims?.did) });
 * createHTTPServer({ router, createContext, middleware: createContext.middleware }).listen(8002);
 * ```
 */
export function approov(guard: Guard | GuardOptions, route?: RouteOptions): TrpcCreateContext {
  const guarded = guardOf(guard, route);
  const procedures = new TrpcProcedures(guarded);
  const places = placesOf(guarded);
  const createContext = async ({ req, info }: TrpcContextOptions): Promise<{ readonly approov: Decision }> => {
    const request = requestOf({ req });
    const view = viewInContext(request, places, info?.connectionParams);
    const decision = await procedures.decide(
      request,
      view,
      (info?.calls ?? []).map(({ path }) => path),
    );
    if (decision.action === 'refuse') throw trpcError(decision);
    return { approov: decision };
  };
  const middleware: TrpcCreateContext['middleware'] = (request, _response, next) => {
    const judged = procedures.judgeInFront(request, new NodeRequestView(request));
    if (judged instanceof Promise) judged.then(() => next(), next);
    else next();
  };
  return Object.assign(createContext, { middleware, demands: (options: RouteOptions) => procedures.demands(options) });
}
