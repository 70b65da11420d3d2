import { deepEqual, doesNotMatch, equal, match, ok, rejects, throws } from 'node:assert/strict';
import { once } from 'node:events';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { type IncomingMessage, type OutgoingHttpHeaders, request } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { exampleToken, freshSecret, requestView } from '@approov-guard/testkit';
import { createGuard } from 'approov-guard';
import { SCENARIOS } from '../src/actions/scenarios.ts';
import { startConsole, watch } from '../src/index.ts';
import type { Frame, Sent } from '../src/wire.ts';
import { type Demonstration, demonstrate } from './demonstration.ts';

interface Asked {
  readonly method?: string;
  readonly headers?: OutgoingHttpHeaders;
  readonly body?: string;
}

async function ask(
  url: string,
  { method = 'GET', headers = {}, body }: Asked = {},
): Promise<{ status: number; text: string; headers: IncomingMessage['headers'] }> {
  const outgoing = request(url, { method, headers, agent: false });
  outgoing.end(body);
  const [response] = await once(outgoing, 'response');
  let text = '';
  for await (const chunk of response) text += chunk;
  return { status: response.statusCode, text, headers: response.headers };
}

async function frames(url: string): Promise<{ next: () => Promise<Frame>; end: () => void }> {
  const outgoing = request(`${url}api/stream`, { agent: false }).end();
  const [response] = (await once(outgoing, 'response')) as [IncomingMessage];
  let text = '';
  response.setEncoding('utf8').on('data', (chunk) => (text += chunk));
  const next = async (): Promise<Frame> => {
    while (!text.includes('\n\n')) await once(response, 'data');
    const [line = '', ...rest] = text.split('\n\n');
    text = rest.join('\n\n');
    return JSON.parse(line.slice('data: '.length));
  };
  return { next, end: () => outgoing.destroy() };
}

