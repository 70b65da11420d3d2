/** Express 5. */
import { approov } from 'approov-guard/express';
import express from 'express';
import { expressjwt } from 'express-jwt';
import { BODY, HEADER, IDLE } from './given.mjs';

/** @param {import('./given.mjs').Given} given @param {string} protection @returns {Promise<number>} */
export function start({ guard, secret, key }, protection) {
  const app = express();
  const getToken = (/** @type {express.Request} */ request) => request.header(HEADER);
  if (protection === IDLE) app.use((_request, _response, next) => next());
  if (protection === 'guard') app.use(/** @type {express.RequestHandler} */ (/** @type {unknown} */ (approov(guard))));
  if (protection === 'express-jwt, Buffer') app.use(expressjwt({ secret, algorithms: ['HS256'], getToken }));
  if (protection === 'express-jwt, KeyObject') app.use(expressjwt({ secret: key, algorithms: ['HS256'], getToken }));
  app.get('/shapes', (_request, response) => {
    response.type('application/json').send(BODY);
  });
  app.use(
    (
      /** @type {unknown} */ _error,
      /** @type {any} */ _request,
      /** @type {express.Response} */ response,
      /** @type {unknown} */ _next,
    ) => {
      response.status(401).json({});
    },
  );
  return new Promise((resolve) => {
    const server = app.listen(0, '127.0.0.1', () => resolve(/** @type {any} */ (server.address()).port));
  });
}
