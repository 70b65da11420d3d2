/** hapi 21. Its peer's authentication scheme wants a scheme in the header, so its functions are called as an extension. */
import { server as createServer } from '@hapi/hapi';
import { token as hapiToken } from '@hapi/jwt';
import { approov } from 'approov-guard/hapi';
import { BODY, HEADER, IDLE } from './given.mjs';

/** @param {import('./given.mjs').Given} given @param {string} protection @returns {Promise<number>} */
export async function start({ guard, secret }, protection) {
  const server = createServer({ host: '127.0.0.1', port: 0 });
  if (protection === IDLE) server.ext('onPreAuth', (_request, h) => h.continue);
  if (protection === 'guard') server.ext('onPreAuth', approov(guard));
  if (protection === '@hapi/jwt') {
    server.ext('onPreAuth', (request, h) => {
      try {
        const decoded = hapiToken.decode(String(request.headers[HEADER]));
        hapiToken.verify(decoded, /** @type {any} */ ({ key: secret, algorithms: ['HS256'] }));
        return h.continue;
      } catch {
        return h.response({}).code(401).takeover();
      }
    });
  }
  server.route({ method: 'GET', path: '/shapes', handler: (_request, h) => h.response(BODY).type('application/json') });
  await server.start();
  return Number(server.info.port);
}
