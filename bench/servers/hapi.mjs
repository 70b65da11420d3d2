/** hapi 21. */
import { server as createServer } from '@hapi/hapi';
import { approov } from 'approov-guard/hapi';
import { BODY } from './given.mjs';

/** @param {import('./given.mjs').Given} given @param {string} protection @returns {Promise<number>} */
export async function start({ guard }, protection) {
  const server = createServer({ host: '127.0.0.1', port: 0 });
  if (protection === 'guard') server.ext('onRequest', approov(guard));
  server.route({ method: 'GET', path: '/shapes', handler: (_request, h) => h.response(BODY).type('application/json') });
  await server.start();
  return Number(server.info.port);
}
