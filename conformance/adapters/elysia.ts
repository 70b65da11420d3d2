/** Elysia 1 on Node. */
import type { Server } from 'node:http';
import { node } from '@elysiajs/node';
import type { Guard } from 'approov-guard';
import { approov, decisionOf } from 'approov-guard/elysia';
import { Elysia } from 'elysia';
import { type Answer, answer, errorAnswer } from '../app/behaviours.ts';
import { demandsOf } from '../app/guard-setup.ts';
import { awaitingTraits, startServer } from '../app/in-node.ts';
import type { AdapterUnderTest, Behaviour, Setup } from './adapter.ts';

const toResponse = (given: Answer): Response => new Response(given.body, given);

function handlerOf(behaviour: Behaviour): (context: { readonly request: Request }) => Promise<Response> {
  return ({ request }) =>
    answer(behaviour, {
      decision: decisionOf(request) ?? undefined,
      method: request.method,
      target: request.url.slice(new URL(request.url).origin.length),
      readBody: async () => new Uint8Array(await request.arrayBuffer()),
    }).then(toResponse);
}

function appOf(setup: Setup, guard: Guard): Elysia {
  const app = new Elysia({ adapter: node() }).onError(({ error }) => toResponse(errorAnswer(error)));
  if (setup.scope === 'app') app.onRequest(approov(guard));
  for (const route of setup.routes) {
    const demands = demandsOf(route);
    const hooks = setup.scope === 'app' || demands === null ? {} : { beforeHandle: approov(guard, demands) };
    app.all(route.path, handlerOf(route.behaviour), { parse: 'none', ...hooks });
  }
  // The last route for a path replaces the others.
  if (!setup.routes.some(({ path }) => path === '/')) app.all('/', handlerOf('echo'), { parse: 'none' });
  app.all('/*', handlerOf('echo'), { parse: 'none' });
  // The cast holds: adding routes changes the type of the app, not what is used of it here.
  return app as unknown as Elysia;
}

/** Elysia makes its server by listening. */
function serverOf(app: Elysia): Promise<Server> {
  return new Promise((resolve) => {
    app.listen({ port: 0, hostname: '127.0.0.1' }, (running) => {
      // The cast holds on Node.
      const { server } = (running as unknown as { raw: { node: { server: Server } } }).raw.node;
      server.close(() => resolve(server));
    });
  });
}

export const elysia: AdapterUnderTest = {
  name: 'elysia 1, node',
  traits: awaitingTraits,
  start: (setup) => startServer(setup, (guard) => serverOf(appOf(setup, guard))),
};
