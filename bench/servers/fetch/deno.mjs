/** A fetch handler on Deno. */
import { fetchHandler } from './fetch-handler.mjs';

/** @param {import('../given.mjs').Given} given @param {string} protection @returns {Promise<number>} */
export async function start(given, protection) {
  const { Deno } = /** @type {any} */ (globalThis);
  return Deno.serve({ port: 0, hostname: '127.0.0.1', onListen: () => {} }, await fetchHandler(given, protection)).addr.port;
}
