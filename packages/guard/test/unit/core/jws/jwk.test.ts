import assert from 'node:assert/strict';
import test from 'node:test';
import { freshSigningKey, PRIVATE_KEY_ALGORITHMS } from '@approov-guard/testkit';
import { parsePublicJwk } from '../../../../src/core/jws/jwk.ts';
import { weakKeys } from '../../../weak-keys.ts';

const es256 = freshSigningKey('ES256', 'key-1').jwk;
const rs256 = freshSigningKey('RS256', 'key-2').jwk;
type Jwk = { readonly [member: string]: unknown };

function found(member: unknown, fallback: Parameters<typeof parsePublicJwk>[1] = null): string {
  const parsed = parsePublicJwk(member, fallback);
  return 'fault' in parsed ? parsed.fault : parsed.algorithm.name;
}
const without = (jwk: Jwk, name: string): Jwk => Object.fromEntries(Object.entries(jwk).filter(([member]) => member !== name));

test('each algorithm’s key is read, with its kid', () => {
  for (const algorithm of PRIVATE_KEY_ALGORITHMS) {
    const parsed = parsePublicJwk(freshSigningKey(algorithm, 'key-1').jwk, null);
    assert.ok(!('fault' in parsed));
    assert.equal(parsed.algorithm.name, algorithm);
    assert.equal(parsed.kid, 'key-1');
  }
});

test('a kid that is no text, or empty, is none', () => {
  for (const kid of [undefined, '', 7, null, ['a']]) {
    const parsed = parsePublicJwk({ ...es256, kid }, null);
    assert.equal('fault' in parsed ? '' : parsed.kid, null);
  }
});

test('the algorithm comes from alg, else from the curve, else from the configuration', () => {
  assert.equal(found(without(es256, 'alg')), 'ES256');
  assert.equal(found(without(freshSigningKey('Ed25519').jwk, 'alg')), 'EdDSA');
  assert.equal(found(without(rs256, 'alg')), 'key-algorithm');
  assert.equal(found(without(rs256, 'alg'), 'PS384'), 'PS384');
  assert.equal(found(rs256, 'PS384'), 'RS256', 'what the key says wins');
  assert.equal(found(without(es256, 'alg'), 'RS256'), 'ES256');
});

test('an algorithm that is unknown or does not fit is refused', () => {
  for (const alg of ['none', '', 'RSA-OAEP', 'ECDH-ES', 'ES256K', 'es256', 'toString', 7, ['ES256'], 'ES384', 'RS256', 'EdDSA', 'HS256']) {
    assert.equal(found({ ...es256, alg }), 'key-algorithm', String(alg));
  }
  for (const crv of ['P-384', 'secp256k1', 'Ed25519', '', 7]) assert.equal(found({ ...es256, crv }), 'key-algorithm', String(crv));
  for (const kty of ['RSA', 'OKP', 'ec', '', undefined]) assert.equal(found({ ...es256, kty }), 'key-algorithm', String(kty));
});

test('private and symmetric material is refused, whatever else the key says', () => {
  for (const name of ['d', 'p', 'q', 'dp', 'dq', 'qi', 'oth', 'k']) {
    assert.equal(found({ ...es256, [name]: 'AAAA' }), 'key-not-public', name);
    for (const nothing of [undefined, null])
      assert.equal(found({ ...es256, [name]: nothing }), 'ES256', `${name}, present without a value`);
  }
  assert.equal(found({ kty: 'oct', k: 'AAAA', alg: 'HS256' }), 'key-not-public');
  assert.equal(found({ kty: 'oct', alg: 'HS256' }), 'key-not-public');
  assert.equal(found(freshSigningKey('ES256').privateKey.export({ format: 'jwk' })), 'key-not-public');
});

test('keys for another use are told apart from mistakes', () => {
  assert.equal(found({ ...rs256, use: 'enc' }), 'other-use');
  for (const operations of [['encrypt'], [], 'verify', ['sign']]) assert.equal(found({ ...es256, key_ops: operations }), 'other-use');
  assert.equal(found({ ...es256, key_ops: ['verify'] }), 'ES256');
});

test('what is no object is no key', () => {
  for (const member of [null, undefined, 7, 'key', [], [es256]]) assert.equal(found(member), 'key-invalid');
});

test('numbers are canonical base64url', () => {
  const x = String(es256.x);
  for (const wrong of [`${x}=`, `${x} `, x.slice(0, -1), `${x}A`, '', undefined, 7, null, x.replace(/.$/, '_')]) {
    assert.equal(found({ ...es256, x: wrong }), 'key-invalid', String(wrong));
  }
});

// A point beside its curve is the one weakness that only the platform can see.
for (const { name, algorithm, jwk } of weakKeys.filter((key) => !/beside|origin/.test(key.name))) {
  test(`${name} is no key`, () => assert.equal(found({ ...jwk, alg: algorithm }), 'key-invalid'));
}
