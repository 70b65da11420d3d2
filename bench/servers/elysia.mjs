/** Elysia 1 on Node. */
import { jwt } from '@elysiajs/jwt';
import { node } from '@elysiajs/node';
import { approov } from 'approov-guard/elysia';
import { Elysia } from 'elysia';
import { BODY, HEADER, IDLE } from './given.mjs';

const answer = () => new Response(BODY, { headers: { 'content-type': 'application/json' } });

/** @param {import('./given.mjs').Given} given @param {string} protection */
function appOf({ guard, secret }, protection) {
  const app = new Elysia({ adapter: node() });
  if (protection === 'guard') return app.onRequest(approov(guard)).get('/shapes', answer);
  if (protection === IDLE) return app.onRequest(async () => undefined).get('/shapes', answer);
  if (protection !== '@elysiajs/jwt') return app.get('/shapes', answer);
  return app.use(jwt({ secret: /** @type {any} */ (secret), alg: 'HS256' })).get('/shapes', async ({ jwt, headers }) => {
    const claims = await jwt.verify(headers[HEADER]);
    return claims === false ? new Response('{}', { status: 401, headers: { 'content-type': 'application/json' } }) : answer();
  });
}

/** @param {import('./given.mjs').Given} given @param {string} protection @returns {Promise<number>} */
export function start(given, protection) {
  return new Promise((resolve) => {
    appOf(given, protection).listen({ port: 0, hostname: '127.0.0.1' }, (running) => {
      const { server } = /** @type {any} */ (running).raw.node;
      server.once('listening', () => resolve(server.address().port));
    });
  });
}
