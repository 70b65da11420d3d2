import assert from 'node:assert/strict';
import test from 'node:test';
import { ALGORITHM_OF_CURVE, ALGORITHMS } from '../../../../src/core/jws/algorithms.ts';

test('the table has the algorithms of RFC 7518 §3.1 and RFC 8037 §3.1, and not none', () => {
  const names = [
    'HS256',
    'HS384',
    'HS512',
    'RS256',
    'RS384',
    'RS512',
    'PS256',
    'PS384',
    'PS512',
    'ES256',
    'ES384',
    'ES512',
    'EdDSA',
    'Ed25519',
  ];
  assert.deepEqual([...ALGORITHMS.keys()], names);
  for (const name of ['none', 'NONE', '', 'HS1', 'hs256', 'toString', '__proto__', 'constructor', 'hasOwnProperty']) {
    assert.equal(ALGORITHMS.get(name), undefined, name);
  }
});

test('each row names itself and cannot be changed', () => {
  for (const [name, row] of ALGORITHMS) {
    assert.equal(row.name, name);
    assert.ok(Object.isFrozen(row));
  }
});

test('signatures and keys have the lengths of RFC 7518 §3.2 to §3.5', () => {
  const facts = [...ALGORITHMS.values()].map(({ name, signatureBytes, minimumKey }) => [name, signatureBytes, minimumKey]);
  assert.deepEqual(facts, [
    ['HS256', 32, 32],
    ['HS384', 48, 48],
    ['HS512', 64, 64],
    ['RS256', null, 2048],
    ['RS384', null, 2048],
    ['RS512', null, 2048],
    ['PS256', null, 2048],
    ['PS384', null, 2048],
    ['PS512', null, 2048],
    ['ES256', 64, 0],
    ['ES384', 96, 0],
    ['ES512', 132, 0],
    ['EdDSA', 64, 0],
    ['Ed25519', 64, 0],
  ]);
});

test('a curve implies one algorithm, of that curve', () => {
  for (const [curve, name] of ALGORITHM_OF_CURVE) assert.equal(ALGORITHMS.get(name)?.curve, curve);
  assert.equal(ALGORITHM_OF_CURVE.get('secp256k1'), undefined);
});
