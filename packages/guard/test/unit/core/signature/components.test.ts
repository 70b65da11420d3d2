/** Component identifiers and their values. */
import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { type RequestContent, requestView } from '@approov-guard/testkit';
import { parseItem } from '../../../../src/core/sfv/parse.ts';
import { resolveComponent } from '../../../../src/core/signature/base.ts';
import { parseComponent } from '../../../../src/core/signature/parse-signature.ts';
import { STRICT } from '../../../../src/core/signature/sdk-tolerances.ts';
import { normaliseAuthority, type Origin, splitTarget } from '../../../../src/core/signature/target.ts';

const ORIGIN: Origin = { scheme: 'https', authority: 'api.example.com' };

function parsed(identifier: string): ReturnType<typeof parseComponent> {
  const item = parseItem(identifier);
  assert.ok(item !== null, identifier);
  return parseComponent(item);
}

/** The value, `null` if there is none, or `unknown` if there is no such component. */
function resolved(identifier: string, content: RequestContent = {}, origin: Origin | null = ORIGIN): string | null {
  const component = parsed(identifier);
  return component === null ? 'unknown' : resolveComponent(component, { request: requestView(content), origin }, STRICT);
}

describe('identifiers', () => {
  const UNKNOWN = [
    '"@metod"',
    '"@status"',
    '"@signature-params"',
    '"@"',
    '""',
    '"Content-Type"',
    '"x y"',
    '"x:"',
    '"\\""',
    'token',
    '1',
    ':AA==:',
    '?1',
    '"@method";req',
    '"@method";sf',
    '"@path";bs',
    '"@path";key="a"',
    '"@query";name="a"',
    '"@query-param"',
    '"@query-param";name=a',
    '"@query-param";name="a";sf',
    '"x";req',
    '"x";tr',
    '"x";name="a"',
    '"x";unknown',
    '"x";sf=1',
    '"x";sf=?0',
    '"x";key',
    '"x";key=a',
    '"x";bs;sf',
    '"x";bs;key="a"',
    '"x";proto',
  ];
  for (const identifier of UNKNOWN) test(`unknown: ${identifier}`, () => assert.equal(parsed(identifier), null));
  test('identity does not regard the order of parameters; the identifier keeps it', () => {
    const [left, right] = [parsed('"x";sf;key="a"'), parsed('"x";key="a";sf')];
    assert.equal(left?.identity, right?.identity);
    assert.deepEqual([left?.identifier, right?.identifier], ['"x";sf;key="a"', '"x";key="a";sf']);
    assert.notEqual(parsed('"x";key="a"')?.identity, parsed('"x";key="b"')?.identity);
    assert.notEqual(parsed('"x"')?.identity, parsed('"x";sf')?.identity);
  });
  test('a field named __proto__ is an ordinary field that is absent', () => assert.equal(resolved('"__proto__"'), null));
});

describe('derived components', () => {
  const target = '/a%2Fb/../c;d?x=1&y=%41';
  const rows: readonly (readonly [string, string, RequestContent?])[] = [
    ['"@method"', 'get', { method: 'get' }],
    ['"@target-uri"', `https://api.example.com${target}`, { target }],
    ['"@target-uri"', 'https://api.example.com/', { target: '/' }],
    ['"@target-uri"', 'https://api.example.com/?q', { target: 'https://other.example?q' }],
    ['"@authority"', 'api.example.com'],
    ['"@scheme"', 'https'],
    ['"@request-target"', target, { target }],
    ['"@request-target"', '*', { target: '*', method: 'OPTIONS' }],
    ['"@path"', '/a%2Fb/../c;d', { target }],
    ['"@path"', '/', { target: 'https://api.example.com' }],
    ['"@query"', '?x=1&y=%41', { target }],
    ['"@query"', '?', { target: '/' }],
    ['"@query"', '?', { target: '/?' }],
    ['"@query-param";name="y"', 'A', { target }],
  ];
  for (const [identifier, value, content] of rows)
    test(`${identifier} of ${content?.target ?? '/'}`, () => assert.equal(resolved(identifier, content), value));
  test('a target that names no resource has no path, no query, no URI', () => {
    for (const form of ['*', 'api.example.com:443', '']) {
      for (const name of ['@path', '@query', '@target-uri', '@query-param";name="a'])
        assert.equal(resolved(`"${name}"`, { target: form }), null);
    }
  });
  test('an unknown origin is no empty text', () => {
    for (const name of ['@authority', '@scheme', '@target-uri']) assert.equal(resolved(`"${name}"`, {}, null), null);
  });
});