describe('the server of the console', () => {
  let demo: Demonstration;
  let url: string;
  before(async () => {
    demo = await demonstrate();
    url = demo.console.url;
  });
  after(() => demo.close());

  const post = (path: string, body: unknown, headers: OutgoingHttpHeaders = {}) =>
    ask(url + path, { method: 'POST', headers: { 'content-type': 'application/json', ...headers }, body: JSON.stringify(body) });
  const press = async (scenario: string): Promise<Sent> => JSON.parse((await post('api/press', { scenario })).text);

  test('reports on decision logs where it is given some, and says so where they cannot be read', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'console-report-'));
    const page = await startConsole({ port: 0, readiness: { logs: [join(folder, 'none.jsonl')] } });
    const other = await startConsole({ port: 0, readiness: { logs: [folder], thresholds: { days: 1 } } });
    try {
      const missing = await ask(`${page.url}api/report`);
      equal(missing.status, 404);
      equal(JSON.parse(missing.text).error.code, 'no-report');
      doesNotMatch(missing.text, /none\.jsonl|console-report/);
      const line = { time: Date.UTC(2026, 0, 1), route: 'pay', mode: 'observe', action: 'pass', version: '1.0', platform: 'ios' };
      const lines = [
        { ...line, outcome: 'accepted', code: 'accepted' },
        { ...line, outcome: 'rejected', code: 'token-sdk-status' },
      ];
      writeFileSync(join(folder, 'a.jsonl'), `${lines.map((row) => JSON.stringify(row)).join('\n')}\ncut off`);
      const { all, refused, genuine, ready, damaged, classes, byRoute, isLive } = JSON.parse((await ask(`${other.url}api/report`)).text);
      deepEqual([all, refused, genuine, ready, damaged, isLive], [2, 1, 1, false, 1, false]);
      deepEqual(
        classes.map(({ name }: { name: string }) => name),
        ['verified', 'no-token'],
      );
      equal(byRoute[0].name, 'pay');
    } finally {
      await page.close();
      await other.close();
      rmSync(folder, { recursive: true });
    }
  });

  test('takes requests of its own page only', async () => {
    const { port } = new URL(url);
    const refused: OutgoingHttpHeaders[] = [
      { host: 'rebound.example' },
      { host: `rebound.example:${port}` },
      { host: '127.0.0.1:1' },
      { host: `127.0.0.1.:${port}` },
      { origin: 'https://evil.example' },
      { origin: 'null' },
      { origin: `https://127.0.0.1:${port}` },
      { 'sec-fetch-site': 'cross-site' },
      { 'sec-fetch-site': 'same-site' },
    ];
    for (const headers of refused)
      for (const path of ['', 'api/stream', 'api/setup', 'api/ways/1']) {
        const { status, text } = await ask(url + path, { headers });
        equal(status, 403, JSON.stringify(headers));
        equal(JSON.parse(text).error.code, 'stranger');
      }
    equal(
      (await ask(url, { headers: { host: `localhost:${port}`, origin: `http://localhost:${port}`, 'sec-fetch-site': 'same-origin' } }))
        .status,
      200,
    );
  });

  test('answers other methods, paths, types and sizes with a reason, and never with a file', async () => {
    equal((await ask(url, { method: 'PUT' })).status, 405);
    equal(
      (await ask(url, { method: 'OPTIONS', headers: { 'access-control-request-method': 'POST' } })).headers['access-control-allow-origin'],
      undefined,
    );
    for (const path of ['../package.json', '..%2f..%2fpackage.json', 'assets/', 'index.html%00', '__proto__', 'constructor'])
      equal((await ask(`${url}${path}`)).status, 404, path);
    equal(
      (await ask(`${url}api/press`, { method: 'POST', headers: { 'content-type': 'text/plain' }, body: '{"scenario":"none"}' })).status,
      415,
    );
    equal((await post('api/press', { scenario: 'x'.repeat(70_000) })).status, 413);
    equal((await post('api/press', ['none'])).status, 413);
    equal((await post('api/press', { scenario: '__proto__' })).status, 400);
    equal((await ask(`${url}api/ways/999999`)).status, 404);
  });

  test('every answer carries a policy that lets nothing in from elsewhere', async () => {
    for (const path of ['', 'api/setup', 'nothing']) {
      const { headers } = await ask(url + path);
      const policy = String(headers['content-security-policy']);
      match(policy, /^default-src 'none'; script-src 'self'; style-src 'self'/);
      doesNotMatch(policy, /unsafe|data:|\*|http/);
      equal(headers['x-content-type-options'], 'nosniff');
      equal(headers['cache-control'], 'no-store');
    }
    const page = (await ask(url)).text;
    doesNotMatch(page, /<script(?![^>]* src="\/)|<style| style=| on\w+=|https?:/);
  });

  test('each button gets the status and the verdict that it promises, also over HTTP', async () => {
    for (const { id, expects } of SCENARIOS) {
      const { status, way, answer } = await press(id);
      deepEqual([status, way?.decision.code], [expects.status, expects.code], id);
      equal(way?.checks.filter(({ decisive }) => decisive).length, expects.code === 'accepted' ? 0 : 1, id);
      if (expects.code !== 'accepted' && id !== 'method') equal(answer, '{}', id);
    }
  });

  test('what cannot be sent is refused with a sentence, and no other server is called', async () => {
    const good = { method: 'GET', target: '/v2/shapes', headers: [], body: null };
    const wrong = [
      { ...good, target: 'http://other.example/' },
      { ...good, target: '/a b' },
      { ...good, target: '/a\r\nX: y' },
      { ...good, method: 'GET /x HTTP/1.1\r\n' },
      { ...good, method: 7 },
      { ...good, headers: [['Host', 'other.example']] },
      { ...good, headers: [['transfer-encoding', 'chunked']] },
      { ...good, headers: [['a b', 'c']] },
      { ...good, headers: [['a', 'b\r\nc: d']] },
      { ...good, headers: [['__proto__']] },
      { ...good, headers: 'a: b' },
      { ...good, body: 5 },
      null,
      7,
    ];
    for (const given of wrong) {
      const { status, text } = await post('api/send', { request: given });
      equal(status, 400, JSON.stringify(given));
      equal(JSON.parse(text).error.code, 'request');
    }
    const open: Sent = JSON.parse((await post('api/send', { request: { ...good, target: '/elsewhere' } })).text);
    deepEqual([open.status, open.way], [404, null]);
  });

  test('a stream begins with everything, goes on with what is new, and holds no token, bound value or query', async () => {
    const stream = await frames(url);
    const first = await stream.next();
    equal(first.first, true);
    const token = exampleToken({ secret: freshSecret() });
    await ask(`${demo.api}/v2/forms?password=hunter2`, { headers: { 'approov-token': token, authorization: 'Bearer very-secret' } });
    let frame = await stream.next();
    while (frame.decisions.length === 0) frame = await stream.next();
    equal(frame.first, false);
    const [decision] = frame.decisions;
    deepEqual([decision?.code, decision?.path, decision?.method], ['token-signature-invalid', '/v2/forms', 'GET']);
    let way = await ask(`${url}api/ways/${decision?.id}`);
    while (way.status === 404) way = await ask(`${url}api/ways/${decision?.id}`);
    for (const text of [JSON.stringify(frame), way.text]) {
      doesNotMatch(text, /hunter2|very-secret/);
      ok(!text.includes(token) && !text.includes(token.split('.')[2] ?? ''));
    }
    stream.end();
  });

  test('says where nothing is to be had: too many readers, production, a wrong port, no page to build requests for', async () => {
    const many = await Promise.all(Array.from({ length: 20 }, () => frames(url)));
    equal((await ask(`${url}api/stream`)).status, 503);
    for (const { end } of many) end();
    const quiet = await startConsole({ port: 0 });
    equal(JSON.parse((await ask(`${quiet.url}api/setup`)).text).api, null);
    const pressed = await ask(`${quiet.url}api/press`, { method: 'POST', headers: { 'content-type': 'application/json' }, body: '{}' });
    equal(pressed.status, 404);
    await quiet.close();
    await rejects(startConsole({ port: 70_000 }), { name: 'ConsoleError', code: 'port' });
    const paths = { token: '/', binding: '/', signature: '/' };
    await rejects(startConsole({ port: 0, api: { origin: 'http://x/path', secret: freshSecret(), apiKey: '', paths } }), { code: 'api' });
  });

  test('refuses to start in production without a flag', async () => {
    const before = process.env.NODE_ENV;
    const guard = createGuard({ keys: { secret: freshSecret() } });
    process.env.NODE_ENV = 'production';
    try {
      await rejects(startConsole({ port: 0 }), { name: 'ConsoleError', code: 'production' });
      throws(() => watch(guard), { code: 'production' });
      await (await startConsole({ port: 0, allowInProduction: true })).close();
      equal(watch(guard, { allowInProduction: true }).counters().accepted, 0);
    } finally {
      if (before === undefined) delete process.env.NODE_ENV;
      else process.env.NODE_ENV = before;
    }
  });

  test('a watched guard decides as the guard does, also where watching fails', async () => {
    const secret = freshSecret();
    const guard = createGuard({ keys: { secret } });
    const visible = watch(guard);
    const genuine = requestView({ headers: { 'approov-token': exampleToken({ secret }) } });
    equal((await visible.decide(genuine)).action, 'pass');
    equal((await visible.decide(requestView())).action, 'refuse');
    // It throws where the guard does not look.
    const odd = { ...requestView(), lines: (name: string) => (name === 'user-agent' ? fail() : []) };
    equal((await visible.decide(odd)).action, 'refuse');
    equal((await visible.judge(genuine)).outcome, 'accepted');
    deepEqual(visible.counters(), guard.counters());
    visible.close();
  });
});

function fail(): never {
  throw new Error('no');
}
