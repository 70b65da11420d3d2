/** Every token that the vendor's public repositories publish, and JSONTestSuite's texts inside signed tokens. */
import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { gunzipSync } from 'node:zlib';
import { readVectors, skipUnless } from '../../../../tools/optional.mjs';
import { guardPair } from '../both-ports.ts';

interface PublishedToken {
  readonly token: string;
  readonly secret_base64: string | null;
  readonly expect_under_that_secret: 200 | 401 | null;
  readonly expect_under_dummy: 200 | 401;
  readonly why: string;
}
const published = readVectors<{
  readonly generated_at: string;
  readonly secrets: { readonly dummy: string };
  readonly tokens: readonly PublishedToken[];
}>('approov/tokens.json');

describe('published tokens', skipUnless(published, 'vectors'), () => {
  const at = Date.parse(published?.generated_at ?? '');
  const judge = (token: string, base64: string): Promise<string> =>
    guardPair({ keys: { secret: { base64 } }, token: { audience: null }, now: () => at }).judgeToken(token);
  const dummy = published?.secrets.dummy ?? '';
  for (const [index, { token, secret_base64, expect_under_that_secret, expect_under_dummy, why }] of (published?.tokens ?? []).entries()) {
    test(`token ${index}: ${why}`, async () => {
      assert.equal((await judge(token, dummy)) === 'accepted' ? 200 : 401, expect_under_dummy);
      if (secret_base64 === null) return;
      assert.equal((await judge(token, secret_base64)) === 'accepted' ? 200 : 401, expect_under_that_secret);
    });
  }
});

interface JsonCase {
  readonly id: string;
  readonly must: 'accept' | 'reject' | 'policy';
  readonly token?: string;
  readonly token_gzip_base64?: string;
}
const suite = readVectors<{ readonly profile: { readonly secret_base64: string }; readonly cases: readonly JsonCase[] }>(
  'json-suite/tokens.json',
);

/** Where JSONTestSuite leaves it open: what JSON.parse makes of the text decides, and these differ from the strictest reader. */
const OUR_ANSWERS: { readonly [id: string]: string } = {
  'json-suite/i_structure_500_nested_arrays/claim': 'token-malformed',
  // A claim that is an object with a member twice: refused at the top level only, where it could change a claim that is judged.
  'json-suite/y_object_duplicated_key/claim': 'accepted',
  'json-suite/y_object_duplicated_key_and_value/claim': 'accepted',
};

function unzipped(base64: string): string {
  return gunzipSync(Buffer.from(base64, 'base64')).toString();
}

describe('JSONTestSuite in claims', skipUnless(suite, 'vectors'), () => {
  const base64 = suite?.profile.secret_base64 ?? '';
  const pair = base64 === '' ? null : guardPair({ keys: { secret: { base64 } }, token: { maxBytes: 65_536, audience: null } });
  for (const { id, must, token_gzip_base64 = '', token = unzipped(token_gzip_base64) } of suite?.cases ?? []) {
    test(`${id}: ${must}`, async () => {
      const found = await pair?.judgeToken(token);
      if (must === 'policy') assert.equal(found, OUR_ANSWERS[id] ?? 'accepted');
      else assert.equal(found === 'accepted' ? 'accept' : 'reject', must, found);
      if (found !== 'accepted') assert.match(found ?? '', /^token-/);
    });
  }
});
