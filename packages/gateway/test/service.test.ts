import assert from 'node:assert/strict';
import { once } from 'node:events';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { Agent, request as httpRequest, type ServerResponse } from 'node:http';
import { connect } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import test, { type TestContext } from 'node:test';
import { startGateway } from '@approov-guard/gateway';
import { devSecret } from '@approov-guard/testkit';
import { env, gatewayTo, genuine, get, keys, raw, secret, upstream } from './harness.ts';

function folderOf(context: TestContext): string {
  const folder = mkdtempSync(join(tmpdir(), 'gateway-'));
  context.after(() => rmSync(folder, { recursive: true }));
  return folder;
}

/** Waits for what is counted to become so. */
async function until(condition: () => boolean): Promise<void> {
  while (!condition()) await new Promise((resolve) => setTimeout(resolve, 2));
}

test('draining with 1,000 requests in flight: none is lost, none is doubled', async (context) => {
  const waiting = new Map<string, ServerResponse>();
  let asked = 0;
  const { url } = await upstream(context, (request, response) => {
    asked++;
    waiting.set(request.url ?? '', response);
  });
  const gateway = await gatewayTo(context, url, { gateway: { timeouts: { drainSeconds: 60, upstreamSeconds: 600 } } });
  const agent = new Agent({ keepAlive: true, maxSockets: Number.POSITIVE_INFINITY });
  context.after(() => agent.destroy());
  const [name, value] = genuine();
  const answers = Array.from({ length: 1000 }, (_, index) => {
    const request = httpRequest({ port: gateway.port, path: `/${index}`, agent, headers: { [name]: value } }).end();
    return once(request, 'response').then(async ([response]) => {
      let text = '';
      for await (const chunk of response) text += chunk;
      return `${response.statusCode} ${text} ${response.headers.connection}`;
    });
  });
  await until(() => waiting.size === 1000);
  const drained = gateway.drain();
  for (const [path, response] of waiting) response.end(`answer to ${path}`);
  const texts = await Promise.all(answers);
  await drained;
  assert.deepEqual([texts.length, asked], [1000, 1000]);
  assert.deepEqual(
    texts,
    Array.from({ length: 1000 }, (_, index) => `200 answer to /${index} close`),
  );
  await assert.rejects(once(connect(gateway.port, '127.0.0.1'), 'connect'), /ECONNREFUSED/);
});

test('what does not end in time is ended', async (context) => {
  const { url } = await upstream(context, () => undefined);
  const gateway = await gatewayTo(context, url, { gateway: { timeouts: { drainSeconds: 0.05 } } });
  const socket = connect(gateway.port, '127.0.0.1');
  socket.write(get('/', genuine()));
  await until(() => gateway.counts().approov_gateway_requests_in_flight === 1);
  const closed = once(socket, 'close');
  await gateway.drain();
  await closed;
});

test('the admin listener: live, ready, metrics, and the policy without its secrets', async (context) => {
  const { url } = await upstream(context);
  const gateway = await gatewayTo(context, [url], { gateway: { admin: '127.0.0.1:0', health: { path: '/up', intervalSeconds: 0.1 } } });
  await raw(gateway.port, get('/', genuine()));
  await raw(gateway.port, get('/'));
  await raw(gateway.port, 'nonsense\r\n\r\n');
  const page = async (path: string): Promise<{ status: number; text: string }> => {
    const response = await fetch(gateway.adminUrl + path);
    return { status: response.status, text: await response.text() };
  };
  assert.equal((await page('/live')).status, 200);
  assert.deepEqual(JSON.parse((await page('/ready')).text), {
    ready: true,
    checks: { gateway: 'ok', keys: 'ok', replay: 'ok', upstreams: 'ok' },
  });
  const { text } = await page('/metrics');
  for (const line of [
    'requests_total{status="2xx"} 1',
    'requests_total{status="4xx"} 1',
    'verdicts_total{verdict="accepted"} 1',
    'verdicts_total{verdict="token-missing"} 1',
    'malformed_total 1',
    'upstream_well{upstream="default"} 1',
  ]) {
    assert.ok(text.includes(`approov_gateway_${line}\n`), `${line}\n${text}`);
  }
  const policy = await page('/policy');
  assert.ok(!policy.text.includes(secret.base64));
  assert.match(JSON.parse(policy.text).policy.keys.secret.base64.fingerprint, /^sha256:[0-9a-f]{16}$/);
  assert.deepEqual([(await page('/')).status, (await fetch(`${gateway.adminUrl}/live`, { method: 'POST' })).status], [404, 405]);
});

test('not ready: keys that cannot be had, upstreams that are down', async (context) => {
  const down = 'unix:/nonexistent/socket';
  const gateway = await gatewayTo(context, down, {
    policy: { keys: { jwksUrl: 'http://127.0.0.1:9/keys', timeoutSeconds: 0.1 } },
    gateway: { admin: '127.0.0.1:0', health: { path: '/', intervalSeconds: 0.1 } },
  });
  let answer: { ready: boolean; checks: { [name: string]: string } };
  do answer = await (await fetch(`${gateway.adminUrl}/ready`)).json();
  while (answer.checks.upstreams === 'ok');
  assert.deepEqual([answer.ready, answer.checks.keys, answer.checks.upstreams], [false, 'not available', 'no server of default is well']);
  assert.equal((await raw(gateway.port, get('/', genuine()))).status, 503);
});

