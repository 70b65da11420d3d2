/** Signatures as bytes: DER, raw, and the two spellings of ECDSA. */
import assert from 'node:assert/strict';
import { generateKeyPairSync, sign, verify } from 'node:crypto';
import { describe, test } from 'node:test';
import { parseItem } from '../../../../src/core/sfv/parse.ts';
import { canonicalSignature, rawFromDer, type SignatureForm, signatureBytes } from '../../../../src/core/signature/signature-value.ts';

const ORDER = 0xffffffff00000000ffffffffffffffffbce6faada7179e84f3b9cac2fc632551n;
const FORM: SignatureForm = { stringSignature: true, derSignature: true, signatureBytes: 64 };
const bytes = (hex: string): Uint8Array<ArrayBuffer> => Uint8Array.from(Buffer.from(hex.replaceAll(' ', ''), 'hex'));
const raw = (r: bigint, s: bigint): Uint8Array<ArrayBuffer> => bytes(r.toString(16).padStart(64, '0') + s.toString(16).padStart(64, '0'));

describe('DER', () => {
  test('what the platform signs as DER verifies as r‖s', () => {
    const { privateKey, publicKey: key } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
    for (let round = 0; round < 300; round++) {
      const message = Buffer.from([round & 255, round >> 8]);
      const found = rawFromDer(Uint8Array.from(sign('sha256', message, { key: privateKey, dsaEncoding: 'der' })));
      assert.ok(found !== null && verify('sha256', message, { key, dsaEncoding: 'ieee-p1363' }, found));
    }
  });
  test('small numbers are padded on the left', () => {
    assert.deepEqual(rawFromDer(bytes('30 06 02 01 01 02 01 7f')), raw(1n, 127n));
    assert.deepEqual(rawFromDer(bytes('30 07 02 02 00 80 02 01 00')), raw(128n, 0n));
  });
  const long = `02 21 01 ${'00'.repeat(32)}`;
  const wrong: { readonly [name: string]: string } = {
    'another tag': '31 06 02 01 01 02 01 01',
    'a length that is too short': '30 05 02 01 01 02 01 01',
    'a length that is too long': '30 07 02 01 01 02 01 01',
    'the long form of a length': '30 81 06 02 01 01 02 01 01',
    'bytes after the end': '30 06 02 01 01 02 01 01 00',
    'bytes within, after s': '30 08 02 01 01 02 01 01 05 00',
    'a third number': '30 09 02 01 01 02 01 01 02 01 01',
    'one number': '30 03 02 01 01',
    'a negative number': '30 06 02 01 80 02 01 01',
    'a zero too many in front': '30 07 02 02 00 01 02 01 01',
    'an empty number': '30 05 02 00 02 01 01',
    'a bit string': '30 06 03 01 01 02 01 01',
    'a number of 33 bytes': `30 26 ${long} 02 01 01`,
    'a number that runs out': '30 06 02 01 01 02 05 01',
    'an empty sequence': '30 00',
    nothing: '',
  };
  for (const [name, hex] of Object.entries(wrong)) test(`is refused: ${name}`, () => assert.equal(rawFromDer(bytes(hex)), null));
  test('more than 72 bytes are not looked at', () => assert.equal(rawFromDer(new Uint8Array(73)), null));
});

describe('the spelling that is remembered', () => {
  test('is the same for s and n − s', () => {
    for (const s of [1n, ORDER / 2n, ORDER / 2n + 1n, ORDER - 1n, 12345n]) {
      const [left, right] = [canonicalSignature(raw(7n, s), true), canonicalSignature(raw(7n, ORDER - s), true)];
      assert.deepEqual(left, right);
      assert.deepEqual(left, raw(7n, s < ORDER - s ? s : ORDER - s));
    }
  });
  test('leaves alone what has no twin', () => {
    for (const s of [0n, ORDER, ORDER + 1n, 2n ** 256n - 1n]) assert.deepEqual(canonicalSignature(raw(7n, s), true), raw(7n, s));
    const mac = new Uint8Array(32).fill(255);
    assert.equal(canonicalSignature(mac, false), mac);
    const odd = new Uint8Array(64).fill(255);
    assert.equal(canonicalSignature(odd, false), odd);
  });
  test('does not change what it was given', () => {
    const given = raw(7n, ORDER - 1n);
    canonicalSignature(given, true);
    assert.deepEqual(given, raw(7n, ORDER - 1n));
  });
});

describe('the member of Signature', () => {
  const read = (text: string, form: Partial<SignatureForm> = {}): Uint8Array | null => {
    const item = parseItem(text);
    return item === null ? null : signatureBytes(item, { ...FORM, ...form });
  };
  const base64 = Buffer.from(raw(5n, 6n)).toString('base64');
  const der = Buffer.from('3006020105020106', 'hex').toString('base64');
  test('is a Byte Sequence, or with the tolerance a String', () => {
    assert.deepEqual(read(`:${base64}:`), raw(5n, 6n));
    assert.deepEqual(read(`"${base64}"`), raw(5n, 6n));
    assert.equal(read(`"${base64}"`, { stringSignature: false }), null);
    for (const text of ['""', '::', '"***"', `"${base64}!"`, '1', 'a', '?1', '@1', `%"${base64}"`]) assert.equal(read(text), null, text);
  });
  test('is raw, or with the tolerance DER', () => {
    assert.deepEqual(read(`:${der}:`), raw(5n, 6n));
    assert.deepEqual(read(`:${der}:`, { derSignature: false }), Uint8Array.from(Buffer.from(der, 'base64')));
    assert.deepEqual(read(':AAAA:'), new Uint8Array(3));
  });
});
