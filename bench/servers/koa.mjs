/** Koa 3. */
import { approov } from 'approov-guard/koa';
import Koa from 'koa';
import { BODY } from './given.mjs';

/** @param {import('./given.mjs').Given} given @param {string} protection @returns {Promise<number>} */
export function start({ guard }, protection) {
  const app = new Koa();
  if (protection === 'guard') app.use(approov(guard));
  app.use((context) => {
    context.type = 'application/json';
    context.body = BODY;
  });
  return new Promise((resolve) => {
    const server = app.listen(0, '127.0.0.1', () => resolve(/** @type {any} */ (server.address()).port));
  });
}
