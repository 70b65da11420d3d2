/** What a second process adds: the same work in one process, and in two on two cores at once. Nothing is shared between guards. */
import { availableParallelism } from 'node:os';
import { performance } from 'node:perf_hooks';
import { fileURLToPath } from 'node:url';
import { guardCandidate } from '../lib/guards.mjs';
import { spread } from '../lib/measure.mjs';
import { runOn } from '../lib/processes.mjs';
import { deliver, freshKeys, freshToken, many } from '../lib/tokens.mjs';

const program = fileURLToPath(import.meta.url);

/** Decisions per second of one process. @param {number} core @param {number} seconds */
const decisions = async (core, seconds) => Number(await runOn([process.execPath, program, String(seconds)], core));

/** @param {number} seconds */
function work(seconds) {
  const keys = freshKeys('HS256');
  const decide = guardCandidate(keys);
  const next = deliver(many(10_000, () => freshToken(keys)));
  for (let call = 0; call < 20_000; call++) decide(next());
  const start = performance.now();
  let done = 0;
  for (; performance.now() - start < seconds * 1000; done += 100) for (let call = 0; call < 100; call++) decide(next());
  return done / ((performance.now() - start) / 1000);
}

/** @param {import('../run.mjs').Settings} settings @param {import('../run.mjs').Report} report */
export async function run(settings, report) {
  if (availableParallelism() < 2) return;
  const seconds = settings.smoke ? 0.2 : settings.quick ? 1 : 4;
  const samples = /** @type {{ one: number, two: number }[]} */ ([]);
  for (let round = 0; round < (settings.quick ? 1 : 7); round++) {
    const one = await decisions(round % 2, seconds);
    const both = await Promise.all([decisions(0, seconds), decisions(1, seconds)]);
    samples.push({ one, two: both[0] + both[1] });
  }
  const one = spread(samples.map((sample) => sample.one)).median;
  const ratio = spread(samples.map((sample) => sample.two / sample.one));
  report({ suite: 'scaling', group: 'decisions per second', name: '1 process', unit: '1/s', figures: { 'decisions/s': one, '÷ one': 1 } });
  const two = {
    'decisions/s': spread(samples.map((sample) => sample.two)).median,
    '÷ one': ratio.median,
    low: ratio.low,
    high: ratio.high,
  };
  report({ suite: 'scaling', group: 'decisions per second', name: '2 processes', unit: '1/s', figures: two });
}

if (process.argv[1] === program && process.argv[2] !== undefined) console.log(work(Number(process.argv[2])));
