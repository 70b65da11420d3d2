/** tRPC 11: on Node's server, Express, Fastify and fetch. */
import { deepStrictEqual, match, strictEqual } from 'node:assert';
import { once } from 'node:events';
import { createServer, type IncomingMessage, request as outgoing } from 'node:http';
import { describe, it, type TestContext } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { devSecret, exampleToken, freshInstallationKey, type HeaderLine, signRequest } from '@approov-guard/testkit';
import { initTRPC } from '@trpc/server';
import { createExpressMiddleware } from '@trpc/server/adapters/express';
import { fastifyTRPCPlugin } from '@trpc/server/adapters/fastify';
import { fetchRequestHandler } from '@trpc/server/adapters/fetch';
import { createHTTPServer } from '@trpc/server/adapters/standalone';
import type { Guard } from 'approov-guard';
import { approov as approovOnExpress } from 'approov-guard/express';
import { approov } from 'approov-guard/trpc';
import express from 'express';
import fastify from 'fastify';
import { guard, listening, NOW, withToken } from './serving.ts';

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
  const { result, error } = (await response.json()) as { result?: { data: unknown }; error?: { data: { code: string } } };
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

  it('is not misled by what a body parser keeps at `raw`', async (context) => {
    const { createContext, router } = routed(guard());
    const app = express();
    app.use((request, _response, next) => {
      Object.assign(request, { raw: Buffer.from('{}') });
      next();
    });
    app.use(createExpressMiddleware({ router, createContext }));
    const port = await listening(context, createServer(app));
    deepStrictEqual(await answerOf(await fetch(`http://127.0.0.1:${port}/device`, { headers: genuine })), [
      200,
      'ExampleApproovTokenDID==',
    ]);
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

/** A procedure whose input shows what tRPC read: `12` twice is `1212`. */
function paying(createContext: ReturnType<typeof approov>) {
  const t = initTRPC.context<typeof createContext>().create();
  return t.router({ pay: t.procedure.input((value: unknown) => value).mutation(({ input }) => input) });
}

type Serve = (context: TestContext, createContext: ReturnType<typeof approov>) => Promise<number>;

const standalone: Serve = (context, createContext) =>
  listening(context, createHTTPServer({ router: paying(createContext), createContext, middleware: createContext.middleware }));

const onExpress: Serve = (context, createContext) => {
  const app = express();
  app.use('/', createContext.middleware, createExpressMiddleware({ router: paying(createContext), createContext }));
  return listening(context, createServer(app));
};

const onFastify: Serve = async (context, createContext) => {
  const app = fastify();
  app.addHook('onRequest', (request, reply, done) => createContext.middleware(request.raw, reply.raw, done));
  await app.register(fastifyTRPCPlugin, { prefix: '/', trpcOptions: { router: paying(createContext), createContext } });
  context.after(() => app.close());
  return Number(new URL(await app.listen({ port: 0, host: '127.0.0.1' })).port);
};

/** The headers of a call of `pay`, as a client library signs it with its body. */
function signedHeaders(origin: string, body: string): readonly HeaderLine[] {
  const installationKey = freshInstallationKey();
  const token = exampleToken({ secret: devSecret, now: NOW, claims: { ipk: installationKey.ipk } });
  const headers: readonly HeaderLine[] = [['content-type', 'application/json']];
  const request = { method: 'POST', url: `${origin}/pay`, headers, body };
  return signRequest({ client: 'okhttp-3.5', sign: 'install', installationKey, token, request, now: NOW }).headers;
}

/** Calls `pay`; the body follows the headers after some milliseconds. */
async function pay(port: number, headers: readonly HeaderLine[], body: string, afterMs = 0): Promise<unknown[]> {
  const lines = { ...Object.fromEntries(headers), 'content-length': body.length };
  const call = outgoing({ host: '127.0.0.1', port, path: '/pay', method: 'POST', headers: lines, agent: false });
  const answered = once(call, 'response');
  call.flushHeaders();
  if (afterMs > 0) await sleep(afterMs);
  call.end(body);
  const [answer] = (await answered) as [IncomingMessage];
  return answerOf(new Response(await answer.toArray().then(Buffer.concat), { status: answer.statusCode ?? 0 }));
}

const signing = { signature: { digest: 'required' } } as const;

for (const [name, serve] of Object.entries({ 'its own server': standalone, Express: onExpress, Fastify: onFastify })) {
  describe(`trpc 11 with signed bodies, on ${name}`, () => {
    it('judges the body before tRPC takes it, once, and hands it on as it was', async (context) => {
      const inner = guard(signing);
      const port = await serve(context, approov(inner));
      const origin = `http://127.0.0.1:${port}`;
      for (const afterMs of [0, 50]) {
        deepStrictEqual(await pay(port, signedHeaders(origin, '12'), '12', afterMs), [200, 12]);
        deepStrictEqual(await pay(port, signedHeaders(origin, '12'), '13', afterMs), [401, 'UNAUTHORIZED']);
      }
      const sent = signedHeaders(origin, '12');
      deepStrictEqual(await pay(port, sent, '12'), [200, 12]);
      deepStrictEqual(await pay(port, sent, '12'), [401, 'UNAUTHORIZED']);
      const { accepted, rejected } = inner.counters();
      deepStrictEqual([accepted, rejected['digest-mismatch'], rejected['signature-replayed']], [3, 2, 1]);
    });
  });
}

describe('trpc 11 with signed bodies', () => {
  it('refuses a body that tRPC is reading, and names the remedy, whenever the body comes', async (context) => {
    const remedies: string[] = [];
    const inner = guard({
      ...signing,
      onVerdict: (verdict) => void (verdict.outcome === 'unavailable' && remedies.push(`${verdict.fault}: ${verdict.cause}`)),
    });
    const createContext = approov(inner);
    const port = await listening(context, createHTTPServer({ router: paying(createContext), createContext }));
    for (const afterMs of [0, 50]) {
      const sent = signedHeaders(`http://127.0.0.1:${port}`, '12');
      deepStrictEqual(await pay(port, sent, '12', afterMs), [503, 'SERVICE_UNAVAILABLE']);
    }
    strictEqual(remedies.length, 2);
    for (const remedy of remedies) match(remedy, /^body-unavailable: .*createContext\.middleware/);
  });

  it('takes the body that the adapter of an HTTP framework judged in front', async (context) => {
    const inner = guard(signing);
    const createContext = approov(inner);
    const app = express();
    app.use(approovOnExpress(inner), createExpressMiddleware({ router: paying(createContext), createContext }));
    const port = await listening(context, createServer(app));
    for (const afterMs of [0, 50])
      deepStrictEqual(await pay(port, signedHeaders(`http://127.0.0.1:${port}`, '12'), '12', afterMs), [200, 12]);
  });

  it('needs nothing in front on fetch', async () => {
    const createContext = approov(guard(signing));
    const call = (signed: string, body: string): Promise<Response> => {
      const headers = [...signedHeaders('https://api.example.com', signed)] as [string, string][];
      const req = new Request('https://api.example.com/pay', { method: 'POST', headers, body });
      return fetchRequestHandler({ endpoint: '/', req, router: paying(createContext), createContext });
    };
    deepStrictEqual(await answerOf(await call('12', '12')), [200, 12]);
    deepStrictEqual(await answerOf(await call('12', '13')), [401, 'UNAUTHORIZED']);
  });
});
