import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Worker } from 'node:worker_threads';
import { freshSecret, mintToken } from '@approov-guard/testkit';
import { createGuard, keysFromUrl, redisReplayStore } from 'approov-guard';
import { afterListening } from '../../../src/http/deadline.ts';
import { withToken } from '../../both-ports.ts';

test('one late timer does not use up the wait', (context) => {
  context.mock.timers.enable({ apis: ['setTimeout', 'setImmediate'] });
  let over = 0;
  afterListening(1, () => over++);
  // The process stood still for an hour: of the wait, one part is gone.
  for (let late = 0; late < 3; late++) {
    context.mock.timers.tick(3_600_000);
    assert.equal(over, 0);
  }
  context.mock.timers.tick(3_600_000);
  context.mock.timers.tick(1);
  assert.equal(over, 1);
  context.mock.timers.tick(3_600_000);
  assert.equal(over, 1);
});

test('what was called off does not call back, even between its end and its last look at the sockets', (context) => {
  context.mock.timers.enable({ apis: ['setTimeout'] });
  const never = (): void => assert.fail('called back');
  afterListening(1, never)();
  const callOff = afterListening(1, never);
  for (let part = 0; part < 4; part++) context.mock.timers.tick(250);
  callOff();
  return new Promise((resolve) => setImmediate(resolve));
});

/** Answers from a thread of its own, so that it answers while this one stands still. */
function answering(context: { after(end: () => unknown): void }): { readonly answers: () => number; readonly ask: () => Promise<void> } {
  const answered = new Int32Array(new SharedArrayBuffer(4));
  const worker = new Worker(
    `const { parentPort, workerData } = require('node:worker_threads');
     parentPort.on('message', () => { parentPort.postMessage(0); Atomics.add(workerData, 0, 1); });`,
    { eval: true, workerData: answered },
  );
  context.after(() => worker.terminate());
  const waiting: (() => void)[] = [];
  worker.on('message', () => waiting.shift()?.());
  return {
    answers: () => Atomics.load(answered, 0),
    ask: () =>
      new Promise((resolve) => {
        waiting.push(resolve);
        worker.postMessage(0);
      }),
  };
}

/** Keeps the event loop until the other thread has answered so often, and for longer than any wait of these tests. */
function standStill(answers: () => number, least: number): void {
  const until = performance.now() + 150;
  while (performance.now() < until || answers() < least);
}

test('an answer of the replay store that came while the event loop stood still counts', async (context) => {
  const { ask, answers } = answering(context);
  await ask();
  const store = redisReplayStore(() => ask().then(() => 'OK'), { timeoutSeconds: 0.01 });
  const until = Date.now() / 1000 + 60;
  const before = answers();
  const asked = Array.from({ length: 100 }, (_, key) => store.setIfAbsent(String(key), until));
  standStill(answers, before + 100);
  assert.deepEqual(new Set(await Promise.all(asked)), new Set([true]));
});

test('an answer of a rule that came while the event loop stood still counts', async (context) => {
  const { ask, answers } = answering(context);
  await ask();
  const secret = freshSecret();
  const guard = createGuard({ keys: { secret }, rules: [{ name: 'r', deny: () => ask().then(() => false), timeoutSeconds: 0.01 }] });
  const before = answers();
  const verdict = guard.judge(withToken(mintToken({ secret })));
  standStill(answers, before + 1);
  assert.equal((await verdict).outcome, 'accepted');
});

test('a key set that came while the event loop stood still counts', async (context) => {
  const { ask, answers } = answering(context);
  await ask();
  const keys = keysFromUrl({
    url: 'https://keys.example.com/',
    timeoutSeconds: 0.1,
    fetch: () => ask().then(() => new Response('{"keys":[]}', { headers: { 'content-type': 'application/json' } })),
  });
  const before = answers();
  const warm = keys.warmUp?.(Date.now());
  standStill(answers, before + 1);
  // The set was read: it holds no key.
  await assert.rejects(async () => warm, /no-usable-key/);
});
