/** What an import costs: time and heap, each in a process of its own. */
import { execFile } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { shuffled, spread } from '../lib/measuring/measure.mjs';

const ENTRIES = [
  'approov-guard',
  'approov-guard/node',
  'approov-guard/express',
  'approov-guard/fastify',
  'approov-guard/web',
  'express-jwt',
  '@fastify/jwt',
  'jose',
  'jsonwebtoken',
  'fast-jwt',
  'aws-jwt-verify',
  'hono/jwt',
];

/** `node:crypto` is loaded beforehand: it is the platform's, and every server that speaks TLS has it. */
const PROGRAM = `
  import 'node:crypto'; import 'node:http'; import 'node:events'; import 'node:url'; import 'node:util';
  const entry = process.argv[1];
  gc(); const before = process.memoryUsage().heapUsed; const start = performance.now();
  await import(entry);
  const ms = performance.now() - start; gc();
  console.log(JSON.stringify({ ms, kib: (process.memoryUsage().heapUsed - before) / 1024 }));
`;

/** @param {string} entry @returns {Promise<{ ms: number, kib: number }>} */
async function importOnce(entry) {
  const cwd = fileURLToPath(new URL('..', import.meta.url));
  const { stdout } = await promisify(execFile)(process.execPath, ['--expose-gc', '--input-type=module', '-e', PROGRAM, entry], { cwd });
  return JSON.parse(stdout);
}

/** @param {import('../run.mjs').Settings} settings @param {import('../run.mjs').Report} report */
export async function run(settings, report) {
  const found = new Map(ENTRIES.map((entry) => [entry, /** @type {{ ms: number, kib: number }[]} */ ([])]));
  for (let round = 0; round < (settings.smoke ? 1 : settings.quick ? 2 : 15); round++) {
    for (const entry of /** @type {string[]} */ (shuffled(ENTRIES))) found.get(entry)?.push(await importOnce(entry));
  }
  for (const [name, samples] of found) {
    const ms = spread(samples.map((sample) => sample.ms));
    const figures = { 'import ms': ms.median, 'slowest ms': ms.high, 'heap KiB': spread(samples.map((sample) => sample.kib)).median };
    report({ suite: 'start', group: 'import', name, unit: 'ms', figures });
  }
}
