/** GraphQL Yoga 5: on Node and on fetch. */
import { deepStrictEqual } from 'node:assert';
import { createServer } from 'node:http';
import { describe, it, type TestContext } from 'node:test';
import type { Decision, Guard } from 'approov-guard';
import { approov } from 'approov-guard/yoga';
import { createSchema, createYoga } from 'graphql-yoga';
import { guard, listening, withToken } from './serving.ts';

const bound = { binding: { headers: ['authorization'] } };
const genuine = { ...withToken({ bind: 'a' }), authorization: 'a' };
const request = (headers: object): RequestInit => ({
  method: 'POST',
  headers: { 'content-type': 'application/json', ...headers },
  body: '{"query":"{ device }"}',
});

function yogaOf(inner: Guard) {
  const device = (_root: unknown, _fields: unknown, context: { approov: Decision }): string | undefined => context.approov.claims?.did;
  const schema = createSchema<{ approov: Decision }>({ typeDefs: 'type Query { device: String }', resolvers: { Query: { device } } });
  return createYoga({ plugins: [approov(inner, bound)], schema, logging: false });
}

type Ask = (headers: object) => Promise<Response>;
const platforms: { readonly [name: string]: (context: TestContext, inner: Guard) => Promise<Ask> } = {
  node: async (context, inner) => {
    const port = await listening(context, createServer(yogaOf(inner)));
    return (headers) => fetch(`http://127.0.0.1:${port}/graphql`, request(headers));
  },
  fetch: async (_context, inner) => {
    const yoga = yogaOf(inner);
    return async (headers) => yoga.fetch('https://api.example.com/graphql', request(headers));
  },
};

for (const [name, start] of Object.entries(platforms)) {
  describe(`graphql yoga 5, ${name}`, () => {
    it('hands the decision to resolvers', async (context) => {
      const response = await (await start(context, guard()))(genuine);
      deepStrictEqual([response.status, await response.json()], [200, { data: { device: 'ExampleApproovTokenDID==' } }]);
    });

    it('gives the standard refusal', async (context) => {
      const ask = await start(context, guard());
      for (const headers of [{}, { ...genuine, authorization: 'b' }]) {
        const response = await ask(headers);
        deepStrictEqual([response.status, response.headers.get('www-authenticate'), await response.text()], [401, 'Approov', '{}']);
      }
    });

    it('is unavailable where the keys are', async (context) => {
      const response = await (await start(context, guard({ keys: { current: () => null } })))(genuine);
      deepStrictEqual([response.status, response.headers.get('retry-after')], [503, '5']);
    });
  });
}
