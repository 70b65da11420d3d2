/** Every kind of token that the testkit mints, with and without binding. */
import { boundText, devSecret, freshKeySet, keySetKinds, type PrivateKeyAlgorithm, publicKeySet, tokenKinds } from '@approov-guard/testkit';
import type { Family, RequestCase } from './case.ts';
import { app, approovToken, bound, NOW, tokenOnly } from './setups.ts';

const statusOf = (verdict: string): number => (verdict === 'accepted' ? 200 : 401);

const bySecret: readonly RequestCase[] = Object.entries(tokenKinds).flatMap(([name, kind]) => {
  const headers = [approovToken(kind.mint({ secret: devSecret, now: NOW }))];
  const { expected, expectedWhenBound } = kind;
  return [
    {
      name: `${name}: ${kind.describe}`,
      setup: tokenOnly,
      request: { headers },
      expected: { status: statusOf(expected), verdict: expected },
    },
    {
      name: `${name}, with binding`,
      setup: bound,
      request: { headers: [...headers, ['Authorization', boundText] as const] },
      expected: { status: statusOf(expectedWhenBound), verdict: expectedWhenBound },
    },
  ];
});

// RSA keys take long to make: one for each padding.
const ALGORITHMS: readonly PrivateKeyAlgorithm[] = ['RS256', 'PS256', 'ES256', 'ES384', 'ES512', 'EdDSA'];
const keys = freshKeySet(ALGORITHMS);
const keySet = app('key set', { keys: { jwks: publicKeySet(keys) } });
const byKeySet: readonly RequestCase[] = Object.entries(keySetKinds)
  .filter(([name]) => !/^(?:rs|ps|es|ed)\w+$/.test(name) || ALGORITHMS.some((algorithm) => algorithm.toLowerCase() === name))
  .map(([name, kind]) => ({
    name: `${name}: ${kind.describe}`,
    setup: keySet,
    request: { headers: [approovToken(kind.mint({ keys, now: NOW }))] },
    expected: { status: statusOf(kind.expected), verdict: kind.expected },
  }));

export const tokens: Family = { name: 'tokens', cases: bySecret };
export const keySets: Family = { name: 'key sets', cases: byKeySet };
