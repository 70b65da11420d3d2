/** What dashboards see, and what is noticed without being asked for. */
import assert from 'node:assert/strict';
import fs, { mkdtempSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { syncBuiltinESMExports } from 'node:module';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { freshInstallationKey, freshSecret, mintToken, requestView, signRequest } from '@approov-guard/testkit';
import { createGuard, type GuardOptions, type GuardWarning, memoryReplayStore, type RequestView, type Verdict } from 'approov-guard';
import { keysFromFile } from 'approov-guard/keys-file';
import { outcomeOf } from '../../both-ports.ts';

const START = 1_700_000_000_000;
const secret = freshSecret();
const installationKey = freshInstallationKey();
const token = mintToken({ secret, now: START, claims: { ipk: installationKey.ipk } });
let counter = 0;
const next = (): RequestView => {
  const request = { method: 'GET', url: `https://api.example.com/?n=${counter++}` };
  return requestView(signRequest({ client: 'okhttp-3.8', sign: 'install', request, token, installationKey, now: START }));
};

test('gauges show the stores, the shares, the cache and the age of each key set', async () => {
  let at = START;
  const guard = createGuard({
    keys: { secret },
    signature: { replay: memoryReplayStore({ maxEntries: 1000, now: () => at }) },
    share: { burst: 3 },
    now: () => at,
  });
  guard.route({ token: { replay: memoryReplayStore({ maxEntries: 10, now: () => at }) } });
  for (let index = 0; index < 5; index++) await guard.judge(next());
  at += 90_000;
  assert.deepEqual(guard.gauges(), {
    replay: { entries: 3, capacity: 1010 },
    bodies: { held: 0, bytes: 0, exceeded: 0 },
    shares: { keys: 1, exceeded: 2 },
    tokenCache: { tokens: 1, capacity: 20_000, hits: 3, misses: 2 },
    installationKeyCache: { keys: 1, capacity: 10_000, hits: 4, misses: 1 },
    keySets: [{ keys: 1, ageSeconds: 90 }],
  });
});

test('gauges show bodies while they are held', async () => {
  const guard = createGuard({ keys: { secret }, signature: {}, now: () => START });
  const request = { method: 'POST', url: 'https://api.example.com/', body: 'abc' };
  const signed = requestView(signRequest({ client: 'okhttp-3.8', sign: 'install', request, token, installationKey, now: START }));
  let arrive = (): void => undefined;
  const body: RequestView['body'] = {
    present: true,
    read: async (most, allowance) => {
      allowance?.take(3);
      await new Promise<void>((resolve) => {
        arrive = resolve;
      });
      return (await signed.body?.read(most)) ?? { outcome: 'left' };
    },
  };
  const judged = guard.judge({ ...signed, lines: (name) => signed.lines(name), body });
  await new Promise((resolve) => setImmediate(resolve));
  assert.deepEqual(guard.gauges().bodies, { held: 1, bytes: 3, exceeded: 0 });
  arrive();
  assert.equal(outcomeOf(await judged), 'accepted');
  assert.deepEqual(guard.gauges().bodies, { held: 0, bytes: 0, exceeded: 0 });
});

test('requests with made-up key ids do not pile up while the key set hangs', async () => {
  const known = await keySet();
  let answer = (_: boolean): void => undefined;
  const hanging = new Promise<boolean>((resolve) => {
    answer = resolve;
  });
  const guard = createGuard({ keys: { current: () => known, refresh: () => hanging }, now: () => START });
  const madeUp = mintToken({ secret, now: START, kid: 'made-up' });
  const found: Promise<Verdict>[] = Array.from({ length: 1500 }, () => guard.verifyToken(madeUp));
  const refused = await Promise.all(found.slice(1000));
  assert.deepEqual(new Set(refused.map(outcomeOf)), new Set(['keys-unavailable']));
  assert.equal(outcomeOf(await guard.verifyToken(mintToken({ secret, now: START, kid: 'known' }))), 'accepted');
  answer(true);
  assert.deepEqual(new Set((await Promise.all(found.slice(0, 1000))).map(outcomeOf)), new Set(['token-key-unknown']));
  // All have gone: there is room again.
  assert.equal(outcomeOf(await guard.verifyToken(madeUp)), 'token-key-unknown');
});

async function keySet(): Promise<NonNullable<ReturnType<Extract<GuardOptions['keys'], { current: unknown }>['current']>>> {
  const folder = mkdtempSync(join(tmpdir(), 'keys-'));
  const path = join(folder, 'secret');
  writeFileSync(path, secret.base64);
  const source = keysFromFile({ path, format: 'secret', kid: 'known' });
  const set = source.current(START);
  source.close?.();
  rmSync(folder, { recursive: true });
  assert.ok(set !== null);
  return set;
}

test('a busy folder costs a look now and then, whatever is written there, and a change is still seen', async (context) => {
  const folder = mkdtempSync(join(tmpdir(), 'busy-'));
  context.after(() => rmSync(folder, { recursive: true }));
  const path = join(folder, 'secret');
  writeFileSync(path, secret.base64);
  let looks = 0;
  const { statSync } = fs;
  const counted = (...given: Parameters<typeof statSync>): ReturnType<typeof statSync> => {
    looks++;
    return statSync(...given);
  };
  Object.assign(fs, { statSync: counted });
  syncBuiltinESMExports();
  context.after(() => {
    Object.assign(fs, { statSync });
    syncBuiltinESMExports();
  });
  const another = freshSecret();
  let seen = (): void => undefined;
  const changed = new Promise<void>((resolve) => {
    seen = resolve;
  });
  const keys = keysFromFile({ path, format: 'secret', pollSeconds: 3600, onEvent: ({ type }) => type === 'keys-refreshed' && seen() });
  context.after(() => keys.close?.());
  looks = 0;
  for (let index = 0; index < 2000; index++) {
    writeFileSync(join(folder, `foreign-${index % 7}`), 'x');
    if (index % 20 === 0) await new Promise((resolve) => setImmediate(resolve));
  }
  assert.ok(looks < 200, `${looks} looks at the file for 2000 foreign writes`);
  writeFileSync(`${path}.new`, another.base64);
  renameSync(`${path}.new`, path);
  // The source keeps no process alive.
  const staying = setInterval(() => undefined, 1000);
  await changed;
  clearInterval(staying);
  assert.equal(
    outcomeOf(await createGuard({ keys, now: () => START }).verifyToken(mintToken({ secret: another, now: START }))),
    'accepted',
  );
});

test('a key file that is too long, a pipe or a folder is refused before it is read', () => {
  const folder = mkdtempSync(join(tmpdir(), 'keys-'));
  const path = join(folder, 'secret');
  writeFileSync(path, '');
  // Sparse: reading it would fail, or take the memory of the machine.
  fs.truncateSync(path, 2 ** 36);
  assert.throws(() => keysFromFile({ path, format: 'secret' }), /is longer than 1048576 bytes/);
  assert.throws(() => keysFromFile({ path: folder, format: 'secret' }), /cannot be read \(EISDIR\)/);
  assert.throws(() => keysFromFile({ path: '/dev/zero', format: 'secret' }), /cannot be read \(EINVAL\)/);
  rmSync(folder, { recursive: true });
});

const warningsOf = async (make: (warnings: GuardWarning[]) => GuardOptions, times = 10, judge = true): Promise<number> => {
  const warnings: GuardWarning[] = [];
  for (let index = 0; index < times; index++) {
    const guard = createGuard(make(warnings));
    if (judge) await guard.judge(next());
  }
  assert.ok(warnings.every(({ code }) => code === 'guard-made-anew'));
  return warnings.length;
};

test('a guard that is made anew for each request is noticed, once', async () => {
  const mine = freshSecret();
  const onWarning = (warnings: GuardWarning[]) => (warning: GuardWarning) => warnings.push(warning);
  assert.equal(await warningsOf((w) => ({ keys: { secret: mine }, signature: {}, onWarning: onWarning(w) })), 1);
  assert.equal(await warningsOf((w) => ({ keys: { secret: mine }, signature: {}, onWarning: onWarning(w) })), 0);
  // A memory store in a new place each time is no better.
  const once = (w: GuardWarning[]): GuardOptions => ({
    keys: { secret: mine },
    token: { replay: memoryReplayStore() },
    onWarning: onWarning(w),
  });
  assert.equal(await warningsOf(once), 1);
});

test('guards that share a store, have none, differ, or are all made before the first judges are not', async () => {
  const onWarning = (warnings: GuardWarning[]) => (warning: GuardWarning) => warnings.push(warning);
  const [a, b, c] = [freshSecret(), freshSecret(), freshSecret()];
  const replay = memoryReplayStore();
  assert.equal(await warningsOf((w) => ({ keys: { secret: a }, signature: { replay }, onWarning: onWarning(w) })), 0);
  assert.equal(await warningsOf((w) => ({ keys: { secret: b }, onWarning: onWarning(w) })), 0);
  assert.equal(await warningsOf((w) => ({ keys: { secret: freshSecret() }, signature: {}, onWarning: onWarning(w) })), 0);
  assert.equal(await warningsOf((w) => ({ keys: { secret: c }, signature: {}, onWarning: onWarning(w) }), 20, false), 0);
});
