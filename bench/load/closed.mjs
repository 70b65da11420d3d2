/** Load in a closed loop: so many connections, each asking again as soon as it is answered. By wrk if it is there, else by autocannon. */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { findProgram } from '../../tools/optional.mjs';
import { LOAD_CORE, runOn } from '../lib/processes.mjs';

/** @typedef {{ requests: number, perSecond: number, p50ms: number, p99ms: number, refused: number, failed: number }} Loaded */

const wrk = findProgram('wrk');

/** What makes the load. */
export const LOAD_PROGRAM = wrk === null ? 'autocannon' : 'wrk';

/**
 * @param {number} port
 * @param {readonly string[]} tokens - sent in rotation
 * @param {{ seconds: number, connections?: number }} options
 * @returns {Promise<Loaded>}
 */
export async function closedLoad(port, tokens, { seconds, connections = 32 }) {
  const folder = mkdtempSync(join(tmpdir(), 'guard-bench-'));
  const file = join(folder, 'tokens');
  writeFileSync(file, tokens.join('\n'));
  const url = `http://127.0.0.1:${port}/shapes`;
  try {
    return wrk === null ? await byAutocannon(url, file, seconds, connections) : await byWrk(url, file, seconds, connections);
  } finally {
    rmSync(folder, { recursive: true });
  }
}

/** @param {string} url @param {string} file @param {number} seconds @param {number} connections @returns {Promise<Loaded>} */
async function byWrk(url, file, seconds, connections) {
  const script = fileURLToPath(new URL('rotate.lua', import.meta.url));
  // wrk counts whole seconds only.
  const command = [wrk ?? '', '-t1', `-c${connections}`, `-d${Math.max(1, Math.round(seconds))}s`, '-s', script, url];
  const written = await runOn(command, LOAD_CORE, { TOKENS: file });
  return JSON.parse(/^\{.*\}$/m.exec(written)?.[0] ?? 'null');
}

/** @param {string} url @param {string} file @param {number} seconds @param {number} connections @returns {Promise<Loaded>} */
async function byAutocannon(url, file, seconds, connections) {
  const program = fileURLToPath(new URL('autocannon.mjs', import.meta.url));
  return JSON.parse(await runOn([process.execPath, program, url, file, String(seconds), String(connections)], LOAD_CORE));
}
