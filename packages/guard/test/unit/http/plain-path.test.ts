import assert from 'node:assert/strict';
import test from 'node:test';
import { compilePattern, coverage, plainPath, targetRead } from '../../../src/http/plain-path.ts';

test('a path of segments whose characters change nothing is plain, whatever its query', () => {
  const plain = [
    '/',
    '/pay',
    '/pay/',
    '/a/B.c/~d-e_f',
    "/@!$&'()*+,=:",
    '/a%20b',
    '/caf%C3%A9',
    '/caf%c3%a9/',
    '/%41',
    '/...',
    '/.a',
    '/a..',
  ];
  for (const path of plain) {
    for (const target of [path, `${path}?x=%2e/..//#;`]) assert.equal(plainPath(target)?.raw, path, target);
  }
});

test('a path that servers may read in two ways is not plain', () => {
  const structures = [
    '//',
    '/./',
    '/../',
    '\\',
    ';',
    '#',
    ' ',
    '\t',
    '\r\n',
    '\0',
    '\x7f',
    '\u0085',
    '\u00a0',
    '\ufeff',
    'é',
    '"',
    '<',
    '[',
    '{',
    '|',
    '^',
    '`',
  ];
  const escapes = [
    '%2f',
    '%2F',
    '%5c',
    '%2e',
    '%25',
    '%252e',
    '%3b',
    '%3f',
    '%23',
    '%00',
    '%09',
    '%0a',
    '%1f',
    '%7f',
    '%c2%85',
    '%ff',
    '%c0%ae',
    '%',
    '%4x',
    '%zz',
    '%u002e',
  ];
  for (const part of [...structures, ...escapes]) {
    for (const path of [`/a${part}b`, `/a/b${part}`, `/${part}a`]) {
      if (!['/./', '/../'].includes(part) || path !== `/a/b${part}`) assert.equal(plainPath(path), null, JSON.stringify(path));
    }
  }
  for (const path of [
    '',
    '*',
    'a',
    'pay/x',
    '/..',
    '/.',
    '/a/..',
    '/a/.',
    '//a',
    '///',
    'http://h/pay',
    'api.example.com:443',
    '?',
    '/a//',
  ]) {
    assert.equal(plainPath(path), null, path);
  }
});

test('demands cover what some router takes for the same, exemptions need the very bytes', () => {
  const covered = (row: string, target: string): string | null => {
    const [pattern, path] = [compilePattern(row), plainPath(target)];
    assert.ok(pattern !== null && path !== null, `${row} ${target}`);
    return coverage(pattern, path);
  };
  for (const target of ['/pay', '/pay?x']) assert.equal(covered('/pay', target), 'exactly', target);
  for (const target of ['/PAY', '/pay/', '/%70ay', '/p%41y/']) assert.equal(covered('/pay', target), 'loosely', target);
  for (const target of ['/payment', '/pay/x', '/', '/x/pay', '/pay.json']) assert.equal(covered('/pay', target), null, target);
  for (const target of ['/public/', '/public/a/b']) assert.equal(covered('/public/*', target), 'exactly', target);
  for (const target of ['/public', '/PUBLIC/a', '/%70ublic/a']) assert.equal(covered('/public/*', target), 'loosely', target);
  for (const target of ['/publicity', '/', '/a/public/b']) assert.equal(covered('/public/*', target), null, target);
  for (const target of ['/', '/x']) assert.equal(covered('/*', target), 'exactly', target);
  assert.equal(covered('/caf%C3%A9', '/caf%C3%A9'), 'exactly');
  assert.equal(covered('/caf%C3%A9', '/caf%c3%a9'), 'loosely');
  assert.equal(covered('/café', '/caf%C3%A9'), 'exactly');
  assert.equal(covered('/key', '/%E2%84%AAey'), 'loosely', 'the Kelvin sign in lower case is k');
  assert.equal(covered('/sign', '/%C5%BFign'), 'loosely', 'the long s in upper case is S');
});

test('a row names a plain path', () => {
  const wrong = [
    '',
    'pay',
    '*',
    '/a?b',
    '/a*',
    '/*/a',
    '/a/**',
    '//',
    '/a//b',
    '/../a',
    '/a;b',
    '/a%2fb',
    '/a%',
    '/a#',
    '/a\\b',
    '/[id]',
    '/\ud800',
    'http://h/a',
  ];
  for (const row of wrong) assert.equal(compilePattern(row), null, row);
});

test('a path that a framework shows decoded is the one that was sent, and any other is another', () => {
  assert.equal(targetRead('/café', '/caf%C3%A9?x'), '/caf%C3%A9?x');
  assert.equal(targetRead('/a~b', '/a%7Eb'), '/a%7Eb');
  assert.equal(targetRead('/pay', '/v1/pay'), '/pay');
  assert.equal(targetRead('/pay', '/PAY'), '/pay');
  assert.equal(targetRead('/a/b', '/a%2Fb'), '/a/b');
  assert.equal(plainPath(targetRead('*', '/pay')), null);
});
