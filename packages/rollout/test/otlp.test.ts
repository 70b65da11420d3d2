import assert from 'node:assert/strict';
import { once } from 'node:events';
import { createServer, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { type TestContext, test } from 'node:test';
import { type OtlpLogOptions, otlpDecisionLog } from '@approov-guard/rollout';
import { exampleClaims, freshSecret, mintToken, requestView } from '@approov-guard/testkit';
import { createGuard, type Guard } from 'approov-guard';

const secret = freshSecret();
const deviceKey = 'a key that the instances share';

interface Exported {
  readonly resourceLogs: readonly {
    readonly resource: { readonly attributes: readonly unknown[] };
    readonly scopeLogs: readonly { readonly logRecords: readonly LogRecord[] }[];
  }[];
}

interface LogRecord {
  readonly timeUnixNano: string;
  readonly severityText: string;
  readonly body: { readonly stringValue: string };
  readonly attributes: readonly { readonly key: string; readonly value: { readonly [type: string]: unknown } }[];
}

interface Collector {
  readonly url: string;
  readonly bodies: string[];
  readonly headers: { readonly [name: string]: unknown }[];
  answer: (response: ServerResponse) => void;
}

async function collector(context: TestContext): Promise<Collector> {
  const made: { -readonly [Name in keyof Collector]: Collector[Name] } = {
    url: '',
    bodies: [],
    headers: [],
    answer: (response) => response.end('{}'),
  };
  const server = createServer((request, response) => {
    let text = '';
    request.setEncoding('utf8').on('data', (chunk) => (text += chunk));
    request.on('end', () => {
      made.bodies.push(text);
      made.headers.push(request.headers);
      made.answer(response);
    });
  }).listen(0, '127.0.0.1');
  await once(server, 'listening');
  context.after(() => {
    server.closeAllConnections();
    server.close();
  });
  made.url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/v1/logs`;
  return made;
}

function logTo(context: TestContext, url: string, options: Partial<OtlpLogOptions> = {}) {
  const log = otlpDecisionLog({ url, deviceKey, flushMs: 60_000, ...options });
  context.after(() => log.close());
  const guard: Guard = createGuard({ keys: { secret }, mode: 'observe', onVerdict: log.onVerdict });
  const decide = async (times: number, headers: { readonly [name: string]: string } = {}): Promise<void> => {
    for (let index = 0; index < times; index++) await guard.decide({ ...requestView({ headers }), peer: '203.0.113.77' });
  };
  return { log, guard, decide };
}

const recordsOf = (bodies: readonly string[]): readonly LogRecord[] =>
  bodies.flatMap((body) =>
    (JSON.parse(body) as Exported).resourceLogs.flatMap(({ scopeLogs }) => scopeLogs.flatMap(({ logRecords }) => logRecords)),
  );

test('a decision is a record of its attributes, without a token or a device', async (context) => {
  const to = await collector(context);
  const { log, decide } = logTo(context, to.url, { exportHeaders: { 'x-key': 'k' }, resource: { 'service.name': 'api' } });
  const token = mintToken({ secret, claims: { ...exampleClaims, did: 'raw-device' } });
  await decide(1, { 'approov-token': token, 'x-app-version': '"4.2\u00e9', 'x-app-platform': 'ios' });
  await decide(1);
  await log.flush();
  assert.deepEqual(log.counts(), { sent: 2, dropped: 0, pending: 0 });
  const [accepted, missing] = recordsOf(to.bodies);
  const attributes = Object.fromEntries(accepted?.attributes.map(({ key, value }) => [key, Object.values(value)[0]]) ?? []);
  assert.match(String(attributes['approov.device']), /^[0-9a-f]{16}$/);
  assert.deepEqual(
    [attributes['approov.version'], attributes['approov.outcome'], attributes['approov.address'], attributes['approov.again']],
    ['"4.2\u00e9', 'accepted', '203.0.113.0/24', false],
  );
  assert.match(accepted?.timeUnixNano ?? '', /^\d{19}$/);
  assert.deepEqual([missing?.severityText, missing?.body.stringValue], ['WARN', 'token-missing']);
  assert.equal(to.headers[0]?.['x-key'], 'k');
  assert.equal(to.headers[0]?.['content-type'], 'application/json');
  const text = to.bodies.join('');
  for (const hidden of [token, 'raw-device', '203.0.113.77', deviceKey]) assert.ok(!text.includes(hidden));
});

test('a collector that is away: records wait, within bounds; what does not fit is counted', async (context) => {
  const to = await collector(context);
  to.answer = (response) => response.writeHead(503).end();
  const { log, decide } = logTo(context, to.url, { maxPending: 50, maxBatch: 20 });
  await decide(80);
  await log.flush();
  assert.deepEqual(log.counts(), { sent: 0, dropped: 30, pending: 50 });
  // One attempt a flush: a collector that is away is not called for every batch.
  assert.equal(to.bodies.length, 1);
  to.answer = (response) => response.end('{}');
  await log.flush();
  assert.deepEqual(log.counts(), { sent: 50, dropped: 30, pending: 0 });
  assert.equal(recordsOf(to.bodies.slice(1)).length, 50);
});

test('a batch that is never taken, or refused, is given up, and counted', async (context) => {
  const to = await collector(context);
  to.answer = (response) => response.destroy();
  const { log, decide } = logTo(context, to.url, { maxBatch: 4 });
  await decide(6);
  for (let round = 0; round < 5; round++) await log.flush();
  assert.deepEqual(log.counts(), { sent: 0, dropped: 4, pending: 2 });
  to.answer = (response) => response.writeHead(400).end('no');
  await log.flush();
  assert.deepEqual(log.counts(), { sent: 0, dropped: 6, pending: 0 });
  to.answer = (response) => response.end('{"partialSuccess":{"rejectedLogRecords":"3","errorMessage":"too old"}}');
  await decide(4);
  await log.flush();
  assert.deepEqual(log.counts(), { sent: 1, dropped: 9, pending: 0 });
  await decide(2);
  to.answer = (response) => response.writeHead(429).end();
  await log.close();
  assert.deepEqual(log.counts(), { sent: 1, dropped: 11, pending: 0 });
});

test('settings that cannot be used are refused by name', () => {
  assert.throws(() => otlpDecisionLog({ url: 'file:///x', deviceKey }), /url/);
  assert.throws(() => otlpDecisionLog({ url: 'http://127.0.0.1', deviceKey: 'short' }), /deviceKey/);
  assert.throws(() => otlpDecisionLog({ url: 'http://127.0.0.1', deviceKey, maxBatch: 0 }), /maxBatch/);
});
