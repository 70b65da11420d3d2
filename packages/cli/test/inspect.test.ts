import assert from 'node:assert/strict';
import test from 'node:test';
import { lookalikeToken, mintToken, signCompact, tokenKinds } from '@approov-guard/testkit';
import { guard, now, secret } from './harness.ts';

const none = { env: {} };

test('says first and loudly that nothing is verified, and needs no secret', async () => {
  const { code, stdout } = await guard(['inspect', lookalikeToken({ secret, now, bind: 'x' })], none);
  assert.equal(code, 0);
  assert.match(stdout, /^NOT VERIFIED: anybody can write such a token\./);
  assert.match(stdout, /header:\n {2}alg {2}"HS256"/);
  assert.match(stdout, /It says of its life: 1 h more, until 2023-11-14T23:13:20Z\./);
  assert.match(stdout, /It says that it is bound/);
});

test('--json says it as well', async () => {
  const { stdout } = await guard(['inspect', '-', '--json'], {
    env: {},
    stdin: `Bearer ${mintToken({ secret, now, claims: { iat: 0, ipk: 'x' } })}\n`,
  });
  const { verified, header, claims, remarks } = JSON.parse(stdout);
  assert.equal(verified, false);
  assert.deepEqual([header.alg, claims.iat, remarks.length], ['HS256', 0, 3]);
});

for (const [name, token, message, code] of [
  ['alg none', signCompact({ header: { alg: 'NONE' }, payload: {}, sign: null }), /names no signature algorithm/, 0],
  ['an empty signature', signCompact({ header: { alg: 'HS256' }, payload: {}, sign: null }), /signature is empty/, 0],
  ['an encrypted token', tokenKinds['jwe-shaped']?.mint({ secret, now }) ?? '', /Five segments/, 0],
  ['a status word', 'MITM_DETECTED', /SDKs send such a word/, 1],
  ['the loggable form', '{"exp":1}', /loggable/, 1],
  ['two segments', 'e30.e30', /this has 2/, 0],
  ['garbage', 'a.b.c', /header is not a JSON object/, 1],
] as const) {
  test(`remarks on ${name}`, async () => {
    const done = await guard(['inspect', token], none);
    assert.match(done.stdout, message);
    assert.equal(done.code, code);
  });
}

test('no kind of token makes it fail or prints a control character', async () => {
  for (const [name, { mint }] of Object.entries(tokenKinds)) {
    const { code, stdout } = await guard(['inspect', mint({ secret, now })], none);
    assert.ok(code === 0 || code === 1, name);
    assert.doesNotMatch(stdout.replaceAll('\n', ''), /\p{Cc}/u, name);
  }
});
