import assert from 'node:assert/strict';
import test from 'node:test';
import { bytesOfFieldValue, equalInConstantTime, excerpt, isOneByteText } from '../../../../src/core/bytes.ts';

test('a field value is one byte a character where all fit, else UTF-8', () => {
  assert.deepEqual([...bytesOfFieldValue('a\xe9\xff')], [0x61, 0xe9, 0xff]);
  assert.deepEqual([...bytesOfFieldValue('é€')], [...Buffer.from('é€')]);
  assert.equal(isOneByteText('\0\xff'), true);
  assert.equal(isOneByteText('\u0100'), false);
});

test('equality is of whole texts', () => {
  assert.equal(equalInConstantTime('', ''), true);
  assert.equal(equalInConstantTime('abc', 'abc'), true);
  for (const [left, right] of [
    ['abc', 'abd'],
    ['abc', 'ab'],
    ['', 'a'],
    ['a\u0100', 'a\0'],
    ['\u0161', 'a'],
  ] as const) {
    assert.equal(equalInConstantTime(left, right), false);
    assert.equal(equalInConstantTime(right, left), false);
  }
});

test('an excerpt is bounded and holds printable ASCII only', () => {
  assert.equal(excerpt('NO_NETWORK', 32), 'NO_NETWORK');
  assert.equal(excerpt('abcdef', 3), 'abc…');
  assert.equal(excerpt('a\r\nb"\'\\\u001b', 32), 'a\\u000d\\u000ab\\u0022\\u0027\\u005c\\u001b');
  assert.match(excerpt('\u2028\ud800é'.repeat(100), 64), /^[\x20-\x7e]*…$/);
});
