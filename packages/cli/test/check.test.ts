import assert from 'node:assert/strict';
import test from 'node:test';
import { freshSigningKey, mintToken, publicKeySet, tokenKinds } from '@approov-guard/testkit';
import { readVectors, skipUnless } from '../../../tools/optional.mjs';
import { claimsOf, guard, now, secret } from './harness.ts';

const at = now / 1000;
const token = mintToken({ secret, now, bind: 'Bearer ä', claims: { did: 'x' } });

test('every kind of token gets its verdict, and claims are shown only if the signature held', async () => {
  const afterSignature = /^(accepted|token-(expir|not-yet|claim))/;
  for (const [name, { expected: ofGuards, mint }] of Object.entries(tokenKinds)) {
    // Nobody tells the command which API domain is meant.
    const expected = ofGuards === 'token-audience-unexpected' ? 'accepted' : ofGuards;
    const { code, stdout } = await guard(['check', mint({ secret, now }), '--json']);
    const report = JSON.parse(stdout);
    assert.equal(report.reason ?? report.outcome, expected, name);
    assert.equal(code, expected === 'accepted' ? 0 : 1, name);
    assert.equal(report.claims !== null, afterSignature.test(expected), name);
  }
});

test('an accepted token: claims, life, binding', async () => {
  const { code, stdout } = await guard(['check', token]);
  assert.equal(code, 0);
  assert.match(
    stdout,
    /^accepted\n {2}life +5 min more, until 2023-11-14T22:18:20Z\n {2}binding {2}not checked; give the bound text: --bind TEXT\n/,
  );
  assert.match(stdout, /claims \(the signature held\):\n {2}exp {2}1700000300\n {2}did {2}"x"\n/);
});

test('an expired token: since when, and its claims', async () => {
  const { code, stdout } = await guard(['check', '-'], { stdin: `${token}\n`, now: now + 3_600_000 });
  assert.equal(code, 1);
  assert.match(stdout, /^rejected: token-expired\n {2}life +dead since 2023-11-14T22:18:20Z, 55 min ago\n/);
  assert.match(stdout, /meaning {2}.*\n {2}to do +.*NTP/);
  assert.match(stdout, /did {2}"x"/);
});

test('--bind compares the hash of the text’s UTF-8 bytes', async () => {
  assert.equal(JSON.parse((await guard(['check', token, '--bind', 'Bearer ä', '--json'])).stdout).binding, 'verified');
  const other = await guard(['check', token, '--bind', 'Bearer a']);
  assert.equal(other.code, 1);
  assert.match(other.stdout, /^rejected: binding-mismatch/);
});

test('--at, --tolerance, --prefix, --issuer and --audience', async () => {
  const reason = async (...argv: string[]) => JSON.parse((await guard(['check', ...argv, '--json'])).stdout).reason;
  assert.equal(await reason(token, '--at', String(at + 299)), null);
  assert.equal(await reason(token, '--at', '2023-11-14T22:18:20Z'), 'token-expired');
  assert.equal(await reason(token, '--at', String(at + 310), '--tolerance', '20'), null);
  assert.equal(await reason(`Bearer ${token}`, '--prefix', 'Bearer'), null);
  assert.equal(await reason(token, '--prefix', 'Bearer'), 'token-malformed');
  assert.equal(await reason(token, '--issuer', 'a'), 'token-issuer-unexpected');
  assert.equal(await reason(token, '--audience', 'a'), 'token-audience-unexpected');
  const issued = mintToken({ secret, now, claims: { iss: 'b', aud: 'c' } });
  assert.equal(await reason(issued, '--issuer', 'a', '--issuer', 'b', '--audience', 'c'), null);
});

test('claims behind a prefix are shown', async () => {
  const { stdout } = await guard(['check', `Bearer ${token}`, '--prefix', 'Bearer', '--at', String(at + 999), '--json']);
  assert.deepEqual(JSON.parse(stdout).claims, claimsOf(token));
});

test('--jwks and --pem verify without a secret', async () => {
  const key = freshSigningKey('ES256', 'key-1');
  const signed = mintToken({ key: key.privateKey, algorithm: 'ES256', kid: 'key-1', now });
  const files = { 'keys.json': JSON.stringify(publicKeySet([key])), 'key.pem': key.pem };
  const bySet = await guard(['check', signed, '--jwks', 'keys.json'], { env: {}, files });
  assert.equal(bySet.code, 0);
  assert.match(bySet.stdout, /key +"key-1"/);
  assert.equal((await guard(['check', signed, '--pem', 'key.pem', '--alg', 'ES256'], { env: {}, files })).code, 0);
  const none = await guard(['check', signed, '--pem', 'key.pem'], { env: {}, files });
  assert.equal(none.code, 2);
  assert.match(none.stderr, /--alg: name the one algorithm/);
  assert.equal((await guard(['check', signed, '--pem', 'key.pem', '--jwks', 'keys.json'], { files })).code, 2);
  assert.equal((await guard(['check', signed, '--jwks', 'key.pem'], { env: {}, files })).code, 2);
});

test('--alg HS512 takes the secret for HS512', async () => {
  assert.equal((await guard(['check', mintToken({ secret, now, algorithm: 'HS512' }), '--alg', 'HS512'])).code, 0);
});

test('nothing that a token says reaches the terminal unescaped', async () => {
  const { stdout } = await guard(['check', mintToken({ secret, now, claims: { '\u001b[2J': '\u202e\u009b\n' } })]);
  assert.doesNotMatch(stdout.replaceAll('\n', ''), /\p{Cc}|\p{Cf}/u);
});

for (const [argv, message] of [
  [[], /give the token, or -/],
  [[token, '--at', 'noon'], /--at is a time/],
  [[token, '--at', String(now)], /--at is a time in seconds/],
  [[token, '--tolerance', '301'], /--tolerance: must be a number of seconds from 0 to 300/],
  [[token, '--tolerance', ''], /--tolerance/],
  [[token, '--issuer', ''], /--issuer/],
  [[token, '--prefix', 'a b'], /--prefix/],
  [[token, '--alg', 'RS256'], /--alg/],
  [[token, '--jwsk', 'x'], /did you mean --jwks\?/],
  [['-', '--secret', '-'], /cannot both/],
] as const) {
  test(`check ${argv.slice(argv[0] === token ? 1 : 0).join(' ')} is refused with advice`, async () => {
    const { code, stdout, stderr } = await guard(['check', ...argv]);
    assert.equal(code, 2);
    assert.equal(stdout, '');
    assert.match(stderr, message);
  });
}

interface PublishedToken {
  readonly token: string;
  readonly secret_base64: string | null;
  readonly expect_under_that_secret: number;
  readonly expect_under_dummy: number;
  readonly why: string;
}

const vectors: {
  readonly generated_at: string;
  readonly secrets: { readonly dummy: string };
  readonly tokens: readonly PublishedToken[];
} | null = readVectors('approov/tokens.json');

test('the published tokens', skipUnless(vectors, 'shared vectors'), async () => {
  if (vectors === null) return;
  const judged = async (text: string, base64: string) =>
    (await guard(['check', text, '--at', vectors.generated_at.replace(/\.\d+Z$/, 'Z')], { env: { APPROOV_BASE64_SECRET: base64 } })).code;
  const code = (status: number) => (status === 200 ? 0 : 1);
  for (const row of vectors.tokens) {
    assert.equal(await judged(row.token, vectors.secrets.dummy), code(row.expect_under_dummy), row.why);
    if (row.secret_base64 !== null) assert.equal(await judged(row.token, row.secret_base64), code(row.expect_under_that_secret), row.why);
  }
});
