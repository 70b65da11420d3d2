/** The conformance suite finds what is wrong with stores that are wrong in the ways that occur. */
import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { type ManualClock, manualClock, type ReplayCase, type ReplayConformanceOptions, replayConformance } from '@approov-guard/testkit';
import { memoryReplayStore, type ReplayStore } from 'approov-guard';

type Rows = Map<string, number>;
type Answer = (rows: Rows, key: string, until: number, now: number) => boolean | Promise<boolean>;

const sound: Answer = (rows, key, until, now) => {
  if (!(until > now)) throw new RangeError('past');
  if ((rows.get(key) ?? 0) > now) return false;
  rows.set(key, until);
  return true;
};

const CONCURRENT = 'of 64 concurrent calls exactly one is new';
const faulty: readonly { readonly fault: string; readonly found: string; readonly answer: Answer }[] = [
  { fault: 'always says new', found: 'a key is new once', answer: () => true },
  { fault: 'never says new', found: 'a key is new once', answer: () => false },
  {
    fault: 'looks first and inserts later',
    found: CONCURRENT,
    answer: async (rows, key, until, now) => {
      const known = (rows.get(key) ?? 0) > now;
      await Promise.resolve();
      return !known && sound(new Map(), key, until, now) && rows.set(key, until) === rows;
    },
  },
  {
    fault: 'does not tell case apart',
    found: 'keys that differ in one character, or in case, are different',
    answer: (rows, key, until, now) => sound(rows, key.toLowerCase(), until, now),
  },
  {
    fault: 'remembers a key for each time that comes with it',
    found: 'a key is remembered whatever time comes with it',
    answer: (rows, key, until, now) => sound(rows, `${key} ${until}`, until, now),
  },
  {
    fault: 'forgets at once',
    found: 'an entry lives until its time, and not much longer',
    answer: (rows, key, until, now) => sound(rows, key, Math.min(until, now + 0.5), now),
  },
  {
    fault: 'never forgets',
    found: 'an entry lives until its time, and not much longer',
    answer: (rows, key, until, now) => sound(rows, key, until + 1e9, now),
  },
  {
    fault: 'forgets all when one ends',
    found: 'entries that end do not take others with them',
    answer: (rows, key, until, now) => {
      if ([...rows.values()].some((end) => end <= now)) rows.clear();
      return sound(rows, key, until, now);
    },
  },
  {
    fault: 'says new of what is past',
    found: 'a time that is past is never new',
    answer: (rows, key, until, now) => until <= now || sound(rows, key, until, now),
  },
  {
    fault: 'counts times in 32 bits',
    found: 'a time in the far future is remembered',
    answer: (rows, key, until, now) => sound(rows, key, until | 0, now),
  },
  {
    fault: 'drops the oldest of a thousand',
    found: 'many keys are new once each',
    answer: (rows, key, until, now) => {
      const isNew = sound(rows, key, until, now);
      const [oldest] = rows.keys();
      if (rows.size > 1000 && oldest !== undefined) rows.delete(oldest);
      return isNew;
    },
  },
];

function casesFor(clock: ManualClock, answer: Answer, options: ReplayConformanceOptions = {}): readonly ReplayCase[] {
  const rows: Rows = new Map();
  const store: ReplayStore = { setIfAbsent: (key, until) => answer(rows, key, until, clock.now() / 1000) };
  return replayConformance(() => store, { now: clock.now, wait: (seconds) => clock.advance(seconds * 1000), ...options });
}

describe('the conformance suite of replay stores', () => {
  test('passes a sound store', async () => {
    const clock = manualClock(1_700_000_000_500);
    for (const { run } of casesFor(clock, sound, { shared: true })) await run();
  });

  for (const { fault, found, answer } of faulty) {
    test(`finds a store that ${fault}`, async () => {
      const one = casesFor(manualClock(1_700_000_000_500), answer).find(({ name }) => name === found);
      assert.ok(one, found);
      await assert.rejects(one.run(), /^Error: Expected: |^RangeError/);
    });
  }

  const inTrouble: readonly (readonly [fault: string, options: ReplayConformanceOptions])[] = [
    ['forgets when it is full', { makeFull: () => memoryReplayStore({ maxEntries: 1000, now: () => 1_700_000_000_000 }) }],
    ['says new when its server is gone', { makeBroken: () => ({ setIfAbsent: () => true }) }],
    ['says known when its server is gone', { makeBroken: () => ({ setIfAbsent: async () => false }) }],
  ];
  for (const [fault, options] of inTrouble) {
    test(`finds a store that ${fault}`, async () => {
      const one = casesFor(manualClock(1_700_000_000_000), sound, options).at(-1);
      await assert.rejects(async () => one?.run(), /^Error: Expected: /);
    });
  }
});
