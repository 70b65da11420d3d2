import { equal, match, ok } from 'node:assert/strict';
import { createSocket } from 'node:dgram';
import { once } from 'node:events';
import { mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { createServer, request, type Server } from 'node:http';
import { createServer as createHttps } from 'node:https';
import { type AddressInfo, createServer as createTcpServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { freshSecret, freshSigningKey, publicKeySet } from '@approov-guard/testkit';
import { createGuard } from 'approov-guard';
import { approov } from 'approov-guard/node';
import { skipUnless } from '../../../tools/optional.mjs';
import { freePort } from '../../../tools/start/free-port.mjs';
import { makeCertificate, openssl } from '../../gateway/test/certificate.ts';
import { redisProgram, startRedis } from '../../guard/test/replay/redis-server.ts';
import { guard, secret } from './harness.ts';

interface Found {
  readonly ok: boolean;
  readonly findings: readonly { readonly name: string; readonly outcome: string; readonly says: string }[];
}

async function doctor(
  argv: readonly string[],
  given: Parameters<typeof guard>[1] = {},
): Promise<Found & { code: number; of: (name: string) => string }> {
  const { code, stdout } = await guard(['doctor', '--json', ...argv], { now: Date.now(), ...given });
  ok(!stdout.includes(secret.base64));
  const found: Found = JSON.parse(stdout);
  return { ...found, code, of: (name) => found.findings.find((row) => row.name === name)?.outcome ?? 'absent' };
}

async function listening(server: Server | ReturnType<typeof createTcpServer>): Promise<number> {
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  return (server.address() as AddressInfo).port;
}

describe('doctor', () => {
  const own = createGuard({ keys: { secret } });
  const guarded = createServer(approov(own, (_request, response) => void response.end('hello')));
  const open = createServer((_request, response) => void response.end('hello'));
  let [guardedUrl, openUrl] = ['', ''];
  before(async () => {
    guardedUrl = `http://127.0.0.1:${await listening(guarded)}/`;
    openUrl = `http://127.0.0.1:${await listening(open)}/`;
  });
  after(() => {
    for (const server of [guarded, open]) {
      server.closeAllConnections();
      server.close();
    }
  });

  test('a guarded API passes the go-live items, an open one fails each of them', async () => {
    const good = await doctor(['--url', guardedUrl]);
    equal(good.code, 0, JSON.stringify(good.findings));
    for (const name of [
      '1.1 secret',
      'clock',
      '1.2 no token',
      '1.3 algorithm',
      '1.4 expired token',
      '1.4 no expiry',
      '1.5 bad signature',
      'genuine token',
    ])
      equal(good.of(name), 'ok', name);
    const bad = await doctor(['--url', openUrl]);
    equal(bad.code, 1);
    for (const name of ['1.2 no token', '1.3 algorithm', '1.4 expired token', '1.5 bad signature']) equal(bad.of(name), 'problem', name);
  });

  test('a clock that is wrong is told with what it breaks, by Date and by NTP', async () => {
    equal((await doctor(['--url', guardedUrl], { now: Date.now() - 20_000 })).of('clock'), 'warning');
    const late = await doctor(['--url', guardedUrl], { now: Date.now() + 600_000 });
    equal(late.of('clock'), 'problem');
    match(late.findings.find(({ name }) => name === 'clock')?.says ?? '', /ahead .* too early, and signed requests are refused/);
    const ntp = createSocket('udp4');
    ntp.on('message', (_message, { port, address }) => {
      const answer = Buffer.alloc(48);
      const seconds = Math.floor(Date.now() / 1000) + 2_208_988_800 + 100;
      for (const at of [32, 40]) answer.writeUInt32BE(seconds, at);
      ntp.send(answer, port, address);
    });
    ntp.bind(0, '127.0.0.1');
    await once(ntp, 'listening');
    const behind = await doctor(['--ntp', `127.0.0.1:${ntp.address().port}`]);
    ntp.close();
    match(behind.findings.find(({ name }) => name === 'clock')?.says ?? '', /behind .* too late/);
  });

  test('key set, Redis and a service that is not there', async () => {
    const keys = createServer((_request, response) => {
      response.setHeader('content-type', 'application/json').end(JSON.stringify(publicKeySet([freshSigningKey('ES256')])));
    });
    const redis = createTcpServer((socket) => {
      socket.on('data', () => socket.end('$29\r\nmaxmemory_policy:allkeys-lru\r\n\r\n+OK\r\n'));
    });
    const [keysPort, redisPort] = [await listening(keys), await listening(redis)];
    const found = await doctor(['--jwks', `http://127.0.0.1:${keysPort}/`, '--redis', `redis://127.0.0.1:${redisPort}`]);
    equal(found.of('key set'), 'ok', JSON.stringify(found.findings));
    equal(found.of('redis'), 'problem');
    keys.closeAllConnections();
    keys.close();
    redis.close();
    equal((await doctor(['--redis', `redis://127.0.0.1:${await freePort()}`])).of('redis'), 'problem');
  });

  test('what a proxy does to headers, path and host is named', async () => {
    const port = await freePort();
    const proxy = createServer((incoming, response) => {
      const { authorization: _dropped, signature, ...headers } = incoming.headers;
      const renamed = { ...headers, 'x-signature': signature };
      request({ port, host: '127.0.0.1', path: '/api/approov-guard-doctor', headers: renamed, agent: false }, () => response.end()).end();
    });
    const plain = createServer((incoming, response) => {
      request({ port, host: '127.0.0.1', path: incoming.url, headers: incoming.headers, agent: false }, () => response.end()).end();
    });
    const [proxyPort, plainPort] = [await listening(proxy), await listening(plain)];
    const lost = await doctor(['--url', `http://127.0.0.1:${proxyPort}/`, '--echo', `127.0.0.1:${port}`]);
    equal(lost.of('proxies'), 'problem');
    match(JSON.stringify(lost.findings), /authorization is dropped; signature is renamed to x-signature; the path is rewritten/);
    const whole = await doctor(['--url', `http://127.0.0.1:${plainPort}/`, '--echo', String(port)]);
    equal(whole.of('proxies'), 'ok', JSON.stringify(whole.findings));
    for (const server of [proxy, plain]) {
      server.closeAllConnections();
      server.close();
    }
  });

  test('between two runs: the drift of the clock, the age of the secret, and a file that is something else', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'approov-guard-doctor-'));
    const state = join(folder, 'doctor.json');
    const at = async (
      days: number,
      aheadSeconds: number,
      given: Parameters<typeof guard>[1] = {},
    ): Promise<Awaited<ReturnType<typeof doctor>>> => {
      const now = Date.now() + days * 86_400_000;
      const ntp = createSocket('udp4');
      ntp.on('message', (_message, { port, address }) => {
        const answer = Buffer.alloc(48);
        for (const place of [32, 40]) answer.writeUInt32BE(Math.floor(now / 1000) - aheadSeconds + 2_208_988_800, place);
        ntp.send(answer, port, address);
      });
      ntp.bind(0, '127.0.0.1');
      await once(ntp, 'listening');
      const found = await doctor(['--ntp', `127.0.0.1:${ntp.address().port}`, '--state', state], { now, ...given });
      ntp.close();
      return found;
    };
    const first = await at(0, 0);
    equal(first.of('drift'), 'skipped');
    equal(first.of('secret age'), 'ok');
    ok(!readFileSync(state, 'utf8').includes(secret.base64.slice(0, 8)));
    equal(statSync(state).mode & 0o077, 0);
    equal((await at(0.01, 0)).of('drift'), 'skipped', 'too soon');
    equal((await at(10, 1)).of('drift'), 'ok');
    const drifting = await at(11, 21);
    equal(drifting.of('drift'), 'warning');
    match(JSON.stringify(drifting.findings), /moved (?:19|20|21)\.\d s in 1\.0 days .*in [23] days/);
    equal((await at(5, 21)).of('drift'), 'problem', 'set back');
    match(JSON.stringify((await at(400, 21)).findings), /in use for 400 days at least: change it/);
    const other = { env: { APPROOV_BASE64_SECRET: freshSecret().base64 } };
    match(JSON.stringify((await at(401, 21, other)).findings), /seen for the first time/);
    for (const text of ['', '[]', '{"version":2}', '{"version":1,"clock":{"at":"1"}}']) {
      writeFileSync(state, text);
      equal((await guard(['doctor', '--state', state])).code, 2, text);
      equal(readFileSync(state, 'utf8'), text);
    }
    equal((await guard(['doctor', '--state', join(folder, 'absent/doctor.json')])).code, 2);
    rmSync(folder, { recursive: true });
  });

  test('pins against the certificate of a real TLS server', skipUnless(openssl, 'openssl'), async () => {
    const folder = mkdtempSync(join(tmpdir(), 'approov-guard-doctor-'));
    const files = makeCertificate(folder, 'localhost');
    const server = createHttps(
      { cert: readFileSync(files.cert), key: readFileSync(files.key) },
      (_request, response) => void response.end(),
    );
    const url = `https://127.0.0.1:${await listening(server)}/`;
    const shown = (await doctor(['--url', url])).findings.find(({ name }) => name === 'pins')?.says ?? '';
    const pin = /its pin is (\S{44})$/.exec(shown)?.[1] ?? '';
    const fits = await doctor(['--url', url, '--pin', Buffer.alloc(32).toString('base64'), '--pin', pin]);
    match(fits.findings.find(({ name }) => name === 'pins')?.says ?? '', /, and a pin fits$/);
    const wrong = await doctor(['--url', url, '--pin', Buffer.alloc(32).toString('base64')]);
    equal(wrong.of('pins'), 'problem');
    server.closeAllConnections();
    server.close();
    rmSync(folder, { recursive: true });
  });

  test(
    'a real Redis, with a policy that keeps entries, one that drops them, and a password',
    skipUnless(redisProgram, 'redis-server'),
    async (context) => {
      const cases = [
        { parameters: ['--maxmemory-policy', 'noeviction'], user: '', outcome: 'ok' },
        { parameters: ['--maxmemory-policy', 'allkeys-lru'], user: '', outcome: 'problem' },
        { parameters: ['--requirepass', 'p@ss'], user: '', outcome: 'problem' },
        { parameters: ['--requirepass', 'p@ss'], user: ':p%40ss@', outcome: 'ok' },
      ];
      for (const { parameters, user, outcome } of cases) {
        const redis = await startRedis(['--save', '', ...parameters]);
        context.after(() => redis.remove());
        const found = await doctor(['--redis', `redis://${user}127.0.0.1:${redis.port}`]);
        equal(found.of('redis'), outcome, JSON.stringify(found.findings));
        ok(!JSON.stringify(found.findings).includes('ss@'));
      }
    },
  );

  test('a missing secret is a problem, wrong options are wrong usage, and the text has a line each', async () => {
    equal((await doctor([], { env: {} })).of('1.1 secret'), 'problem');
    equal((await guard(['doctor', '--url', 'ftp://x'])).code, 2);
    equal((await guard(['doctor', '--echo', '127.0.0.1:1'])).code, 2);
    match((await guard(['doctor'])).stdout, /^ok {3}1\.1 secret +well-formed/);
  });
});
