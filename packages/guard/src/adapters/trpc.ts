/** tRPC 11: a `createContext`, and a middleware that judges before tRPC takes the body. */
import { isPromise } from '../core/result.ts';
import type { Decision } from '../http/decide.ts';
import { trpcError } from '../http/refusal-errors.ts';
import { type NodeRequest, NodeRequestView } from '../http/view-node.ts';
import { requestOf, type TrpcContextOptions, viewInContext } from '../http/view-trpc.ts';
import type { Guard } from '../shell/guard.ts';
import { guardOf } from '../shell/guard-of.ts';
import type { GuardOptions, RouteOptions } from '../shell/options.ts';

/** A `createContext`. */
export interface TrpcCreateContext {
  (options: TrpcContextOptions): Promise<{ readonly approov: Decision }>;
  /** Judges in front of tRPC on Node, where bodies are signed; the context then has this decision. It answers nobody itself. */
  readonly middleware: (request: NodeRequest, response: unknown, next: (error?: Error) => void) => void;
}

/**
 * A function for `createContext`, of every tRPC adapter that shows Node's request or a Fetch request: procedures find the decision at
 * `ctx.approov`. Calls of requests that do not pass are answered with `UNAUTHORIZED` (401), in an outage of ours `SERVICE_UNAVAILABLE`.
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
  const judged: WeakMap<object, Decision> = new WeakMap();
  const createContext = async (options: TrpcContextOptions): Promise<{ readonly approov: Decision }> => {
    const request = requestOf(options);
    const decision = judged.get(request) ?? (await guarded.guard.decide(viewInContext(request), guarded.route));
    if (decision.action === 'refuse') throw trpcError(decision);
    return { approov: decision };
  };
  const middleware: TrpcCreateContext['middleware'] = (request, _response, next) => {
    const proceed = (decision: Decision): void => {
      judged.set(request, decision);
      next();
    };
    const decision = guarded.guard.decide(new NodeRequestView(request), guarded.route);
    if (isPromise(decision)) decision.then(proceed).catch(next);
    else proceed(decision);
  };
  return Object.assign(createContext, { middleware });
}
