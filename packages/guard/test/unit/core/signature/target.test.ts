import assert from 'node:assert/strict';
import test from 'node:test';
import { STRICT } from '../../../../src/core/signature/sdk-tolerances.ts';
import { normaliseAuthority } from '../../../../src/core/signature/target.ts';
import { targetValue } from '../../../../src/core/signature/target-value.ts';

test('an authority is checked before it is put into lower case', () => {
  assert.equal(normaliseAuthority('API.Example.com:443', 'https'), 'api.example.com');
  assert.equal(normaliseAuthority('[2001:DB8::1]:8443', 'https'), '[2001:db8::1]:8443');
  for (const authority of ['\u212aey.example', 'a\u0130.example', '\u017fign.example', 'é.example']) {
    assert.equal(normaliseAuthority(authority, 'https'), null, authority);
  }
});

const decoded = (path: string): string | null => targetValue('@path', { path, query: null }, null, { ...STRICT, decodedPath: true });

test('the decoded path is accepted where the path could not have been sent as it reads', () => {
  assert.equal(decoded('/a%20b/%C3%A9/%5Bx%5D%22'), '/a b/\u00c3\u00a9/[x]"');
  assert.equal(decoded('/a%3Fb%23c'), '/a?b#c');
  assert.equal(decoded('/plain'), '/plain');
});

test('the decoded path is not accepted for the path that reads so', () => {
  const pchars = "ABCZabcz0129-._~!$&'()*+,;=:@/";
  for (const character of [...pchars, '\\', '%', '\0', '\n', '\x1f', '\x7f']) {
    const encoded = `%${character.charCodeAt(0).toString(16).padStart(2, '0')}`;
    for (const path of [`/files/${encoded}eport`, `/files/${encoded.toUpperCase()}`]) assert.equal(decoded(path), null, path);
  }
  for (const path of ['/files/%72eport', '/a/%2e%2e/b', '/a%20b/%2E']) assert.equal(decoded(path), null, path);
});
