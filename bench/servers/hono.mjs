/** Hono 4 on Node. Its own middleware wants a scheme in the header, so its function is called as a middleware. */
import { serve } from '@hono/node-server';
import { approov } from 'approov-guard/hono';
import { Hono } from 'hono';
import { verify } from 'hono/jwt';
import { BODY, HEADER, hmacKey, IDLE } from './given.mjs';

/** @param {import('./given.mjs').Given} given @param {string} protection @returns {Promise<number>} */
export async function start({ guard, secret }, protection) {
  const app = new Hono();
  const key = await hmacKey(secret);
  if (protection === IDLE) app.use((_context, next) => next());
  if (protection === 'guard') app.use(approov(guard));
  if (protection === 'hono/jwt') {
    app.use(async (c, next) => {
      try {
        await verify(c.req.header(HEADER) ?? '', key, 'HS256');
      } catch {
        return c.body('{}', 401, { 'content-type': 'application/json' });
      }
      return next();
    });
  }
  app.get('/shapes', (c) => c.body(BODY, 200, { 'content-type': 'application/json' }));
  return new Promise((resolve) => serve({ fetch: app.fetch, port: 0, hostname: '127.0.0.1' }, ({ port }) => resolve(port)));
}
