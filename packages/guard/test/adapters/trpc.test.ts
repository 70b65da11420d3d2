/** tRPC 11: on Node's server and on fetch. */
import { deepStrictEqual, strictEqual } from 'node:assert';
import { describe, it } from 'node:test';
import { initTRPC } from '@trpc/server';
import { fetchRequestHandler } from '@trpc/server/adapters/fetch';
import { createHTTPServer } from '@trpc/server/adapters/standalone';
import type { Guard } from 'approov-guard';
import { approov } from 'approov-guard/trpc';
import { guard, listening, withToken } from './serving.ts';

const bound = { binding: { headers: ['authorization'] } };

function routed(inner: Guard): { createContext: ReturnType<typeof approov>; router: ReturnType<typeof routerOf> } {
  const createContext = approov(inner, bound);
  return { createContext, router: routerOf(createContext) };
}

function routerOf(_context: ReturnType<typeof approov>) {
  const t = initTRPC.context<typeof _context>().create();
  return t.router({ device: t.procedure.query(({ ctx }) => ctx.approov.claims?.did) });
}

const genuine = { ...withToken({ bind: 'a' }), authorization: 'a' };
const answerOf = async (response: Response): Promise<unknown[]> => {
  const { result, error } = (await response.json()) as { result?: { data: string }; error?: { data: { code: string } } };
  return [response.status, result?.data ?? error?.data.code];
};

describe('trpc 11', () => {
  it('hands the decision to procedures, and refuses calls with UNAUTHORIZED, on Node', async (context) => {
    const port = await listening(context, createHTTPServer(routed(guard())));
    const call = (headers: Record<string, string>): Promise<Response> => fetch(`http://127.0.0.1:${port}/device`, { headers });
    deepStrictEqual(await answerOf(await call(genuine)), [200, 'ExampleApproovTokenDID==']);
    deepStrictEqual(await answerOf(await call({})), [401, 'UNAUTHORIZED']);
    deepStrictEqual(await answerOf(await call({ ...genuine, authorization: 'b' })), [401, 'UNAUTHORIZED']);
  });

  it('does the same on fetch', async () => {
    const call = (headers: Record<string, string>): Promise<Response> =>
      fetchRequestHandler({ endpoint: '/', req: new Request('https://api.example.com/device', { headers }), ...routed(guard()) });
    deepStrictEqual(await answerOf(await call(genuine)), [200, 'ExampleApproovTokenDID==']);
    deepStrictEqual(await answerOf(await call({})), [401, 'UNAUTHORIZED']);
  });

  it('says SERVICE_UNAVAILABLE where the keys are', async () => {
    const inner = guard({ keys: { current: () => null } });
    const response = await fetchRequestHandler({
      endpoint: '/',
      req: new Request('https://api.example.com/device', { headers: genuine }),
      ...routed(inner),
    });
    deepStrictEqual(await answerOf(response), [503, 'SERVICE_UNAVAILABLE']);
    strictEqual(inner.counters().accepted, 0);
  });
});
