/** GraphQL operations over graphql-ws: what HTTP refuses must not be answered there. */
import { deepStrictEqual, match, strictEqual } from 'node:assert';
import { createServer, type Server } from 'node:http';
import { describe, it, type TestContext } from 'node:test';
import { ApolloServer } from '@apollo/server';
import type { Decision, Guard } from 'approov-guard';
import { approov as contextOf } from 'approov-guard/graphql';
import { approov as pluginOf } from 'approov-guard/yoga';
import { createClient } from 'graphql-ws';
import { useServer } from 'graphql-ws/use/ws';
import { createSchema, createYoga } from 'graphql-yoga';
import { WebSocket, WebSocketServer } from 'ws';
import { guard, listening, withToken } from './serving.ts';

const route = { binding: { headers: ['authorization'] } };
const genuine = { ...withToken({ bind: 'a' }), authorization: 'a' };
const typeDefs = 'type Query { device: String } type Subscription { devices: String }';
type Seen = { readonly approov?: Decision };
const device = (_root: unknown, _fields: unknown, { approov }: Seen): string => approov?.claims?.did ?? 'unjudged';
const devices = {
  async *subscribe(_root: unknown, _fields: unknown, context: Seen) {
    yield { devices: device(null, null, context) };
  },
};
const schemaOf = () => createSchema<Seen>({ typeDefs, resolvers: { Query: { device }, Subscription: { devices } } });

/** Serves operations over a WebSocket beside what answers HTTP. */
type Serve = (inner: Guard) => Promise<Server> | Server;

// The casts hold: envelop and graphql-ws leave these open.
type Enveloped = { readonly [name in 'execute' | 'subscribe']: (args: object) => never };
const yogaServer =
  (context: 'its own' | 'foreign'): Serve =>
  (inner) => {
    const yoga = createYoga({ plugins: [pluginOf(inner, route)], schema: schemaOf(), logging: false });
    const server = createServer(yoga);
    const run = (name: keyof Enveloped) => (args: { rootValue?: unknown }) => (args.rootValue as Enveloped)[name](args);
    useServer(
      {
        execute: run('execute'),
        subscribe: run('subscribe'),
        onSubscribe: async (ctx, _id, params) => {
          const given = { ...ctx, req: ctx.extra.request, socket: ctx.extra.socket, params };
          const { schema, execute, subscribe, contextFactory, parse } = yoga.getEnveloped(given);
          const contextValue = context === 'foreign' ? {} : await contextFactory();
          return { schema, document: parse(params.query), contextValue, rootValue: { execute, subscribe } };
        },
      },
      new WebSocketServer({ server, path: '/graphql' }),
    );
    return server;
  };

const apolloServer: Serve = async (inner) => {
  const apollo = new ApolloServer<Seen>({ schema: schemaOf() });
  await apollo.start();
  const server = createServer();
  const context = contextOf(inner, route);
  useServer({ schema: schemaOf(), context: (given) => context(given) }, new WebSocketServer({ server, path: '/graphql' }));
  return server;
};

/** The first answer to an operation, or how the connection was closed. */
async function answerTo(port: number, query: string, headers: object, connectionParams: Record<string, unknown> = {}): Promise<string> {
  class WithHeaders extends WebSocket {
    constructor(url: string, protocols: string) {
      super(url, protocols, { headers: headers as Record<string, string> });
    }
  }
  const client = createClient({ url: `ws://127.0.0.1:${port}/graphql`, webSocketImpl: WithHeaders, retryAttempts: 0, connectionParams });
  try {
    return JSON.stringify((await client.iterate({ query }).next()).value);
  } catch (error) {
    return `refused: ${JSON.stringify(error)}`;
  } finally {
    await client.dispose();
  }
}

const QUERIES = ['{ device }', 'subscription { devices }'];
const served = async (context: TestContext, serve: Serve, inner: Guard): Promise<number> => listening(context, await serve(inner));

for (const [name, serve] of Object.entries({ 'graphql yoga 5': yogaServer('its own'), 'graphql-ws beside apollo': apolloServer })) {
  describe(`${name}, over a WebSocket`, () => {
    it('refuses operations of a connection whose handshake does not pass', async (context) => {
      const inner = guard();
      const port = await served(context, serve, inner);
      context.mock.method(console, 'error', () => undefined);
      for (const query of QUERIES) {
        for (const headers of [{}, { ...genuine, authorization: 'b' }]) match(await answerTo(port, query, headers), /refused/);
      }
      deepStrictEqual([inner.counters().accepted, inner.counters().rejected['token-missing']], [0, 2]);
    });

    it('answers those of a handshake that passes, with the decision', async (context) => {
      const port = await served(context, serve, guard());
      for (const query of QUERIES) match(await answerTo(port, query, genuine), /ExampleApproovTokenDID==/);
    });

    it('takes the token and the bound header from connectionParams, and nothing from two places', async (context) => {
      const inner = guard();
      const port = await served(context, serve, inner);
      context.mock.method(console, 'error', () => undefined);
      const said = { 'Approov-Token': genuine['approov-token'], Authorization: 'a' };
      match(await answerTo(port, '{ device }', {}, said), /ExampleApproovTokenDID==/);
      match(await answerTo(port, '{ device }', {}, { ...said, Authorization: 'b' }), /refused/);
      match(await answerTo(port, '{ device }', genuine, said), /refused/);
      strictEqual(inner.counters().rejected['token-duplicated'], 1);
    });
  });
}

describe('graphql yoga 5', () => {
  it('runs no operation whose context its plugins did not make', async (context) => {
    const inner = guard();
    const port = await served(context, yogaServer('foreign'), inner);
    for (const query of QUERIES) {
      const answer = await answerTo(port, query, genuine);
      strictEqual(/unjudged|ExampleApproov/.test(answer), false, answer);
    }
    deepStrictEqual([inner.counters().accepted, inner.counters().rejected['token-missing']], [0, 2]);
  });
});
