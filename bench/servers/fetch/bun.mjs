/** A fetch handler on Bun. */
import { fetchHandler } from './fetch-handler.mjs';

/** @param {import('../given.mjs').Given} given @param {string} protection @returns {Promise<number>} */
export async function start(given, protection) {
  const { Bun } = /** @type {any} */ (globalThis);
  return Bun.serve({ port: 0, hostname: '127.0.0.1', fetch: await fetchHandler(given, protection) }).port;
}
