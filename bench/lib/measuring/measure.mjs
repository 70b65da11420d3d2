/** Interleaved measurement in process: every candidate in every round, in a new order each time, net of an empty control. */
import { performance } from 'node:perf_hooks';

/**
 * A thing to measure. `once` gets what `next` made and answers whether it was accepted, at once or later.
 * @typedef {object} Candidate
 * @property {string} name
 * @property {(input: any) => unknown} once
 * @property {() => unknown} next - makes the input as the network would: a fresh one for each call
 * @property {() => unknown} [like] - what makes inputs of the same kind, for the control; default `next`
 * @property {number} [warm] - how many calls come before the measurement, so that caches hold what they would hold
 */

/** @typedef {{ median: number, low: number, high: number }} Spread */

/**
 * @typedef {object} Measured
 * @property {string} name
 * @property {Spread} us - microseconds for one call, net of the control
 * @property {Spread} ratio - to the limit, each round by itself
 */

/**
 * @typedef {object} Effort
 * @property {number} rounds
 * @property {number} batchMs - how long one candidate runs in one round
 */

/**
 * Median, and what lies between the 10th and the 90th percentile.
 * @param {readonly number[]} values
 * @returns {Spread}
 */
export function spread(values) {
  const sorted = [...values].sort((a, b) => a - b);
  const at = (/** @type {number} */ share) => sorted[Math.min(sorted.length - 1, Math.round((sorted.length - 1) * share))] ?? Number.NaN;
  return { median: at(0.5), low: at(0.1), high: at(0.9) };
}

/** @param {readonly unknown[]} values */
export function shuffled(values) {
  const order = [...values];
  for (let index = order.length - 1; index > 0; index--) {
    const other = Math.floor(Math.random() * (index + 1));
    [order[index], order[other]] = [order[other], order[index]];
  }
  return order;
}

/**
 * Measures candidates. The first one is the limit to which the others are compared.
 * @param {readonly Candidate[]} candidates
 * @param {Effort} effort
 * @returns {Promise<Measured[]>}
 */
export async function measure(candidates, { rounds, batchMs }) {
  const controls = [...new Set(candidates.map(likeOf))].map((next) => ({ name: 'empty control', once: () => true, next }));
  const all = /** @type {Candidate[]} */ ([...controls, ...candidates]);
  const runs = all.map((candidate) => ({ ...candidate, calls: 0, nanoseconds: /** @type {number[]} */ ([]) }));
  for (const run of runs) run.calls = await calibrated(run, batchMs);
  for (let round = 0; round < rounds; round++) {
    for (const run of /** @type {typeof runs} */ (shuffled(runs))) run.nanoseconds.push(await timed(run, run.calls));
  }
  const empty = new Map(runs.slice(0, controls.length).map(({ next, nanoseconds }) => [next, spread(nanoseconds).median]));
  const net = runs.slice(controls.length).map(({ name, nanoseconds, ...run }) => {
    const control = empty.get(likeOf(run)) ?? 0;
    return { name, values: nanoseconds.map((value) => Math.max(1, value - control)) };
  });
  const limit = net[0]?.values ?? [];
  return net.map(({ name, values }) => ({
    name,
    us: spread(values.map((value) => value / 1000)),
    ratio: spread(values.map((value, round) => value / (limit[round] ?? Number.NaN))),
  }));
}

const WARM_MS = 60;

/** @param {Pick<Candidate, 'like' | 'next'>} candidate */
const likeOf = ({ like, next }) => like ?? next;

/**
 * Runs a candidate warm and finds how many calls fill a batch.
 * @param {Candidate} candidate @param {number} batchMs
 */
async function calibrated(candidate, batchMs) {
  for (let call = 0; call < (candidate.warm ?? 0); call++) await candidate.once(candidate.next());
  let calls = 8;
  let nanoseconds = await timed(candidate, calls);
  // Long enough for the compiler, too: a cold function is not what a server runs.
  for (
    let spent = 0;
    spent < WARM_MS * 1e6 * Math.min(1, batchMs / 2) || calls * nanoseconds < batchMs * 1e6;
    spent += calls * nanoseconds
  ) {
    if (calls * nanoseconds < batchMs * 1e6) calls *= 2;
    nanoseconds = await timed(candidate, calls);
  }
  return Math.max(8, Math.round((batchMs * 1e6) / nanoseconds));
}

/** Nanoseconds for one call. @param {Candidate} candidate @param {number} calls */
async function timed({ once, next }, calls) {
  const isAsync = once(next()) instanceof Promise;
  const start = performance.now();
  if (isAsync) for (let call = 0; call < calls; call++) await once(next());
  else for (let call = 0; call < calls; call++) once(next());
  return ((performance.now() - start) * 1e6) / calls;
}
