/** The claim `ipk`: every form of key that is none of ours. */
import assert from 'node:assert/strict';
import { createPublicKey, generateKeyPairSync } from 'node:crypto';
import { describe, test } from 'node:test';
import { mintToken } from '@approov-guard/testkit';
import { now, nowSeconds } from '../../../both-ports.ts';
import { install, judge, signed, tokenWith } from '../../../signed-requests.ts';

const der = Buffer.from(install.ipk, 'base64');
const point = der.subarray(-65);
const ed25519 = generateKeyPairSync('ed25519').publicKey.export({ type: 'spki', format: 'der' });
const p384 = generateKeyPairSync('ec', { namedCurve: 'P-384' }).publicKey.export({ type: 'spki', format: 'der' });
const secp256k1 = generateKeyPairSync('ec', { namedCurve: 'secp256k1' }).publicKey.export({ type: 'spki', format: 'der' });
const rsa = generateKeyPairSync('rsa', { modulusLength: 2048 }).publicKey.export({ type: 'spki', format: 'der' });
const privateKey = install.privateKey.export({ type: 'pkcs8', format: 'der' });
const changed = (at: number, value: number): Buffer => {
  const copy = Buffer.from(der);
  copy[at] = value;
  return copy;
};
const withPoint = (xy: Buffer): Buffer => Buffer.concat([der.subarray(0, -64), xy]);
const compressed = Buffer.concat([
  Buffer.from('3039301306072a8648ce3d020106082a8648ce3d030107032200', 'hex'),
  Buffer.from([2 + ((der.at(-1) ?? 0) & 1)]),
  point.subarray(1, 33),
]);
const FIELD = 'ffffffff00000001000000000000000000000000ffffffffffffffffffffffff';

const BAD: { readonly [name: string]: unknown } = {
  'a P-384 key': p384.toString('base64'),
  'an Ed25519 key': ed25519.toString('base64'),
  'a secp256k1 key': secp256k1.toString('base64'),
  'an RSA key': rsa.toString('base64'),
  'a private key': privateKey.toString('base64'),
  'the bare point': point.toString('base64'),
  'a compressed point': compressed.toString('base64'),
  'a hybrid point': changed(26, 6).toString('base64'),
  'a byte after the key': Buffer.concat([der, Buffer.from([0])]).toString('base64'),
  'a byte before the key': Buffer.concat([Buffer.from([0]), der]).toString('base64'),
  'a truncated key': der.subarray(0, -1).toString('base64'),
  'a point off the curve': changed(90, (der.at(-1) ?? 0) ^ 1).toString('base64'),
  'the point of zeros': withPoint(Buffer.alloc(64)).toString('base64'),
  'coordinates beyond the field': withPoint(Buffer.from(FIELD + FIELD, 'hex')).toString('base64'),
  'another OID': changed(12, 2).toString('base64'),
  'another curve OID': changed(22, 8).toString('base64'),
  'unused bits': changed(25, 1).toString('base64'),
  PEM: createPublicKey({ key: der, format: 'der', type: 'spki' }).export({ type: 'spki', format: 'pem' }).toString(),
  'line breaks': install.ipk.replace(/(.{64})/, '$1\n'),
  'white space around': ` ${install.ipk} `,
  'padding in the middle': install.ipk.replace(/^(.{8})/, '$1='),
  'mixed alphabets': `-${install.ipk.slice(1, -3)}+==`,
  'a text that is too long': `${install.ipk}${'A'.repeat(400)}`,
  'an empty text': '',
  null: null,
  'a boolean': true,
  'a number': 1,
  'a list': [install.ipk],
  'an object': { key: install.ipk },
};

describe('ipk', () => {
  for (const [name, ipk] of Object.entries(BAD)) {
    test(`${name} is no key, and not absent either`, async () => {
      for (const missingKey of ['reject', 'accept'] as const) {
        assert.match(await judge(signed({ token: tokenWith({ ipk }) }), { missingKey }), /^(?:signature-key-invalid|token-claim-invalid)$/);
      }
    });
  }
  for (const [name, ipk] of Object.entries({
    base64: install.ipk,
    'base64 without padding': install.ipk.replaceAll('=', ''),
    base64url: der.toString('base64url'),
  })) {
    test(`${name} is accepted`, async () => assert.equal(await judge(signed({ token: tokenWith({ ipk }) })), 'accepted'));
  }
  test('the name has lower case', async () => {
    const token = tokenWith({ ipk: undefined, IPK: install.ipk });
    assert.equal(await judge(signed({ token })), 'signature-key-missing');
  });
  test('of a token that does not verify it is not looked at', async () => {
    const forged = mintToken({ secret: { base64: Buffer.alloc(64, 7).toString('base64') }, now, claims: { ipk: install.ipk } });
    assert.equal(await judge(signed({ token: forged })), 'token-signature-invalid');
  });
  test('the ipk text is no HMAC key', async () => {
    const key = { account: { base64: Buffer.from(install.ipk).toString('base64') } };
    for (const alg of ['alg="hmac-sha256";', '']) {
      const sent = signed({ key, label: 'install', parameters: `${alg}created=${nowSeconds}` });
      assert.notEqual(await judge(sent), 'accepted');
    }
  });
});
