/** GraphQL Yoga 5, on Node and every fetch platform: a plugin. */

import { guardOf } from '../../guard/create-guard.ts';
import type { Guard } from '../../guard/guard.ts';
import type { GuardOptions, RouteOptions } from '../../guard/options.ts';
import type { Decision } from '../../http/decide.ts';
import { graphqlError } from '../../http/refusal-errors.ts';
import { viewOfEither } from '../../http/view-either.ts';
import { placesOf } from '../sockets/connection.ts';
import { viewOfContext } from '../sockets/view-operation.ts';
import type { ContextHook, OperationHook, YogaPlugin } from './yoga-hooks.ts';

export type { YogaPlugin } from './yoga-hooks.ts';

/**
 * A plugin that answers requests which do not pass (`401`, `{}`) before anything is parsed, GraphiQL's page included. Resolvers find the
 * decision at `context.approov`. Operations over graphql-ws are judged one by one, by the request that opened their connection and by what
 * `connectionParams` say of the token and the bound headers. An operation for whose context no request is found is refused.
 *
 * @param guard - a guard, or the options of one
 * @param route - what is demanded here differently
 * @throws ConfigurationError for any mistake in the options
 *
 * @example
 * ```ts
 * import type { Decision } from 'approov-guard';
 * import { approov } from 'approov-guard/yoga';
 * import { createSchema, createYoga } from 'graphql-yoga';
 * const typeDefs = 'type Query { device: String }';
 * const device = (_root: unknown, _fields: unknown, context: { approov: Decision }) => context.approov.claims?.did;
 * const plugins = [approov({ keys: { secret: { base64: process.env.APPROOV_BASE64_SECRET } } })];
 * const yoga = createYoga({ plugins, schema: createSchema<{ approov: Decision }>({ typeDefs, resolvers: { Query: { device } } }) });
 * ```
 */
export function approov(guard: Guard | GuardOptions, route?: RouteOptions): YogaPlugin {
  const guarded = guardOf(guard, route);
  const places = placesOf(guarded);
  const decisions = new WeakMap<object, Decision>();
  const judge = async ({ context, extendContext }: ContextHook): Promise<void> => {
    const { request = context }: { readonly request?: object } = context;
    const decision = decisions.get(request) ?? (await guarded.guard.decide(viewOfContext(context, places), guarded.route));
    if (decision.action === 'refuse') throw graphqlError(decision);
    decisions.set(decision, decision);
    extendContext({ approov: decision });
  };
  const judgeUnknown = async ({ args, extendContext }: OperationHook): Promise<void> => {
    const context: { readonly approov?: object } = args.contextValue ?? {};
    if (!decisions.has(context.approov ?? context)) await judge({ context, extendContext });
  };
  return {
    async onRequest({ request, serverContext, endResponse }) {
      const decision = await guarded.guard.decide(viewOfEither(request, serverContext?.req), guarded.route);
      decisions.set(request, decision);
      if (decision.action === 'refuse') endResponse(new Response(decision.refusal.body, decision.refusal));
    },
    onContextBuilding: judge,
    onExecute: judgeUnknown,
    onSubscribe: judgeUnknown,
  };
}
