/** A fetch handler on Hono's server for Node. */
import { serve } from '@hono/node-server';
import { fetchHandler } from './fetch-handler.mjs';

/** @param {import('../given.mjs').Given} given @param {string} protection @returns {Promise<number>} */
export async function start(given, protection) {
  const fetch = await fetchHandler(given, protection);
  return new Promise((resolve) => serve({ fetch, port: 0, hostname: '127.0.0.1' }, ({ port }) => resolve(port)));
}
