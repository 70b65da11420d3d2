/** Elysia 1 on Node. Its own platform, Bun, is in `runtimes.ts`. */
import type { Server } from 'node:http';
import { node } from '@elysiajs/node';
import type { Elysia } from 'elysia';
import { elysiaApp } from '../../app/elysia-app.ts';
import { awaitingTraits, startServer } from '../../app/in-node.ts';
import type { AdapterUnderTest } from '../adapter.ts';

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
  start: (setup) => startServer(setup, (guard) => serverOf(elysiaApp(setup, guard, { adapter: node() }))),
};
