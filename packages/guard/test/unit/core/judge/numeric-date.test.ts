import assert from 'node:assert/strict';
import test from 'node:test';
import { isNumericDate } from '../../../../src/core/judge/token.ts';

test('a NumericDate is a finite number, fractions included', () => {
  for (const value of [0, -0, -1, 1.5, 1_700_000_000, 1e308]) assert.equal(isNumericDate(value), true);
  for (const value of [Number.NaN, Infinity, -Infinity, '1', '', null, undefined, true, [], [1], {}, 1n]) {
    assert.equal(isNumericDate(value), false, String(value));
  }
});
