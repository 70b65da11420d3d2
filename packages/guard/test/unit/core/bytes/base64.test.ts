import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import test from 'node:test';
import { decodeBase64, encodeBase64 } from '../../../../src/core/bytes.ts';
import { isBase64Url } from '../../../../src/core/jws/jws.ts';

// RFC 4648 §10
const RFC_VECTORS = [
  ['', ''],
  ['f', 'Zg=='],
  ['fo', 'Zm8='],
  ['foo', 'Zm9v'],
  ['foob', 'Zm9vYg=='],
  ['fooba', 'Zm9vYmE='],
  ['foobar', 'Zm9vYmFy'],
] as const;

test('the vectors of RFC 4648 §10 hold in both directions, with and without padding', () => {
  for (const [plain, encoded] of RFC_VECTORS) {
    const bytes = new TextEncoder().encode(plain);
    assert.equal(encodeBase64(bytes, 'base64'), encoded);
    assert.equal(encodeBase64(bytes, 'base64url'), encoded.replaceAll('=', ''));
    assert.deepEqual(decodeBase64(encoded, 'base64'), bytes);
    assert.deepEqual(decodeBase64(encoded.replaceAll('=', ''), 'base64url'), bytes);
  }
});

test('random bytes agree with Node’s own encoder', () => {
  for (let length = 0; length < 200; length++) {
    const bytes = randomBytes(length);
    for (const alphabet of ['base64', 'base64url'] as const) {
      assert.equal(encodeBase64(bytes, alphabet), bytes.toString(alphabet));
      assert.deepEqual(decodeBase64(bytes.toString(alphabet), alphabet), new Uint8Array(bytes));
    }
    assert.equal(isBase64Url(bytes.toString('base64url')), true);
  }
});

test('each alphabet refuses the letters of the other', () => {
  assert.equal(decodeBase64('-_-_', 'base64'), null);
  assert.equal(decodeBase64('+/+/', 'base64url'), null);
  assert.deepEqual(decodeBase64('-_-_', 'base64url'), decodeBase64('+/+/', 'base64'));
});

test('white space, foreign characters and impossible lengths are refused', () => {
  for (const text of ['Zm9 v', 'Zm9v\n', '\tZm9v', 'Zm9\0', 'Zm9é', 'Zm9\u{10005a}', 'Zm.v', 'Z', 'Zm9vZ', '🙂🙂']) {
    assert.equal(decodeBase64(text, 'base64'), null, JSON.stringify(text));
    assert.equal(decodeBase64(text, 'base64url'), null, JSON.stringify(text));
  }
});

test('padding is right or refused', () => {
  for (const text of ['Zg=', 'Zg===', '=', '==', '====', 'Zm9v=', 'Zm9v====', 'Zm8==', 'Z===', 'Zg==Zg==', 'Z=g=']) {
    assert.equal(decodeBase64(text, 'base64'), null, text);
  }
});

test('bits left over are refused: each byte string has one spelling', () => {
  const letters = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_';
  const accepted = (head: string): readonly string[] => [...letters].filter((last) => decodeBase64(head + last, 'base64url') !== null);
  assert.deepEqual(accepted('Z'), ['A', 'Q', 'g', 'w']);
  assert.equal(accepted('Zm').length, 16);
  assert.equal(accepted('Zm9').length, 64);
  for (const head of ['Z', 'Zm', 'Zm9']) {
    const canonical = [...letters].filter((last) => isBase64Url(head + last));
    assert.deepEqual(canonical, accepted(head), 'isBase64Url agrees with the decoder');
  }
});
