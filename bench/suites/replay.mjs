/** One look-up in the shared replay store: CPU of the guard's process and of the server, bytes of an entry. Needs `redis-server`. */
import { createHash } from 'node:crypto';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { redisReplayStore } from 'approov-guard';
import { Redis } from 'iovalkey';
import { findProgram } from '../../tools/optional.mjs';
import { SERVER_CORE, startOn } from '../lib/programs/processes.mjs';

/** How many look-ups are under way at once. */
const WIDTHS = [1, 8, 64];

/** @param {Redis} client */
async function usageOf(client) {
  const text = await client.info();
  const figure = (/** @type {string} */ name) => Number(new RegExp(`^${name}:([\\d.]+)`, 'm').exec(text)?.[1]);
  const { user, system } = process.cpuUsage();
  return { store: (figure('used_cpu_user') + figure('used_cpu_sys')) * 1e6, guard: user + system, bytes: figure('used_memory') };
}

/** @param {import('../run.mjs').Settings} settings @param {import('../run.mjs').Report} report */
export async function run({ smoke, quick }, report) {
  const program = findProgram('redis-server');
  if (program === null) {
    console.error('replay: left out, redis-server is absent');
    return;
  }
  const folder = mkdtempSync(join(tmpdir(), 'bench-replay-'));
  const socket = join(folder, 'socket');
  const child = startOn([program, '--port', '0', '--unixsocket', socket, '--save', '', '--daemonize', 'no'], SERVER_CORE);
  child.stdout.resume();
  const client = new Redis(socket, { retryStrategy: () => 20 });
  client.on('error', () => {});
  try {
    const store = redisReplayStore(client, { timeoutSeconds: 30 });
    const count = smoke ? 200 : quick ? 20_000 : 200_000;
    let made = 0;
    const ask = () => store.setIfAbsent(createHash('sha256').update(String(made++)).digest('base64'), Date.now() / 1000 + 135);
    const asks = async (/** @type {number} */ times) => {
      for (let done = 0; done < times; done++) await ask();
    };
    await asks(count / 10);
    for (const width of WIDTHS) {
      const before = await usageOf(client);
      await Promise.all(Array.from({ length: width }, () => asks(Math.ceil(count / width))));
      const after = await usageOf(client);
      const each = (/** @type {keyof typeof before} */ name) => (after[name] - before[name]) / count;
      const figures = { 'guard CPU µs': each('guard'), 'store CPU µs': each('store'), 'bytes an entry': each('bytes') };
      report({ suite: 'replay', group: 'a look-up in redis-server', name: `${width} at once`, unit: 'µs', figures });
    }
  } finally {
    client.disconnect();
    child.kill();
    rmSync(folder, { recursive: true, force: true });
  }
}
