/** Accounts, attestations, key sets, devices, pins, response codes: the cloud as an object. */
import assert from 'node:assert/strict';
import test from 'node:test';
import {
  type Cloud,
  CloudError,
  createCloud,
  DEVICE_PROPERTIES,
  EMULATOR_MARK,
  freshDeviceId,
  loggableToken,
  verificationKeys,
} from '@approov-guard/cloud';
import { bindingHash, freshInstallationKey, manualClock, PRIVATE_KEY_ALGORITHMS } from '@approov-guard/testkit';
import { createGuard, EMULATOR_CLAIM } from 'approov-guard';
import { expandArc } from '../src/account/arc.ts';
import { checkToken } from '../src/account/check-token.ts';
import { setDevice } from '../src/account/devices.ts';
import { addKey, removeKey, rotateKey } from '../src/account/keys.ts';

const NOW = 1_790_000_000_000;
const DOMAIN = 'api.example.com';
const device = freshDeviceId();
const APP = { package: 'com.example.app' };

function cloudAt(now: () => number = () => NOW): Cloud {
  const cloud = createCloud({ now });
  cloud.addDomain(DOMAIN);
  cloud.addApp(APP);
  return cloud;
}

async function judged(cloud: Cloud, token: string, environment: 'production' | 'development' = 'development'): Promise<string> {
  const guard = createGuard({ keys: verificationKeys(cloud.account()), token: { audience: null }, environment, now: () => NOW });
  const verdict = await guard.verifyToken(token);
  await guard.close();
  return verdict.outcome === 'rejected' ? verdict.reason : verdict.outcome;
}

function claimsOf(token: string): { readonly [claim: string]: unknown } {
  return JSON.parse(Buffer.from(token.split('.')[1] ?? '', 'base64url').toString('utf8'));
}

const codeOf = (run: () => unknown): string => {
  try {
    run();
  } catch (error) {
    if (error instanceof CloudError) return error.code;
    throw error;
  }
  return 'none';
};

test('a genuine app gets a token that verifies, and that a guard in production refuses', async () => {
  const cloud = cloudAt();
  const { token, passed } = cloud.attest({ app: APP, device, domain: DOMAIN });
  assert.equal(passed, true);
  assert.equal(await judged(cloud, token), 'accepted');
  assert.equal(await judged(cloud, token, 'production'), 'token-from-emulator');
  const claims = claimsOf(token);
  assert.equal(claims[EMULATOR_CLAIM], EMULATOR_MARK);
  assert.deepEqual([claims.exp, claims.did, claims.ip], [NOW / 1000 + 300, device, '1.2.3.4']);
});

test('whatever is wrong with a device, its token looks the same and does not verify', async () => {
  const cloud = cloudAt();
  for (const property of DEVICE_PROPERTIES) {
    const { token, passed, rejections } = cloud.attest({ app: APP, device, domain: DOMAIN, properties: [property] });
    assert.deepEqual([passed, rejections], [false, [property]]);
    assert.equal(await judged(cloud, token), 'token-signature-invalid');
    const good = claimsOf(cloud.attest({ app: APP, device, domain: DOMAIN }).token);
    assert.deepEqual(Object.keys(claimsOf(token)), Object.keys(good));
  }
});

test('apps that are not registered, registered otherwise, or no longer registered fail', () => {
  const clock = manualClock(NOW);
  const cloud = createCloud({ now: clock.now });
  cloud.addDomain(DOMAIN);
  const certificate = Buffer.alloc(32, 1).toString('base64');
  cloud.addApp({ package: 'a', certificate, version: '1' }, NOW + 1000);
  const rejections = (app: object): readonly string[] => cloud.attest({ app: app as never, device, domain: DOMAIN }).rejections;
  assert.deepEqual(rejections({ package: 'a', certificate, version: '1' }), []);
  assert.deepEqual(rejections({ package: 'a', certificate, version: '2' }), ['app-not-registered']);
  assert.deepEqual(rejections({ package: 'a', certificate: Buffer.alloc(32, 2).toString('base64'), version: '1' }), ['app-not-registered']);
  assert.deepEqual(rejections({ package: 'a' }), ['app-not-registered']);
  assert.deepEqual(rejections({ package: '*', certificate, version: '1' }.package === '*' ? { package: 'b' } : {}), ['app-not-registered']);
  clock.advance(1000);
  assert.deepEqual(rejections({ package: 'a', certificate, version: '1' }), ['app-expired']);
});

test('forced devices pass or fail, whatever they are', () => {
  const cloud = cloudAt();
  cloud.change((account) => setDevice(account, device, { forced: 'pass', properties: ['rooted'] }));
  assert.equal(cloud.attest({ app: 'com.example.unknown', device, domain: DOMAIN, properties: ['rooted'] }).passed, true);
  cloud.change((account) => setDevice(account, device, { forced: 'fail' }));
  assert.equal(cloud.attest({ app: APP, device, domain: DOMAIN }).passed, false);
  cloud.change((account) => setDevice(account, device, { forced: null }));
  assert.deepEqual(cloud.attest({ app: APP, device, domain: DOMAIN }).rejections, ['rooted']);
});

