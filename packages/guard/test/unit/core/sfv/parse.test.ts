/** Structured fields: what the collected suite does not say. */
import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { parseDictionary, parseItem, parseList } from '../../../../src/core/sfv/parse.ts';
import { serialiseBareItem, serialiseInnerList, serialiseMember } from '../../../../src/core/sfv/serialise.ts';
import { reserialise } from '../../../../src/core/signature/base.ts';

describe('parsing', () => {
  test('of a dictionary key that occurs twice the last member counts, in the first one’s place', () => {
    assert.equal(reserialise('a=1, b=2, a=3', 'dictionary'), 'a=3, b=2');
    assert.equal(reserialise('x;a=1;b=2;a=3', 'item'), 'x;a=3;b=2');
  });
  test('__proto__, constructor and toString are ordinary parameters, and __proto__ is no key', () => {
    assert.equal(parseDictionary('__proto__=1'), null);
    const parsed = parseDictionary('constructor=1;tostring=2');
    assert.equal(parsed?.get('toString'), undefined);
    assert.deepEqual([...(parsed?.keys() ?? [])], ['constructor']);
  });
  for (const text of [
    'A=1',
    'a=1,',
    ',a=1',
    'a=1,,b=2',
    'a=1 b=2',
    'a=1;',
    'a=1; ',
    'a==1',
    'a=(1',
    'a=1)',
    'a=(1,2)',
    'a=("x""y")',
    'a="',
    'a="\\x"',
    'a="é"',
    'a=:A:',
    'a=:AA:A',
    'a=:A-__:',
    'a=?2',
    'a=?',
    'a=1.',
    'a=.1',
    'a=1.2345',
    'a=1234567890123456',
    'a=1234567890123.1',
    'a=--1',
    'a=-',
    'a=@1.5',
    'a=@',
    'a=%"%C3%96"',
    'a=%"%c3"',
    'a=%x',
    '\ta=1',
    'a=1\n',
    'a\u0000=1',
  ]) {
    test(`no dictionary: ${JSON.stringify(text)}`, () => assert.equal(parseDictionary(text), null));
  }
  test('white space: spaces around the whole, spaces and tabs around commas, spaces in inner lists', () => {
    assert.equal(reserialise('a=1 \t', 'dictionary'), 'a=1');
    assert.equal(reserialise('  a=( 1   2 ) \t,\t b  ', 'dictionary'), 'a=(1 2), b');
    assert.equal(parseList('(1\t2)'), null);
    assert.equal(reserialise('1;  a', 'item'), '1;a');
    assert.equal(parseItem('1 ;a'), null);
  });
  test('an empty text is an empty dictionary and list, and no item', () => {
    assert.equal(parseDictionary('')?.size, 0);
    assert.deepEqual(parseList(' '), []);
    assert.equal(parseItem(''), null);
  });
  test('base64 is taken with or without padding, and whatever the bits are that are left over', () => {
    for (const text of [':AA==:', ':AA:', ':AB==:', ':AP:'])
      assert.deepEqual(parseItem(text)?.value, { type: 'bytes', value: new Uint8Array(1) });
    for (const text of [':A===:', ':AA=:', ':A A=:']) assert.equal(parseItem(text), null);
  });
  test('numbers: -0 is 0, and the edges of the range', () => {
    assert.equal(reserialise('-0', 'item'), '0');
    assert.equal(reserialise('-0.0', 'item'), '0.0');
    assert.equal(reserialise('999999999999999', 'item'), '999999999999999');
    assert.equal(reserialise('-999999999999.999', 'item'), '-999999999999.999');
    assert.equal(reserialise('007', 'item'), '7');
  });
});

describe('re-serialising', () => {
  test('one member of a dictionary', () => {
    const field = ' a=1, b=2;x=1;y=2, c=(a   b   c), d';
    const members = [...(parseDictionary(field) ?? [])].map(([key, member]) => [key, serialiseMember(member)]);
    assert.deepEqual(members, [
      ['a', '1'],
      ['b', '2;x=1;y=2'],
      ['c', '(a b c)'],
      ['d', '?1'],
    ]);
    assert.equal(parseDictionary('a='), null);
  });
  test('inner lists keep their parameters in received order', () => {
    const member = parseDictionary('s=("@method"   "x";bs);b=2;a="\\"q"')?.get('s');
    assert.ok(member?.kind === 'inner-list');
    assert.equal(serialiseInnerList(member), '("@method" "x";bs);b=2;a="\\"q"');
  });
});

describe('serialising', () => {
  test('refuses what cannot be written', () => {
    assert.equal(serialiseBareItem({ type: 'integer', value: 1.5 }), null);
    assert.equal(serialiseBareItem({ type: 'integer', value: 1e15 }), null);
    assert.equal(serialiseBareItem({ type: 'date', value: Number.NaN }), null);
    assert.equal(serialiseBareItem({ type: 'decimal', value: 1e12 }), null);
    assert.equal(serialiseBareItem({ type: 'decimal', value: Number.POSITIVE_INFINITY }), null);
    assert.equal(serialiseBareItem({ type: 'string', value: 'a\nb' }), null);
    assert.equal(serialiseBareItem({ type: 'token', value: '1a' }), null);
    assert.equal(serialiseBareItem({ type: 'display-string', value: '\ud800' }), null);
  });
  test('writes each type', () => {
    assert.equal(serialiseBareItem({ type: 'decimal', value: 1 }), '1.0');
    assert.equal(serialiseBareItem({ type: 'decimal', value: -0.0004 }), '0.0');
    assert.equal(serialiseBareItem({ type: 'date', value: -1 }), '@-1');
    assert.equal(serialiseBareItem({ type: 'display-string', value: 'Ö"%' }), '%"%c3%96%22%25"');
    assert.equal(serialiseBareItem({ type: 'bytes', value: Uint8Array.of(255) }), ':/w==:');
  });
});
