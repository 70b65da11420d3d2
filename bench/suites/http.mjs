/** Real servers on loopback: unprotected, with the guard (hook and counters on), and with their usual peers. */

import { shuffled, spread } from '../lib/measure.mjs';
import { startServer } from '../lib/processes.mjs';
import { badSignature, freshKeys, freshToken, many } from '../lib/tokens.mjs';
import { closedLoad, LOAD_PROGRAM } from '../load/closed.mjs';
import { commandOf, PLATFORMS } from '../servers/platforms.mjs';

/** @typedef {{ perSecond: number, cpu: number, p50ms: number, p99ms: number, rss: number }} Sample */
/** @typedef {{ name: string, protection: string, tokens: readonly string[], refuses: boolean, server: import('../lib/processes.mjs').Server, samples: Sample[] }} Cell */

const keys = freshKeys('HS256');

/** @param {Cell} cell @param {number} seconds */
async function sampleOf({ name, server, tokens, refuses }, seconds) {
  const before = await server.usage();
  const loaded = await closedLoad(server.port, tokens, { seconds });
  const after = await server.usage();
  const expected = refuses ? loaded.requests : 0;
  // Those under way at the end are not counted by every load program.
  if (Math.abs(loaded.refused - expected) > 64 || loaded.failed > 0) {
    throw new Error(`${name}: ${loaded.refused} of ${loaded.requests} refused, ${loaded.failed} failed`);
  }
  const cpu = (after.cpuMicroseconds - before.cpuMicroseconds) / loaded.requests;
  return { perSecond: loaded.perSecond, cpu, p50ms: loaded.p50ms, p99ms: loaded.p99ms, rss: after.rss / 2 ** 20 };
}

/** @param {import('../servers/platforms.mjs').Platform} platform @param {import('../run.mjs').Settings} settings */
async function cellsOf(platform, settings) {
  const valid = many(1000, () => freshToken(keys));
  const bad = valid.map(badSignature);
  const peers = settings.quick ? platform.peers.slice(0, 1) : platform.peers;
  const cells = /** @type {Cell[]} */ ([]);
  for (const protection of ['unprotected', 'guard', ...peers]) {
    const server = await startServer(platform, protection, keys.secret.toString('base64'));
    const common = { protection, server };
    cells.push({ ...common, name: `${protection}, valid`, tokens: valid, refuses: false, samples: [] });
    if (protection !== 'unprotected')
      cells.push({ ...common, name: `${protection}, bad signature`, tokens: bad, refuses: true, samples: [] });
  }
  return cells;
}

/** @param {import('../servers/platforms.mjs').Platform} platform @param {import('../run.mjs').Settings} settings @param {import('../run.mjs').Report} report */
async function runPlatform(platform, settings, report) {
  const cells = await cellsOf(platform, settings);
  try {
    const { rounds, seconds } = settings.load;
    if (!settings.smoke) for (const cell of cells) await sampleOf(cell, seconds);
    for (let round = 0; round < rounds; round++) {
      for (const cell of /** @type {Cell[]} */ (shuffled(cells))) cell.samples.push(await sampleOf(cell, seconds));
    }
  } finally {
    for (const { server } of cells) server.stop();
  }
  const [bare] = cells;
  for (const { name, samples } of cells)
    report({ suite: 'http', group: platform.name, name, unit: '1/s', ...compared(samples, bare?.samples ?? []) });
}

/** @param {readonly Sample[]} samples @param {readonly Sample[]} bare */
function compared(samples, bare) {
  const median = (/** @type {keyof Sample} */ of) => spread(samples.map((sample) => sample[of])).median;
  const ratio = spread(samples.map((sample, round) => sample.perSecond / (bare[round]?.perSecond ?? Number.NaN)));
  const guardCpu = spread(samples.map((sample, round) => sample.cpu - (bare[round]?.cpu ?? Number.NaN)));
  return {
    ratio,
    figures: {
      'requests/s': median('perSecond'),
      '÷ unprotected': ratio.median,
      low: ratio.low,
      high: ratio.high,
      'CPU µs': median('cpu'),
      'guard CPU µs': guardCpu.median,
      '÷ unprotected, by CPU': spread(samples.map((sample, round) => (bare[round]?.cpu ?? Number.NaN) / sample.cpu)).median,
      'p50 ms': median('p50ms'),
      'p99 ms': median('p99ms'),
      'RSS MiB': median('rss'),
    },
  };
}

/** @param {import('../run.mjs').Settings} settings @param {import('../run.mjs').Report} report */
export async function run(settings, report) {
  console.error(`http: load by ${LOAD_PROGRAM}`);
  for (const platform of settings.smoke ? PLATFORMS.slice(0, 1) : settings.quick ? PLATFORMS.filter(({ quick }) => quick) : PLATFORMS) {
    if (commandOf(platform.runtime) === null) console.error(`http: ${platform.name} left out, ${platform.runtime} is absent`);
    else await runPlatform(platform, settings, report);
  }
}
