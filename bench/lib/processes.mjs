/** Server processes and load processes, each on a core of its own. */
import { spawn } from 'node:child_process';
import { availableParallelism } from 'node:os';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { findProgram } from '../../tools/optional.mjs';
import { commandOf } from '../servers/platforms.mjs';

export const SERVER_CORE = 0;
export const LOAD_CORE = availableParallelism() > 1 ? 1 : 0;
const taskset = findProgram('taskset');

/**
 * Starts a program on one core.
 * @param {readonly string[]} command @param {number} core @param {{ [name: string]: string }} [env]
 */
export function startOn(command, core, env = {}) {
  const [program = '', ...parameters] = taskset === null ? command : [taskset, '-c', String(core), ...command];
  return spawn(program, parameters, { stdio: ['pipe', 'pipe', 'inherit'], env: { ...process.env, NODE_ENV: 'production', ...env } });
}

/**
 * Runs a program on one core and answers what it wrote.
 * @param {readonly string[]} command @param {number} core @param {{ [name: string]: string }} [env] @param {string} [input]
 * @returns {Promise<string>}
 */
export function runOn(command, core, env = {}, input = '') {
  const child = startOn(command, core, env);
  child.stdin.end(input);
  return new Promise((resolve, reject) => {
    let written = '';
    child.stdout.setEncoding('utf8').on('data', (text) => {
      written += text;
    });
    child.on('error', reject);
    child.on('close', (code) => (code === 0 ? resolve(written) : reject(new Error(`${command.slice(0, 3).join(' ')}: exit code ${code}`))));
  });
}

/** @typedef {{ port: number, usage: () => Promise<{ cpuMicroseconds: number, rss: number }>, stop: () => void }} Server */

/**
 * Starts a server in a process of its own.
 * @param {import('../servers/platforms.mjs').Platform} platform @param {string} protection @param {string} secret
 * @param {readonly string[]} [flags] - for node
 * @returns {Promise<Server>}
 */
export async function startServer(platform, protection, secret, flags = []) {
  const command = [...(commandOf(platform.runtime) ?? []), ...flags, fileURLToPath(new URL('../servers/serve.mjs', import.meta.url))];
  const child = startOn([...command, platform.file, protection, secret], SERVER_CORE);
  const lines = createInterface({ input: child.stdout })[Symbol.asyncIterator]();
  const answer = async () => {
    const { value, done } = await lines.next();
    if (done) throw new Error(`${platform.name}, ${protection}: the server ended`);
    return JSON.parse(value);
  };
  const { port } = await answer();
  const usage = () => {
    child.stdin.write('usage\n');
    return answer();
  };
  return { port, usage, stop: () => void child.stdin.end() };
}
