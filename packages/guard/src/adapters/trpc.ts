/** tRPC 11: a `createContext`. */
import type { Decision } from '../http/decide.ts';
import { trpcError } from '../http/refusal-errors.ts';
import { viewOfEither } from '../http/view-either.ts';
import type { NodeRequest } from '../http/view-node.ts';
import type { WebRequest } from '../http/view-web.ts';
import type { Guard } from '../shell/guard.ts';
import { guardOf } from '../shell/guard-of.ts';
import type { GuardOptions, RouteOptions } from '../shell/options.ts';

/**
 * A function for `createContext`, of every tRPC adapter that shows Node's request or a Fetch request: procedures find the decision at
 * `ctx.approov`. Calls of requests that do not pass are answered with `UNAUTHORIZED` (401), in an outage of ours `SERVICE_UNAVAILABLE`.
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
 * const createContext = approov({ keys: { secret: { base64: process.env.APPROOV_BASE64_SECRET } } });
 * const t = initTRPC.context<typeof createContext>().create();
 * const router = t.router({ device: t.procedure.query(({ ctx }) => ctx.approov.claims?.did) });
 * createHTTPServer({ router, createContext }).listen(8002);
 * ```
 */
export function approov(
  guard: Guard | GuardOptions,
  route?: RouteOptions,
): (options: { readonly req: NodeRequest | WebRequest }) => Promise<{ readonly approov: Decision }> {
  const guarded = guardOf(guard, route);
  return async ({ req }) => {
    const decision = await guarded.guard.decide(viewOfEither(req), guarded.route);
    if (decision.action === 'refuse') throw trpcError(decision);
    return { approov: decision };
  };
}