describe('@query-param', () => {
  const value = (query: string, name = 'a'): string | null => resolved(`"@query-param";name="${name}"`, { target: `/${query}` });
  test('is decoded and encoded again', () => {
    assert.equal(value('?a=%41%2b+%20~!*'), 'A%2B%20%20%7E%21*');
    assert.equal(value("?a='()"), '%27%28%29');
    assert.equal(value('?a=%C3%A9'), '%C3%A9');
    assert.equal(value('?a'), '');
    assert.equal(value('?a='), '');
    assert.equal(value('?a=b=c'), 'b%3Dc');
    assert.equal(value('?&&a=1&'), '1');
  });
  test('names are compared decoded', () => {
    assert.equal(value('?fa%C3%A7ade%22=1', 'fa%C3%A7ade%22'), '1');
    assert.equal(value('?%61=1'), '1');
  });
  test('absent, repeated and undecodable ones have no value', () => {
    for (const query of ['', '?', '?b=1', '?a=1&a=2', '?a=1&%61=2', '?a&a', '?a=%FF', '?a=%', '?A=1'])
      assert.equal(value(query), null, query);
    assert.equal(value('?a=1', '%'), null);
  });
});

describe('fields', () => {
  const field = (identifier: string, ...values: readonly string[]): string | null =>
    resolved(identifier, { headers: values.map((value) => ['X', value] as const) });
  test('lines are trimmed and joined in order', () => {
    assert.equal(field('"x"', ' a ', '\tb\t', '', 'c  d'), 'a, b, , c  d');
    assert.equal(field('"x"', ''), '');
    assert.equal(field('"x"'), null);
  });
  test('obsolete folding becomes one space; any other line feed or carriage return has no value', () => {
    assert.equal(field('"x"', 'a  \r\n \t b'), 'a b');
    assert.equal(field('"x"', 'a\n b'), 'a b');
    for (const value of ['a\nb', 'a\r\nb', 'a\rb', 'a\n', '\n"@method": GET'])
      assert.equal(field('"x"', value), null, JSON.stringify(value));
  });
  test('bs encodes each line by itself', () => {
    assert.equal(field('"x";bs', 'value, with, lots', 'of, commas'), ':dmFsdWUsIHdpdGgsIGxvdHM=:, :b2YsIGNvbW1hcw==:');
    assert.equal(field('"x";bs', '\xe9'), ':6Q==:');
    assert.equal(field('"x";bs', ''), '::');
  });
  test('key takes one member; sf writes the whole again', () => {
    assert.equal(field('"x";key="b"', 'a=1', ' b=2;x=1,  c'), '2;x=1');
    assert.equal(field('"x";key="z"', 'a=1'), null);
    assert.equal(field('"x";key="a"', 'a=1,'), null);
    assert.equal(field('"x";sf', ' a=1,    b=2;x=1;y=2,   c=(a   b   c)'), 'a=1, b=2;x=1;y=2, c=(a b c)');
    assert.equal(field('"x";sf', '  1.50 '), '1.5');
    assert.equal(field('"x";sf', '"unfinished'), null);
  });
  test('sf of an unknown field has no value where its types would be written differently', () => {
    assert.equal(field('"x";sf', 'a, b'), 'a, b');
    assert.equal(field('"x";sf', 'a, b, a'), null);
    assert.equal(resolved('"accept";sf', { headers: [['Accept', 'a,b,  a']] }), 'a, b, a');
    assert.equal(resolved('"priority";sf', { headers: [['Priority', 'u=1,u=2']] }), 'u=2');
  });
});

describe('authorities and targets', () => {
  test('are normalised: case, default port', () => {
    const rows: readonly (readonly [string, string, string | null])[] = [
      ['API.Example.COM', 'https', 'api.example.com'],
      ['a:443', 'https', 'a'],
      ['a:0443', 'https', 'a'],
      ['a:80', 'https', 'a:80'],
      ['a:80', 'http', 'a'],
      ['a:', 'https', 'a'],
      ['a:8443', 'https', 'a:8443'],
      ['[::1]:8443', 'https', '[::1]:8443'],
      ['[2001:DB8::1]', 'https', '[2001:db8::1]'],
      ['1.2.3.4:0', 'https', '1.2.3.4:0'],
      ['a:65536', 'https', null],
      ['a:x', 'https', null],
      ['a:1:2', 'https', null],
      ['::1', 'https', null],
      ['user@a', 'https', null],
      ['a/b', 'https', null],
      ['a b', 'https', null],
      ['a,b', 'https', null],
      ['a\n', 'https', null],
      ['a\nb:1', 'https', null],
      ['%61', 'https', null],
      ['', 'https', null],
      [':443', 'https', null],
      [`${'a'.repeat(256)}`, 'https', null],
    ];
    for (const [authority, scheme, expected] of rows) assert.equal(normaliseAuthority(authority, scheme), expected, authority);
  });
  test('targets are split and not changed', () => {
    assert.deepEqual(splitTarget('/a?b?c'), { path: '/a', query: '?b?c' });
    assert.deepEqual(splitTarget('//a/b'), { path: '//a/b', query: null });
    assert.deepEqual(splitTarget('HTTP://h:1/a'), { path: '/a', query: null });
    assert.deepEqual(splitTarget('http://h?x'), { path: '', query: '?x' });
    for (const target of ['*', 'a', 'h:443', '', '/a#b', '/a?b#', 'http://h#']) assert.equal(splitTarget(target), null);
  });
});