test('the access log: a line for each request, without token, query and line breaks', async (context) => {
  const { url } = await upstream(context);
  for (const format of ['json', 'common']) {
    let log = '';
    const gateway = await gatewayTo(context, url, {
      gateway: { log: { format } },
      options: { output: { write: (text: string) => (log += text) } },
    });
    const token = genuine();
    await raw(gateway.port, get('/a"b\\c?access_token=SECRET', token));
    await raw(gateway.port, get('/refused'));
    await gateway.drain();
    const lines = log.trim().split('\n');
    assert.equal(lines.length, 2);
    assert.ok(!log.includes('SECRET') && !log.includes(token[1].slice(-20)), log);
    if (format === 'common')
      assert.match(
        lines[0] ?? '',
        /^127\.0\.0\.1 - - \[\d\d\/[A-Z][a-z]{2}\/\d{4}:\d\d:\d\d:\d\d \+0000\] "GET \/a%22b%5cc HTTP\/1\.1" 200 -$/,
      );
    else {
      const [first, second] = lines.map((line) => JSON.parse(line));
      assert.deepEqual(
        [first.peer, first.method, first.path, first.status, first.verdict, first.upstream, first.trouble],
        ['127.0.0.1', 'GET', '/a%22b%5cc', 200, 'accepted', 'default', null],
      );
      assert.deepEqual([second.status, second.verdict, second.upstream], [401, 'token-missing', null]);
    }
  }
});

test('a log file is appended to', async (context) => {
  const { url } = await upstream(context);
  const file = join(folderOf(context), 'access.log');
  writeFileSync(file, 'before\n');
  const gateway = await gatewayTo(context, url, { gateway: { log: { path: file } } });
  await raw(gateway.port, get('/'));
  await gateway.drain();
  assert.match(readFileSync(file, 'utf8'), /^before\n\{"time".*"status":401.*\}\n$/);
});

test('a YAML policy: mistakes have lines, changes come into force, the old one stays where the new one is bad', async (context) => {
  const { url, received } = await upstream(context);
  const file = join(folderOf(context), 'policy.yaml');
  const policy = (more: string): string =>
    `keys:\n  secret:\n    base64: { env: APPROOV_BASE64_SECRET }\n${more}gateway:\n  to: ${url}\n  listen: 127.0.0.1:0\n  admin: null\n  log: null\n  timeouts: { drainSeconds: 0 }\n`;
  const notes: string[] = [];
  const start = (text: string) => {
    writeFileSync(file, text);
    return startGateway({ policy: file, env, onNote: (note) => notes.push(note) });
  };
  await assert.rejects(start(policy('exempt: 5\n')), /policy\.yaml:4: exempt: must be/);
  await assert.rejects(start(`${policy('')}  nonsense: 1\n`), /policy\.yaml:10: gateway\.nonsense: is not a setting/);
  await assert.rejects(start(policy('mode: &a observe\nexempt: [*a]\n')), /policy\.yaml:4: .*anchors/);
  await assert.rejects(start(policy('mode: observe\nmode: enforce\n')), /policy\.yaml:5: .*unique/);
  const gateway = await start(policy(''));
  context.after(() => gateway.drain());
  const port = Number(new URL(gateway.urls[0] ?? '').port);
  const status = async (): Promise<number> => (await raw(port, get('/health'))).status;
  assert.equal(await status(), 401);
  writeFileSync(file, policy('exempt: [/health]\n'));
  assert.equal(gateway.reload(), true);
  assert.equal(await status(), 200);
  writeFileSync(file, policy('exempt: [/health\n'));
  assert.equal(gateway.reload(), false);
  assert.match(notes.join('\n'), /the policy stays as it was: .*policy\.yaml:\d+: /);
  assert.equal(await status(), 200);
  writeFileSync(file, policy('').replace('127.0.0.1:0', '127.0.0.1:1'));
  assert.equal(gateway.reload(), true);
  assert.match(notes.join('\n'), /for listen restart the gateway/);
  assert.deepEqual([await status(), received.length], [401, 2]);
});

