/** Simulated apps against a guarded server: each behaviour gets the verdict that it is known for. */
import assert from 'node:assert/strict';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { createServer, type Server } from 'node:http';
import { createServer as createTlsServer } from 'node:https';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import test from 'node:test';
import {
  type AppAnswer,
  appFetch,
  BEHAVIOUR_NAMES,
  BEHAVIOURS,
  type Cloud,
  createCloud,
  createDevice,
  createFleet,
  type FleetAnswer,
  pinsOfPem,
  seeded,
  startCloud,
} from '@approov-guard/cloud';
import { CLIENT_NAMES, freshSecret } from '@approov-guard/testkit';
import { createGuard, type GuardOptions, type Verdict } from 'approov-guard';
import { approov } from 'approov-guard/node';
import { skipUnless } from '../../../tools/optional.mjs';
import { makeCertificate, openssl } from '../../gateway/test/certificate.ts';
import { addPins } from '../src/account/pins.ts';

interface Api {
  readonly url: string;
  readonly verdicts: string[];
  close(): Promise<void>;
}

async function apiOf(cloud: Cloud, options: Partial<GuardOptions>): Promise<Api> {
  const verdicts: string[] = [];
  const onVerdict = (verdict: Verdict): void => {
    verdicts.push(verdict.outcome === 'accepted' ? 'accepted' : verdict.outcome === 'rejected' ? verdict.reason : verdict.fault);
  };
  const guard = createGuard({ keys: { secret: { base64: cloud.account().secret.base64 } }, share: null, ...options, onVerdict });
  const server = createServer(approov(guard, (request, response) => request.resume().on('end', () => response.end('hello'))));
  const url = `http://localhost:${await listening(server)}`;
  return { url, verdicts, close: () => closed(server) };
}

async function listening(server: Server): Promise<number> {
  await new Promise<void>((done) => server.listen(0, done));
  return (server.address() as AddressInfo).port;
}

function closed(server: Server): Promise<void> {
  server.closeAllConnections();
  return new Promise((done) => server.close(() => done()));
}

function cloudWithApp(): Cloud {
  const cloud = createCloud();
  cloud.addDomain('localhost');
  cloud.addApp({ package: 'com.example.app' });
  cloud.change((account) => {
    account.policy.installPubKey = true;
  });
  return cloud;
}

const AUTHORIZATION = { Authorization: 'Bearer user-1' };
const BINDING = { binding: { headers: ['authorization'] } };

test('every behaviour gets its verdict, whatever the guard demands', async () => {
  for (const signed of [false, true]) {
    for (const bound of [false, true]) {
      const cloud = cloudWithApp();
      const api = await apiOf(cloud, { ...(signed ? { signature: { label: 'install' } } : {}), ...(bound ? BINDING : {}) });
      for (const behaviour of BEHAVIOUR_NAMES) {
        for (const status of [false, true]) {
          const device = createDevice({
            cloud,
            behaviour,
            sign: signed ? 'install' : null,
            bindingHeader: bound ? 'authorization' : null,
            withoutToken: status ? 'status' : 'send',
          });
          const call = (): Promise<AppAnswer> => appFetch(device, `${api.url}/items?x=1`, { headers: AUTHORIZATION });
          if (BEHAVIOURS[behaviour].replays) await call();
          await call();
          assert.equal(
            api.verdicts.at(-1),
            BEHAVIOURS[behaviour].expected({ signed, bound, status }),
            JSON.stringify({ behaviour, signed, bound, status }),
          );
          device.close();
        }
      }
      await api.close();
    }
  }
});

test('every client library’s requests are accepted, with a body, by either label', async () => {
  const cloud = cloudWithApp();
  const accountKey = freshSecret();
  const policies: readonly Partial<GuardOptions>[] = [
    { signature: { label: 'install' } },
    { signature: { label: 'account', accountKeys: [accountKey] } as never },
  ];
  for (const [index, policy] of policies.entries()) {
    const api = await apiOf(cloud, { ...policy, ...BINDING });
    for (const client of CLIENT_NAMES) {
      const device = createDevice({ cloud, client, sign: index === 0 ? 'install' : 'account', accountKey, bindingHeader: 'Authorization' });
      const headers = { ...AUTHORIZATION, 'Content-Type': 'application/json' };
      const { status, text, sdkStatus } = await appFetch(device, `${api.url}/a/b?c=d`, { method: 'POST', headers, body: '{"a":1}' });
      assert.deepEqual([status, text, sdkStatus], [200, 'hello', 'SUCCESS'], `${client}: ${api.verdicts.at(-1)}`);
      device.close();
    }
    await api.close();
  }
});

