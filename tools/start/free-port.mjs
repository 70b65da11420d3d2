import { randomInt } from 'node:crypto';
import { createServer } from 'node:net';

// Below the range from which systems take the ports of outgoing connections, so that none of them slips in between.
const RANGE = { from: 20_000, to: 32_000 };

/**
 * Finds a port on which nothing listens.
 * @param {string} [host]
 * @returns {Promise<number>}
 */
export async function freePort(host = '127.0.0.1') {
  for (;;) {
    const port = randomInt(RANGE.from, RANGE.to);
    if (await isFree(port, host)) return port;
  }
}

/**
 * The first port from this one on, on which nothing listens.
 * @param {number} port @param {string} host
 * @returns {Promise<number>}
 */
export async function nextFreePort(port, host) {
  return (await isFree(port, host)) ? port : nextFreePort(port + 1, host);
}

/** @param {number} port @param {string} host @returns {Promise<boolean>} */
function isFree(port, host) {
  return new Promise((resolve, reject) => {
    const probe = createServer();
    probe.on('error', (/** @type {NodeJS.ErrnoException} */ error) => (error.code === 'EADDRINUSE' ? resolve(false) : reject(error)));
    probe.listen(port, host, () => probe.close(() => resolve(true)));
  });
}
