/** What every replay store must hold: cases that any test runner can run, against any store. */
import type { MaybePromise, ReplayStore } from 'approov-guard';

/** One thing that a store must hold. */
export interface ReplayCase {
  /** The behaviour, as a sentence: the name of a test. */
  readonly name: string;
  /** Rejects with an Error if the store does not behave so. */
  readonly run: () => Promise<void>;
}

/** Options of {@link replayConformance}. */
export interface ReplayConformanceOptions {
  /** The store's clock, milliseconds since the epoch. Default `Date.now`. */
  readonly now?: () => number;
  /** Lets that much time pass on the store's clock. Default: waits. */
  readonly wait?: (seconds: number) => MaybePromise<void>;
  /** How much longer than asked the store keeps entries, in seconds. Default 0. Set margins to 0 for the tests, so that they do not wait. */
  readonly keepsLongerSeconds?: number;
  /** Whether all stores that were made share their entries, as those of several processes on one server do. Default `false`. */
  readonly shared?: boolean;
  /** Makes a store with room for that many entries. Default: the case of the full store is left out. */
  readonly makeFull?: (maxEntries: number) => MaybePromise<ReplayStore>;
  /** Makes a store whose server is gone, or hangs. Default: the case is left out, as a store in memory cannot fail so. */
  readonly makeBroken?: () => MaybePromise<ReplayStore>;
}

/** Makes a store to test. What it holds already does not matter: every case uses keys of its own. */
export type MakeReplayStore = () => MaybePromise<ReplayStore>;

interface Bench {
  readonly make: MakeReplayStore;
  readonly wait: (seconds: number) => MaybePromise<void>;
  /** Whole seconds since the epoch, as the guard passes them: `seconds` from now. */
  readonly until: (seconds: number) => number;
  /** Whether the store's clock has reached a time that `until` gave. */
  readonly past: (time: number) => boolean;
  readonly keepsLonger: number;
}

/**
 * The cases that a {@link ReplayStore} must pass before a guard may rely on it. It does **not** test what happens when the store's server
 * restarts or hands over to a replica.
 *
 * @param make - makes a store; called several times
 * @param options - the store's clock and what else the cases depend on
 *
 * @example
 * ```ts
 * import { test } from 'node:test';
 * import { manualClock, replayConformance } from '@approov-guard/testkit';
 * import { memoryReplayStore } from 'approov-guard';
 * const clock = manualClock(1_700_000_000_000);
 * const wait = (seconds: number) => clock.advance(seconds * 1000);
 * const cases = replayConformance(() => memoryReplayStore({ now: clock.now }), { now: clock.now, wait });
 * for (const { name, run } of cases) test(name, run);
 * ```
 */
export function replayConformance(make: MakeReplayStore, options: ReplayConformanceOptions = {}): readonly ReplayCase[] {
  const now = options.now ?? Date.now;
  const bench: Bench = {
    make,
    wait: options.wait ?? ((seconds) => new Promise((resolve) => setTimeout(resolve, seconds * 1000))),
    until: (seconds) => Math.ceil(now() / 1000) + seconds,
    past: (time) => now() / 1000 >= time,
    keepsLonger: options.keepsLongerSeconds ?? 0,
  };
  const { shared = false, makeFull, makeBroken } = options;
  return [
    ...ALWAYS.map(([name, run]) => ({ name, run: () => run(bench) })),
    ...(shared ? [{ name: 'of 64 concurrent calls over 4 stores exactly one is new', run: () => oneOfManyStores(bench) }] : []),
    ...(makeFull
      ? [{ name: 'a full store throws rather than forget, and has room again in time', run: () => fullStore(bench, makeFull) }]
      : []),
    ...(makeBroken ? [{ name: 'a store that cannot answer throws, within 5 seconds', run: () => brokenStore(bench, makeBroken) }] : []),
  ];
}

const ALWAYS: readonly (readonly [name: string, run: (bench: Bench) => Promise<void>])[] = [
  ['a key is new once', newOnce],
  ['of 64 concurrent calls exactly one is new', oneOfMany],
  ['keys that differ in one character, or in case, are different', distinctKeys],
  ['a key is remembered whatever time comes with it', otherTimes],
  ['an entry lives until its time, and not much longer', livesUntilItsTime],
  ['entries that end do not take others with them', endsAlone],
  ['a time that is past is never new', pastTime],
  ['a time in the far future is remembered', farFuture],
  ['many keys are new once each', manyKeys],
];

async function newOnce({ make, until }: Bench): Promise<void> {
  const store = await make();
  const key = freshKey();
  expect((await store.setIfAbsent(key, until(60))) === true, 'the first call answers true');
  for (const time of ['second', 'third']) expect((await store.setIfAbsent(key, until(60))) === false, `the ${time} call answers false`);
}

async function oneOfMany(bench: Bench): Promise<void> {
  const store = await bench.make();
  for (let round = 0; round < 10; round++) await race(new Array(64).fill(store), bench);
}

async function oneOfManyStores(bench: Bench): Promise<void> {
  const stores = await Promise.all([bench.make(), bench.make(), bench.make(), bench.make()]);
  for (let round = 0; round < 10; round++) await race(new Array(16).fill(stores).flat(), bench);
}

async function race(stores: readonly ReplayStore[], { until }: Bench): Promise<void> {
  const key = freshKey();
  const time = until(60);
  const answers = await Promise.all(stores.map((store) => store.setIfAbsent(key, time)));
  const news = answers.filter((answer) => answer !== false).length;
  expect(news === 1, `of ${answers.length} concurrent calls ${news} were told that the key is new`);
}

