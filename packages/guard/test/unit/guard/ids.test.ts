import assert from 'node:assert/strict';
import test from 'node:test';
import { nextId, randomId } from '../../../src/guard/report.ts';

const UUID = /^[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/;

test('no id comes twice; those that clients may see are UUIDs', () => {
  const shown = Array.from({ length: 1000 }, randomId);
  for (const id of shown) assert.match(id, UUID);
  const ids = [...Array.from({ length: 2000 }, nextId), ...shown];
  assert.equal(new Set(ids).size, ids.length);
});

test('an id that clients may see tells nothing of the next', () => {
  const ids = Array.from({ length: 300 }, randomId);
  assert.equal(new Set(ids.map((id) => id.slice(0, 8))).size, ids.length);
});
