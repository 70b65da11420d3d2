/**
 * What a second process adds: the same work in one process, and in two on two cores at once. Nothing is shared between guards. Then servers:
 * one process, and a cluster of two behind one port, unprotected and protected. On two cores the load program shares one with a server.
 */
import { availableParallelism } from 'node:os';
import { performance } from 'node:perf_hooks';
import { fileURLToPath } from 'node:url';
import { guardCandidate } from '../lib/guards.mjs';
import { deliver, freshKeys, freshToken, many } from '../lib/inputs/tokens.mjs';
import { medianOf, medianOfPairs, pairOf } from '../lib/measuring/pairs.mjs';
import { Generator } from '../lib/programs/generator.mjs';
import { LOAD_CORE, runOn, startServer } from '../lib/programs/processes.mjs';
import { PLATFORMS } from '../servers/platforms.mjs';

const program = fileURLToPath(import.meta.url);

/** Decisions per second of one process. @param {number} core @param {number} seconds */
const decisions = async (core, seconds) => Number(await runOn([process.execPath, program, String(seconds)], core));

/** @param {number} seconds */
function work(seconds) {
  const keys = freshKeys('HS256');
  const decide = guardCandidate(keys);
  const next = deliver(many(2000, () => freshToken(keys)));
  for (let call = 0; call < 20_000; call++) decide(next());
  const start = performance.now();
  let done = 0;
  for (; performance.now() - start < seconds * 1000; done += 100) for (let call = 0; call < 100; call++) decide(next());
  return done / ((performance.now() - start) / 1000);
}

/** @param {import('../run.mjs').Settings} settings */
const amountOf = ({ smoke, quick }) => ({ rounds: quick ? 1 : 8, seconds: smoke ? 0.1 : quick ? 0.5 : 2 });

/** @param {import('../run.mjs').Settings} settings @param {import('../run.mjs').Report} report */
async function inProcess(settings, report) {
  const { rounds, seconds } = amountOf(settings);
  const pairs = /** @type {(readonly [number, number])[]} */ ([]);
  const both = async () => {
    const [first, second] = await Promise.all([decisions(0, seconds), decisions(1, seconds)]);
    return first + second;
  };
  // Each core is the lone one as often as the other.
  for (let round = 0; round < rounds; round++) pairs.push(await pairOf(round, () => decisions((round >> 1) % 2, seconds), both));
  const common = { suite: 'scaling', group: 'decisions per second', unit: '1/s' };
  const ratio = medianOfPairs(pairs.map(([one, two]) => two / one));
  report({ ...common, name: '1 process', figures: { 'decisions/s': medianOf(pairs, ([one]) => one) } });
  report({ ...common, name: '2 processes', ratio, figures: { 'decisions/s': medianOf(pairs, ([, two]) => two), '÷ one': ratio } });
}

/** @typedef {Awaited<ReturnType<Generator['slice']>>} Slice */

/** The cores of servers: all but the load program's, unless there are two only. @param {number} processes */
function coresOf(processes) {
  const others = Array.from({ length: availableParallelism() }, (_, core) => core).filter((core) => core !== LOAD_CORE);
  return [...others, LOAD_CORE].slice(0, processes).join(',');
}

/** @param {import('../lib/inputs/tokens.mjs').Keys} keys @param {string} protection @param {Generator} generator @param {import('../run.mjs').Settings} settings */
async function clusterPairs(keys, protection, generator, settings) {
  const { rounds, seconds } = amountOf(settings);
  const [platform] = PLATFORMS;
  if (platform === undefined) throw new Error('no platform');
  const servers = await Promise.all(
    [1, 2].map((processes) => startServer(platform, protection, keys.secret.toString('base64'), { cores: coresOf(processes), processes })),
  );
  const [one, two] = /** @type {[import('../lib/programs/processes.mjs').Server, import('../lib/programs/processes.mjs').Server]} */ (
    servers
  );
  const pairs = /** @type {(readonly [Slice, Slice])[]} */ ([]);
  try {
    for (const server of servers) await generator.slice(server, 'valid', settings.load.warmSeconds * 2);
    for (let round = 0; round < rounds; round++) {
      pairs.push(
        await pairOf(
          round,
          () => generator.slice(one, 'valid', seconds / 2),
          () => generator.slice(two, 'valid', seconds / 2),
        ),
      );
    }
  } finally {
    for (const server of servers) server.stop();
  }
  return pairs;
}

/** @param {import('../run.mjs').Settings} settings @param {import('../run.mjs').Report} report */
async function overSockets(settings, report) {
  const keys = freshKeys('HS256');
  const generator = new Generator();
  const shared = availableParallelism() < 3 ? ' (the load program shares the second core)' : '';
  try {
    await generator.tokens(
      'valid',
      many(1000, () => freshToken(keys)),
    );
    for (const protection of ['unprotected', 'guard']) {
      const pairs = await clusterPairs(keys, protection, generator, settings);
      const common = { suite: 'scaling', group: `cluster of node:http${shared}`, unit: '1/s' };
      const ratio = medianOfPairs(pairs.map(([first, second]) => second.perSecond / first.perSecond));
      const byCpu = medianOfPairs(pairs.map(([first, second]) => first.cpu / second.cpu));
      const levels = (/** @type {0 | 1} */ which) => ({
        'requests/s': medianOf(pairs, (pair) => pair[which].perSecond),
        'CPU µs': medianOf(pairs, (pair) => pair[which].cpu),
        'cores busy': medianOf(pairs, (pair) => pair[which].busy),
      });
      report({ ...common, name: `${protection}, 1 process`, figures: levels(0) });
      report({ ...common, name: `${protection}, 2 processes`, ratio, figures: { ...levels(1), '÷ one': ratio, '÷ one, by CPU': byCpu } });
    }
  } finally {
    generator.stop();
  }
}

/** @param {import('../run.mjs').Settings} settings @param {import('../run.mjs').Report} report */
export async function run(settings, report) {
  if (availableParallelism() < 2) return;
  await inProcess(settings, report);
  await overSockets(settings, report);
}

if (process.argv[1] === program && process.argv[2] !== undefined) console.log(work(Number(process.argv[2])));
