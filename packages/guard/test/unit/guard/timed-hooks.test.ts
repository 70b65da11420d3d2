/** Durations: measured for who asks, and for nobody else. */
import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { test } from 'node:test';
import { mintToken, requestView } from '@approov-guard/testkit';
import { createGuard, type OnVerdict, type VerdictFacts } from '../../../src/index.ts';
import { prometheus } from '../../../src/observe/prometheus.ts';

const SECRET = { base64: randomBytes(32).toString('base64') };

async function factsOf(make: (note: (facts: VerdictFacts) => void) => OnVerdict | readonly OnVerdict[]): Promise<readonly VerdictFacts[]> {
  const told: VerdictFacts[] = [];
  const guard = createGuard({ keys: { secret: SECRET }, onVerdict: make((facts) => told.push(facts)) });
  const token = mintToken({ secret: SECRET, algorithm: 'HS256', lifetimeSeconds: 60 });
  const request = { method: 'GET', url: 'https://api.example.com/', headers: [['Approov-Token', token]] as const };
  await guard.decide(requestView(request));
  return told;
}

test('a hook that does not ask for durations is told none', async () => {
  const told = await factsOf((note) => (_verdict, facts) => note(facts));
  assert.deepEqual(
    told.map(({ tookMs }) => tookMs),
    [0],
  );
});

test('a timed hook is told how long the judgement took, and so is every other hook of the guard', async () => {
  const told = await factsOf((note) => [
    (_verdict, facts) => note(facts),
    Object.assign((_verdict: unknown, facts: VerdictFacts) => note(facts), { timed: true }),
  ]);
  assert.equal(told.length, 2);
  assert.ok(told.every(({ tookMs }) => tookMs > 0));
});

test('the hooks of telemetry are timed', async () => {
  const metrics = prometheus();
  assert.equal(metrics.onVerdict.timed, true);
  const [facts] = await factsOf((note) => [metrics.onVerdict, (_verdict, facts) => note(facts)]);
  assert.ok((facts?.tookMs ?? 0) > 0);
  assert.match(metrics.text(), /duration\w*_count 1\n/);
});
