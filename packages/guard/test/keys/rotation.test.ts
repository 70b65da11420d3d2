import assert from 'node:assert/strict';
import { mkdtempSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { Agent, createServer, request } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import test from 'node:test';
import { setTimeout as wait } from 'node:timers/promises';
import { freshSecret, freshSigningKey, manualClock, mintToken, publicKeySet, type SigningKey } from '@approov-guard/testkit';
import { createGuard } from 'approov-guard';
import { keysFromFile } from 'approov-guard/keys-file';
import { approov } from 'approov-guard/node';
import { until } from '../../../../tools/until.mjs';
import { now } from '../both-ports.ts';
import { json, startKeyServer } from './jwks-server.ts';

const bySecret = (secret: { base64: string }): string => mintToken({ secret, now, lifetimeSeconds: 86_400 });
const byKey = (key: SigningKey): string =>
  mintToken({ key: key.privateKey, algorithm: key.algorithm, kid: key.kid, now, lifetimeSeconds: 86_400 });

/** How long the server holds what it accepts: 1,000 requests are in flight without using up the core, whose key server must answer in time. */
const HELD_MS = 500;

function replace(path: string, lines: readonly { readonly base64: string }[]): void {
  writeFileSync(`${path}.new`, lines.map(({ base64 }) => base64).join('\n'));
  renameSync(`${path}.new`, path);
}

test('rotation under load: 1,000 requests in flight while the secret file and the JWK set change', async (context) => {
  const folder = mkdtempSync(join(tmpdir(), 'rotation-'));
  const path = join(folder, 'secrets');
  const [oldSecret, newSecret, stranger] = [freshSecret(), freshSecret(), freshSecret()];
  const [oldKey, newKey] = [freshSigningKey('ES256', 'old'), freshSigningKey('ES256', 'new')];
  replace(path, [oldSecret]);
  const keyServer = await startKeyServer(
    (incoming, response) => void setTimeout(() => json(publicKeySet([oldKey]))(incoming, response), 20),
  );
  const clock = manualClock(now);
  const keys = [
    keysFromFile({ path, format: 'secrets', pollSeconds: 0.05 }),
    { jwksUrl: keyServer.url, cooldownSeconds: 1, timeoutSeconds: 30 },
  ];
  const guard = createGuard({ keys, now: clock.now });
  const server = createServer(approov(guard, (_, response) => void setTimeout(() => response.end('ok'), HELD_MS)));
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  let running = true;
  const agent = new Agent({ keepAlive: true, maxSockets: 1000, maxFreeSockets: 1000 });
  context.after(async () => {
    running = false;
    agent.destroy();
    guard.close();
    server.closeAllConnections();
    server.close();
    await keyServer.stop();
    rmSync(folder, { recursive: true, force: true });
  });

  const { port } = server.address() as AddressInfo;
  const call = (token: string): Promise<number> =>
    new Promise((resolve) => {
      const sent = request({ host: '127.0.0.1', port, agent, headers: { 'Approov-Token': token } }, (response) => {
        response.resume().on('end', () => resolve(response.statusCode ?? 0));
      });
      // A connection that breaks counts as the answer 0, which is never right.
      sent.on('error', () => resolve(0)).end();
    });

  // What is live at each moment. A rotation adds the new one, waits until it is used, and only then removes the old one.
  let live: readonly string[] = [bySecret(oldSecret), byKey(oldKey)];
  const forged = [bySecret(stranger), byKey({ ...oldKey, privateKey: newKey.privateKey })];
  const wrong: string[] = [];
  const inFlight = new Map<readonly string[], number>();
  let sent = 0;
  const worker = async (index: number): Promise<void> => {
    for (let turn = index; running; turn++) {
      // Five shares no factor with the lengths of the lists, so that every token of each gets its turn.
      const genuine = turn % 5 !== 0;
      const list = genuine ? live : forged;
      inFlight.set(list, (inFlight.get(list) ?? 0) + 1);
      const status = await call(list[turn % list.length] as string);
      inFlight.set(list, (inFlight.get(list) ?? 0) - 1);
      sent++;
      if (status !== (genuine ? 200 : 401)) wrong.push(`${genuine ? 'genuine' : 'forged'} ${turn % list.length}: ${status}`);
    }
  };
  /** The clients use other tokens from now on; answers when the last request with one of the former has ended. */
  const use = async (tokens: readonly string[]): Promise<void> => {
    const former = live;
    live = tokens;
    while ((inFlight.get(former) ?? 0) > 0) await wait(5);
  };
  /** Waits until so many more requests were answered. */
  const answered = (more: number, from = sent): Promise<void> => until(() => sent >= from + more);
  // All connections first: under load the server would accept them one by one, over many seconds.
  await Promise.all(Array.from({ length: 1000 }, () => call(live[0] as string)));
  const workers = Array.from({ length: 1000 }, (_, index) => worker(index));
  await answered(2000);

  replace(path, [newSecret, oldSecret]);
  keyServer.answer = json(publicKeySet([newKey, oldKey]));
  clock.advance(1000);
  await until(() => guard.keyUse().length >= 3);
  // The new key of the set is not known yet: the first tokens that name it make the guard look.
  await use([bySecret(newSecret), byKey(newKey), bySecret(oldSecret), byKey(oldKey)]);
  await answered(2000);
  await until(() => guard.keyUse().filter(({ uses }) => uses > 0).length >= 4);
  await use([bySecret(newSecret), byKey(newKey)]);
  await answered(2000);
  assert.equal(guard.keyUse().filter(({ uses }) => uses > 0).length, 4);

  replace(path, [newSecret]);
  keyServer.answer = json(publicKeySet([newKey]));
  clock.advance(601_000);
  await until(() => guard.keyUse().length <= 2);
  await answered(2000);
  running = false;
  await Promise.all(workers);

  assert.deepEqual(wrong.slice(0, 5), []);
  assert.equal(guard.keyUse().length, 2);
  assert.equal(await call(bySecret(oldSecret)), 401);
  assert.equal(await call(byKey(oldKey)), 401);
  context.diagnostic(`${sent} requests, 1000 in flight, ${keyServer.requests()} fetches of the set`);
});