test('a policy that changes under load: every request is answered by the old or the new one', async (context) => {
  const { url } = await upstream(context);
  const file = join(folderOf(context), 'policy.json');
  const write = (refused: number): void =>
    writeFileSync(
      file,
      JSON.stringify({ keys, refusal: { status: refused }, gateway: { to: url, listen: '127.0.0.1:0', admin: null, log: null } }),
    );
  write(401);
  const gateway = await startGateway({ policy: file, env });
  context.after(() => gateway.drain());
  const seen = new Map<number, number>();
  let [running, changes] = [true, 0];
  const ask = async (headers: { [name: string]: string }): Promise<void> => {
    while (running) {
      const { status, body } = await fetch(`${gateway.urls[0]}/`, { headers });
      await body?.cancel();
      seen.set(status, (seen.get(status) ?? 0) + 1);
    }
  };
  const [name, value] = genuine();
  const load = [ask({ [name]: value }), ask({ [name]: value }), ask({})];
  for (; changes < 40; changes++) {
    write(changes % 2 === 0 ? 403 : 401);
    assert.equal(gateway.reload(), true);
    await (await fetch(`${gateway.urls[0]}/`)).body?.cancel();
  }
  running = false;
  await Promise.all(load);
  assert.deepEqual(
    [...seen.keys()].sort(),
    [200, 401, 403].filter((status) => seen.has(status)),
  );
  assert.ok((seen.get(200) ?? 0) > 0);
});

test('limits of connections: by count, and by address', async (context) => {
  const { url } = await upstream(context);
  for (const limits of [{ connections: 2 }, { connectionsPerAddress: 2 }]) {
    const gateway = await gatewayTo(context, url, { gateway: { limits } });
    const open = [connect(gateway.port, '127.0.0.1'), connect(gateway.port, '127.0.0.1')];
    context.after(() => open.forEach((socket) => void socket.destroy()));
    await until(() => gateway.counts().approov_gateway_connections === 2);
    const third = connect(gateway.port, '127.0.0.1');
    third.on('error', () => undefined);
    await once(third, 'close');
    assert.equal(gateway.counts().approov_gateway_connections_refused_total, 1);
    open[0]?.destroy();
    await until(() => gateway.counts().approov_gateway_connections === 1);
    assert.equal((await raw(gateway.port, get('/', genuine()))).status, 200);
  }
});

test('a head that is too long or too slow', async (context) => {
  const { url, received } = await upstream(context);
  const gateway = await gatewayTo(context, url, {
    gateway: { limits: { headerBytes: 4096 }, timeouts: { headerSeconds: 0.2, drainSeconds: 0 } },
  });
  assert.equal((await raw(gateway.port, get('/', genuine(), ['X', 'y'.repeat(5000)]))).status, 431);
  assert.equal((await raw(gateway.port, 'GET / HTTP/1.1\r\nHost: a\r\n')).status, 408);
  assert.equal(received.length, 0);
});

test('published secrets are refused unless the policy says development', async (context) => {
  const { url } = await upstream(context);
  const options = { env: { APPROOV_BASE64_SECRET: devSecret.base64 } };
  await assert.rejects(gatewayTo(context, url, { options }), /secret-public/);
  await gatewayTo(context, url, { options, policy: { environment: 'development' } });
});

test('mistakes in the settings stop the start', async () => {
  const to = 'http://127.0.0.1:5000';
  const mistakes: readonly (readonly [settings: object, message: RegExp])[] = [
    [{}, /gateway\.to: must be where/],
    [{ to: 'http://a/path' }, /gateway\.to: must be scheme, host and port only/],
    [{ to: 'a:80' }, /gateway\.to/],
    [{ to: [] }, /gateway\.to/],
    [{ to, listen: 'x' }, /gateway\.listen: must be an address/],
    [{ to, listen: '127.0.0.1:70000' }, /gateway\.listen/],
    [{ to, tls: { cert: 'a' } }, /gateway\.tls\.key/],
    [{ to, upgrades: ['h2c'] }, /gateway\.upgrades: must not name HTTP/],
    [{ to, identityPrefix: 'Host' }, /gateway\.identityPrefix/],
    [{ to, timeouts: { headerSeconds: 0 } }, /gateway\.timeouts\.headerSeconds: must be a number of seconds from 0\.1/],
    [{ to, timeouts: { header: 1 } }, /gateway\.timeouts\.header: is not a setting; known here: headerSeconds/],
    [{ to, limits: { bodyBytes: -1 } }, /gateway\.limits\.bodyBytes/],
    [{ to, log: { format: 'xml' } }, /gateway\.log\.format/],
    [{ to, health: { path: 'x' } }, /gateway\.health\.path/],
    [{ to, upstreams: [{ match: { path: 'x' }, to }] }, /gateway\.upstreams\[0\]\.match\.path/],
    [{ to, upstreams: [{ match: { host: 'a:80' }, to }] }, /gateway\.upstreams\[0\]\.match\.host/],
    [{ to, stripToken: 'yes' }, /gateway\.stripToken: must be true or false/],
  ];
  for (const [settings, message] of mistakes)
    await assert.rejects(startGateway({ policy: { keys, gateway: { admin: null, ...settings } }, env }), message, JSON.stringify(settings));
  const cors: readonly (readonly [cors: object, message: RegExp])[] = [
    [{}, /cors\.origins/],
    [{ origins: ['a'] }, /cors\.origins/],
    [{ origins: '*', credentials: true }, /cors\.credentials/],
    [{ origins: '*', headers: ['a b'] }, /cors\.headers/],
  ];
  for (const [section, message] of cors)
    await assert.rejects(startGateway({ policy: { keys, cors: section, gateway: { to } }, env }), message);
});
