/** What the verifier makes of the answers of keys: those of a user's own key source may be anything. */
import assert from 'node:assert/strict';
import test from 'node:test';
import { runInNewContext } from 'node:vm';
import { devSecret, mintToken } from '@approov-guard/testkit';
import { createGuard, type KeySource } from 'approov-guard';
import { ALGORITHMS, type AlgorithmRow } from '../../../../src/core/jws/algorithms.ts';
import { KeySet, type PreparedKey } from '../../../../src/core/jws/jws.ts';

const now = 1_700_000_000_000;
const token = mintToken({ secret: devSecret, now });
const algorithm = ALGORITHMS.get('HS256') as AlgorithmRow;

async function outcome(...answers: readonly (() => unknown)[]): Promise<string> {
  const keys = answers.map((verify, index) => ({ id: `k${index}`, kid: null, algorithm, prepared: { verify } as unknown as PreparedKey }));
  const set = new KeySet(keys);
  const source: KeySource = { current: () => set };
  const verdict = await createGuard({ keys: source, now: () => now }).verifyToken(token);
  if (verdict.outcome === 'accepted') return `accepted ${verdict.attestation.keyId}`;
  return verdict.outcome === 'rejected' ? verdict.reason : verdict.fault;
}

const broken = (): never => {
  throw new Error('no such key');
};

test('only `true` verifies, from a promise too', async () => {
  assert.equal(await outcome(() => true), 'accepted k0');
  assert.equal(await outcome(async () => true), 'accepted k0');
  for (const answer of [false, undefined, null, 1, 'no', 'true', {}, [], () => true]) {
    assert.equal(await outcome(() => answer), 'token-signature-invalid', String(answer));
    assert.equal(await outcome(async () => answer), 'token-signature-invalid', `promise of ${String(answer)}`);
  }
});

test('a promise of another realm, or anything else with `then`, is waited for and is no `true` by itself', async () => {
  assert.equal(await outcome(() => runInNewContext('Promise.resolve(false)')), 'token-signature-invalid');
  assert.equal(await outcome(() => runInNewContext('Promise.resolve(true)')), 'accepted k0');
  const thenable = (answer: boolean): object => {
    const then = (resolve: (value: boolean) => void): void => resolve(answer);
    return Object.defineProperty({}, 'then', { value: then });
  };
  assert.equal(await outcome(() => thenable(false)), 'token-signature-invalid');
  assert.equal(await outcome(() => thenable(true)), 'accepted k0');
});

test('a key that cannot say does not hide the key that signed', async () => {
  assert.equal(await outcome(broken, () => true), 'accepted k1');
  assert.equal(
    await outcome(
      async () => broken(),
      async () => false,
      () => true,
    ),
    'accepted k2',
  );
});

test('what no key verified is no forgery while one of them could not say', async () => {
  assert.equal(await outcome(broken), 'internal');
  assert.equal(await outcome(broken, () => false), 'internal');
  assert.equal(
    await outcome(
      async () => broken(),
      async () => false,
    ),
    'internal',
  );
});
