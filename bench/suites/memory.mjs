/** Memory: resident growth with the number of distinct tokens, and what each remembered thing holds. */
import { PerformanceObserver } from 'node:perf_hooks';
import { setTimeout as pause } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { createGuard } from 'approov-guard';
import { countingHook, MinimalView } from '../lib/guards.mjs';
import { distinctTokens } from '../lib/inputs/distinct-tokens.mjs';
import { HELD } from '../lib/inputs/held-inputs.mjs';
import { freshKeys, guardKeys } from '../lib/inputs/tokens.mjs';
import { runOn, SERVER_CORE } from '../lib/programs/processes.mjs';

const keys = freshKeys('HS256');
const distinctToken = distinctTokens(keys.secret);

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
    const token = distinctToken(index, Date.now());
    // Some tokens are held from their second request on.
    guard.decide(new MinimalView(token));
    guard.decide(new MinimalView(token));
    if (index % 1000 === 999) await pause(0);
    if (index % 50_000 === 0) peak = Math.max(peak, process.memoryUsage.rss() / 2 ** 20);
  }
  await pause(5);
  const longest = Math.max(0, ...pauses);
  observer.disconnect();
  const after = settled();
  if (guard.counters().accepted !== 2 * count) throw new Error('a good token was refused');
  return {
    'RSS MiB': after.rss - before.rss,
    'heap MiB': after.heap - before.heap,
    'peak RSS MiB': peak - before.rss,
    'longest pause ms': longest,
  };
}

/** Each in a process of its own, so that nothing that was freed before is used again. @param {import('../run.mjs').Settings} settings @param {import('../run.mjs').Report} report */
async function reportHeld({ smoke, quick }, report) {
  const program = fileURLToPath(new URL('../lib/inputs/held.mjs', import.meta.url));
  // A young generation that does not grow: its room would be counted as held.
  const command = [process.execPath, '--expose-gc', '--max-semi-space-size=1', program];
  for (const [kind, make] of Object.entries(HELD)) {
    // Signing with RSA takes a millisecond each.
    const count = smoke ? 200 : quick ? 500 : kind.endsWith('RS256') ? 4000 : 10_000;
    const written = await runOn(command, SERVER_CORE, {}, JSON.stringify(make(count)));
    report({ suite: 'memory', group: 'what is held', name: kind, unit: 'bytes', figures: JSON.parse(written) });
  }
}

/** @param {import('../run.mjs').Settings} settings @param {import('../run.mjs').Report} report */
export async function run(settings, report) {
  // The machinery itself is warm before anything is compared.
  await growth(settings.smoke ? 100 : 30_000);
  const counts = settings.smoke ? [1, 1000] : settings.quick ? [1, 10_000, 100_000] : [1, 10_000, 100_000, 1_000_000];
  for (const count of counts) {
    report({ suite: 'memory', group: 'distinct tokens', name: String(count), unit: 'MiB', figures: await growth(count) });
  }
  await reportHeld(settings, report);
}
