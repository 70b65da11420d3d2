/** Memory: resident growth with the number of distinct tokens, and a soak. */
import { createHmac, createSecretKey } from 'node:crypto';
import { PerformanceObserver, performance } from 'node:perf_hooks';
import { setTimeout as pause } from 'node:timers/promises';
import { createGuard } from 'approov-guard';
import { countingHook, MinimalView } from '../lib/guards.mjs';
import { badSignature, freshKeys, guardKeys } from '../lib/tokens.mjs';

const HEADER = Buffer.from('{"alg":"HS256","typ":"JWT"}').toString('base64url');
const keys = freshKeys('HS256');
const key = createSecretKey(keys.secret);

/** A distinct token, minted as cheaply as can be. @param {number} index */
function distinctToken(index) {
  const expiry = Math.floor(Date.now() / 1000) + 300;
  const did = Buffer.from(String(index).padStart(16, '0')).toString('base64');
  const claims = `{"exp":${expiry},"ip":"203.0.113.7","did":"${did}","iss":"bench.example","arc":"0123456789abcdef0123","n":"${index}"}`;
  const input = `${HEADER}.${Buffer.from(claims).toString('base64url')}`;
  return `${input}.${createHmac('sha256', key).update(input).digest('base64url')}`;
}

const freshGuard = () => createGuard({ keys: /** @type {any} */ (guardKeys(keys)), onVerdict: countingHook });

function settled() {
  for (let round = 0; round < 3; round++) globalThis.gc?.();
  const { rss, heapUsed } = process.memoryUsage();
  return { rss: rss / 2 ** 20, heap: heapUsed / 2 ** 20 };
}

/** Decides about so many distinct tokens, with a turn of the event loop now and then, as a server would have. @param {number} count */
async function growth(count) {
  const guard = freshGuard();
  const pauses = /** @type {number[]} */ ([]);
  const observer = new PerformanceObserver((list) => pauses.push(...list.getEntries().map(({ duration }) => duration)));
  observer.observe({ entryTypes: ['gc'] });
  const before = settled();
  let peak = before.rss;
  pauses.length = 0;
  for (let index = 0; index < count; index++) {
    guard.decide(new MinimalView(distinctToken(index)));
    if (index % 1000 === 999) await pause(0);
    if (index % 50_000 === 0) peak = Math.max(peak, process.memoryUsage.rss() / 2 ** 20);
  }
  await pause(5);
  const longest = Math.max(0, ...pauses);
  observer.disconnect();
  const after = settled();
  if (guard.counters().accepted !== count) throw new Error('a good token was refused');
  return {
    'RSS MiB': after.rss - before.rss,
    'heap MiB': after.heap - before.heap,
    'peak RSS MiB': peak - before.rss,
    'longest pause ms': longest,
  };
}

/** Good tokens, each new, and bad ones, as fast as they go. @param {number} seconds */
async function soak(seconds) {
  const guard = freshGuard();
  const samples = /** @type {{ at: number, rss: number }[]} */ ([]);
  const start = performance.now();
  for (let index = 0; performance.now() - start < seconds * 1000; index++) {
    const token = distinctToken(index);
    guard.decide(new MinimalView(token));
    guard.decide(new MinimalView(badSignature(token)));
    guard.decide(new MinimalView('x'.repeat(index % 9000)));
    if (index % 1000 === 999) await pause(0);
    if (index % 5000 === 0) samples.push({ at: (performance.now() - start) / 1000, rss: process.memoryUsage.rss() / 2 ** 20 });
  }
  return samples;
}

/** @param {readonly { at: number, rss: number }[]} samples */
function trend(samples) {
  const warm = samples.slice(Math.floor(samples.length / 5));
  const mean = (/** @type {number[]} */ values) => values.reduce((sum, value) => sum + value, 0) / Math.max(1, values.length);
  const [at, rss] = [mean(warm.map((sample) => sample.at)), mean(warm.map((sample) => sample.rss))];
  const covariance = mean(warm.map((sample) => (sample.at - at) * (sample.rss - rss)));
  const variance = mean(warm.map((sample) => (sample.at - at) ** 2));
  const values = warm.map((sample) => sample.rss);
  return {
    'RSS MiB after warm-up': values[0] ?? 0,
    'RSS MiB at the end': values.at(-1) ?? 0,
    'highest MiB': Math.max(...values),
    'trend MiB per minute': (covariance / Math.max(1e-9, variance)) * 60,
  };
}

/** @param {import('../run.mjs').Settings} settings @param {import('../run.mjs').Report} report */
export async function run(settings, report) {
  // The machinery itself is warm before anything is compared.
  await growth(settings.smoke ? 100 : 30_000);
  const counts = settings.smoke ? [1, 1000] : settings.quick ? [1, 10_000, 100_000] : [1, 10_000, 100_000, 1_000_000];
  for (const count of counts) {
    report({ suite: 'memory', group: 'distinct tokens', name: String(count), unit: 'MiB', figures: await growth(count) });
  }
  const samples = await soak(settings.soakSeconds);
  report({ suite: 'memory', group: `soak of ${settings.soakSeconds} s`, name: 'approov-guard', unit: 'MiB', figures: trend(samples) });
}
