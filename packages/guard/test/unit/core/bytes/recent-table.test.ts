import assert from 'node:assert/strict';
import { test } from 'node:test';
import { RecentTable } from '../../../../src/core/token/verified.ts';

/** Asks for each name, puts in what is not there, and counts what was. */
function hits(table: RecentTable<number, number>, names: Iterable<number>): number {
  let found = 0;
  for (const name of names) {
    if (table.get(name) === name) found++;
    else table.set(name, name);
  }
  return found;
}

const upTo = (count: number, from = 0): number[] => Array.from({ length: count }, (_, index) => from + index);

for (const capacity of [1, 2, 3, 10, 1000, 10_000]) {
  test(`a table of ${capacity} holds ${capacity}, asked for in turn or at random`, () => {
    const table = new RecentTable<number, number>(capacity);
    assert.equal(hits(table, upTo(capacity)), 0);
    for (let round = 0; round < 3; round++) assert.equal(hits(table, upTo(capacity)), capacity);
    const random = upTo(capacity).map((_, index) => (index * 7919) % capacity);
    assert.equal(hits(table, random), capacity);
    assert.equal(table.size, capacity);
  });

  test(`a table of ${capacity} never holds more than ${capacity}`, () => {
    const table = new RecentTable<number, number>(capacity);
    hits(table, upTo(5 * capacity));
    assert.equal(table.size, capacity);
    assert.equal(upTo(5 * capacity).filter((name) => table.get(name) !== undefined).length, capacity);
  });
}

test('the newest is held, whatever came before', () => {
  const table = new RecentTable<number, number>(10);
  for (const name of upTo(1000)) {
    hits(table, [name, name]);
    assert.equal(table.get(name), name);
  }
});

test('what is in use stays, however many come once', () => {
  const table = new RecentTable<number, number>(1000);
  const inUse = upTo(500);
  hits(table, inUse);
  let found = 0;
  for (let round = 0; round < 100; round++) {
    found += hits(table, inUse);
    hits(table, upTo(500, 1000 + 500 * round));
  }
  assert.ok(found >= 0.98 * 100 * 500, `${found} of 50000`);
});

test('a fleet whose names change keeps its place: what is no longer asked for goes first', () => {
  const table = new RecentTable<number, number>(1000);
  for (let generation = 0; generation < 5; generation++) {
    const fleet = upTo(1000, generation * 1000);
    for (let round = 0; round < 10; round++) hits(table, fleet);
    assert.ok(hits(table, fleet) >= 990, `generation ${generation}`);
  }
});

test('of a fleet twice as large as the table, asking at random, half are found', () => {
  const table = new RecentTable<number, number>(1000);
  let random = 1;
  const next = (): number => {
    random = (random * 48_271) % 2_147_483_647;
    return random;
  };
  const asking = (count: number): number[] => upTo(count).map(() => next() % 2000);
  hits(table, asking(10_000));
  const found = hits(table, asking(10_000));
  assert.ok(found > 4500 && found < 5500, `${found} of 10000`);
});

test('an entry that is put again is replaced', () => {
  const table = new RecentTable<string, number>(2);
  table.set('a', 1);
  table.set('a', 2);
  assert.equal(table.get('a'), 2);
  assert.equal(table.size, 1);
});
