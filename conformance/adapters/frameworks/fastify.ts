/** Fastify 5. */
import { approov } from 'approov-guard/fastify';
import fastify, { type RouteHandlerMethod } from 'fastify';
import { answer, errorAnswer } from '../../app/behaviours.ts';
import { demandsOf } from '../../app/guard-setup.ts';
import { nodeTraits, startServer } from '../../app/in-node.ts';
import type { AdapterUnderTest, Behaviour, Setup } from '../adapter.ts';

function handlerOf(behaviour: Behaviour): RouteHandlerMethod {
  return (request, reply) =>
    answer(behaviour, {
      decision: request.approov,
      method: request.method,
      target: request.originalUrl,
      readBody: async () => new Uint8Array((request.body as Buffer | undefined) ?? []),
    }).then(({ status, headers, body }) => reply.code(status).headers(headers).send(body));
}

export const fastifyFive: AdapterUnderTest = {
  name: 'fastify 5',
  traits: nodeTraits,
  start: (setup: Setup) =>
    startServer(setup, async (guard) => {
      const app = fastify({ bodyLimit: 16 * 1024 * 1024 });
      // Bodies as they came, through Fastify's own parser machinery.
      app.removeAllContentTypeParsers();
      app.addContentTypeParser('*', { parseAs: 'buffer' }, (_request, body, done) => done(null, body));
      app.setErrorHandler((error, _request, reply) => {
        const { status, headers, body } = errorAnswer(error);
        return reply.code(status).headers(headers).send(body);
      });
      if (setup.scope === 'app') app.addHook('onRequest', approov(guard));
      for (const route of setup.routes) {
        const demands = demandsOf(route);
        const protection = setup.scope === 'app' || demands === null ? {} : { onRequest: approov(guard, demands) };
        app.all(route.path, protection, handlerOf(route.behaviour));
      }
      app.all('*', handlerOf('echo'));
      await app.ready();
      return app.server;
    }),
};
