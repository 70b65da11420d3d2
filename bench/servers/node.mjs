/** `node:http`. */
import { createServer } from 'node:http';
import { approov } from 'approov-guard/node';
import { createVerifier } from 'fast-jwt';
import jsonwebtoken from 'jsonwebtoken';
import { BODY, HEADER, IDLE } from './given.mjs';

/** @typedef {import('node:http').RequestListener} Listener */

/** @type {Listener} */
const listener = (_request, response) => {
  response.setHeader('content-type', 'application/json');
  response.end(BODY);
};

/** @param {(token: any) => unknown} verify @returns {Listener} */
const verifying = (verify) => (request, response) => {
  try {
    verify(request.headers[HEADER]);
  } catch {
    response.writeHead(401, { 'content-type': 'application/json' });
    response.end('{}');
    return;
  }
  listener(request, response);
};

/** @param {import('./given.mjs').Given} given @param {string} protection @returns {Promise<number>} */
export function start({ guard, secret, key }, protection) {
  const algorithms = /** @type {any} */ (['HS256']);
  const fast = createVerifier({ key: secret, algorithms, cache: false });
  /** @type {{ [name: string]: Listener }} */
  const listeners = {
    unprotected: listener,
    [IDLE]: (request, response) => listener(request, response),
    guard: /** @type {Listener} */ (approov(guard, listener)),
    'jsonwebtoken, KeyObject': verifying((token) => jsonwebtoken.verify(token, key, { algorithms })),
    'jsonwebtoken, Buffer': verifying((token) => jsonwebtoken.verify(token, secret, { algorithms })),
    'fast-jwt': verifying((token) => fast(token)),
  };
  const server = createServer(listeners[protection]);
  return new Promise((resolve) => server.listen(0, '127.0.0.1', () => resolve(/** @type {any} */ (server.address()).port)));
}