test('the policy decides which claims there are', () => {
  const cloud = cloudAt();
  const { ipk } = freshInstallationKey();
  const request = { app: APP, device, domain: DOMAIN, binding: 'Bearer a', installationKey: ipk };
  const bare = claimsOf(cloud.attest(request).token);
  for (const claim of ['iss', 'aud', 'sub', 'ipk', 'mskid']) assert.equal(bare[claim], undefined, claim);
  assert.equal(bare.pay, bindingHash('Bearer a'));
  cloud.change((account) => {
    account.policy = { audience: true, issuer: true, subject: true, installPubKey: true, rejectionReasons: true };
    account.messageKey = { id: 'abcdef', base64url: 'abcdef' };
  });
  const full = claimsOf(cloud.attest(request).token);
  assert.deepEqual(
    [full.iss, full.aud, full.sub, full.ipk, full.mskid],
    ['local.approov.io', DOMAIN, 'approov|device|com.example.app', ipk, 'abcdef'],
  );
  assert.equal(Object.keys(full).at(-1), 'pay');
});

test('fail-over tokens verify and carry neither pay nor ipk', async () => {
  const cloud = cloudAt();
  cloud.change((account) => {
    account.policy.installPubKey = true;
  });
  cloud.setFaults({ failover: true });
  const { token } = cloud.attest({ app: APP, device, domain: DOMAIN, binding: 'a', installationKey: freshInstallationKey().ipk });
  assert.equal(await judged(cloud, token), 'accepted');
  assert.deepEqual([claimsOf(token).pay, claimsOf(token).ipk], [undefined, undefined]);
  const failing = cloud.attest({ app: APP, device, domain: DOMAIN, properties: ['rooted'] });
  assert.equal(await judged(cloud, failing.token), 'token-signature-invalid');
});

test('every algorithm of a key set signs tokens that verify with the key set as it is served', async () => {
  const cloud = cloudAt();
  for (const algorithm of PRIVATE_KEY_ALGORITHMS) {
    const kid = cloud.change((account) => addKey(account, algorithm.toLowerCase(), NOW));
    cloud.addDomain(DOMAIN, { kid });
    const guard = createGuard({ keys: { jwks: cloud.keySet(DOMAIN) as never }, now: () => NOW });
    const attested = (properties: readonly string[]): string => cloud.attest({ app: APP, device, domain: DOMAIN, properties }).token;
    assert.equal((await guard.verifyToken(attested([]))).outcome, 'accepted', algorithm);
    const failing = await guard.verifyToken(attested(['rooted']));
    assert.equal(failing.outcome === 'rejected' && failing.reason, 'token-signature-invalid', algorithm);
    await guard.close();
  }
});

test('a rotated key stays in the domain’s key set; a stale key set leaves the new one out', async () => {
  const cloud = cloudAt();
  cloud.change((account) => addKey(account, 'ES256', NOW, { kid: 'a' }));
  cloud.change((account) => addKey(account, 'ES256', NOW, { kid: 'other' }));
  cloud.addDomain(DOMAIN, { kid: 'a' });
  const kids = (): unknown[] => cloud.keySet(DOMAIN).keys.map(({ kid }) => kid);
  const old = cloud.attest({ app: APP, device, domain: DOMAIN }).token;
  cloud.setFaults({ keySet: 'stale' });
  const kid = cloud.change((account) => rotateKey(account, DOMAIN, NOW));
  assert.deepEqual(kids(), ['a']);
  cloud.setFaults({ keySet: 'whole' });
  assert.deepEqual(kids().sort(), ['a', kid].sort());
  assert.equal(await judged(cloud, old), 'accepted');
  assert.equal(
    codeOf(() => cloud.change((account) => removeKey(account, kid))),
    'key-malformed',
  );
  cloud.change((account) => removeKey(account, 'a'));
  assert.deepEqual(kids(), [kid]);
});

test('bad input gets a code and is never a failed attestation', () => {
  const cloud = cloudAt();
  const good = { app: APP, device, domain: DOMAIN };
  const rows: readonly (readonly [object, string])[] = [
    [{ domain: 'other.example.com' }, 'domain-unknown'],
    [{ domain: 'constructor' }, 'domain-unknown'],
    [{ domain: 'https://api.example.com/' }, 'domain-malformed'],
    [{ domain: 7 }, 'domain-malformed'],
    [{ account: 'nobody' }, 'account-unknown'],
    [{ account: '__proto__' }, 'account-unknown'],
    [{ device: 'short' }, 'input-malformed'],
    [{ app: { package: 'a b' } }, 'input-malformed'],
    [{ app: null }, 'input-malformed'],
    [{ properties: ['nonsense'] }, 'input-malformed'],
    [{ binding: 7 }, 'input-malformed'],
    [{ installationKey: 'AAAA' }, 'key-malformed'],
    [{ installationKey: `${'A'.repeat(122)}==` }, 'key-malformed'],
  ];
  for (const [change, code] of rows)
    assert.equal(
      codeOf(() => cloud.attest({ ...good, ...change } as never)),
      code,
      JSON.stringify(change),
    );
});

