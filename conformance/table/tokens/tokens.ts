/** Every kind of token that the testkit mints, with and without binding. */
import {
  anotherSecret,
  boundText,
  devSecret,
  freshKeySet,
  keySetKinds,
  mintToken,
  type PrivateKeyAlgorithm,
  publicKeySet,
  tokenKinds,
} from '@approov-guard/testkit';
import { EMULATOR_CLAIM } from 'approov-guard';
import type { Family, RequestCase } from '../case.ts';
import { app, approovToken, bound, NOW, tokenOnly } from '../setups.ts';

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
/** Proxies verify some of the algorithms: they get a set of those. */
const fewer = keys.filter(({ algorithm }) => /^(?:RS|ES)/.test(algorithm));
const byKeySet: readonly RequestCase[] = [keys, fewer].flatMap((set) => {
  const setup = app(set === keys ? 'key set' : 'key set, RS and ES only', { keys: { jwks: publicKeySet(set) } });
  const has = (name: string): boolean => set.some(({ algorithm }) => algorithm.toLowerCase() === name);
  return Object.entries(keySetKinds)
    .filter(([name]) => !/^(?:rs|ps|es|ed)\w+$/.test(name) || has(name))
    .map(([name, kind]) => ({
      name: `${name}: ${kind.describe}, of ${set.length} keys`,
      setup,
      request: { headers: [approovToken(kind.mint({ keys: set, now: NOW }))] },
      expected: { status: statusOf(kind.expected), verdict: kind.expected },
    }));
});

// A secret that is not published: in production the guard refuses those at its start.
const ownSecret = anotherSecret(devSecret);
const byEmulator: readonly RequestCase[] = (['production', 'development'] as const).map((environment) => ({
  name: `a token that an emulator made, in ${environment}`,
  setup: app(environment, { keys: { secret: ownSecret }, environment }),
  request: { headers: [approovToken(mintToken({ secret: ownSecret, now: NOW, claims: { [EMULATOR_CLAIM]: 'not for production' } }))] },
  expected: environment === 'production' ? { status: 401, verdict: 'token-from-emulator' } : { status: 200, verdict: 'accepted' },
}));

export const tokens: Family = { name: 'tokens', cases: [...bySecret, ...byEmulator] };
export const keySets: Family = { name: 'key sets', cases: byKeySet };
