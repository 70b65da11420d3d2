/** Server processes and load processes, each on a core of its own. */
import { spawn } from 'node:child_process';
import { availableParallelism } from 'node:os';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { findProgram } from '../../../tools/optional.mjs';
import { commandOf } from '../../servers/platforms.mjs';
import { cpuOf } from '../measuring/cpu.mjs';

export const SERVER_CORE = 0;
export const LOAD_CORE = availableParallelism() > 1 ? 1 : 0;
const taskset = findProgram('taskset');

/**
 * Starts a program on one core, or on several.
 * @param {readonly string[]} command @param {number | string} core @param {{ [name: string]: string }} [env] @param {'inherit' | 'ignore'} [errors]
 */
export function startOn(command, core, env = {}, errors = 'inherit') {
  const [program = '', ...parameters] = taskset === null ? command : [taskset, '-c', String(core), ...command];
  return spawn(program, parameters, { stdio: ['pipe', 'pipe', errors], env: { ...process.env, NODE_ENV: 'production', ...env } });
}

/**
 * Runs a program on one core and answers what it wrote.
 * @param {readonly string[]} command @param {number} core @param {{ [name: string]: string }} [env] @param {string} [input]
 * @returns {Promise<string>}
 */
export function runOn(command, core, env = {}, input = '') {
  const child = startOn(command, core, env);
  // Who ends without reading it does not need it.
  child.stdin.on('error', () => undefined).end(input);
  return new Promise((resolve, reject) => {
    let written = '';
    child.stdout.setEncoding('utf8').on('data', (text) => {
      written += text;
    });
    child.on('error', reject);
    child.on('close', (code) => (code === 0 ? resolve(written) : reject(new Error(`${command.slice(0, 3).join(' ')}: exit code ${code}`))));
  });
}

/**
 * Talks with a program that answers each line with a line of JSON.
 * @param {import('node:child_process').ChildProcessWithoutNullStreams | ReturnType<typeof startOn>} child @param {string} name
 */
export function talkWith(child, name) {
  const lines = createInterface({ input: child.stdout })[Symbol.asyncIterator]();
  /** @returns {Promise<any>} */
  const answer = async () => {
    const { value, done } = await lines.next();
    if (done) throw new Error(`${name}: the program ended`);
    return JSON.parse(value);
  };
  const ask = (/** @type {object} */ command) => {
    child.stdin.write(`${JSON.stringify(command)}\n`);
    return answer();
  };
  return { answer, ask };
}

/** @typedef {{ port: number, usage: () => Promise<{ cpuMicroseconds: number, rss: number }>, stop: () => void }} Server */

/**
 * @typedef {object} ServerOptions
 * @property {readonly string[]} [flags] - for node
 * @property {string} [cores] - as taskset names them; default the core of servers
 * @property {number} [processes] - more than one: a cluster behind one port
 */

/**
 * Starts a server in a process of its own.
 * @param {import('../../servers/platforms.mjs').Platform} platform @param {string} protection @param {string} secret
 * @param {ServerOptions} [options]
 * @returns {Promise<Server>}
 */
export async function startServer(platform, protection, secret, { flags = [], cores = String(SERVER_CORE), processes = 0 } = {}) {
  const program = processes > 0 ? 'cluster.mjs' : 'serve.mjs';
  const command = [...(commandOf(platform.runtime) ?? []), ...flags, fileURLToPath(new URL(`../../servers/${program}`, import.meta.url))];
  const child = startOn([...command, platform.file, protection, secret], cores, { PROCESSES: String(processes) });
  const { answer, ask } = talkWith(child, `${platform.name}, ${protection}`);
  const { port } = await answer();
  const usage = async () => {
    const { cpuMicroseconds, rss } = await ask({ op: 'usage' });
    // The kernel's own account, where there is one: to the nanosecond, and the same for every runtime.
    return { cpuMicroseconds: cpuOf(child.pid) || cpuMicroseconds, rss };
  };
  return { port, usage, stop: () => void child.stdin.end() };
}
