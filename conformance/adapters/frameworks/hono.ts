/** Hono 4: on Node's server, and as a fetch handler on a bridge from Node. Its other platforms are in `runtimes.ts`. */
import type { Server } from 'node:http';
import { createAdaptorServer } from '@hono/node-server';
import type { Hono } from 'hono';
import { honoApp } from '../../app/hono-app.ts';
import { awaitingTraits, startServer } from '../../app/in-node.ts';
import { serveFetch } from '../../app/web-bridge.ts';
import type { AdapterUnderTest, Traits } from '../adapter.ts';

function honoAdapter(name: string, traits: Traits, serve: (app: Hono) => Server): AdapterUnderTest {
  return { name, traits, start: (setup) => startServer(setup, (guard) => serve(honoApp(setup, guard))) };
}

export const honoOnNode: AdapterUnderTest = honoAdapter(
  'hono 4, node',
  awaitingTraits,
  // The cast holds: without options the server is one of node:http.
  (app) => createAdaptorServer({ fetch: app.fetch }) as Server,
);
export const honoAsFetch: AdapterUnderTest = honoAdapter(
  'hono 4, fetch',
  { joinsLines: true, normalisesTargets: true, quirks: ['preflights-may-have-bodies'], crypto: ['platform'] },
  (app) => serveFetch(app.fetch, () => new Response(null, { status: 500 })),
);
