/** Replays over real sockets, against several server processes that share one Redis. */
import assert from 'node:assert/strict';
import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';
import { Agent, request as httpRequest } from 'node:http';
import { after, before, describe, test } from 'node:test';
import { setTimeout as pause } from 'node:timers/promises';
import { freshInstallationKey, freshSecret, type HeaderLine, mintToken, signRequest } from '@approov-guard/testkit';
import { skipUnless } from '../../../../tools/optional.mjs';
import { built, packageFlags } from '../../../../tools/ready.mjs';
import { type RedisServer, redisProgram, startRedis } from './redis-server.ts';

const ORIGIN = 'https://api.example.com';
const secret = freshSecret();
const installationKey = freshInstallationKey();

interface Sent {
  readonly method: string;
  readonly target: string;
  readonly headers: readonly HeaderLine[];
  readonly body: Uint8Array | null;
}

/** A request as the Android client signs it, another one each time. */
function signedRequest(): Sent {
  const now = Date.now();
  const token = mintToken({ secret, now, claims: { ipk: installationKey.ipk } });
  const body = `{"order":"${globalThis.crypto.randomUUID()}"}`;
  const request = { method: 'POST', url: `${ORIGIN}/orders`, headers: [['Content-Type', 'application/json'] as const], body };
  return signRequest({ client: 'okhttp-3.8', sign: 'install', request, token, installationKey, now });
}

/** A request with a token that is good once. */
function oneTimeRequest(): Sent {
  const token = mintToken({ secret, now: Date.now(), claims: { jti: globalThis.crypto.randomUUID() } });
  return { method: 'GET', target: '/once', headers: [['Approov-Token', token]], body: null };
}

interface Answer {
  readonly status: number;
  readonly text: string;
}

const agent = new Agent({ keepAlive: true });

function send(port: number, { method, target, headers, body }: Sent): Promise<Answer> {
  return new Promise((resolve, reject) => {
    const outgoing = httpRequest({ host: '127.0.0.1', port, agent, method, path: target }, (response) => {
      const chunks: Buffer[] = [];
      response.on('data', (chunk: Buffer) => chunks.push(chunk));
      response.on('end', () => resolve({ status: response.statusCode ?? 0, text: Buffer.concat(chunks).toString() }));
    });
    for (const [name, value] of headers) outgoing.setHeader(name, value);
    outgoing.on('error', reject);
    outgoing.end(body ?? undefined);
  });
}

function startServer(redisPort: number): ChildProcess {
  const env = { ...process.env, REDIS_PORT: String(redisPort), SECRET: secret.base64, ORIGIN };
  return fork(new URL('server-process.ts', import.meta.url), { env, execArgv: built ? ['--import=tsx'] : packageFlags });
}

describe('4 server processes share one Redis', skipUnless(redisProgram, 'redis-server'), () => {
  const processes: ChildProcess[] = [];
  let redis: RedisServer;
  let ports: readonly number[] = [];

  before(async () => {
    // Each entry is on the disk before the server answers: what was accepted before a crash is known after it.
    redis = await startRedis(['--save', '', '--appendonly', 'yes', '--appendfsync', 'always']);
    for (let count = 0; count < 4; count++) processes.push(startServer(redis.port));
    ports = await Promise.all(processes.map(async (child) => Number((await once(child, 'message'))[0])));
  });
  after(async () => {
    agent.destroy();
    for (const child of processes) child.kill();
    await redis.remove();
  });

  const sendToAll = (sent: Sent, count: number): Promise<Answer[]> =>
    Promise.all(Array.from({ length: count }, (_, index) => send(ports[index % ports.length] ?? 0, sent)));

  const replays = [
    { what: 'signed request', reason: 'signature-replayed', make: signedRequest, rounds: 50 },
    { what: 'one-time token', reason: 'token-replayed', make: oneTimeRequest, rounds: 10 },
  ];
  for (const { what, reason, make, rounds } of replays) {
    test(`of 64 concurrent replays of one ${what} exactly one is accepted, in each of ${rounds} rounds`, async () => {
      for (let round = 0; round < rounds; round++) {
        const answers = await sendToAll(make(), 64);
        const accepted = answers.filter(({ status, text }) => status === 200 && text === 'accepted').length;
        const replayed = answers.filter(({ status, text }) => status === 401 && text === reason).length;
        assert.deepEqual({ round, accepted, replayed }, { round, accepted: 1, replayed: 63 });
      }
    });
  }

  test('Redis killed mid-run: unavailable, never accepted; back after its restart without one of ours', async () => {
    const before = signedRequest();
    assert.deepEqual(statuses(await sendToAll(before, 4)), [200, 401, 401, 401]);

    // Requests are on their way all the time while the server dies.
    const seen = { accepted: new Set<Sent>(), unavailable: 0 };
    let running = true;
    const traffic = Promise.all(ports.map((port) => keepSending(port, seen, () => running)));
    await pause(200);
    await redis.kill();
    await pause(100);
    for (let round = 0; round < 5; round++) {
      for (const sent of [before, signedRequest(), oneTimeRequest()]) {
        const answers = await sendToAll(sent, 16);
        assert.deepEqual(new Set(answers.map(({ status, text }) => `${status} ${text}`)), new Set(['503 replay-store-unavailable']));
      }
    }
    await redis.start();
    await untilAccepted(ports);
    running = false;
    await traffic;
    assert.ok(seen.unavailable > 0);

    for (const sent of [before, ...[...seen.accepted].slice(-50)]) {
      const [answer] = await sendToAll(sent, 1);
      assert.deepEqual(answer, { status: 401, text: 'signature-replayed' });
    }
    assert.ok(processes.every(({ exitCode }) => exitCode === null));
  });
});

const statuses = (answers: readonly Answer[]): number[] => answers.map(({ status }) => status).sort();

/** Each request twice: at most one of the two is accepted, whatever happens to the store between. */
async function keepSending(port: number, seen: { accepted: Set<Sent>; unavailable: number }, running: () => boolean): Promise<void> {
  while (running()) {
    const sent = signedRequest();
    const both = await Promise.all([send(port, sent), send(port, sent)]);
    const accepted = both.filter(({ status }) => status === 200).length;
    assert.ok(accepted <= 1, 'accepted twice');
    if (accepted === 1) seen.accepted.add(sent);
    for (const { status } of both) {
      assert.ok([200, 401, 503].includes(status), String(status));
      if (status === 503) seen.unavailable++;
    }
    await pause(5);
  }
}

async function untilAccepted(ports: readonly number[]): Promise<void> {
  for (const port of ports) {
    let tries = 0;
    while ((await send(port, signedRequest())).status !== 200) {
      assert.ok(++tries < 1200, 'not accepted again within a minute');
      await pause(50);
    }
  }
}