test('a token is kept until shortly before it expires, and fetched for each user', async () => {
  let now = Date.now();
  const cloud = createCloud({ now: () => now });
  cloud.addDomain('api.example.com');
  cloud.addApp({ package: 'com.example.app' });
  let attested = 0;
  cloud.subscribe(({ type }) => {
    if (type === 'attested') attested += 1;
  });
  const api = await apiOf(cloud, { ...BINDING, now: () => now });
  const device = createDevice({ cloud, domain: 'api.example.com', bindingHeader: 'authorization', now: () => now });
  const call = async (user: string): Promise<void> => {
    assert.equal((await appFetch(device, api.url, { headers: { authorization: user } })).status, 200);
  };
  for (const user of ['a', 'a', 'b', 'a']) await call(user);
  assert.equal(attested, 2);
  now += 291_000;
  await call('a');
  assert.equal(attested, 3);
  device.close();
  await api.close();
});

test('the status of a fetch is what the SDK would say', async () => {
  const running = await startCloud();
  running.cloud.addDomain('localhost');
  running.cloud.addApp({ package: 'com.example.app' });
  const api = await apiOf(running.cloud, {});
  const statusOf = async (cloud: Cloud | string, domain = 'localhost'): Promise<unknown> => {
    const device = createDevice({ cloud, domain, withoutToken: 'status' });
    const { sdkStatus, sent } = await appFetch(device, api.url);
    const [, header] = sent?.headers.find(([name]) => name === 'Approov-Token') ?? [];
    device.close();
    assert.equal(sdkStatus === 'SUCCESS', header !== sdkStatus);
    return sdkStatus;
  };
  for (const cloud of [running.cloud, running.url]) {
    assert.equal(await statusOf(cloud), 'SUCCESS');
    assert.equal(await statusOf(cloud, 'unknown.example.com'), 'UNKNOWN_URL');
    running.cloud.setFaults({ outage: true });
    assert.equal(await statusOf(cloud), 'NO_APPROOV_SERVICE');
    running.cloud.setFaults({ outage: false });
  }
  await running.close();
  assert.equal(await statusOf(running.url), 'NO_NETWORK');
  const silent = createDevice({ cloud: running.url, withoutToken: 'fail' });
  assert.deepEqual((await appFetch(silent, api.url)).sent, null);
  silent.close();
  await api.close();
});

function selfSigned(name: string): { readonly cert: string; readonly key: string } {
  const folder = mkdtempSync(join(tmpdir(), 'cloud-app-'));
  const { cert, key } = makeCertificate(folder, name);
  const texts = { cert: readFileSync(cert, 'utf8'), key: readFileSync(key, 'utf8') };
  rmSync(folder, { recursive: true });
  return texts;
}

test('over TLS a device sends only to the pinned certificate', skipUnless(openssl, 'openssl'), async () => {
  const [ours, theirs] = [selfSigned('ours'), selfSigned('theirs')];
  const cloud = cloudWithApp();
  let received = 0;
  const server = createTlsServer({ key: ours.key, cert: ours.cert }, (_, response) => {
    received += 1;
    response.end('hello');
  });
  const url = `https://localhost:${await listening(server as never)}`;
  const statusWith = async (pins: readonly string[], options: object = {}): Promise<unknown> => {
    cloud.change((account) => {
      const domain = account.domains.localhost;
      if (domain !== undefined) domain.pins = [];
      if (pins.length > 0) addPins(account, 'localhost', pins);
    });
    const device = createDevice({ cloud, ca: ours.cert, ...options });
    const before = received;
    const { sdkStatus } = await appFetch(device, url);
    device.close();
    assert.equal(received - before, sdkStatus === 'SUCCESS' ? 1 : 0);
    return sdkStatus;
  };
  assert.equal(await statusWith(pinsOfPem(ours.cert)), 'SUCCESS');
  assert.equal(await statusWith([...pinsOfPem(theirs.cert), ...pinsOfPem(ours.cert)]), 'SUCCESS');
  assert.equal(await statusWith(pinsOfPem(theirs.cert)), 'MITM_DETECTED');
  assert.equal(await statusWith(pinsOfPem(theirs.cert), { pinning: false }), 'SUCCESS');
  assert.equal(await statusWith(pinsOfPem(ours.cert), { ca: theirs.cert }), 'MITM_DETECTED');
  assert.equal(await statusWith(pinsOfPem(ours.cert), { behaviour: 'intercepted' }), 'MITM_DETECTED');
  assert.equal(await statusWith([]), 'MITM_DETECTED', 'the managed trust roots did not sign it');
  await closed(server as never);
});

