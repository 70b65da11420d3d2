import assert from 'node:assert/strict';
import { subscribe, unsubscribe } from 'node:diagnostics_channel';
import { Writable } from 'node:stream';
import { test } from 'node:test';
import { exampleToken, freshSecret, requestView } from '@approov-guard/testkit';
import { Logger } from '@nestjs/common';
import { context, trace } from '@opentelemetry/api';
import { AsyncLocalStorageContextManager } from '@opentelemetry/context-async-hooks';
import { DataPointType, MeterProvider, MetricReader } from '@opentelemetry/sdk-metrics';
import { BasicTracerProvider, InMemorySpanExporter, SimpleSpanProcessor } from '@opentelemetry/sdk-trace-base';
import { createGuard, type Guard, type OnVerdict } from 'approov-guard';
import { DECISION_CHANNEL, type DecisionEvent, diagnostics } from 'approov-guard/diagnostics';
import { approov } from 'approov-guard/fastify';
import { consoleLog, logDecision, nestLog, pinoLog } from 'approov-guard/logging';
import { opentelemetry } from 'approov-guard/opentelemetry';
import { prometheus } from 'approov-guard/prometheus';
import fastify from 'fastify';
import { pino } from 'pino';

const secret = freshSecret();
const good = exampleToken({ secret });

function guardWith(onVerdict: OnVerdict | OnVerdict[]): Guard {
  return createGuard({ keys: { secret }, onVerdict, routes: [{ match: { path: '/pay/*' }, name: 'pay"', mode: 'observe' }] });
}

async function decideSome(guard: Guard): Promise<void> {
  for (let index = 0; index < 3; index++)
    await guard.decide(requestView({ target: `/made/up/${index}`, headers: { 'approov-token': good } }));
  await guard.decide(requestView({ target: '/pay/1?access_token=hidden', headers: { 'approov-token': 'NO_NETWORK' } }));
  await guard.decide(requestView({ target: '/x', headers: {} }));
}

