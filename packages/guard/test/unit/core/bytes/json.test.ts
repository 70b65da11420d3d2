import assert from 'node:assert/strict';
import test from 'node:test';
import { parseJsonObject } from '../../../../src/core/bytes.ts';

const parses = (text: string, depth = 8): boolean => parseJsonObject(text, depth) !== null;

test('objects are parsed, whatever their white space and member order', () => {
  assert.deepEqual(parseJsonObject(' {\r\n"a" :\t1 , "b":{"a":[1,{"a":2}]} } ', 8), { a: 1, b: { a: [1, { a: 2 }] } });
  assert.deepEqual(parseJsonObject('{}', 8), {});
});

test('what is no object is refused', () => {
  for (const text of [
    '',
    'null',
    'true',
    '1',
    '"{}"',
    '[]',
    '[{}]',
    '{',
    '}',
    '{}{}',
    '{},',
    "{'a':1}",
    '{a:1}',
    '{"a":1,}',
    '{"a":NaN}',
    '\ufeff{}',
    '{"a":01}',
  ]) {
    assert.equal(parses(text), false, text);
  }
});

test('a member that is named twice at the top is refused, however it is spelled', () => {
  for (const text of [
    '{"a":1,"a":1}',
    '{"a":1,"\\u0061":2}',
    '{"\\u0061":1,"\\u0061":2}',
    '{"a":{},"b":1,"a":[]}',
    '{"":1,"":2}',
    '{"__proto__":1,"__proto__":2}',
  ]) {
    assert.equal(parses(text), false, text);
  }
});

test('names that differ, and names repeated at deeper levels, are kept', () => {
  for (const text of ['{"a":1,"A":2}', '{"a":1,"a ":2}', '{"a":{"a":{"a":1}}}', '{"x":[{"a":1},{"a":1}],"a":1}', '{"x":{"a":1,"a":2}}']) {
    assert.equal(parses(text), true, text);
  }
});

test('colons, quotes, braces and backslashes inside strings are no structure', () => {
  for (const value of [':', '{', '}', '[', '"', '\\', '\\\\', '\\"', '":', '","a":1,"', '\\\\"', '}{', 'a\\":{"b']) {
    const object = { [value]: value, other: [value, { [value]: value }] };
    assert.deepEqual(parseJsonObject(JSON.stringify(object), 8), object, value);
  }
});

test('members named like those of Object.prototype are ordinary', () => {
  const object = parseJsonObject('{"__proto__":{"exp":1},"constructor":1,"toString":2,"hasOwnProperty":3}', 8);
  assert.deepEqual(Object.keys(object ?? {}), ['__proto__', 'constructor', 'toString', 'hasOwnProperty']);
  assert.equal((object as { exp?: unknown }).exp, undefined);
});

test('nesting is counted from the outermost object, and bounded', () => {
  assert.equal(parses('{"a":[[1]]}', 3), true);
  assert.equal(parses('{"a":[[1]]}', 2), false);
  assert.equal(parses('{"a":[[],[],[]],"b":{"c":{}}}', 3), true);
  assert.equal(parses(`{"a":${'['.repeat(100_000)}${']'.repeat(100_000)}}`), false);
  assert.equal(parses(`{"a":${'{"a":'.repeat(5000)}1${'}'.repeat(5000)}}`), false);
  assert.equal(parses(`{"a":${'['.repeat(100_000)}`), false);
});
