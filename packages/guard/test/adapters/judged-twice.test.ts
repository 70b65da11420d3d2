/** One guard before the whole application and before a route of it: the request counts once, and the hook can tell. */
import { deepStrictEqual } from 'node:assert';
import { createServer, type RequestListener } from 'node:http';
import { describe, it } from 'node:test';
import { getRequestListener } from '@hono/node-server';
import type { Guard, RouteOptions, VerdictFacts } from 'approov-guard';
import { approov as forExpress } from 'approov-guard/express';
import { approov as forFastify } from 'approov-guard/fastify';
import { approov as forHono } from 'approov-guard/hono';
import { approov as forKoa } from 'approov-guard/koa';
import express from 'express';
import fastify from 'fastify';
import { Hono } from 'hono';
import Koa from 'koa';
import { guard, listening, withToken } from './serving.ts';

const BOUND: RouteOptions = { binding: { headers: ['authorization'] } };

const applications: { readonly [name: string]: (inner: Guard) => RequestListener | Promise<RequestListener> } = {
  express: (inner) =>
    express()
      .use(forExpress(inner))
      .use('/pay', forExpress(inner, BOUND))
      .use((_request, response) => void response.sendStatus(204)),
  fastify: async (inner) => {
    const app = fastify();
    app.addHook('onRequest', forFastify(inner));
    app.get('/', () => '');
    app.get('/pay', { onRequest: forFastify(inner, BOUND) }, () => '');
    await app.ready();
    return (request, response) => app.routing(request, response);
  },
  hono: (inner) =>
    getRequestListener(
      new Hono()
        .use(forHono(inner))
        .use('/pay', forHono(inner, BOUND))
        .all('*', (context) => context.body(null, 204)).fetch,
    ),
  koa: (inner) => {
    const app = new Koa();
    const atPay = forKoa(inner, BOUND);
    app.use(forKoa(inner));
    app.use((context, next) => (context.path === '/pay' ? atPay(context, next) : next()));
    app.use((context) => {
      context.status = 204;
    });
    return app.callback();
  },
};

for (const [name, applicationOf] of Object.entries(applications)) {
  describe(name, () => {
    it('counts a request by its first judgement, and what comes after apart', async (context) => {
      const told: string[] = [];
      const onVerdict = ({ outcome }: { readonly outcome: string }, { again, action }: VerdictFacts): void => {
        told.push(`${outcome} ${action}${again ? ' again' : ''}`);
      };
      const inner = guard({ onVerdict });
      const port = await listening(context, createServer(await applicationOf(inner)));
      const get = async (path: string, headers: { readonly [name: string]: string }): Promise<void> => {
        await (await fetch(`http://127.0.0.1:${port}${path}`, { headers })).arrayBuffer();
      };
      await get('/', withToken());
      await get('/pay', withToken());
      await get('/pay', { ...withToken({ bind: 'user' }), authorization: 'user' });
      await get('/pay', {});
      const { accepted, refused, rejected, again } = inner.counters();
      deepStrictEqual(told, [
        'accepted pass',
        'accepted pass',
        'rejected refuse again',
        'accepted pass',
        'accepted pass again',
        'rejected refuse',
      ]);
      deepStrictEqual([accepted, refused, rejected['token-missing'], rejected['binding-claim-missing']], [3, 1, 1, 0]);
      deepStrictEqual([again.accepted, again.refused, again.rejected['binding-claim-missing']], [1, 1, 1]);
    });
  });
}
