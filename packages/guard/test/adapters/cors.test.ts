/** The CORS packages that the vendor's quickstarts use, before the guard, over real sockets: a browser gets what it needs of preflights, answers and refusals. */
import assert from 'node:assert/strict';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { type TestContext, test } from 'node:test';
import fastifyCors from '@fastify/cors';
import { serve } from '@hono/node-server';
import koaCors from '@koa/cors';
import { approov as expressApproov } from 'approov-guard/express';
import { approov as fastifyApproov } from 'approov-guard/fastify';
import { approov as honoApproov } from 'approov-guard/hono';
import { approov as koaApproov } from 'approov-guard/koa';
import expressCors from 'cors';
import express from 'express';
import fastify from 'fastify';
import { Hono } from 'hono';
import { cors as honoCors } from 'hono/cors';
import Koa from 'koa';
import { guard, listening, withToken } from './serving.ts';

const PAGE = 'https://app.example.com';
const ASKED = 'approov-token,authorization,content-type';

/** A server that answers `hello` on every path, with CORS before the guard; its port. */
type Start = (context: TestContext) => Promise<number>;

const SERVERS: { readonly [name: string]: Start } = {
  'express with cors': (context) => {
    const app = express();
    app.use(expressCors({ origin: [PAGE], credentials: true }));
    app.use(expressApproov(guard()));
    app.use((_request, response) => void response.end('hello'));
    return listening(context, createServer(app));
  },
  'fastify with @fastify/cors': async (context) => {
    const app = fastify();
    await app.register(fastifyCors, { origin: [PAGE], credentials: true, methods: ['GET', 'PUT'] });
    app.addHook('onRequest', fastifyApproov(guard()));
    app.route({ method: ['GET', 'PUT'], url: '/shapes', handler: async () => 'hello' });
    await app.listen({ port: 0, host: '127.0.0.1' });
    context.after(() => app.close());
    return (app.server.address() as AddressInfo).port;
  },
  'koa with @koa/cors': (context) => {
    const app = new Koa();
    app.use(koaCors({ origin: PAGE, credentials: true }));
    app.use(koaApproov(guard()));
    app.use((answered) => {
      answered.body = 'hello';
    });
    return listening(context, createServer(app.callback()));
  },
  'hono with hono/cors': async (context) => {
    const app = new Hono();
    app.use(honoCors({ origin: [PAGE], credentials: true }));
    app.use(honoApproov(guard()));
    app.all('*', (answered) => answered.text('hello'));
    const server = await new Promise<Server>((resolve) => {
      const made = serve({ fetch: app.fetch, port: 0, hostname: '127.0.0.1' }, () => resolve(made as Server));
    });
    context.after(() => {
      server.closeAllConnections();
      server.close();
    });
    return (server.address() as AddressInfo).port;
  },
};

/** A browser lets a page read an answer only if it names the page, and, where cookies go along, allows that as well. */
function assertReadable({ headers }: Response, what: string): void {
  assert.equal(headers.get('access-control-allow-origin'), PAGE, what);
  assert.equal(headers.get('access-control-allow-credentials'), 'true', what);
  assert.match(headers.get('vary') ?? '', /\bOrigin\b/i, `${what}: caches must know that the answer depends on the page`);
}

for (const [name, start] of Object.entries(SERVERS)) {
  test(`${name}: a preflight without a token is answered with what the page may send`, async (context) => {
    const url = `http://127.0.0.1:${await start(context)}/shapes`;
    const asked = { origin: PAGE, 'access-control-request-method': 'PUT', 'access-control-request-headers': ASKED };
    const preflight = await fetch(url, { method: 'OPTIONS', headers: asked });
    assert.ok(preflight.status === 204 || preflight.status === 200, String(preflight.status));
    assertReadable(preflight, 'preflight');
    assert.match(preflight.headers.get('access-control-allow-methods') ?? '', /\bPUT\b/);
    const allowed = (preflight.headers.get('access-control-allow-headers') ?? '').toLowerCase().split(/,\s*/);
    for (const header of ASKED.split(',')) assert.ok(allowed.includes(header), header);
  });

  test(`${name}: the page may read answers and refusals alike`, async (context) => {
    const url = `http://127.0.0.1:${await start(context)}/shapes`;
    const accepted = await fetch(url, { method: 'PUT', headers: { origin: PAGE, ...withToken() } });
    assert.deepEqual([accepted.status, await accepted.text()], [200, 'hello']);
    assertReadable(accepted, 'accepted');
    for (const token of [{}, { 'approov-token': 'garbage' }]) {
      const refused = await fetch(url, { method: 'PUT', headers: { origin: PAGE, ...token } });
      assert.deepEqual([refused.status, await refused.text()], [401, '{}']);
      assertReadable(refused, 'refused');
      assert.match(refused.headers.get('content-type') ?? '', /^application\/json/);
      assert.equal(refused.headers.get('cache-control'), 'no-store');
    }
  });

  test(`${name}: OPTIONS that is not a preflight reaches no handler`, async (context) => {
    const url = `http://127.0.0.1:${await start(context)}/shapes`;
    for (const headers of [{}, { origin: PAGE }]) {
      const bare = await fetch(url, { method: 'OPTIONS', headers });
      // Some of the packages answer every OPTIONS themselves; what they leave alone is judged.
      assert.notEqual(await bare.text(), 'hello');
    }
  });
}
