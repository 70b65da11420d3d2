import assert from 'node:assert/strict';
import test from 'node:test';
import { bindingHash, exampleClaims } from '@approov-guard/testkit';
import { jwtVerify } from 'jose';
import { claimsOf, devSecret, guard, now, secret } from './harness.ts';

const key = Buffer.from(secret.base64, 'base64');
const options = { currentDate: new Date(now) };

test('-genExample prints the token alone, in the vendor’s shape, living one hour', async () => {
  const { code, stdout, stderr } = await guard(['token', '-genExample', 'api.example.com']);
  assert.equal(code, 0);
  assert.match(stdout, /^[\w-]+\.[\w-]+\.[\w-]+\n$/);
  assert.match(stderr, /^note: valid token, expires 2023-11-14T23:13:20Z, in 1 h\n$/);
  const { payload } = await jwtVerify(stdout.trim(), key, options);
  assert.deepEqual(payload, { exp: now / 1000 + 3600, ...exampleClaims });
});

test('the vendor’s spelling and the usual one are the same command', async () => {
  const spellings = [
    ['token', '-setDataHashInToken', 'Bearer abc', '-genExample', 'd'],
    ['token', '--setDataHashInToken=Bearer abc', '--genExample=d'],
    ['token', '--gen-example', 'd', '--set-data-hash-in-token', 'Bearer abc'],
  ];
  const printed = await Promise.all(spellings.map(async (argv) => (await guard(argv)).stdout));
  assert.equal(new Set(printed).size, 1);
  const claims = claimsOf(printed[0] ?? '');
  assert.deepEqual(Object.keys(claims), ['exp', 'ip', 'did', 'pay']);
  assert.equal(claims.pay, bindingHash('Bearer abc'));
});

test('-type invalid looks the same and does not verify', async () => {
  const [good, bad] = await Promise.all([guard(['token', '-genExample', 'd']), guard(['token', '-type', 'invalid', '-genExample', 'd'])]);
  assert.deepEqual(claimsOf(bad.stdout), claimsOf(good.stdout));
  await assert.rejects(jwtVerify(bad.stdout.trim(), key, options));
});

test('-type failover is never bound, and says so', async () => {
  const { stdout, stderr } = await guard(['token', '-type', 'failover', '-setDataHashInToken', 'x', '-genExample', 'd']);
  assert.deepEqual(Object.keys(claimsOf(stdout)), ['exp', 'ip', 'did']);
  assert.match(stderr, /never bound/);
  await jwtVerify(stdout.trim(), key, options);
});

test('--expire counts minutes, or what its unit says', async () => {
  const lives = { 5: 300, '0.5': 30, '-1': -60, '5m': 300, '30s': 30, '2h': 7200, '-1m': -60, '90d': 7_776_000 };
  for (const [given, seconds] of Object.entries(lives)) {
    const { stdout } = await guard(['token', '--expire', given]);
    assert.equal(claimsOf(stdout).exp, now / 1000 + seconds, given);
  }
});

test('--expire, --claim and --claim-example', async () => {
  const plain = await guard(['token', '--expire', '5']);
  assert.deepEqual(claimsOf(plain.stdout), { exp: now / 1000 + 300 });
  const dead = await guard(['token', '--expire', '-0.5']);
  assert.deepEqual(claimsOf(dead.stdout), { exp: now / 1000 - 30 });
  assert.match(dead.stderr, /30 s ago/);
  const claimed = await guard(['token', '--claim-example', '--claim', 'sub=a=b', '--claim', 'nbf:=0', '--claim', 'exp:=4102444800.5']);
  assert.deepEqual(claimsOf(claimed.stdout), { exp: 4_102_444_800.5, ...exampleClaims, sub: 'a=b', nbf: 0 });
});

test('-genLongLived names the issuer and lives long', async () => {
  const { stdout } = await guard(['token', '-genLongLived', 'my,server,30d']);
  assert.deepEqual(claimsOf(stdout), { exp: now / 1000 + 30 * 86_400, iss: 'my,server' });
});

test('--kid and --json', async () => {
  const { stdout } = await guard(['token', '--kid', '0001', '--json']);
  const answer = JSON.parse(stdout);
  assert.deepEqual(answer.header, { alg: 'HS256', typ: 'JWT', kid: '0001' });
  assert.deepEqual(answer.claims, claimsOf(answer.token));
  assert.equal(answer.type, 'valid');
});

for (const [argv, message] of [
  [['-type', 'short'], /--type is valid, invalid, failover/],
  [['-type', 'vallid'], /did you mean valid\?/],
  [['--expire', 'soon'], /--expire is a time such as 5m/],
  [['--expire', '5x'], /a number without a unit counts minutes/],
  [['--expire', '200y'], /at most 100 years/],
  [['--expire', ''], /--expire is a time/],
  [['--expire', '1e300'], /--expire is a time/],
  [['--expire'], /--expire needs a value: --expire TIME/],
  [['--expire', '--kid', 'x'], /--expire needs a value/],
  [['--expire', '1', '--expire', '2'], /given 2 times/],
  [['--claim', 'novalue'], /NAME=TEXT/],
  [['--claim', 'a:={'], /not JSON/],
  [['--claim-example=yes'], /takes no value/],
  [['-genLongLived', 'srv'], /ISSUER,DURATION/],
  [['-genLongLived', 'srv,forever'], /such as 1y, 30d/],
  [['-genLongLived', 'srv,1y', '--expire', '1'], /exclude each other/],
  [['-genExampel', 'd'], /did you mean --gen-example\?/],
  [['one', 'two'], /2 words where at most 0/],
] as const) {
  test(`token ${argv.join(' ')} is refused with advice`, async () => {
    const { code, stdout, stderr } = await guard(['token', ...argv]);
    assert.equal(code, 2);
    assert.equal(stdout, '');
    assert.match(stderr, /^error: /m);
    assert.match(stderr, message);
  });
}

test('errors answer as JSON where JSON was asked for', async () => {
  const { code, stdout, stderr } = await guard(['token', '--json', '--type', 'x']);
  assert.equal(code, 2);
  assert.match(JSON.parse(stdout).error, /--type is/);
  assert.equal(stderr, '');
});

test('a published secret signs, with a warning', async () => {
  const { code, stderr } = await guard(['token'], { env: { APPROOV_BASE64_SECRET: devSecret.base64 } });
  assert.equal(code, 0);
  assert.match(stderr, /^warning: .*published in samples/);
});
