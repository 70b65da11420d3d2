import assert from 'node:assert/strict';
import test from 'node:test';
import { base64url } from '@approov-guard/testkit';
import { ALGORITHMS, type AlgorithmName, type AlgorithmRow } from '../../../../src/core/jws/algorithms.ts';
import { KeySet, MAX_KEYS_TRIED, type VerificationKey } from '../../../../src/core/jws/jws.ts';
import { verifyJws } from '../../../verify-jws.ts';

function key(
  id: string,
  kid: string | null,
  algorithm: AlgorithmName = 'HS256',
  verify: () => boolean | Promise<boolean> = () => false,
): VerificationKey {
  return { id, kid, algorithm: ALGORITHMS.get(algorithm) as AlgorithmRow, prepared: { verify } };
}

const header = (members: { readonly [member: string]: unknown }): string => base64url(JSON.stringify(members));

function chosen(keys: readonly VerificationKey[], members: { readonly [member: string]: unknown }): readonly string[] | string {
  const found = new KeySet(keys).candidates(header(members));
  return typeof found === 'string' ? found : found.map(({ id }) => id);
}

test('a key without kid is tried for any token; a key with kid only for tokens that name it or name none', () => {
  const keys = [key('new', 'k2'), key('any', null), key('old', 'k1')];
  assert.deepEqual(chosen(keys, { alg: 'HS256' }), ['new', 'any', 'old']);
  assert.deepEqual(chosen(keys, { alg: 'HS256', kid: 'k1' }), ['old', 'any'], 'the named key first');
  assert.deepEqual(chosen(keys, { alg: 'HS256', kid: 'k3' }), ['any']);
});

test('a kid that no key carries is unknown', () => {
  const keys = [key('a', 'k1'), key('b', 'k2')];
  for (const kid of ['k3', '', 'K1', 'k1 ', '__proto__', 'constructor', '../../dev/null', `k1' OR '1'='1`, 'k'.repeat(6000)]) {
    assert.equal(chosen(keys, { alg: 'HS256', kid }), 'token-key-unknown', kid.slice(0, 20));
  }
});

test('the algorithm is the key’s: a token cannot choose another', () => {
  const keys = [key('secret', null), key('rsa', 'r', 'RS256')];
  assert.deepEqual(chosen(keys, { alg: 'RS256' }), ['rsa']);
  assert.deepEqual(chosen(keys, { alg: 'HS256', kid: 'r' }), ['secret'], 'the public key is no candidate for HS256');
  for (const alg of ['none', 'HS384', 'ES256', 'hs256', 'toString', ''])
    assert.equal(chosen(keys, { alg }), 'token-algorithm-not-allowed', alg);
  assert.equal(chosen([key('a', 'k1'), key('r', 'r', 'RS256')], { alg: 'HS256', kid: 'r' }), 'token-algorithm-not-allowed');
});

test('EdDSA and Ed25519 are two names: a key carries one of them', () => {
  assert.equal(chosen([key('e', null, 'EdDSA')], { alg: 'Ed25519' }), 'token-algorithm-not-allowed');
  assert.equal(chosen([key('e', null, 'Ed25519')], { alg: 'EdDSA' }), 'token-algorithm-not-allowed');
});

test('a malformed header is malformed', () => {
  assert.equal(new KeySet([key('a', null)]).candidates('e31'), 'token-malformed');
});

test('at most eight keys are tried for one token', () => {
  const tried: string[] = [];
  const keys = Array.from({ length: 12 }, (_, index) =>
    key(`k${index}`, null, 'HS256', () => {
      tried.push(`k${index}`);
      return false;
    }),
  );
  const jws = { header: header({ alg: 'HS256' }), payload: 'e30', signature: 'AAAA', signingInput: '' };
  assert.equal(verifyJws(jws, new KeySet(keys)), 'token-signature-invalid');
  assert.equal(tried.length, MAX_KEYS_TRIED);
});

test('the first key that verifies wins, whether it answers at once or later', async () => {
  const jws = { header: header({ alg: 'HS256' }), payload: 'e30', signature: 'AAAA', signingInput: '' };
  const set = (second: () => boolean | Promise<boolean>): KeySet =>
    new KeySet([key('a', null), key('b', null, 'HS256', second), key('c', null, 'HS256', () => true)]);
  assert.equal(
    (
      verifyJws(
        jws,
        set(() => true),
      ) as VerificationKey
    ).id,
    'b',
  );
  assert.equal(
    (
      (await verifyJws(
        jws,
        set(async () => true),
      )) as VerificationKey
    ).id,
    'b',
  );
  assert.equal(
    (
      (await verifyJws(
        jws,
        set(async () => false),
      )) as VerificationKey
    ).id,
    'c',
  );
  assert.equal(
    (
      (await verifyJws(
        jws,
        set(async () => Promise.reject(new Error('platform'))),
      )) as VerificationKey
    ).id,
    'c',
  );
});

test('headers of tokens that verified are remembered, up to a bound, and give the same answer', () => {
  const set = new KeySet([key('a', null)]);
  const first = header({ alg: 'HS256' });
  const candidates = set.candidates(first);
  assert.ok(typeof candidates !== 'string');
  set.remember(first, candidates);
  assert.equal(set.candidates(first), candidates);
  for (let index = 0; index < 200; index++) set.remember(header({ alg: 'HS256', index }), candidates);
  assert.notEqual(set.candidates(header({ alg: 'HS256', index: 198 })), candidates, 'beyond the bound it is selected anew');
  assert.deepEqual(set.candidates(header({ alg: 'HS256', index: 198 })), candidates);
});

test('a key set keeps its keys when the list it was made of changes', () => {
  const keys = [key('a', null)];
  const set = new KeySet(keys);
  keys.pop();
  assert.equal(set.keys.length, 1);
  assert.ok(Object.isFrozen(set.keys));
});
