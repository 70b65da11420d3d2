/** Hono 4 on Node. */
import { serve } from '@hono/node-server';
import { approov } from 'approov-guard/hono';
import { Hono } from 'hono';
import { BODY } from './given.mjs';

/** @param {import('./given.mjs').Given} given @param {string} protection @returns {Promise<number>} */
export function start({ guard }, protection) {
  const app = new Hono();
  if (protection === 'guard') app.use(approov(guard));
  app.get('/shapes', (c) => c.body(BODY, 200, { 'content-type': 'application/json' }));
  return new Promise((resolve) => serve({ fetch: app.fetch, port: 0, hostname: '127.0.0.1' }, ({ port }) => resolve(port)));
}
