import assert from 'node:assert/strict';
import test from 'node:test';
import { base64url } from '@approov-guard/testkit';
import { decodeUtf8 } from '../../../../src/core/bytes.ts';
import { parseUnverifiedCompact, parseUnverifiedHeader } from '../../../../src/core/jws/jws.ts';

test('three canonical segments are split, and the signing input is the first two', () => {
  assert.deepEqual(parseUnverifiedCompact('e30.e30.AAAA'), { header: 'e30', payload: 'e30', signature: 'AAAA', signingInput: 'e30.e30' });
});

test('every other number of segments is refused, and so is an empty header', () => {
  for (const token of [
    '',
    '.',
    '..',
    '...',
    'e30',
    'e30.',
    'e30.e30',
    '.e30.AAAA',
    'e30.e30.AAAA.',
    'e30.e30.AAAA.AAAA',
    'a.b.c.d.e',
    '.e30.e30.AAAA',
  ]) {
    assert.equal(parseUnverifiedCompact(token), null, token);
  }
});

test('payload and signature segments are canonical base64url', () => {
  for (const segment of ['e30=', 'e3 0', 'e3\n', 'e3+0', 'e3/0', 'e', 'e3', 'e31', 'AAB', 'é30', 'e30\0', 'ſAAA', 'AAAAA']) {
    assert.equal(parseUnverifiedCompact(`e30.${segment}.AAAA`), null, segment);
    assert.equal(parseUnverifiedCompact(`e30.e30.${segment}`), null, segment);
  }
});

const header = (content: string | Uint8Array | { readonly [member: string]: unknown }): ReturnType<typeof parseUnverifiedHeader> =>
  parseUnverifiedHeader(base64url(typeof content === 'string' || content instanceof Uint8Array ? content : JSON.stringify(content)));

test('a header gives its algorithm and its kid', () => {
  assert.deepEqual(header({ alg: 'HS256' }), { algorithm: 'HS256', kid: null });
  assert.deepEqual(header({ typ: 'jWt', alg: 'none', kid: '', jku: 'https://evil.example' }), { algorithm: 'none', kid: '' });
  assert.deepEqual(header({ alg: '__proto__', kid: 'constructor' }), { algorithm: '__proto__', kid: 'constructor' });
  assert.deepEqual(header('{"\\u0061lg":"HS\\u0032\\u0035\\u0036"}'), { algorithm: 'HS256', kid: null });
});

test('a header that a plain JWT cannot carry is refused', () => {
  const refused = [
    {},
    { alg: null },
    { alg: ['HS256'] },
    { alg: 'HS256', crit: [] },
    { alg: 'HS256', crit: ['exp'] },
    { alg: 'HS256', crit: null },
    { alg: 'HS256', b64: true },
    { alg: 'HS256', b64: false },
    { alg: 'HS256', typ: 'at+jwt' },
    { alg: 'HS256', typ: '' },
    { alg: 'HS256', typ: null },
    { alg: 'HS256', typ: ['JWT'] },
    { alg: 'HS256', kid: null },
    { alg: 'HS256', kid: 7 },
    { alg: 'HS256', kid: ['a'] },
  ];
  for (const content of refused) assert.equal(header(content), null, JSON.stringify(content));
  for (const text of ['', 'null', '[]', '"HS256"', '{"alg":"HS256"', '{"alg":"HS256","alg":"HS256"}', '\ufeff{"alg":"HS256"}']) {
    assert.equal(header(text), null, text);
  }
  assert.equal(header(Buffer.from('{"alg":"HS256","x":"\xe9"}', 'latin1')), null);
  assert.equal(header(`{"alg":"HS256","x":${'['.repeat(8)}${']'.repeat(8)}}`), null);
});

test('a header segment is strict base64url', () => {
  const segment = base64url('{"alg":"HS256"}');
  for (const wrong of [`${segment}=`, `${segment}==`, ` ${segment}`, `${segment}\n`, segment.slice(0, -1), `${segment}A`]) {
    assert.equal(parseUnverifiedHeader(wrong), null, wrong);
  }
});

test('UTF-8 is decoded without tolerance', () => {
  assert.equal(decodeUtf8(null), null);
  assert.equal(decodeUtf8(Buffer.from('Zoë 日 😀')), 'Zoë 日 😀');
  assert.equal(decodeUtf8(Buffer.from([0xef, 0xbb, 0xbf, 0x7b])), '\ufeff{', 'a byte order mark is data');
  for (const bytes of [[0xff], [0xc0, 0xaf], [0xed, 0xa0, 0x80], [0xf4, 0x90, 0x80, 0x80], [0xc3], [0x80]]) {
    assert.equal(decodeUtf8(Uint8Array.from(bytes)), null);
  }
});

test('an empty payload and an empty signature are well-formed: what is wrong with them is not their form', () => {
  assert.equal(parseUnverifiedCompact('e30..AAAA')?.payload, '');
  assert.equal(parseUnverifiedCompact('e30.e30.')?.signature, '');
});
