/** Mistakes in `origin` are found at start. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { freshSecret } from '@approov-guard/testkit';
import { ConfigurationError, createGuard, type GuardOptions } from 'approov-guard';

const keys = { secret: freshSecret() };

function mistake(origin: unknown): string {
  try {
    createGuard({ keys, origin } as GuardOptions);
  } catch (error) {
    assert.ok(error instanceof ConfigurationError);
    return `${error.code} ${error.path}`;
  }
  return 'none';
}

for (const origin of [
  '',
  'api.example.com',
  'ftp://a',
  'https://',
  'https://a/b',
  'https://a?b',
  'https://a#b',
  'https://u@a',
  'https://a b',
  'https://a:99999',
  '//a',
  'https://a\n',
  'https://a,b',
]) {
  test(`no origin: ${JSON.stringify(origin)}`, () => assert.equal(mistake(origin), 'option-invalid origin'));
}
for (const [origin, found] of [
  [1, 'option-invalid origin'],
  [['https://a'], 'option-invalid origin'],
  [{ trusted: [] }, 'option-unknown origin.trusted'],
  [{ trustedProxies: ['localhost'] }, 'option-invalid origin.trustedProxies'],
  [{ trustedProxies: [''] }, 'option-invalid origin.trustedProxies'],
  [{ trustedProxies: ['10.0.0.0/33'] }, 'option-invalid origin.trustedProxies'],
  [{ trustedProxies: true }, 'option-invalid origin.trustedProxies'],
  [{ hosts: ['https://a'] }, 'option-invalid origin.hosts'],
  [{ hosts: [1] }, 'option-invalid origin.hosts'],
] as const) {
  test(`${found}: ${JSON.stringify(origin)}`, () => assert.equal(mistake(origin), found));
}
for (const origin of [
  undefined,
  null,
  {},
  'https://a',
  'http://a:8080/',
  'HTTPS://[::1]:8443',
  { trustedProxies: ['loopback', '10.0.0.0/8', '::1'] },
  { hosts: ['a', 'b:8443'] },
]) {
  test(`no mistake: ${JSON.stringify(origin) ?? 'undefined'}`, () => assert.equal(mistake(origin), 'none'));
}
