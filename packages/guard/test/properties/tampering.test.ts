/** Whatever is changed in a good token, it is good no longer. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { freshKeySet, mintToken, publicKeySet } from '@approov-guard/testkit';
import fc from 'fast-check';
import { guardPair, now, outcomeOf, runSeed, secret, withToken } from '../both-ports.ts';

const seed = runSeed();
const keys = freshKeySet();
const secrets = (['HS256', 'HS384', 'HS512'] as const).map((algorithm) => ({ ...secret, algorithm, kid: algorithm }));
const pair = guardPair({ keys: [{ secrets }, { jwks: publicKeySet(keys) }], cache: null });
const cached = guardPair({ keys: [{ secrets }, { jwks: publicKeySet(keys) }] });
const claims = { did: 'ExampleApproovTokenDID==', ip: '1.2.3.4' };

const tokens: readonly { readonly algorithm: string; readonly token: string }[] = [
  ...secrets.map(({ algorithm }) => ({ algorithm, token: mintToken({ secret, algorithm, now, claims, kid: algorithm }) })),
  ...keys.map(({ algorithm, privateKey, kid }) => ({ algorithm, token: mintToken({ key: privateKey, algorithm, now, claims, kid }) })),
];

function flipBit(token: string, bit: number): string {
  const at = bit >> 3;
  return token.slice(0, at) + String.fromCharCode(token.charCodeAt(at) ^ (1 << (bit & 7))) + token.slice(at + 1);
}

for (const { algorithm, token } of tokens) {
  test(`${algorithm}: every flipped bit of the text is refused`, async () => {
    assert.equal(await cached.judgeToken(token), 'accepted');
    for (let bit = 0; bit < token.length * 8; bit++) {
      const decision = await cached.node.decide(withToken(flipBit(token, bit)));
      assert.ok(decision.verdict?.outcome === 'rejected', `bit ${bit}`);
    }
    assert.equal(await cached.judgeToken(token), 'accepted');
  });

  test(`${algorithm}: flipped bits of the decoded segments are refused on both ports (seed ${seed})`, async () => {
    const segments = token.split('.').map((segment) => Buffer.from(segment, 'base64url'));
    const places = segments.map((bytes) => bytes.length * 8);
    const place = fc.nat(2).chain((segment) => fc.tuple(fc.constant(segment), fc.nat((places[segment] ?? 1) - 1)));
    await fc.assert(
      fc.asyncProperty(place, async ([segment, bit]) => {
        const changed = segments.map((bytes) => Buffer.from(bytes));
        const bytes = changed[segment] as Buffer;
        bytes[bit >> 3] = (bytes[bit >> 3] ?? 0) ^ (1 << (bit & 7));
        assert.match(await pair.judgeToken(changed.map((part) => part.toString('base64url')).join('.')), /^token-/);
      }),
      { seed, numRuns: 40 },
    );
  });
}

test(`cuts, insertions, repetitions and mixtures of good tokens are refused (seed ${seed})`, async () => {
  const one = fc.constantFrom(...tokens.map(({ token }) => token));
  const change = fc.oneof(
    fc.record({ kind: fc.constant('cut' as const), at: fc.nat(400), length: fc.integer({ min: 1, max: 80 }) }),
    fc.record({ kind: fc.constant('insert' as const), at: fc.nat(400), text: fc.stringMatching(/^[A-Za-z0-9_.=-]{1,12}$/) }),
    fc.record({ kind: fc.constant('repeat' as const), at: fc.nat(400), length: fc.integer({ min: 1, max: 80 }) }),
    fc.record({ kind: fc.constant('swap' as const), segment: fc.nat(2), other: one }),
  );
  await fc.assert(
    fc.asyncProperty(one, change, async (token, given) => {
      let changed = token;
      if (given.kind === 'cut') changed = token.slice(0, given.at) + token.slice(given.at + given.length);
      if (given.kind === 'insert') changed = token.slice(0, given.at) + given.text + token.slice(given.at);
      if (given.kind === 'repeat') changed = token.slice(0, given.at + given.length) + token.slice(given.at);
      if (given.kind === 'swap') {
        const foreign = given.other.split('.');
        changed = token
          .split('.')
          .map((segment, index) => (index === given.segment ? foreign[index] : segment))
          .join('.');
      }
      const outcome = await pair.judgeToken(changed);
      if (tokens.some((good) => good.token === changed)) assert.equal(outcome, 'accepted');
      else assert.match(outcome, /^token-/);
    }),
    { seed, numRuns: 300 },
  );
});

test('a token is accepted as often as it comes, and nothing that came between changes that', async () => {
  for (let round = 0; round < 3; round++) {
    for (const { token } of tokens) {
      assert.equal(outcomeOf(await cached.node.judge(withToken(token))), 'accepted');
      assert.notEqual(outcomeOf(await cached.node.judge(withToken(flipBit(token, token.length * 8 - 12)))), 'accepted');
    }
  }
});
