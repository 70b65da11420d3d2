/** The small build for Workers decides as the whole one does, and says what it lacks. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { boundText, tokenKinds } from '@approov-guard/testkit';
import { ConfigurationError, type GuardOptions, keysFromUrl } from 'approov-guard';
import { approov as whole } from 'approov-guard/web';
import { approov as small } from 'approov-guard/web-small';
import { now, secret } from '../both-ports.ts';

const handler = (): Response => new Response('handled');

test('every kind of token, bound and not, is answered as the whole build answers', async () => {
  for (const binding of [null, { headers: ['authorization'] }]) {
    const options: GuardOptions = { keys: { secret }, binding, now: () => now };
    const builds = [whole(options, handler), small(options, handler)];
    for (const [name, kind] of Object.entries(tokenKinds)) {
      const headers = { 'approov-token': kind.mint({ secret, now }), authorization: boundText };
      const answers = await Promise.all(builds.map((fetch) => fetch(new Request('https://api.example.com/', { headers }))));
      const [left, right] = answers.map(({ status, headers: fields }) => ({ status, fields: [...fields] }));
      assert.deepEqual(left, right, name);
    }
  }
});

test('what is left out is refused at start, and the message says where it is', () => {
  const missing: { readonly [path: string]: object } = {
    signature: { signature: {} },
    rules: { rules: [] },
    'keys.jwksUrl': { keys: { jwksUrl: 'https://keys.example.com/' } },
  };
  for (const [path, options] of Object.entries(missing)) {
    const expected = (error: unknown): boolean => {
      assert.ok(error instanceof ConfigurationError);
      assert.deepEqual([error.code, error.path], ['option-unavailable', path]);
      return /approov-guard\/web/.test(error.message);
    };
    assert.throws(() => small({ keys: { secret }, ...options }, handler), expected, path);
  }
});

test('keys at a URL are a key source of their own, which the small build takes', () => {
  assert.doesNotThrow(() => small({ keys: keysFromUrl({ url: 'https://keys.example.com/' }) }, handler));
});
