/** The memory store: conformance, bounds, and clocks that misbehave. */
import '../properties/steps.ts';
import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { type ManualClock, manualClock, replayConformance } from '@approov-guard/testkit';
import { ConfigurationError, memoryReplayStore, ReplayStoreError } from 'approov-guard';
import fc from 'fast-check';
import { stepsOf } from '../properties/steps.ts';

const START = 1_700_000_000;
const clockAtStart = (): ManualClock => manualClock(START * 1000);
const failsWith =
  (code: string) =>
  (error: unknown): boolean =>
    error instanceof ReplayStoreError && error.code === code;

describe('memoryReplayStore conforms', () => {
  const clock = clockAtStart();
  const cases = replayConformance(() => memoryReplayStore({ now: clock.now }), {
    now: clock.now,
    wait: (seconds) => clock.advance(seconds * 1000),
    makeFull: (maxEntries) => memoryReplayStore({ maxEntries, now: clock.now }),
  });
  for (const { name, run } of cases) test(name, run);
});

describe('memoryReplayStore', () => {
  test('answers at once, without a promise', () => {
    assert.equal(memoryReplayStore().setIfAbsent('key', Date.now() / 1000 + 10), true);
  });

  test('starts no timer', () => {
    const before = process.getActiveResourcesInfo().length;
    const store = memoryReplayStore();
    for (let count = 0; count < 1000; count++) store.setIfAbsent(String(count), Date.now() / 1000 + 10);
    assert.equal(process.getActiveResourcesInfo().length, before);
  });

  test('a clock that steps back forgets nothing early', () => {
    const clock = clockAtStart();
    const store = memoryReplayStore({ now: clock.now });
    store.setIfAbsent('key', START + 60);
    clock.advance(-3_600_000);
    assert.equal(store.setIfAbsent('key', START + 60), false);
    clock.set((START + 59) * 1000);
    assert.equal(store.setIfAbsent('key', START + 60), false);
  });

  test('after a step forward and back, what was forgotten meanwhile is not called new', () => {
    const clock = clockAtStart();
    const store = memoryReplayStore({ now: clock.now });
    store.setIfAbsent('old', START + 60);
    clock.advance(120_000);
    store.setIfAbsent('sweeps', START + 300);
    clock.advance(-110_000);
    assert.throws(() => store.setIfAbsent('old', START + 60), failsWith('entry-past'));
    assert.equal(store.setIfAbsent('later', START + 61), true);
  });

  test('the wheel turns again after a step back, so that it does not fill up', () => {
    const clock = manualClock((START + 10_000_000) * 1000);
    const store = memoryReplayStore({ maxEntries: 10, now: clock.now });
    store.setIfAbsent('ahead', START + 10_000_060);
    clock.set(START * 1000);
    for (let second = 0; second < 10_000; second++) {
      clock.advance(1000);
      assert.equal(store.setIfAbsent(`key ${second}`, START + second + 6), true);
    }
  });

  test('a year of silence costs one turn of the wheel', () => {
    const clock = clockAtStart();
    const store = memoryReplayStore({ maxEntries: 1000, now: clock.now });
    for (let count = 0; count < 1000; count++) store.setIfAbsent(`old ${count}`, START + 1 + (count % 500));
    clock.advance(31_557_600_000);
    const steps = stepsOf(() => {
      for (let count = 0; count < 1000; count++) store.setIfAbsent(`new ${count}`, START + 31_557_600 + 60);
    });
    // A year has more than 31 million seconds.
    assert.ok(steps < 200_000, `${steps} steps`);
  });

  test('entries of many lives together do not keep room from those that come and go', () => {
    const clock = clockAtStart();
    const store = memoryReplayStore({ maxEntries: 200, now: clock.now });
    for (let count = 0; count < 100; count++) store.setIfAbsent(`long ${count}`, START + 86_400 * (count + 1));
    for (let second = 0; second < 20_000; second++) {
      clock.advance(1000);
      assert.equal(store.setIfAbsent(`short ${second}`, START + second + 1 + 99), true);
    }
    for (let count = 0; count < 100; count++) assert.equal(store.setIfAbsent(`long ${count}`, START + 86_400 * (count + 1)), false);
  });

  test('refuses times that are none', () => {
    for (const until of [Number.NaN, Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY, 1e300, 0]) {
      assert.throws(() => memoryReplayStore().setIfAbsent('key', until), failsWith('entry-past'));
    }
  });

  test('refuses options that are none', () => {
    for (const options of [{ maxEntries: 0 }, { maxEntries: 1e9 }, { maxEntries: '5' }, { now: 5 }, { size: 5 }, null]) {
      assert.throws(() => memoryReplayStore(options as never), ConfigurationError);
    }
  });

  test('agrees with a model that keeps everything, whatever the clock does', () => {
    const step = fc.record({
      key: fc.integer({ min: 0, max: 8 }),
      life: fc.integer({ min: -2, max: 5000 }),
      leap: fc.integer({ min: -30, max: 3000 }),
    });
    const steps = fc.array(
      fc.oneof(step, fc.record({ key: fc.nat(8), life: fc.integer({ min: 1, max: 9 }), leap: fc.integer({ min: 0, max: 2 }) })),
      {
        maxLength: 60,
      },
    );
    fc.assert(fc.property(steps, agreesWithModel), { numRuns: 3000 });
  });
});

interface Step {
  readonly key: number;
  readonly life: number;
  readonly leap: number;
}

/** Whatever the clock does: nothing that is known is called new. A key comes with the same time whenever it comes, as the guard's do. */
function agreesWithModel(steps: readonly Step[]): void {
  const clock = clockAtStart();
  const store = memoryReplayStore({ maxEntries: 5, now: clock.now });
  const accepted = new Map<string, number>();
  let latest = START;
  for (const { key, life, leap } of steps) {
    clock.advance(leap * 1000);
    const at = clock.now() / 1000;
    latest = Math.max(latest, at);
    const name = `key ${key}`;
    const known = (accepted.get(name) ?? 0) > at;
    const until = known ? (accepted.get(name) ?? 0) : at + life;
    try {
      const isNew = store.setIfAbsent(name, until);
      assert.equal(isNew, !known);
      if (isNew) accepted.set(name, until);
    } catch (error) {
      assert.ok(error instanceof ReplayStoreError, String(error));
      if (error.code === 'store-full') assert.ok(!known && [...accepted.values()].filter((end) => end > at).length >= 5);
      else assert.ok(until <= latest, 'it refuses only what it may have forgotten');
    }
  }
}
