/** Whom a token names: where the option is left out, it may name nobody but the host of `origin`. And when it was issued, which nobody judges. */
import type { Setup } from '../../adapters/adapter.ts';
import type { Case, Family } from '../case.ts';
import { app, approovToken, NOW, token, tokenOnly } from '../setups.ts';

const any = app('any audience', { token: { audience: null } });
const named = app('named audience', { token: { audience: ['api.example.com', 'www.example.com'] } });
const fixed = app('audience by origin', { origin: 'https://api.example.com:8443' });
const hosts = app('audience by hosts', { origin: { hosts: ['api.example.com', 'www.example.com:8443'] } });

function row(setup: Setup, aud: unknown, verdict: 'accepted' | 'token-audience-unexpected' | 'token-claim-invalid'): Case {
  const request = { target: '/shapes', headers: [approovToken(token({ claims: { aud } }))] };
  const status = verdict === 'accepted' ? 200 : 401;
  return { name: `${setup.name}: ${JSON.stringify(aud) ?? 'none'}: ${verdict}`, setup, request, expected: { status, verdict } };
}

const OURS = ['api.example.com', ['api.example.com'], ['other', 'api.example.com']];
const OTHERS = ['other.example.com', 'example.com', '', [], ['other'], 'api.example.com.evil.example', 'https://api.example.com'];

const byAudience: readonly Case[] = [
  ...[tokenOnly, any, fixed, hosts].map((setup) => row(setup, undefined, 'accepted')),
  row(named, undefined, 'token-audience-unexpected'),
  ...OURS.map((aud) => row(tokenOnly, aud, 'token-audience-unexpected')),
  ...OURS.flatMap((aud) => [any, named, fixed, hosts].map((setup) => row(setup, aud, 'accepted'))),
  row(fixed, 'api.example.com:8443', 'accepted'),
  row(hosts, 'www.example.com', 'accepted'),
  ...OTHERS.map((aud) => row(any, aud, 'accepted')),
  ...OTHERS.flatMap((aud) => [tokenOnly, named, fixed, hosts].map((setup) => row(setup, aud, 'token-audience-unexpected'))),
  row(any, 7, 'token-claim-invalid'),
];

const byTime: readonly Case[] = (
  [
    ['iat', 'accepted'],
    ['nbf', 'token-not-yet-valid'],
  ] as const
).map(([claim, verdict]) => ({
  name: `${claim} a second ahead: ${verdict}`,
  setup: tokenOnly,
  request: { target: '/shapes', headers: [approovToken(token({ claims: { [claim]: NOW / 1000 + 1 } }))] },
  expected: { status: verdict === 'accepted' ? 200 : 401, verdict },
}));

export const audience: Family = { name: 'audience', cases: [...byAudience, ...byTime] };
