/** The context function fits Apollo Server 5, by itself and on Express, and types `context.approov`. */
import { ApolloServer, type ContextFunction } from '@apollo/server';
import { type StandaloneServerContextFunctionArgument, startStandaloneServer } from '@apollo/server/standalone';
import { type ExpressContextFunctionArgument, expressMiddleware } from '@as-integrations/express5';
import type { Decision, Guard, GuardOptions } from 'approov-guard';
import { approov } from 'approov-guard/graphql';
import express from 'express';
import { proves, type Same } from './same.ts';

declare const guard: Guard;
declare const options: GuardOptions;

interface Context {
  readonly approov: Decision;
}
export const standalone: ContextFunction<[StandaloneServerContextFunctionArgument], Context> = approov(guard);
export const onExpress: ContextFunction<[ExpressContextFunctionArgument], Context> = approov(guard, { mode: 'observe' });

const context = approov(options);
proves<Same<Awaited<ReturnType<typeof context>>['approov'], Decision>>();
const resolvers = {
  Query: {
    device: (_root: unknown, _fields: unknown, { approov: decision }: Context) => {
      // @ts-expect-error: claims may be absent
      decision.claims.did;
      return decision.claims?.did satisfies string | undefined;
    },
  },
};
const server = new ApolloServer<Context>({ typeDefs: 'type Query { device: String }', resolvers });
await startStandaloneServer(server, { context });
express().use('/graphql', express.json(), expressMiddleware(server, { context }));
// Where the framework shows a Fetch request.
export const decided: Promise<Context> = context({ request: new Request('https://api.example.com/graphql') });

// @ts-expect-error: a context needs a guard or its options
approov();
// @ts-expect-error: a route has no keys
approov(guard, { keys: { secret: { base64: 'x' } } });
// @ts-expect-error: there is a request to judge
context({});
