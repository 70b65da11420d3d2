/** Apollo Server 5 on its own server. */
import { deepStrictEqual, doesNotMatch } from 'node:assert';
import { describe, it, type TestContext } from 'node:test';
import { ApolloServer } from '@apollo/server';
import { startStandaloneServer } from '@apollo/server/standalone';
import type { Guard } from 'approov-guard';
import { approov } from 'approov-guard/graphql';
import { guard, withToken } from './serving.ts';

const bound = { binding: { headers: ['authorization'] } };
const contextOf = (inner: Guard): ReturnType<typeof approov> => approov(inner, bound);
type Context = Awaited<ReturnType<ReturnType<typeof approov>>>;

const typeDefs = 'type Query { device: String }';
const resolvers = { Query: { device: (_root: unknown, _fields: unknown, { approov: decision }: Context) => decision.claims?.did } };
const genuine = { ...withToken({ bind: 'a' }), authorization: 'a' };

type Ask = (headers: object) => Promise<Response>;
const asking =
  (url: string): Ask =>
  (headers) =>
    fetch(url, { method: 'POST', headers: { 'content-type': 'application/json', ...headers }, body: '{"query":"{ device }"}' });

const servers: { readonly [name: string]: (context: TestContext, inner: Guard) => Promise<Ask> } = {
  'apollo server 5': async (context, inner) => {
    const server = new ApolloServer<Context>({ typeDefs, resolvers });
    const { url } = await startStandaloneServer(server, { context: contextOf(inner), listen: { port: 0, host: '127.0.0.1' } });
    context.after(() => server.stop());
    return asking(url);
  },
};

for (const [name, start] of Object.entries(servers)) {
  describe(name, () => {
    it('hands the decision to resolvers', async (context) => {
      const response = await (await start(context, guard()))(genuine);
      deepStrictEqual([response.status, await response.json()], [200, { data: { device: 'ExampleApproovTokenDID==' } }]);
    });

    it('refuses with the refusal’s status and headers, and no reason', async (context) => {
      const ask = await start(context, guard());
      for (const headers of [{}, { ...genuine, authorization: 'b' }]) {
        const response = await ask(headers);
        const text = await response.text();
        deepStrictEqual(
          [response.status, response.headers.get('www-authenticate'), JSON.parse(text).errors[0].extensions.code],
          [401, 'Approov', 'UNAUTHENTICATED'],
        );
        doesNotMatch(text, /token-|binding-|device/);
      }
    });

    it('is unavailable where the keys are', async (context) => {
      const response = await (await start(context, guard({ keys: { current: () => null } })))(genuine);
      deepStrictEqual([response.status, response.headers.get('retry-after')], [503, '5']);
    });
  });
}
