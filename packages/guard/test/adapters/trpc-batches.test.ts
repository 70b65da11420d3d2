/** tRPC 11: several procedures in one request, over HTTP and over a WebSocket. */
import { deepStrictEqual, match, strictEqual } from 'node:assert';
import { once } from 'node:events';
import { createServer } from 'node:http';
import { describe, it, type TestContext } from 'node:test';
import { devSecret, exampleToken, freshInstallationKey, signRequest } from '@approov-guard/testkit';
import { initTRPC } from '@trpc/server';
import { createExpressMiddleware } from '@trpc/server/adapters/express';
import { fetchRequestHandler } from '@trpc/server/adapters/fetch';
import { createHTTPServer } from '@trpc/server/adapters/standalone';
import { applyWSSHandler } from '@trpc/server/adapters/ws';
import type { Guard } from 'approov-guard';
import { approov } from 'approov-guard/trpc';
import express from 'express';
import { WebSocket, WebSocketServer } from 'ws';
import { guard, listening, NOW, withToken } from './serving.ts';

const binding = { headers: ['authorization'] };
const genuine = { ...withToken({ bind: 'a' }), authorization: 'a' };
const withRoutes = (prefix = ''): Guard =>
  guard({
    routes: [
      { match: { path: `${prefix}/pay` }, signature: {} },
      { match: { path: `${prefix}/account` }, binding },
    ],
  });

/** Procedures that note that they ran. `guarded` demands by itself. */
function appOf(inner: Guard) {
  const ran: string[] = [];
  const createContext = approov(inner);
  const t = initTRPC.context<typeof createContext>().create();
  const noting = (name: string) => t.procedure.mutation(() => ran.push(name));
  const router = t.router({
    open: noting('open'),
    pay: noting('pay'),
    account: noting('account'),
    guarded: t.procedure.use(createContext.demands({ binding })).mutation(() => ran.push('guarded')),
    signed: t.procedure.use(createContext.demands({ signature: { digest: 'required' } })).mutation(() => ran.push('signed')),
  });
  return { ran, createContext, router };
}
type App = ReturnType<typeof appOf>;

type Serve = (context: TestContext, app: App) => Promise<(path: string, init: RequestInit) => Promise<Response>>;
const served =
  (inFront: boolean): Serve =>
  async (context, { router, createContext }) => {
    const middleware = inFront ? { middleware: createContext.middleware } : {};
    const port = await listening(context, createHTTPServer({ router, createContext, ...middleware }));
    return (path, init) => fetch(`http://127.0.0.1:${port}${path}`, init);
  };
const serves: { readonly [name: string]: readonly [string, Serve] } = {
  'its own server': ['', served(false)],
  'its own server, with the middleware in front': ['', served(true)],
  'Express, below a path': [
    '/trpc',
    async (context, { router, createContext }) => {
      const app = express().use('/trpc', createContext.middleware, createExpressMiddleware({ router, createContext }));
      const port = await listening(context, createServer(app));
      return (path, init) => fetch(`http://127.0.0.1:${port}/trpc${path}`, init);
    },
  ],
  fetch: [
    '/api/trpc',
    async (_context, { router, createContext }) =>
      (path, init) => {
        const req = new Request(`https://api.example.com/api/trpc${path}`, init);
        return fetchRequestHandler({ endpoint: '/api/trpc', req, router, createContext });
      },
  ],
};

const post = (headers: object): RequestInit => ({
  method: 'POST',
  headers: { 'content-type': 'application/json', ...headers },
  body: '{}',
});

