/** The bug that this guards against: one genuine installation fills the replay store for everybody. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Shares, type Taking } from '../../../../src/core/judge/shares.ts';

const START = 1_700_000_000;
const LIMITS = { perSecond: 50, burst: 500, entries: 5000, keys: 1000 };

const taking = (key: string, at: number, more: Partial<Taking> = {}): Taking => ({
  key,
  at,
  until: at + 100,
  message: undefined,
  ...more,
});

/** How many of so many are taken. */
function taken(shares: Shares, count: number, make: (index: number) => Taking): number {
  let granted = 0;
  for (let index = 0; index < count; index++) if (shares.take(make(index)) === 'now') granted++;
  return granted;
}

test('after a pause the burst, then so many a second, whatever the pace', () => {
  const shares = new Shares(LIMITS);
  assert.equal(
    taken(shares, 2000, () => taking('a', START)),
    500,
  );
  assert.ok(shares.isOver(taking('a', START)));
  assert.equal(
    taken(shares, 10_000, (index) => taking('a', START + index / 1000)),
    500,
  );
  assert.equal(shares.take(taking('b', START + 10)), 'now');
});

test('entries are counted until they are forgotten, however they end', () => {
  for (const life of [(_: number) => 100, (index: number) => 20 + (index % 97), (index: number) => 400 - (index % 399)]) {
    const shares = new Shares({ ...LIMITS, perSecond: 1000, burst: 1000, entries: 300 });
    const ends: number[] = [];
    for (let index = 0; index < 5000; index++) {
      const at = START + index / 20;
      const until = at + life(index);
      if (shares.take(taking('a', at, { until })) === 'now') ends.push(until);
      const live = ends.filter((end) => end > at).length;
      assert.ok(live <= 300, `${live} live entries`);
    }
    assert.equal(shares.take(taking('a', START + 1000)), 'now');
  }
});

test('what ended makes room for as much again', () => {
  const shares = new Shares({ ...LIMITS, burst: 100, entries: 10 });
  assert.equal(
    taken(shares, 50, () => taking('a', START)),
    10,
  );
  assert.equal(
    taken(shares, 50, () => taking('a', START + 99)),
    0,
  );
  assert.equal(
    taken(shares, 50, () => taking('a', START + 101)),
    10,
  );
});

test('what was not used is given back, and the same message takes once', () => {
  const shares = new Shares({ ...LIMITS, burst: 3, entries: 3 });
  const message = {};
  assert.equal(shares.take(taking('a', START, { message })), 'now');
  assert.equal(shares.take(taking('a', START, { message })), 'before');
  for (let index = 0; index < 10; index++) {
    const replayed = taking('a', START);
    assert.equal(shares.take(replayed), 'now');
    shares.giveBack(replayed, true);
  }
  // The entry comes back, the request does not.
  shares.giveBack(taking('a', START, { message }), false);
  assert.equal(
    taken(shares, 10, () => taking('a', START)),
    2,
  );
});

test('a message that gave its entry back takes one again, and counts as one request however often it is judged', () => {
  const shares = new Shares({ ...LIMITS, burst: 2, entries: 2 });
  const message = {};
  const first = taking('a', START, { message });
  for (let judged = 0; judged < 10; judged++) {
    assert.equal(shares.take(first), 'now');
    shares.giveBack(first, false);
    assert.equal(shares.isOver(first), false);
  }
  assert.equal(shares.take(first), 'now');
  assert.equal(shares.take(taking('a', START)), 'now');
  assert.ok(shares.isOver(taking('a', START)));
  shares.giveBack(first, false);
  assert.equal(shares.take(taking('a', START + 1)), 'now');
  assert.equal(shares.take(first), 'over', 'others have taken its entry meanwhile');
});

test('a crowd makes nobody forget who is at the limit, and the table stays as small as it is', () => {
  const shares = new Shares(LIMITS);
  taken(shares, 500, () => taking('hostile', START));
  taken(shares, 100_000, (index) => taking(`genuine ${index}`, START + index / 1e6));
  assert.ok(shares.isOver(taking('hostile', START + 0.001)));
  assert.equal(shares.gauge.keys, LIMITS.keys);
});

test('a clock that is set back blocks nobody', () => {
  const shares = new Shares(LIMITS);
  taken(shares, 500, () => taking('a', START));
  assert.equal(shares.take(taking('a', START - 3600)), 'now');
});
