/** Apollo Server 4 and 5, and GraphQL servers like it: a context function. For GraphQL Yoga there is a plugin of its own. */

import { guardOf } from '../../guard/create-guard.ts';
import type { Guard } from '../../guard/guard.ts';
import type { GuardOptions, RouteOptions } from '../../guard/options.ts';
import type { Decision } from '../../http/decide.ts';
import { graphqlError } from '../../http/refusal-errors.ts';
import type { NodeRequest } from '../../http/view-node.ts';
import type { WebRequest } from '../../http/view-web.ts';
import { placesOf } from '../sockets/connection.ts';
import { viewOfContext } from '../sockets/view-operation.ts';

/** What is needed of what the server hands to its context function: Node's request, a Fetch request, or the context of graphql-ws. */
export type GraphqlInitialContext =
  | { readonly req: NodeRequest; readonly request?: WebRequest }
  | { readonly request: WebRequest; readonly req?: unknown }
  | { readonly extra: object; readonly connectionParams?: object | undefined };

/**
 * A context function: resolvers find the decision at `context.approov`. Operations of requests that do not pass are answered with an
 * error, code `UNAUTHENTICATED`, in a response with the refusal's status (`401`) and headers.
 *
 * It is the `context` of graphql-ws, too: there it judges each operation by the request that opened the connection and by what
 * `connectionParams` say of the token and the bound headers. A context without a request is refused.
 *
 * By then the server has parsed the operation. To refuse before, and for `{}` as the body, put the adapter of your HTTP framework in front.
 *
 * @param guard - a guard, or the options of one
 * @param route - what is demanded here differently
 * @throws ConfigurationError for any mistake in the options
 *
 * @example
 * ```ts
 * import { ApolloServer } from '@apollo/server';
 * import { startStandaloneServer } from '@apollo/server/standalone';
 * import { approov } from 'approov-guard/graphql';
 * const typeDefs = 'type Query { device: String }';
 * const resolvers = { Query: { device: (_root: unknown, _fields: unknown, { approov }: Context) => approov.claims?.did } };
 * const context = approov({ keys: { secret: { base64: process.env.APPROOV_BASE64_SECRET } } });
 * type Context = Awaited<ReturnType<typeof context>>;
 * await startStandaloneServer(new ApolloServer<Context>({ typeDefs, resolvers }), { context });
 * ```
 */
export function approov(
  guard: Guard | GuardOptions,
  route?: RouteOptions,
): (initial: GraphqlInitialContext) => Promise<{ readonly approov: Decision }> {
  const guarded = guardOf(guard, route);
  const places = placesOf(guarded);
  return async (initial) => {
    const decision = await guarded.guard.decide(viewOfContext(initial, places), guarded.route);
    if (decision.action === 'refuse') throw graphqlError(decision);
    return { approov: decision };
  };
}
