/** Koa 3. */
import { approov } from 'approov-guard/koa';
import Koa from 'koa';
import koaJwt from 'koa-jwt';
import { BODY, HEADER, IDLE } from './given.mjs';

/** @param {import('./given.mjs').Given} given @param {string} protection @returns {Promise<number>} */
export function start({ guard, key }, protection) {
  const app = new Koa();
  // Koa would write every refusal of a peer to the console.
  app.silent = true;
  if (protection === IDLE) app.use((_context, next) => next());
  if (protection === 'guard') app.use(approov(guard));
  if (protection === 'koa-jwt') {
    app.use(koaJwt({ secret: /** @type {any} */ (key), algorithms: ['HS256'], getToken: (context) => context.get(HEADER) }));
  }
  app.use((context) => {
    context.type = 'application/json';
    context.body = BODY;
  });
  return new Promise((resolve) => {
    const server = app.listen(0, '127.0.0.1', () => resolve(/** @type {any} */ (server.address()).port));
  });
}
