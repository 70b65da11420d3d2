/** Every kind, judged by the guard, with and without binding. */
import assert from 'node:assert/strict';
import test from 'node:test';
import { boundText, devSecret, freshKeySet, freshSecret, keySetKinds, publicKeySet, requestView, tokenKinds } from '@approov-guard/testkit';
import { createGuard, REASONS, type Verdict } from 'approov-guard';
import { jwtVerify } from 'jose';

const now = 1_700_000_000_000;
const secret = freshSecret();
const keys = { secret };
const unbound = createGuard({ keys, now: () => now });
const bound = createGuard({ keys, now: () => now, binding: { headers: ['authorization'] } });

function found(verdict: Verdict): string {
  return verdict.outcome === 'accepted' ? 'accepted' : verdict.outcome === 'rejected' ? verdict.reason : verdict.fault;
}

for (const [name, kind] of Object.entries(tokenKinds)) {
  test(`${name}: ${kind.describe}: ${kind.expected}`, async () => {
    const token = kind.mint({ secret, now });
    const request = requestView({
      headers: [
        ['approov-token', token],
        ['authorization', boundText],
      ],
    });
    assert.match(token, /^[\x20-\x7e]*$/, 'can be sent as a header');
    assert.equal(token.trim(), token, 'is not changed by trimming');
    assert.equal(found(await unbound.judge(request)), kind.expected);
    assert.equal(found(await bound.judge(request)), kind.expectedWhenBound);
  });
}

test('tokens by themselves get the same verdicts', async () => {
  for (const [name, { expected, mint }] of Object.entries(tokenKinds)) {
    assert.equal(found(await unbound.verifyToken(mint({ secret, now }))), expected, name);
  }
});

test('jose accepts what we call accepted', async () => {
  const bytes = Buffer.from(secret.base64, 'base64');
  for (const [name, { expected, mint }] of Object.entries(tokenKinds)) {
    if (expected !== 'accepted') continue;
    await assert.doesNotReject(jwtVerify(mint({ secret, now }), bytes, { currentDate: new Date(now), requiredClaims: ['exp'] }), name);
  }
});

test('the table has a kind for each token reason that needs no further option', () => {
  const seen = new Set<string>(Object.values(tokenKinds).flatMap((kind) => [kind.expected, kind.expectedWhenBound]));
  const needMore = [
    // another guard
    'token-key-unknown',
    'token-lifetime-too-long',
    'token-issuer-unexpected',
    'token-denied',
    'token-replayed',
    'token-share-exceeded',
    'token-from-emulator',
    // another request
    'binding-value-missing',
    'binding-value-duplicated',
  ];
  const ofTokens = Object.entries(REASONS).filter(([, row]) => row.stage === 'token' || row.stage === 'binding');
  const missing = ofTokens.map(([code]) => code).filter((code) => !seen.has(code) && !needMore.includes(code));
  assert.deepEqual(missing, []);
});

test('kinds of a key set get their verdicts', async () => {
  const pairs = freshKeySet();
  const guard = createGuard({ keys: { jwks: publicKeySet(pairs) }, now: () => now });
  for (const [name, { expected, mint }] of Object.entries(keySetKinds)) {
    assert.equal(found(await guard.verifyToken(mint({ keys: pairs, now }))), expected, name);
  }
});

test('a context without the needed key is told so', () => {
  assert.throws(() => keySetKinds.es256?.mint({ keys: [], now }), RangeError);
});

test('the development secret is refused in production', () => {
  assert.throws(() => createGuard({ keys: { secret: devSecret }, environment: 'production' }));
});