test('domains called like members of objects work', () => {
  const cloud = cloudAt();
  for (const domain of ['constructor', 'tostring', '__proto__']) {
    cloud.addDomain(domain);
    assert.equal(cloud.attest({ app: APP, device, domain }).passed, true, domain);
  }
});

test('in wildcard mode every domain gets tokens, and those of strangers never verify', async () => {
  const cloud = cloudAt();
  cloud.change((account) => {
    account.wildcard = true;
  });
  const { token, rejections } = cloud.attest({ app: APP, device, domain: 'stranger.example.com' });
  assert.deepEqual(rejections, ['wildcard']);
  assert.equal(await judged(cloud, token), 'token-signature-invalid');
});

test('a response code says what was wrong, to the account that made it alone', () => {
  const cloud = cloudAt();
  const seen = new Set<string>();
  for (const properties of [[], ['rooted'], ['debugger', 'emulator'], [...DEVICE_PROPERTIES]]) {
    const { arc, rejections } = cloud.attest({ app: APP, device, domain: DOMAIN, properties });
    assert.match(arc, /^[A-Z2-7]{16}$/);
    assert.deepEqual([...expandArc(cloud.account(), arc)].sort(), [...rejections].sort());
    assert.equal(
      codeOf(() => expandArc(createCloud().account(), arc)),
      'arc-unknown',
    );
    seen.add(arc);
  }
  assert.equal(seen.size, 4);
  for (const code of ['', 'IXPSB7TRK26LXE3M', 'a'.repeat(16), 'A'.repeat(17)])
    assert.equal(
      codeOf(() => expandArc(cloud.account(), code)),
      'arc-unknown',
    );
});

test('tokens and loggable tokens are checked', async () => {
  const cloud = cloudAt();
  const found = async (text: string, now = NOW): Promise<unknown> => {
    const { valid, reason } = await checkToken(cloud.account(), text, now);
    return valid || reason;
  };
  for (const kid of [null, 'rsa']) {
    if (kid !== null) cloud.change((account) => addKey(account, 'RS256', NOW, { kid }));
    cloud.addDomain(DOMAIN, { kid });
    const good = cloud.attest({ app: APP, device, domain: DOMAIN, binding: 'a' }).token;
    const bad = cloud.attest({ app: APP, device, domain: DOMAIN, properties: ['rooted'] }).token;
    assert.equal(await found(good), true);
    assert.equal(await found(loggableToken(good)), true);
    assert.equal(await found(bad), 'token-signature-invalid');
    assert.equal(await found(loggableToken(bad)), 'token-signature-invalid');
    assert.equal(await found(loggableToken(good), NOW + 300_000), 'token-expired');
    assert.equal(await found(loggableToken(good).replace(device, freshDeviceId())), 'token-signature-invalid');
  }
  assert.equal(await found('{"status":"NO_NETWORK"}'), 'there was no token: NO_NETWORK');
  await assert.rejects(found('{'), { code: 'input-malformed' });
});

test('failures are switched on by name, within bounds', () => {
  const cloud = cloudAt();
  const bad: readonly object[] = [
    { outage: 'yes' },
    { slowMs: -1 },
    { slowMs: 60_001 },
    { clockOffsetSeconds: Number.NaN },
    { keySet: 'lost' },
    { other: true },
  ];
  for (const change of bad)
    assert.equal(
      codeOf(() => cloud.setFaults(change)),
      'input-malformed',
      JSON.stringify(change),
    );
  cloud.setFaults({ outage: true });
  assert.equal(
    codeOf(() => cloud.attest({ app: APP, device, domain: DOMAIN })),
    'attestation-outage',
  );
  assert.equal(
    codeOf(() => cloud.keySet()),
    'attestation-outage',
  );
  cloud.setFaults({ outage: false, clockOffsetSeconds: -3600 });
  assert.equal(claimsOf(cloud.attest({ app: APP, device, domain: DOMAIN }).token).exp, NOW / 1000 + 300 - 3600);
});

test('a change that throws changes nothing, and listeners cannot disturb', () => {
  const cloud = cloudAt();
  const events: string[] = [];
  const end = cloud.subscribe((event) => {
    events.push(event.type);
    throw new Error('listener');
  });
  assert.throws(() =>
    cloud.change((account) => {
      account.secret.base64 = '';
      throw new Error('half-way');
    }),
  );
  assert.notEqual(cloud.account().secret.base64, '');
  cloud.attest({ app: APP, device, domain: DOMAIN });
  cloud.addDomain('b.example.com');
  cloud.setFaults({});
  end();
  cloud.setFaults({});
  assert.deepEqual(events, ['attested', 'changed', 'faults']);
});
