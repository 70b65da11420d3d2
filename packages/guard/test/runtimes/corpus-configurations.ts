/** Mistakes in the configuration. */
import { freshKeySet, publicKeySet, signCompact } from '@approov-guard/testkit';
import { weakKeys } from '../weak-keys.ts';
import type { RequestData } from './core-suite.ts';
import { type Draft, withToken } from './corpus.ts';
import { guardWith, now } from './corpus-tokens.ts';

const [pair] = freshKeySet(['ES256']);

/** Each is one object of options, merged into good ones. */
const MISTAKES: readonly { readonly [name: string]: unknown }[] = [
  { unknown: 1 },
  { keys: null },
  { keys: {} },
  { keys: [] },
  { keys: { secret: {} } },
  { keys: { secret: { base64: '' } } },
  { keys: { secret: { base64: 'AAAA' } } },
  { keys: { secret: { base64: 'A'.repeat(88) } } },
  { keys: { secret: { base64: '-_'.repeat(44) } } },
  { keys: { secret: { base64: 'approov base64 secret here' } } },
  { keys: { secret: { base64url: '+/'.repeat(44) } } },
  { keys: { secret: { base64: `${'A'.repeat(42)}B` } } },
  { keys: { secret: { base64: 'x', base64url: 'x' } } },
  { keys: { secrets: [] } },
  { keys: { jwks: { keys: [] } } },
  { keys: { jwks: { keys: [{ kty: 'oct', k: 'AAAA' }] } } },
  { keys: { jwks: { keys: [{ kty: 'EC', crv: 'P-256', x: 'AA', y: 'AA' }] } } },
  { keys: { jwks: { keys: [{ kty: 'RSA', n: 'AQAB', e: 'AQAB', alg: 'RS256' }] } } },
  { keys: { jwks: { keys: [{ ...pair?.jwk, d: 'AAAA' }] } } },
  { keys: { jwks: publicKeySet(pair === undefined ? [] : [pair]), algorithm: 'none' } },
  { keys: { pem: 'nothing', algorithm: 'ES256' } },
  { keys: { pem: pair?.pem, algorithm: 'RS256' } },
  { keys: { pem: pair?.pem, algorithm: 'ES384' } },
  { keys: { pem: '-----BEGIN PUBLIC KEY-----\nAAAA\n-----END PUBLIC KEY-----\n', algorithm: 'ES256' } },
  { keys: { jwksUrl: 'http://example.com/jwks' } },
  { keys: { jwksUrl: 'nothing' } },
  { token: { header: 'a b' } },
  { token: { prefix: 'a b' } },
  { token: { maxBytes: 1 } },
  { token: { clockToleranceSeconds: 301 } },
  { token: { issuer: [] } },
  { binding: { headers: [] } },
  { binding: { headers: ['approov-token'] } },
  { binding: { headers: ['a', 'A'] } },
  { signature: { label: 'account' } },
  { signature: { required: ['@nothing'] } },
  { signature: { accountKeys: [] } },
  { mode: 'off' },
  { mode: { token: 'observe' }, binding: { headers: ['a'] } },
  { exempt: ['health'] },
  { exempt: ['/a/../b'] },
  { origin: 'https://example.com/a' },
  { origin: { trustedProxies: ['1.2.3.4/33'] } },
  { refusal: { status: 200 } },
  { routes: [{ match: {} }] },
  { routes: [{ match: { path: '/a' }, exempt: false }] },
  { rules: 1 },
  { cache: { maxTokens: -1 } },
  { preflight: 'no' },
  {
    environment: 'production',
    keys: { secret: { base64: 'h+CX0tOzdAAR9l15bWAqvq7w9olk66daIH+Xk+IAHhVVHszjDzeGobzNnqyRze3lw/WVyWrc2gZfh3XXfBOmww==' } },
  },
];

/** A token that nobody signed. */
function forged(algorithm: string): RequestData {
  return withToken(signCompact({ header: { alg: algorithm }, payload: { exp: now / 1000 + 300 }, sign: () => Buffer.alloc(64, 1) }));
}

export function configurationCases(): readonly Draft[] {
  const through = 'configuration' as const;
  const mistakes = MISTAKES.map((mistake, index): Draft => {
    const id = `${index}: ${JSON.stringify(mistake).slice(0, 100)}`;
    return { id, guard: guardWith(mistake), requests: [forged('ES256')] };
  });
  const weak = weakKeys.map(({ name, algorithm, jwk }): Draft => {
    const keys = { jwks: { keys: [{ ...jwk, alg: algorithm }] } };
    return { id: name, guard: guardWith({ keys }), requests: [forged(algorithm)] };
  });
  return [...mistakes, { id: 'none', expected: 'made', guard: guardWith(), through }, ...weak];
}
