/** Reviewed exemptions before a real guard. */
import assert from 'node:assert/strict';
import { generateKeyPairSync, randomBytes } from 'node:crypto';
import { test } from 'node:test';
import { createRollout, type Exemption, type ExemptionOptions, type RolloutEvent, signExemption } from '@approov-guard/rollout';
import { exampleToken, freshSecret, requestView } from '@approov-guard/testkit';
import { createGuard } from 'approov-guard';

const account = freshSecret();
const key = { secret: randomBytes(32).toString('base64') };
const pair = generateKeyPairSync('ed25519', {
  publicKeyEncoding: { type: 'spki', format: 'pem' },
  privateKeyEncoding: { type: 'pkcs8', format: 'pem' },
});
const NOW = Date.UTC(2026, 10, 27, 12);
const SECONDS = NOW / 1000;
const exemption: Exemption = { id: 'store-review', routes: ['pay'], from: SECONDS, until: SECONDS + 7 * 86_400, by: 'anna' };

function api(options: Partial<ExemptionOptions> = {}) {
  let at = NOW;
  const events: RolloutEvent[] = [];
  const keys = [key, { publicKey: pair.publicKey }];
  const rollout = createRollout({ now: () => at, exemptions: { keys, ...options }, onEvent: (event) => events.push(event) });
  const guard = createGuard({
    keys: { secret: account },
    now: () => at,
    mode: rollout.mode(),
    routes: [{ match: { path: '/pay/*' }, name: 'pay', mode: rollout.mode({ route: 'pay' }) }],
    onVerdict: rollout.onVerdict,
  });
  const ask = async (value: string | readonly string[], target = '/pay/1', more: { [name: string]: string } = {}) =>
    (
      await guard.decide(
        requestView({ target, headers: [...[value].flat().map((one) => ['approov-exemption', one] as const), ...Object.entries(more)] }),
      )
    ).action;
  return { rollout, events, ask, pass: (ms: number) => (at += ms) };
}

for (const [name, signer] of [
  ['HMAC', key],
  ['Ed25519', { privateKey: pair.privateKey }],
] as const) {
  test(`${name}: a signed exemption passes on its routes until its day, and each use is told`, async () => {
    const { ask, events, pass, rollout } = api();
    const value = signExemption(exemption, signer);
    assert.deepEqual([await ask([]), await ask(value), await ask(value)], ['refuse', 'pass', 'pass']);
    assert.equal(await ask(value, '/other'), 'refuse');
    assert.equal(events.length, 2);
    const { at: _at, instance: _instance, ...told } = events[0] as RolloutEvent;
    assert.deepEqual(told, { type: 'exemption-used', id: 'store-review', route: 'pay', by: 'anna', until: exemption.until * 1000 });
    // A request that needs none uses none.
    assert.equal(await ask(value, '/pay/1', { 'approov-token': exampleToken({ secret: account, now: NOW }) }), 'pass');
    assert.equal(events.length, 2);
    pass(7 * 86_400_000);
    assert.equal(await ask(value), 'refuse');
    assert.deepEqual(rollout.state().exemptions, { used: 2, refused: 2 });
    rollout.close();
  });
}

test('what is forged, altered, revoked, too long or not yet valid is none', async () => {
  const { ask, events, rollout } = api({ revoked: ['gone'], maxDays: 30 });
  const value = signExemption(exemption, key);
  const [version = '', payload = '', signature = ''] = value.split('.');
  const flipped = (text: string, index: number) => `${text.slice(0, index)}${text[index] === 'A' ? 'B' : 'A'}${text.slice(index + 1)}`;
  const wide = Buffer.from(JSON.stringify({ ...exemption, routes: ['pay', 'default'] })).toString('base64url');
  const bad: readonly (string | readonly string[])[] = [
    '',
    'x',
    `${version}.${flipped(payload, 5)}.${signature}`,
    `${version}.${payload}.${flipped(signature, 5)}`,
    `${version}.${wide}.${signature}`,
    `${version}.${payload}.${'A'.repeat(86)}`,
    `${version}.${payload}.`,
    `${version}.${payload}`,
    `ax2.${payload}.${signature}`,
    `${value}A`,
    `${value},${value}`,
    [value, value],
    'ax1.'.padEnd(100_000, 'A'),
    signExemption(exemption, { secret: randomBytes(32).toString('base64') }),
    signExemption({ ...exemption, id: 'gone' }, key),
    signExemption({ ...exemption, until: SECONDS + 31 * 86_400 }, key),
    signExemption({ ...exemption, from: SECONDS + 3600 }, key),
    signExemption({ ...exemption, from: SECONDS - 7200, until: SECONDS - 3600 }, key),
    signExemption({ ...exemption, routes: ['*'] }, key),
  ];
  for (const one of bad) assert.equal(await ask(one), 'refuse', String(one).slice(0, 60));
  assert.equal(await ask(value), 'pass');
  assert.equal(events.length, 1);
  rollout.close();
});

test('a flood of forgeries costs a bounded number of verifications, and keeps no known exemption out', async () => {
  const { ask, rollout } = api();
  const value = signExemption(exemption, { privateKey: pair.privateKey });
  assert.equal(await ask(value), 'pass');
  for (let index = 0; index < 500; index++)
    assert.equal(await ask(`ax1.${index.toString(16).padStart(4, '0')}.${'A'.repeat(86)}`), 'refuse');
  assert.equal(await ask(value), 'pass');
  rollout.close();
});

test('exempt requests do not open the breaker, nor do they where nothing is enforced', async () => {
  const { ask, rollout, pass } = api();
  const value = signExemption(exemption, key);
  for (let second = 0; second < 60; second++) {
    for (let index = 0; index < 30; index++) {
      const token = exampleToken({ secret: account, now: NOW, lifetimeSeconds: -10, claims: { did: `farm-${index}` } });
      assert.equal(await ask(value, '/pay/1', { 'approov-token': token }), 'pass');
    }
    pass(1000);
  }
  assert.equal(rollout.state().breaker?.state, 'closed');
  rollout.close();
});

test('settings and exemptions that cannot hold are refused by name, without the key in the message', () => {
  const wrong: readonly (readonly [unknown, RegExp])[] = [
    [{ keys: [] }, /exemptions\.keys/],
    [{ keys: [{ secret: 'c2hvcnQ=' }] }, /keys\[0\]\.secret/],
    [{ keys: [{ publicKey: pair.privateKey }] }, /keys\[0\]\.publicKey/],
    [{ keys: [{ publicKey: 'x' }] }, /keys\[0\]\.publicKey/],
    [{ keys: [{ ...key, publicKey: pair.publicKey }] }, /keys\[0\]/],
    [{ keys: [key], header: 'a b' }, /exemptions\.header/],
    [{ keys: [key], maxDays: 1000 }, /exemptions\.maxDays/],
    [{ keys: [key], more: 1 }, /exemptions\.more/],
  ];
  for (const [exemptions, path] of wrong) {
    assert.throws(
      () => createRollout({ exemptions: exemptions as ExemptionOptions }),
      (error: Error) => path.test(error.message) && !error.message.includes(key.secret) && !error.message.includes('PRIVATE'),
      JSON.stringify(exemptions).slice(0, 60),
    );
  }
  assert.throws(() => signExemption({ ...exemption, until: exemption.from }, key), /exemption\.until/);
  assert.throws(() => signExemption({ ...exemption, routes: [] }, key), /exemption\.routes/);
  assert.throws(() => signExemption(exemption, { privateKey: pair.publicKey }), /privateKey/);
});
