/** Fastify 5. */
import jwt from '@fastify/jwt';
import { approov } from 'approov-guard/fastify';
import { fastify } from 'fastify';
import { BODY, HEADER, IDLE } from './given.mjs';

/** @param {import('./given.mjs').Given} given @param {string} protection @returns {Promise<number>} */
export async function start({ guard, secret }, protection) {
  const app = fastify();
  if (protection === IDLE) app.addHook('onRequest', (_request, _reply, done) => done());
  if (protection === 'guard') app.addHook('onRequest', approov(guard));
  if (protection === '@fastify/jwt') {
    await app.register(jwt, { secret, verify: { algorithms: ['HS256'], extractToken: (request) => String(request.headers[HEADER]) } });
    app.addHook('onRequest', async (request, reply) => {
      try {
        await request.jwtVerify();
      } catch {
        await reply.code(401).send({});
      }
    });
  }
  app.get('/shapes', (_request, reply) => {
    reply.type('application/json').send(BODY);
  });
  await app.listen({ port: 0, host: '127.0.0.1' });
  return /** @type {any} */ (app.server.address()).port;
}
