/** A shell on a machine of its own, as far as the system gives one. */
import { spawn, spawnSync } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { text } from 'node:stream/consumers';

const [superuser] = [process.getuid?.() === 0];
const APART = [...(superuser ? [] : ['--map-root-user']), '--net', '--pid', '--fork', '--mount-proc', '--kill-child'];
const UP = 'ip link set lo up && exec "$@"';

/**
 * Whether a page has a network and processes of its own here (Linux only): its ports are free, whoever else is at work, and whatever it starts
 * ends with it. Elsewhere one page has to wait for the other.
 */
export const apart = spawnSync('unshare', [...APART, 'sh', '-c', UP, 'sh', 'true']).status === 0;

/**
 * Runs a script with bash, where `npx` finds what was installed, and nothing else.
 * @param {string} script
 * @param {{ cwd: string, node: string, programs: readonly string[], variables: Record<string, string> }} choice - the Node that it has, and other
 *   programs that are not on the PATH
 * @returns {Promise<{ stdout: string, stderr: string, status: number | null }>}
 */
export async function inShell(script, { cwd, node, programs, variables }) {
  const { APPROOV_BASE64_SECRET: _secret, NODE_ENV: _env, NODE_TEST_CONTEXT: _context, NODE_OPTIONS: _options, ...env } = process.env;
  const PATH = [...programs, node].map((program) => dirname(program)).concat(process.env.PATH ?? '');
  writeFileSync(join(cwd, '.page.sh'), script);
  const [program = '', ...parameters] = apart ? ['unshare', ...APART, 'sh', '-c', UP, 'sh', 'bash', '.page.sh'] : ['bash', '.page.sh'];
  const child = spawn(program, parameters, {
    cwd,
    env: { ...env, ...variables, PATH: PATH.join(':') },
    stdio: ['ignore', 'pipe', 'pipe'],
    timeout: 600_000,
    killSignal: 'SIGKILL',
  });
  const ended = new Promise((resolve, reject) => child.on('error', reject).on('close', resolve));
  const [stdout, stderr, status] = await Promise.all([text(child.stdout), text(child.stderr), ended]);
  return { stdout, stderr, status };
}
