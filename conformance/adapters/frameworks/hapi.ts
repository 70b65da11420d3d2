/** hapi 21. */
import { createServer } from 'node:http';
import { server as createHapi, type Lifecycle, type Server } from '@hapi/hapi';
import type { Decision } from 'approov-guard';
import { approov } from 'approov-guard/hapi';
import { answer, errorAnswer } from '../../app/behaviours.ts';
import { demandsOf } from '../../app/guard-setup.ts';
import { awaitingTraits, startServer } from '../../app/in-node.ts';
import type { AdapterUnderTest, Behaviour, Setup } from '../adapter.ts';

function handlerOf(behaviour: Behaviour): Lifecycle.Method {
  return (request, h) =>
    answer(behaviour, {
      decision: request.plugins.approov as Decision | undefined,
      method: request.method.toUpperCase(),
      target: request.raw.req.url ?? '',
      readBody: async () => new Uint8Array((request.payload as Buffer | null) ?? []),
    }).then(({ status, headers, body }) => {
      const response = h.response(body).code(status);
      for (const [name, value] of Object.entries(headers)) response.header(name, value);
      return response;
    });
}

/** hapi turns what handlers throw into a Boom error, and keeps the error itself. */
const errorPath: Lifecycle.Method = ({ response }, h) => {
  if (!('isBoom' in response) || response.output.statusCode < 500) return h.continue;
  const { status, headers, body } = errorAnswer(response);
  const answered = h.response(body).code(status);
  for (const [name, value] of Object.entries(headers)) answered.header(name, value);
  return answered;
};

function addRoute(app: Server, path: string, behaviour: Behaviour, protection: ReturnType<typeof approov> | null): void {
  const ext = protection === null ? {} : { ext: { onPreAuth: { method: protection } } };
  const handler = handlerOf(behaviour);
  const raw = { payload: { parse: false, output: 'data', maxBytes: 16 * 1024 * 1024 } } as const;
  app.route({ method: 'GET', path, options: ext, handler });
  app.route({ method: '*', path, options: { ...ext, ...raw }, handler });
}

export const hapi: AdapterUnderTest = {
  name: 'hapi 21',
  traits: awaitingTraits,
  start: (setup: Setup) =>
    startServer(setup, async (guard) => {
      const listener = createServer();
      const app = createHapi({ listener, autoListen: false });
      app.ext('onPreResponse', errorPath);
      if (setup.scope === 'app') app.ext('onPreAuth', approov(guard));
      for (const route of setup.routes) {
        const demands = demandsOf(route);
        addRoute(app, route.path, route.behaviour, setup.scope === 'app' || demands === null ? null : approov(guard, demands));
      }
      addRoute(app, '/{path*}', 'echo', null);
      await app.initialize();
      return listener;
    }),
};
