import { stop } from '../ready.mjs';
import { nextFreePort } from './free-port.mjs';

/** @param {string} variable @param {number} usual @param {string} host @returns {Promise<number>} the port that the variable names, which has to be free, or the next free one */
export async function portOf(variable, usual, host) {
  const given = process.env[variable];
  if (!given) return nextFreePort(usual, host);
  const port = Number(given);
  if (!/^\d+$/.test(given) || port < 1 || port > 65_535)
    stop(`${variable} must be a number from 1 to 65535, not ${JSON.stringify(given)}.`);
  if ((await nextFreePort(port, host)) === port) return port;
  return stop(`Port ${port} on ${host} is in use: stop what listens there, or choose another with ${variable}.`);
}
