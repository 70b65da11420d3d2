/**
 * `held.mjs`, with `--expose-gc`, and what `held-inputs.mjs` made on its input: what a guard holds for each thing that it remembers. The
 * guard is asked about each request; what the process has grown by after garbage collection is divided by their number.
 */
import { readFileSync } from 'node:fs';
import { requestView } from '@approov-guard/testkit';
import { createGuard, memoryReplayStore } from 'approov-guard';

let input = /** @type {import('./held-inputs.mjs').Held | null} */ (JSON.parse(readFileSync(0, 'utf8')));
const { options, replay, nowMilliseconds, times } = /** @type {import('./held-inputs.mjs').Held} */ (input);
const now = () => nowMilliseconds;

function freshGuard() {
  const remembering = replay === null ? {} : { [replay]: { replay: memoryReplayStore({ now }) } };
  return createGuard(/** @type {any} */ ({ ...options, ...remembering, now }));
}

// Lines are delivered as strings made from bytes just now; nothing of the input is shared with what the guard holds.
const prepared = (input?.requests ?? []).map(({ target, headers }) => ({
  target: Buffer.from(target),
  headers: headers.map(([name, value]) => /** @type {const} */ ([name, Buffer.from(value, 'latin1')])),
}));

input = null;

/** @param {typeof prepared[number]} request */
const delivered = ({ target, headers }) =>
  requestView({
    target: target.toString('latin1'),
    headers: headers.map(([name, value]) => /** @type {const} */ ([name, value.toString('latin1')])),
  });

async function settled() {
  for (let round = 0; round < 5; round++) {
    globalThis.gc?.();
    await new Promise((resolve) => setTimeout(resolve, 10));
  }
  const { rss, heapUsed, external } = process.memoryUsage();
  return { rss, held: heapUsed + external };
}

/** @param {import('approov-guard').Guard} guard @param {typeof prepared} given */
async function ask(guard, given) {
  for (let time = 0; time < times; time++) for (const request of given) await guard.decide(delivered(request));
}

// Compiled code, the young generation's room and what a first guard makes for itself are not counted.
await ask(freshGuard(), prepared.slice(0, Math.ceil(prepared.length / 4)));
const guard = freshGuard();
const before = await settled();
await ask(guard, prepared);
const after = await settled();
const { accepted } = guard.counters();
const count = prepared.length;
if (accepted !== count * times) throw new Error(`${accepted} of ${count * times} accepted`);
const figures = { 'heap bytes each': (after.held - before.held) / count, 'resident bytes each': (after.rss - before.rss) / count, count };
console.log(JSON.stringify(figures));
