import assert from 'node:assert/strict';
import { generateKeyPairSync, randomBytes } from 'node:crypto';
import { test } from 'node:test';
import { createRollout } from '@approov-guard/rollout';
import { requestView } from '@approov-guard/testkit';
import { guard, now } from './harness.ts';

const words = ['exempt', '--id', 'farm', '--route', 'pay', '--days', '30', '--by', 'anna'];

test('an exemption that is signed here holds there', async () => {
  const secret = randomBytes(32).toString('base64');
  const pair = generateKeyPairSync('ed25519', {
    publicKeyEncoding: { type: 'spki', format: 'pem' },
    privateKeyEncoding: { type: 'pkcs8', format: 'pem' },
  });
  const rollout = createRollout({ now: () => now, exemptions: { keys: [{ secret }, { publicKey: pair.publicKey }] } });
  const mode = rollout.mode({ route: 'pay' });
  for (const { stdout, code } of [
    await guard(words, { env: { APPROOV_EXEMPTION_KEY: secret } }),
    await guard([...words, '--key-file', 'key.pem'], { files: { 'key.pem': pair.privateKey } }),
    await guard([...words, '--key-file', 'key.pem'], { files: { 'key.pem': Buffer.from(`\ufeff${pair.privateKey}`, 'utf16le') } }),
  ]) {
    assert.equal(code, 0);
    assert.match(stdout, /^ax1\.[\w-]+\.[\w-]+\n$/);
    assert.equal(mode({ request: requestView({ headers: { 'approov-exemption': stdout.trim() } }), claims: null, at: now }), 'observe');
  }
  const told = JSON.parse((await guard([...words, '--json'], { env: { APPROOV_EXEMPTION_KEY: secret } })).stdout);
  assert.deepEqual([told.id, told.until - told.from], ['farm', 30 * 86_400]);
  rollout.close();
});

test('mistakes: exit code 2, and no key in what is said', async () => {
  const short = Buffer.from('short').toString('base64');
  for (const [argv, message] of [
    [words, /APPROOV_EXEMPTION_KEY/],
    [words.filter((word) => word !== '--by' && word !== 'anna'), /--by is missing/],
    [words.filter((word) => word !== '--route' && word !== 'pay'), /--route/],
    [[...words.slice(0, 5), '--days', '900', '--by', 'a'], /--days/],
    [[...words, '--key-file', 'absent'], /--key-file: the file absent cannot be read/],
    [[...words, '--key-file', 'short'], /32 bytes/],
  ] as const) {
    const { code, stderr } = await guard(argv, { env: {}, files: { short } });
    assert.equal(code, 2, argv.join(' '));
    assert.match(stderr, message);
    assert.ok(!stderr.includes(short));
  }
});
