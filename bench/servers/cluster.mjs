/** Several processes behind one port: `cluster.mjs FILE PROTECTION SECRET`, with their number in `PROCESSES`. Asked as `serve.mjs` is. */
import cluster from 'node:cluster';
import { createInterface } from 'node:readline';
import { given } from './given.mjs';

const [file = '', protection = '', secret = ''] = process.argv.slice(2);

/** @param {object} answer */
const tell = (answer) => process.stdout.write(`${JSON.stringify(answer)}\n`);

function usage() {
  const { user, system } = process.cpuUsage();
  return { cpuMicroseconds: user + system, rss: process.memoryUsage().rss };
}

async function work() {
  const { start } = await import(new URL(file, import.meta.url).href);
  const port = await start(given(secret), protection);
  process.on('message', () => process.send?.(usage()));
  process.send?.({ port });
}

/** One message from each worker. @param {readonly import('node:cluster').Worker[]} workers @returns {Promise<any[]>} */
const answers = (workers) => Promise.all(workers.map((worker) => new Promise((resolve) => worker.once('message', resolve))));

/** What all workers and the primary used. @param {readonly import('node:cluster').Worker[]} workers */
async function usageOf(workers) {
  const answered = answers(workers);
  for (const worker of workers) worker.send('usage');
  const all = [usage(), ...(await answered)];
  const sum = (/** @type {'cpuMicroseconds' | 'rss'} */ of) => all.reduce((total, one) => total + one[of], 0);
  return { cpuMicroseconds: sum('cpuMicroseconds'), rss: sum('rss') };
}

async function lead() {
  const workers = Array.from({ length: Number(process.env.PROCESSES) }, () => cluster.fork());
  cluster.on('exit', () => process.exit(1));
  // Port 0 is shared by all workers of a cluster.
  const [{ port }] = await answers(workers);
  createInterface({ input: process.stdin })
    .on('line', async () => tell(await usageOf(workers)))
    .on('close', () => process.exit(0));
  tell({ port });
}

await (cluster.isPrimary ? lead() : work());