for (const [name, [prefix, serve]] of Object.entries(serves)) {
  describe(`trpc batches on ${name}`, () => {
    it('satisfy the routes of all their procedures, however they are written', async (context) => {
      const app = appOf(withRoutes(prefix));
      const call = await serve(context, app);
      const lists = [
        'pay',
        'pay,pay',
        'pay%2Cpay',
        'pay%2cpay',
        'open,pay',
        'open%2Cpay,open',
        '%70ay,open',
        'open,%70ay',
        'account,open',
        'open,account,pay',
      ];
      for (const list of lists) strictEqual((await call(`/${list}?batch=1`, post(withToken()))).status, 401, list);
      deepStrictEqual(app.ran, []);
      strictEqual((await call('/account,pay?batch=1', post(genuine))).status, 401);
      deepStrictEqual(app.ran, []);
    });

    it('run where all of them may', async (context) => {
      const app = appOf(withRoutes(prefix));
      const call = await serve(context, app);
      strictEqual((await call('/open,open?batch=1', post(withToken()))).status, 200);
      strictEqual((await call('/account,open?batch=1', post(genuine))).status, 200);
      strictEqual((await call('/open%2Caccount?batch=1', post(genuine))).status, 200);
      deepStrictEqual(app.ran.sort(), ['account', 'account', 'open', 'open', 'open', 'open']);
    });

    it('of more procedures than are looked at satisfy every route', async (context) => {
      const app = appOf(withRoutes(prefix));
      const call = await serve(context, app);
      const many = Array.from({ length: 40 }, (_, index) => `no${index}`).join(',');
      for (const headers of [withToken(), genuine]) await (await call(`/${many},open?batch=1`, post(headers))).text();
      deepStrictEqual(app.ran, []);
    });

    it('are refused procedure by procedure where a procedure demands by itself', async (context) => {
      const app = appOf(guard());
      const call = await serve(context, app);
      const answer = await call('/guarded,open?batch=1', post(withToken()));
      deepStrictEqual([answer.status, app.ran], [207, ['open']]);
      match(await answer.text(), /UNAUTHORIZED/);
      strictEqual((await call('/guarded', post(genuine))).status, 200);
      deepStrictEqual(app.ran, ['open', 'guarded']);
    });
  });
}

describe('trpc procedures that demand by themselves', () => {
  it('compare the digest of a body that the middleware in front has read', async (context) => {
    const app = appOf(guard());
    const port = await listening(context, createHTTPServer({ ...app, middleware: app.createContext.middleware }));
    const url = `http://127.0.0.1:${port}/signed`;
    const installationKey = freshInstallationKey();
    const token = exampleToken({ secret: devSecret, now: NOW, claims: { ipk: installationKey.ipk } });
    const request = { method: 'POST', url, headers: [['content-type', 'application/json']] as const, body: '{}' };
    const { headers } = signRequest({ client: 'okhttp-3.5', sign: 'install', installationKey, token, request, now: NOW });
    const send = (body: string) => fetch(url, { method: 'POST', headers: [...headers] as [string, string][], body });
    strictEqual((await send('[]')).status, 401);
    strictEqual((await send('{}')).status, 200);
    strictEqual((await fetch(url, post(withToken()))).status, 401);
    deepStrictEqual(app.ran, ['signed']);
  });

  it('refuse a context that no guard made', async () => {
    const app = appOf(guard());
    const decision = (await app.createContext({ req: new Request('https://a.example/', { headers: withToken() }) })).approov;
    // A copy is none: nobody knows by which request it was made.
    const caller = app.router.createCaller({ approov: { ...decision } });
    await caller.guarded().then(
      () => strictEqual('ran', 'refused'),
      ({ code }) => strictEqual(code, 'UNAUTHORIZED'),
    );
    deepStrictEqual(app.ran, []);
  });
});

describe('trpc over a WebSocket', () => {
  it('judges calls by the handshake, which must satisfy every route', async (context) => {
    const answerOf = async (app: App, headers: object, path: string): Promise<string> => {
      const wss = new WebSocketServer({ noServer: true });
      applyWSSHandler({ wss, router: app.router, createContext: app.createContext as never });
      const server = createServer().on('upgrade', (request, socket, head) =>
        wss.handleUpgrade(request, socket, head, (client) => wss.emit('connection', client, request)),
      );
      const client = new WebSocket(`ws://127.0.0.1:${await listening(context, server)}`, { headers: headers as Record<string, string> });
      // A context that is refused is told at once.
      const answered = once(client, 'message');
      await once(client, 'open');
      client.send(JSON.stringify({ id: 1, method: 'mutation', params: { path } }));
      const [data] = (await answered) as [Buffer];
      client.terminate();
      return String(data);
    };
    const plain = appOf(guard());
    match(await answerOf(plain, {}, 'open'), /UNAUTHORIZED/);
    match(await answerOf(plain, withToken(), 'guarded'), /UNAUTHORIZED/);
    match(await answerOf(plain, withToken(), 'open'), /"result"/);
    match(await answerOf(plain, genuine, 'guarded'), /"result"/);
    deepStrictEqual(plain.ran, ['open', 'guarded']);
    const routed = appOf(withRoutes());
    match(await answerOf(routed, genuine, 'open'), /UNAUTHORIZED/);
    match(await answerOf(routed, genuine, 'pay'), /UNAUTHORIZED/);
    deepStrictEqual(routed.ran, []);
  });
});
