/** Hono 4: on Node's server, and as a fetch handler, as on Workers, Bun and Deno. */
import type { Server } from 'node:http';
import { createAdaptorServer } from '@hono/node-server';
import type { Guard } from 'approov-guard';
import { approov } from 'approov-guard/hono';
import { type Handler, Hono } from 'hono';
import type { ContentfulStatusCode } from 'hono/utils/http-status';
import { answer, errorAnswer } from '../app/behaviours.ts';
import { demandsOf } from '../app/guard-setup.ts';
import { awaitingTraits, startServer } from '../app/in-node.ts';
import { serveFetch } from '../app/web-bridge.ts';
import type { AdapterUnderTest, Behaviour, Setup, Traits } from './adapter.ts';

function handlerOf(behaviour: Behaviour): Handler {
  return (c) =>
    answer(behaviour, {
      decision: c.get('approov'),
      method: c.req.method,
      target: c.req.url.slice(new URL(c.req.url).origin.length),
      readBody: async () => new Uint8Array(await c.req.arrayBuffer()),
      // The cast holds: a handler answers with content.
    }).then(({ status, headers, body }) => c.body(body, status as ContentfulStatusCode, headers));
}

function appOf(setup: Setup, guard: Guard): Hono {
  const app = new Hono();
  app.onError((error) => {
    const given = errorAnswer(error);
    return new Response(given.body, given);
  });
  if (setup.scope === 'app') app.use(approov(guard));
  for (const route of setup.routes) {
    const demands = demandsOf(route);
    if (setup.scope === 'app' || demands === null) app.all(route.path, handlerOf(route.behaviour));
    else app.all(route.path, approov(guard, demands), handlerOf(route.behaviour));
  }
  app.all('*', handlerOf('echo'));
  return app;
}

function honoAdapter(name: string, traits: Traits, serve: (app: Hono) => Server): AdapterUnderTest {
  return { name, traits, start: (setup) => startServer(setup, (guard) => serve(appOf(setup, guard))) };
}

export const honoOnNode: AdapterUnderTest = honoAdapter(
  'hono 4, node',
  awaitingTraits,
  // The cast holds: without options the server is one of node:http.
  (app) => createAdaptorServer({ fetch: app.fetch }) as Server,
);
export const honoAsFetch: AdapterUnderTest = honoAdapter(
  'hono 4, fetch',
  { joinsLines: true, normalisesTargets: true, crypto: ['platform'] },
  (app) => serveFetch(app.fetch, () => new Response(null, { status: 500 })),
);