test('Prometheus: series by route name and code, never by path; names are escaped', async () => {
  const metrics = prometheus();
  const guard = guardWith(metrics.onVerdict);
  metrics.watch(guard);
  await decideSome(guard);
  const text = metrics.text();
  assert.match(
    text,
    /^approov_guard_decisions_total\{route="default",outcome="accepted",code="accepted",mode="enforce",action="pass"\} 3$/m,
  );
  assert.match(
    text,
    /^approov_guard_decisions_total\{route="pay\\"",outcome="rejected",code="token-sdk-status",stage="token",mode="observe",action="pass"\} 1$/m,
  );
  assert.match(text, /^approov_guard_decision_duration_seconds_count 5$/m);
  assert.match(text, /^approov_guard_key_uses_total\{guard="guard",key=".+",algorithm="HS256"\} 3$/m);
  assert.doesNotMatch(text, /\/made|hidden|\/pay/);
  assert.ok(!text.includes(good));
  for (const line of text.trimEnd().split('\n')) assert.match(line, /^(# (HELP|TYPE) \w+ .+|\w+(\{.*\})? [-+.\de]+)$/);
});

test('what one request more may add to the series is bounded, whatever the request', async () => {
  const metrics = prometheus();
  const guard = guardWith(metrics.onVerdict);
  const linesAfter = async (count: number): Promise<number> => {
    for (let index = 0; index < count; index++)
      await guard.decide(requestView({ method: `M${index}`, target: `/${index}`, headers: { 'approov-token': `t${index}` } }));
    return metrics.text().split('\n').length;
  };
  const once = await linesAfter(1);
  assert.equal(await linesAfter(2000), once);
});

test('OpenTelemetry: the SDK exports the same counts, and the active span has the event', async () => {
  class Reader extends MetricReader {
    protected override async onForceFlush(): Promise<void> {}
    protected override async onShutdown(): Promise<void> {}
  }
  const reader = new Reader();
  const meters = new MeterProvider({ readers: [reader] });
  const spans = new InMemorySpanExporter();
  const tracer = new BasicTracerProvider({ spanProcessors: [new SimpleSpanProcessor(spans)] }).getTracer('api');
  context.setGlobalContextManager(new AsyncLocalStorageContextManager().enable());
  const telemetry = opentelemetry({ meter: meters.getMeter('approov-guard'), trace });
  const guard = guardWith(telemetry.onVerdict);
  telemetry.watch(guard, 'api');
  const span = tracer.startSpan('GET /');
  await context.with(trace.setSpan(context.active(), span), () => decideSome(guard));
  span.end();
  const [finished] = spans.getFinishedSpans();
  assert.deepEqual(
    finished?.events.map(({ name, attributes }) => [
      name,
      attributes?.['approov.code'],
      attributes?.['approov.action'],
      attributes?.['approov.path'],
    ]),
    [
      ['approov.decision', 'token-sdk-status', 'pass', '/pay/1'],
      ['approov.decision', 'token-missing', 'refuse', '/x'],
    ],
  );
  const { resourceMetrics, errors } = await reader.collect();
  assert.deepEqual(errors, []);
  const metrics = new Map(resourceMetrics.scopeMetrics.flatMap((scope) => scope.metrics).map((metric) => [metric.descriptor.name, metric]));
  const decisions = metrics.get('approov.guard.decisions');
  assert.equal(decisions?.dataPointType, DataPointType.SUM);
  assert.deepEqual(
    decisions.dataPoints.map(({ value, attributes }) => [attributes.code, value]),
    [
      ['accepted', 3],
      ['token-missing', 1],
      ['token-sdk-status', 1],
    ],
  );
  assert.equal(metrics.get('approov.guard.key.uses')?.dataPoints[0]?.value, 3);
  assert.equal(metrics.get('approov.guard.token_cache.capacity')?.dataPoints[0]?.attributes.guard, 'api');
  assert.equal(metrics.get('approov.guard.installation_key_cache.capacity')?.dataPoints[0]?.value, 10_000);
  assert.equal(metrics.get('approov.guard.decision.duration.bucket')?.dataPoints.at(-1)?.value, 5);
  await meters.shutdown();
  context.disable();
});

test('loggers get one line for each decision that was not accepted, and a flood is counted', async () => {
  const lines: { [name: string]: unknown }[] = [];
  const sink = new Writable({
    write(chunk: Buffer, _encoding, done) {
      lines.push(JSON.parse(String(chunk)) as (typeof lines)[0]);
      done();
    },
  });
  await decideSome(guardWith(pinoLog(pino(sink))));
  assert.deepEqual(
    lines.map(({ level, code, action, route, path }) => [level, code, action, route, path]),
    [
      [30, 'token-sdk-status', 'pass', 'pay"', '/pay/1'],
      [40, 'token-missing', 'refuse', 'default', '/x'],
    ],
  );
  const texts: string[] = [];
  const write = (text: string): void => void texts.push(text);
  let at = 1000;
  const guard = createGuard({
    keys: { secret },
    now: () => at,
    onVerdict: consoleLog({ info: write, warn: write, error: write }, { perSecond: 2 }),
  });
  for (let index = 0; index < 5; index++) await guard.decide(requestView({ target: '/a\n\u001b[31mb', headers: {} }));
  at = 2000;
  await guard.decide(requestView({ headers: {} }));
  assert.equal(texts.length, 3);
  assert.ok(texts.every((text) => !/[\n\u001b]/.test(text)));
  assert.equal((JSON.parse(texts[2] ?? '') as { suppressed: number }).suppressed, 3);
  assert.throws(() => consoleLog(console, { perSecond: 0 }), /perSecond/);
});

test("Nest's logger and Fastify's request.log get the line, too", async () => {
  const told: unknown[] = [];
  const logger = new Logger('Approov');
  logger.warn = (line: unknown) => void told.push(line);
  await guardWith(nestLog(logger)).decide(requestView({ headers: {} }));
  assert.equal((told[0] as DecisionEvent).code, 'token-missing');

  const lines: string[] = [];
  const app = fastify({ logger: { level: 'warn', stream: { write: (line: string) => void lines.push(line) } } });
  app.addHook('onRequest', approov({ keys: { secret } }));
  app.addHook('onResponse', async (request) => logDecision(request.log, request.approov));
  app.get('/', async () => 'ok');
  assert.equal((await app.inject('/')).statusCode, 401);
  assert.equal((await app.inject({ url: '/', headers: { 'approov-token': good } })).statusCode, 200);
  await app.close();
  assert.equal(lines.length, 1);
  const line = JSON.parse(lines[0] ?? '') as { code: string; reqId: string };
  assert.equal(line.code, 'token-missing');
  assert.match(line.reqId, /req-/);
});

test('the channel has every decision, without a token or a claim', async () => {
  const events: DecisionEvent[] = [];
  const listen = (event: unknown): void => void events.push(event as DecisionEvent);
  subscribe(DECISION_CHANNEL, listen);
  await decideSome(guardWith(diagnostics()));
  unsubscribe(DECISION_CHANNEL, listen);
  assert.equal(events.length, 5);
  assert.ok(!JSON.stringify(events).includes(good.slice(20, 60)));
  assert.ok(!JSON.stringify(events).includes('hidden'));
});
