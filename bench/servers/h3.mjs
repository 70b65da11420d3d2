/** h3 2 on Node. */
import { createServer } from 'node:http';
import { approov } from 'approov-guard/h3';
import { H3 } from 'h3';
import { toNodeHandler } from 'h3/node';
import { BODY, IDLE } from './given.mjs';

/** @param {import('./given.mjs').Given} given @param {string} protection @returns {Promise<number>} */
export function start({ guard }, protection) {
  const app = new H3();
  if (protection === IDLE) app.use(() => undefined);
  if (protection === 'guard') app.use(approov(guard));
  app.get('/shapes', () => new Response(BODY, { headers: { 'content-type': 'application/json' } }));
  return new Promise((resolve) => {
    const server = createServer(toNodeHandler(app)).listen(0, '127.0.0.1', () => resolve(/** @type {any} */ (server.address()).port));
  });
}
