/** A nonce is single use (RFC 9421 §2.3): a bug accepted it again under a new signature. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { freshInstallationKey, mintToken, requestView, signRequest } from '@approov-guard/testkit';
import { guardPair, now, secret } from '../../../both-ports.ts';

const installationKey = freshInstallationKey();
const token = mintToken({ secret, now, claims: { ipk: installationKey.ipk } });
const request = { method: 'GET', url: 'https://api.example.com/items', headers: [] };

function signed(nonce: string | undefined): ReturnType<typeof requestView> {
  const parameters = nonce === undefined ? {} : { parameters: { nonce } };
  const sent = signRequest({ client: 'okhttp-3.8', sign: 'install', request, token, installationKey, now, ...parameters });
  return requestView({ ...sent, scheme: 'https', authority: 'api.example.com' });
}

for (const [name, first, second, expected] of [
  ['a nonce that comes again under a new signature is a replay', 'n-1', 'n-1', 'signature-replayed'],
  ['another nonce is another request', 'n-2', 'n-3', 'accepted'],
  ['without a nonce each new signature is a request of its own', undefined, undefined, 'accepted'],
  ['an empty nonce is none', '', '', 'accepted'],
] as const) {
  test(name, async () => {
    const guard = guardPair({ keys: { secret }, signature: {} });
    assert.equal(await guard.judge(signed(first)), 'accepted');
    assert.equal(await guard.judge(signed(second)), expected);
  });
}