test('1,000 devices of every behaviour, and not one wrong verdict', { timeout: 600_000 }, async () => {
  const cloud = cloudWithApp();
  const api = await apiOf(cloud, { signature: { label: 'install' }, ...BINDING });
  const wrong: unknown[] = [];
  const expectedStatus = ({ behaviour, again }: FleetAnswer): number => {
    const { expected, replays } = BEHAVIOURS[behaviour];
    const verdict = replays && !again ? 'accepted' : expected({ signed: true, bound: true, status: false });
    return verdict === 'accepted' ? 200 : 401;
  };
  const fleet = createFleet({
    cloud,
    size: 1000,
    seed: 7,
    concurrency: 64,
    sign: 'install',
    bindingHeader: 'authorization',
    mix: Object.fromEntries(BEHAVIOUR_NAMES.map((name) => [name, name === 'genuine' ? 20 : 1])),
    call: (device) => ({ url: `${api.url}/items`, headers: { authorization: `Bearer ${device.id}` } }),
    onAnswer: (answer) => {
      if (answer.answer?.status !== expectedStatus(answer)) wrong.push([answer.behaviour, answer.again, answer.answer?.status]);
    },
  });
  const { calls, unanswered, byBehaviour } = await fleet.run(3000);
  assert.deepEqual([calls, unanswered, wrong.slice(0, 5)], [3000, 0, []]);
  assert.equal(Object.keys(byBehaviour).length, BEHAVIOUR_NAMES.length);
  await fleet.close();
  await api.close();
});

test('a fleet repeats with its seed, and its mix and rate may change', async () => {
  const cloud = cloudWithApp();
  const api = await apiOf(cloud, {});
  const make = (seed: number) =>
    createFleet({ cloud, size: 40, seed, mix: { genuine: 1, old: 1, rooted: 0.01 }, call: api.url, concurrency: 1 });
  const [one, same, other] = [make(3), make(3), make(4)];
  const shape = (fleet: typeof one): string => JSON.stringify(fleet.devices.map(({ id, behaviour }) => [id, behaviour]));
  assert.equal(shape(one), shape(same));
  assert.notEqual(shape(one), shape(other));
  assert.equal(one.devices.filter(({ behaviour }) => behaviour === 'old').length, 20);
  assert.deepEqual(await one.run(50), await same.run(50));
  one.setMix({ old: 1 });
  const { byBehaviour } = await one.run(10);
  assert.equal(
    byBehaviour.old?.['401'],
    (await same.report()).byBehaviour.old?.['401'] === undefined ? 10 : Number(same.report().byBehaviour.old?.['401']) + 10,
  );
  one.setRate(1000);
  one.start();
  assert.throws(() => one.start(), { code: 'input-malformed' });
  await one.stop();
  for (const bad of [
    { size: 0 },
    { size: 1.5 },
    { mix: {} },
    { mix: { odd: 1 } },
    { mix: { genuine: -1 } },
    { rate: 0 },
    { concurrency: 0 },
  ])
    assert.throws(() => createFleet({ cloud, size: 1, mix: { genuine: 1 }, call: api.url, ...bad } as never), { code: 'input-malformed' });
  const numbers = seeded(1);
  assert.ok(Array.from({ length: 1000 }, numbers).every((number) => number >= 0 && number < 1));
  await Promise.all([one, same, other].map((fleet) => fleet.close()));
  await api.close();
});