async function distinctKeys({ make, until }: Bench): Promise<void> {
  const store = await make();
  const stem = freshKey().slice(0, -4);
  // Base64 tells a from A; a data base with a case-insensitive collation does not.
  for (const end of ['aaa=', 'Aaa=', 'aaA=', 'ab+=', 'ab/=', 'aab=', 'aaa', 'aaaa=', ' aaa=']) {
    expect((await store.setIfAbsent(stem + end, until(60))) === true, `a key that ends in "${end}" is new`);
  }
}

async function otherTimes({ make, until }: Bench): Promise<void> {
  const store = await make();
  const key = freshKey();
  await store.setIfAbsent(key, until(60));
  // On a busy machine a second may be over before the store is asked: then it may say so.
  expect((await answerOf(() => store.setIfAbsent(key, until(1)))) !== true, 'with 1 second instead of 60 the key is not called new');
  for (const seconds of [30, 59, 61, 5000]) {
    expect((await store.setIfAbsent(key, until(seconds))) === false, `with ${seconds} seconds instead of 60 the key is still known`);
  }
}

async function livesUntilItsTime({ make, until, past, wait, keepsLonger }: Bench): Promise<void> {
  const store = await make();
  const [early, late] = [freshKey(), freshKey()];
  const time = until(2);
  // On a busy machine two seconds may be over before a store is asked, or before it is asked again.
  for (const key of [early, late]) await answerOf(() => store.setIfAbsent(key, time));
  await wait(1);
  expect((await store.setIfAbsent(early, until(60))) === false || past(time), 'a second before its time the key is known');
  await wait(3 + keepsLonger);
  expect((await store.setIfAbsent(late, until(60))) === true, 'after its time the key is new again');
  expect((await store.setIfAbsent(late, until(60))) === false, 'and then known again');
}

async function endsAlone({ make, until, wait }: Bench): Promise<void> {
  const store = await make();
  const long = [freshKey(), freshKey(), freshKey()];
  for (const key of long) {
    await store.setIfAbsent(key, until(600));
    await answerOf(() => store.setIfAbsent(freshKey(), until(1)));
  }
  await wait(2);
  for (const key of long) expect((await store.setIfAbsent(key, until(600))) === false, 'the longer entry is still known');
}

async function pastTime({ make, until }: Bench): Promise<void> {
  const store = await make();
  for (const seconds of [-1, -60, -100_000]) {
    const key = freshKey();
    const isNew = await answerOf(() => store.setIfAbsent(key, until(seconds)));
    // A request can be judged in time and asked about too late, as its body came slowly: then nobody can tell.
    expect(isNew !== true, `a key whose time was ${-seconds} seconds ago is not called new`);
  }
}

async function farFuture({ make, until }: Bench): Promise<void> {
  const store = await make();
  const years = [1, 10, 100].map((count) => ({ key: freshKey(), time: until(count * 31_557_600) }));
  for (const { key, time } of years) expect((await store.setIfAbsent(key, time)) === true, 'the first call answers true');
  for (const { key, time } of years) expect((await store.setIfAbsent(key, time)) === false, 'the second call answers false');
}

async function manyKeys({ make, until }: Bench): Promise<void> {
  const store = await make();
  const time = until(60);
  const keys = Array.from({ length: 2000 }, freshKey);
  for (const isNew of [true, false]) {
    const answers = await Promise.all(keys.map((key) => store.setIfAbsent(key, time)));
    expect(
      answers.every((answer) => answer === isNew),
      `all ${keys.length} are ${isNew ? 'new' : 'known'}`,
    );
  }
}

async function fullStore({ until, wait, keepsLonger }: Bench, makeFull: (maxEntries: number) => MaybePromise<ReplayStore>): Promise<void> {
  const store = await makeFull(100);
  const keys = Array.from({ length: 100 }, freshKey);
  for (const key of keys) expect((await store.setIfAbsent(key, until(5))) === true, 'there is room for 100');
  for (let more = 0; more < 100; more++) {
    expect((await answerOf(() => store.setIfAbsent(freshKey(), until(5)))) instanceof Error, 'the full store throws');
  }
  for (const key of keys) expect((await store.setIfAbsent(key, until(5))) === false, 'nothing was forgotten');
  await wait(7 + keepsLonger);
  for (const key of keys) expect((await store.setIfAbsent(key, until(5))) === true, 'there is room again');
}

async function brokenStore({ until }: Bench, makeBroken: () => MaybePromise<ReplayStore>): Promise<void> {
  const store = await makeBroken();
  let timer: ReturnType<typeof setTimeout> | undefined;
  const late = new Promise<string>((resolve) => {
    timer = setTimeout(() => resolve('nothing within 5 seconds'), 5000);
  });
  const answer = await Promise.race([late, answerOf(() => store.setIfAbsent(freshKey(), until(60)))]);
  clearTimeout(timer);
  expect(answer instanceof Error, `it throws; it answered ${String(answer)}`);
}

/** The answer, or what was thrown. */
async function answerOf(ask: () => MaybePromise<boolean>): Promise<unknown> {
  try {
    return await ask();
  } catch (error) {
    return error instanceof Error ? error : new Error(String(error));
  }
}

/** Looks like the hash that the guard passes: 32 bytes in base64. */
function freshKey(): string {
  return Buffer.from(globalThis.crypto.getRandomValues(new Uint8Array(32))).toString('base64');
}

function expect(held: boolean, expectation: string): void {
  if (!held) throw new Error(`Expected: ${expectation}`);
}
