/** The protected Shapes API as a process of its own, and its log, line by line. */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { root } from '../ready.mjs';

const EXAMPLE = join(root, 'examples/shapes-api/express/protected.js');

// What the demonstration promises must not depend on what the environment says.
const SETTINGS = {
  APPROOV_ABORT_REQUEST_ON_INVALID_TOKEN: 'true',
  APPROOV_ABORT_REQUEST_ON_INVALID_TOKEN_BINDING: 'true',
  APPROOV_ABORT_REQUEST_ON_INVALID_MESSAGE_SIGNATURE: 'true',
  APPROOV_LOGGING_ENABLED: 'true',
  APPROOV_MISSING_STATUS: '400',
};

/**
 * @typedef {object} Server
 * @property {string} url - its origin
 * @property {Promise<number>} ended - the exit code, 0 if it was told to stop
 * @property {() => Promise<void>} stop
 */

/**
 * The exit code of a process that ended. Told to end by a signal, it did nothing wrong.
 * @param {number | null} code @param {NodeJS.Signals | null} signal
 */
export function exitCode(code, signal) {
  return code ?? (signal === 'SIGINT' || signal === 'SIGTERM' ? 0 : 1);
}

/**
 * Starts the server and waits until it listens. If it cannot start, it says why by itself.
 * @param {{ secret: string, port: number, host: string, onLine: (line: string) => void }} settings
 * @returns {Promise<Server | { failed: number }>} `failed`: the exit code
 */
export async function startServer({ secret, port, host, onLine }) {
  const env = { ...process.env, ...SETTINGS, APPROOV_BASE64_SECRET: secret, HTTP_PORT: String(port), SERVER_HOSTNAME: host };
  const parameters = [join(root, 'tools/run-example.mjs'), EXAMPLE];
  const child = spawn(process.execPath, parameters, { cwd: root, env, stdio: ['ignore', 'pipe', 'inherit', 'ipc'] });
  const ended = once(child, 'exit').then(([code, signal]) => exitCode(code, signal));
  const lines = createInterface({ input: /** @type {NodeJS.ReadableStream} - a pipe, as asked for above */ (child.stdout) });
  const failed = await Promise.race([once(lines, 'line').then(() => null), ended]);
  if (failed !== null) return { failed };
  lines.on('line', onLine);
  const stop = async () => {
    child.kill('SIGTERM');
    await ended;
  };
  return { url: `http://${host}:${port}`, ended, stop };
}
