/** What changes while requests come: certificates and keys. No request is lost, and none is judged by a half of anything. */
import assert from 'node:assert/strict';
import { appendFileSync, copyFileSync, mkdirSync, mkdtempSync, rmSync, truncateSync, writeFileSync } from 'node:fs';
import { request } from 'node:https';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import test, { type TestContext } from 'node:test';
import type { TLSSocket } from 'node:tls';
import { startGateway } from '@approov-guard/gateway';
import { exampleToken, freshSecret } from '@approov-guard/testkit';
import { skipUnless } from '../../../tools/optional.mjs';
import { until } from '../../../tools/until.mjs';
import { makeCertificate, openssl } from './certificate.ts';
import { env, gatewayTo, genuine, get, keys, raw, secret, upstream, valuesOf } from './harness.ts';

function folderOf(context: TestContext): string {
  const folder = mkdtempSync(join(tmpdir(), 'under-load-'));
  context.after(() => rmSync(folder, { recursive: true }));
  return folder;
}

/** Asks again and again, several at a time, until it is told to stop; answers what came. */
function load<Seen>(askers: number, ask: () => Promise<Seen>): { readonly seen: Seen[]; readonly stop: () => Promise<void> } {
  const seen: Seen[] = [];
  let running = true;
  const work = Array.from({ length: askers }, async () => {
    while (running) seen.push(await ask());
  });
  const stop = async (): Promise<void> => {
    running = false;
    await Promise.all(work);
  };
  return { seen, stop };
}

test(
  'a certificate that changes under load: every handshake gets a whole pair, and no request is lost',
  skipUnless(openssl, 'openssl'),
  async (context) => {
    const folder = folderOf(context);
    const pairs = ['first', 'second'].map((name) => {
      mkdirSync(join(folder, name));
      return makeCertificate(join(folder, name), name);
    });
    const tls = { cert: join(folder, 'cert.pem'), key: join(folder, 'key.pem') };
    const put = (pair: number, part: 'cert' | 'key'): void => copyFileSync(pairs[pair]?.[part] ?? '', tls[part]);
    for (const part of ['cert', 'key'] as const) put(0, part);
    const { url, received } = await upstream(context);
    const notes: string[] = [];
    const options = { onNote: (note: string) => notes.push(note), pollSeconds: 0.05 };
    const gateway = await gatewayTo(context, url, { gateway: { tls }, options });
    const [name, value] = genuine();
    const { seen, stop } = load(4, () => {
      return new Promise<string>((resolve, reject) =>
        request(`${gateway.url}/`, { agent: false, rejectUnauthorized: false, headers: { [name]: value } }, (response) => {
          const shown = (response.socket as TLSSocket).getPeerCertificate().subject.CN;
          response.resume().on('end', () => resolve(`${response.statusCode} ${shown}`));
        })
          .on('error', reject)
          .end(),
      );
    });
    for (let turn = 1; turn <= 10; turn++) {
      const next = turn % 2;
      const count = seen.length;
      // First the certificate alone, whose key is not there yet.
      put(next, 'cert');
      await until(() => seen.length >= count + 4);
      if (turn === 1) await until(() => notes.some((note) => note.startsWith('the certificate stays as it was')));
      put(next, 'key');
      await until(() => seen.at(-1) === `200 ${next === 0 ? 'first' : 'second'}`);
    }
    await stop();
    assert.deepEqual([...new Set(seen)].sort(), ['200 first', '200 second']);
    assert.equal(received.length, seen.length);
  },
);

test('keys that change under load: who has a key that stays is always accepted, who has none never', async (context) => {
  const folder = folderOf(context);
  const path = join(folder, 'approov.secrets');
  const [other, stranger] = [freshSecret(), freshSecret()];
  const write = (secrets: readonly string[], inPieces: boolean): void => {
    const text = `${secrets.join('\n')}\n`;
    if (!inPieces) {
      writeFileSync(path, text);
      return;
    }
    // As somebody writes who does not rename: empty, a piece, the rest.
    truncateSync(path);
    appendFileSync(path, text.slice(0, 40));
    appendFileSync(path, text.slice(40));
  };
  write([secret.base64], false);
  const { url, received } = await upstream(context);
  const gateway = await gatewayTo(context, url, { policy: { keys: { keysFile: { path, format: 'secrets', pollSeconds: 0.05 } } } });
  const status = async (token: string): Promise<number> => (await raw(gateway.port, get('/', ['Approov-Token', token]))).status;
  const [staying, rotating, forged] = [secret, other, stranger].map((of) => exampleToken({ secret: of }));
  const loads = [staying, rotating, forged].map((token) => load(2, () => status(token ?? '')));
  for (let turn = 1; turn <= 10; turn++) {
    const both = turn % 2 === 1;
    write(both ? [other.base64, secret.base64] : [secret.base64], turn % 3 === 0);
    await until(async () => (await status(rotating ?? '')) === (both ? 200 : 401));
  }
  const before = received.length;
  await Promise.all(loads.map(({ stop }) => stop()));
  const [first, second = [], third] = loads.map(({ seen }) => [...new Set(seen)].sort());
  assert.deepEqual([first, third], [[200], [401]]);
  assert.ok(
    second.every((seen) => seen === 200 || seen === 401),
    String(second),
  );
  assert.ok(before > 20);
});

test('a policy that changes under load: each request is judged by one of them as a whole, and none is lost', async (context) => {
  const folder = folderOf(context);
  const file = join(folder, 'policy.json');
  const [first, second] = [await upstream(context), await upstream(context)];
  const write = (turn: number): void => {
    // One path is open, and leads to one server, at a time.
    const own = { exempt: [turn % 2 === 1 ? '/odd' : '/even'], gateway: { to: turn % 2 === 1 ? first.url : second.url } };
    const gateway = { ...own.gateway, listen: '127.0.0.1:0', admin: null, log: null, timeouts: { drainSeconds: 0 } };
    writeFileSync(file, JSON.stringify({ keys, exempt: own.exempt, gateway }));
  };
  write(0);
  const gateway = await startGateway({ policy: file, env });
  context.after(() => gateway.drain());
  const port = Number(new URL(gateway.urls[0] ?? '').port);
  const ask = (path: string) => async (): Promise<number> => (await raw(port, get(path))).status;
  const loads = ['/odd', '/even'].map((path) => load(2, ask(path)));
  const genuineOnes = load(2, async () => (await raw(port, get('/odd', genuine()))).status);
  for (let turn = 1; turn <= 12; turn++) {
    write(turn);
    assert.equal(gateway.reload(), true);
    assert.deepEqual([await ask('/odd')(), await ask('/even')()], turn % 2 === 1 ? [200, 401] : [401, 200]);
    if (turn % 4 === 0) {
      writeFileSync(file, '{ "keys": ');
      assert.equal(gateway.reload(), false);
    }
  }
  await Promise.all([...loads, genuineOnes].map(({ stop }) => stop()));
  for (const { seen } of loads)
    assert.ok(
      seen.every((status) => status === 200 || status === 401),
      String([...new Set(seen)]),
    );
  assert.deepEqual([...new Set(genuineOnes.seen)], [200]);
  // An open path leads to the server of the policy that opened it.
  const openPath = ({ received }: typeof first): readonly string[] => [
    ...new Set(received.filter((one) => valuesOf(one, 'x-attestation-verdict').join() === 'exempt').map(({ url }) => url)),
  ];
  assert.deepEqual([openPath(first), openPath(second)], [['/odd'], ['/even']]);
});
