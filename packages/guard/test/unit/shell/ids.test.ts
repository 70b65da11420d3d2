import assert from 'node:assert/strict';
import test from 'node:test';
import { newId } from '../../../src/shell/ids.ts';

test('ids are random UUIDs, and none comes twice', () => {
  const ids = Array.from({ length: 1000 }, newId);
  for (const id of ids) assert.match(id, /^[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/);
  assert.equal(new Set(ids).size, ids.length);
});

test('each digit of an id that may vary does', () => {
  const ids = Array.from({ length: 2000 }, newId);
  for (let place = 0; place < 36; place++) {
    const seen = new Set(ids.map((id) => id[place])).size;
    const expected = place === 14 || [8, 13, 18, 23].includes(place) ? 1 : place === 19 ? 4 : 16;
    assert.equal(seen, expected, `place ${place}`);
  }
});
