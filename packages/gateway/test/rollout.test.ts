/** The roll-out of a policy file before a real upstream: cohorts, switch, breaker, exemptions, and what the admin listener shows of them. */
import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import test, { type TestContext } from 'node:test';
import { compileFor, DIALECTS, startAuthorizer } from '@approov-guard/gateway';
import { signExemption } from '@approov-guard/rollout';
import { exampleToken } from '@approov-guard/testkit';
import { ConfigurationError } from 'approov-guard';
import { skipUnless } from '../../../tools/optional.mjs';
import { until } from '../../../tools/until.mjs';
import { redisProgram, startRedis } from '../../guard/test/replay/redis-server.ts';
import { env, gatewayTo, genuine, get, keys, raw, secret, upstream, valuesOf } from './harness.ts';

const START = Date.UTC(2026, 10, 27, 12);
const EXEMPTION_KEY = randomBytes(32).toString('base64');
const variables = { ...env, COHORT_KEY: randomBytes(32).toString('hex'), SWITCH_TOKEN: randomBytes(32).toString('hex'), EXEMPTION_KEY };
const bearer = { authorization: `Bearer ${variables.SWITCH_TOKEN}` };
const switchSection = { token: { env: 'SWITCH_TOKEN' } };

interface Given {
  readonly rollout?: object;
  readonly policy?: object;
  readonly gateway?: object;
  readonly file?: string;
}

async function api(context: TestContext, { rollout = {}, policy = {}, gateway: settings = {} }: Given = {}) {
  const behind = await upstream(context);
  let at = START;
  const notes: string[] = [];
  const lines: string[] = [];
  const gateway = await gatewayTo(context, behind.url, {
    policy: { rollout, ...policy },
    gateway: { admin: '127.0.0.1:0', log: { format: 'json' }, ...settings },
    options: {
      env: variables,
      guard: { now: () => at },
      onNote: (note) => notes.push(note),
      output: { write: (text: string) => lines.push(text) },
    },
  });
  return {
    gateway,
    behind,
    notes,
    lines,
    pass: (ms: number) => {
      at += ms;
    },
    status: async (...headers: readonly (readonly [string, string])[]) => (await raw(gateway.port, get('/', ...headers))).status,
    order: async (path: string, body: object | string, headers: object = bearer) => {
      const answer = await fetch(`${gateway.adminUrl}${path}`, {
        method: 'POST',
        headers: { ...headers },
        body: typeof body === 'string' ? body : JSON.stringify(body),
      });
      return { status: answer.status, body: (await answer.json()) as { readonly [name: string]: unknown } };
    },
    metrics: async () => (await fetch(`${gateway.adminUrl}/metrics`)).text(),
    shown: async () =>
      (await fetch(`${gateway.adminUrl}/policy`)).json() as Promise<{ rollout: { [name: string]: unknown }; policy: object }>,
  };
}

const late = (did: string): readonly [string, string] => [
  'Approov-Token',
  exampleToken({ secret, claims: { did, exp: START / 1000 - 60 } }),
];

test('the switch: an authenticated POST with an end, an audit line, shown, and over by itself', async (context) => {
  const { status, order, metrics, shown, pass, notes } = await api(context, { rollout: { instance: 'edge-1', switch: switchSection } });
  const wish = { minutes: 30, by: 'anna', why: 'payments fail' };
  assert.equal(await status(), 401);
  for (const headers of [{}, { authorization: 'Bearer x' }, { authorization: variables.SWITCH_TOKEN }])
    assert.equal((await order('/switch', wish, headers)).status, 401);
  for (const body of [
    'x',
    '[]',
    {},
    { by: 'anna', why: 'x' },
    { ...wish, minutes: 1e9 },
    { ...wish, by: '' },
    { ...wish, more: 1 },
    { ...wish, until: 'x' },
  ])
    assert.equal((await order('/switch', body)).status, 400, JSON.stringify(body));
  assert.equal((await order('/switch', { ...wish, why: 'x'.repeat(5000) })).status, 413);
  assert.equal(await status(), 401);

  const { status: obeyed } = await order('/switch', wish);
  assert.deepEqual([obeyed, await status()], [200, 200]);
  const { rollout } = await shown();
  assert.equal(rollout.observing, 'switch');
  assert.deepEqual((rollout.switch as { on: object }).on, {
    by: 'anna',
    why: 'payments fail',
    place: 'hand',
    since: '2026-11-27T12:00:00.000Z',
    until: '2026-11-27T12:30:00.000Z',
  });
  assert.match(await metrics(), /^approov_rollout_observing\{why="switch"\} 1$/m);
  assert.match(await metrics(), /^approov_gateway_enforced_share 0$/m);
  const audit = notes.filter((note) => note.startsWith('rollout: ')).map((note) => JSON.parse(note.slice(9)));
  assert.deepEqual(audit, [
    {
      time: '2026-11-27T12:00:00.000Z',
      instance: 'edge-1',
      type: 'switch-on',
      place: 'hand',
      until: '2026-11-27T12:30:00.000Z',
      by: 'anna',
      why: 'payments fail',
    },
  ]);
  pass(30 * 60_000);
  assert.equal(await status(), 401);
  assert.match(await metrics(), /^approov_gateway_enforced_share 1$/m);
  await order('/switch', wish);
  assert.equal((await order('/switch', { off: true, by: 'bert', why: 'fixed' })).status, 200);
  assert.equal(await status(), 401);
});

test('without a token no order is taken, and secrets are shown nowhere', async (context) => {
  const open = await api(context, { rollout: {} });
  assert.equal((await open.order('/switch', { minutes: 5, by: 'a', why: 'b' })).status, 403);
  const { order, shown } = await api(context, {
    rollout: {
      switch: switchSection,
      cohortKey: { env: 'COHORT_KEY' },
      share: 0.5,
      exemptions: { keys: [{ secret: { env: 'EXEMPTION_KEY' } }] },
    },
  });
  const text = JSON.stringify([await shown(), await order('/breaker', { close: true, by: 'a', why: 'b' })]);
  for (const value of Object.values(variables)) assert.ok(!text.includes(value));
});

test('the switch survives a re-reading of the file, and a bad file keeps the old state', async (context) => {
  const folder = mkdtempSync(join(tmpdir(), 'gateway-rollout-'));
  context.after(() => rmSync(folder, { recursive: true }));
  const file = join(folder, 'policy.json');
  const behind = await upstream(context);
  const write = (rollout: object, more: object = {}) =>
    writeFileSync(
      file,
      JSON.stringify({
        keys,
        rollout,
        ...more,
        gateway: { to: behind.url, listen: '127.0.0.1:0', admin: '127.0.0.1:0', log: null, timeouts: { drainSeconds: 0 } },
      }),
    );
  const section = { switch: { ...switchSection, file: 'observe.json' } };
  write(section);
  const { startGateway } = await import('@approov-guard/gateway');
  const notes: string[] = [];
  const gateway = await startGateway({ policy: file, env: variables, onNote: (note) => notes.push(note), pollSeconds: 3600 });
  context.after(() => gateway.drain());
  const port = Number(new URL(gateway.urls[0] ?? '').port);
  const status = async () => (await raw(port, get('/'))).status;
  assert.equal(await status(), 401);
  const order = { path: '/switch', authorization: bearer.authorization, body: JSON.stringify({ minutes: 5, by: 'anna', why: 'x' }) };
  assert.equal(gateway.order(order).status, 200);
  write({ ...section, breaker: { windowSeconds: 60 } });
  assert.ok(gateway.reload());
  assert.equal(await status(), 200);
  // What is wrong in the section is named, and nothing changes.
  for (const [bad, path] of [
    [{ ...section, share: 2 }, 'rollout.share'],
    [{ ...section, share: 0.5 }, 'rollout.cohortKey'],
    [{ ...section, breaker: { windowSeconds: 0 } }, 'rollout.breaker.windowSeconds'],
    [{ ...section, versions: { enforce: 'new ones' } }, 'rollout.versions.enforce'],
    [{ ...section, routes: { pay: { versions: { enforce: '>' } } } }, 'rollout.routes.pay.versions.enforce'],
    [{ ...section, exemptions: { keys: [] } }, 'rollout.exemptions.keys'],
    [{ ...section, cohortKey: 'written out, which is refused' }, 'rollout.cohortKey'],
    [{ ...section, shared: { url: 'http://x' } }, 'rollout.shared.url'],
    [{ ...section, more: 1 }, 'rollout.more'],
  ] as const) {
    write(bad);
    assert.ok(!gateway.reload(), path);
    assert.ok(notes.at(-1)?.includes(path), `${path}: ${notes.at(-1)}`);
  }
  write(section, { mode: 'obsrve' });
  assert.ok(!gateway.reload());
  assert.equal(await status(), 200);
  // A file beside the policy throws it, too, and outlives the process.
  gateway.order({ ...order, body: JSON.stringify({ off: true, by: 'anna', why: 'x' }) });
  assert.equal(await status(), 401);
  writeFileSync(join(folder, 'observe.json'), JSON.stringify({ minutes: 5, by: 'anna', why: 'x' }));
  write(section);
  const again = await startGateway({ policy: file, env: variables, pollSeconds: 3600 });
  context.after(() => again.drain());
  assert.equal((await raw(Number(new URL(again.urls[0] ?? '').port), get('/'))).status, 200);
});

test('exemptions pass on their routes, each use is a line, and the header goes no further', async (context) => {
  const rollout = { instance: 'edge-1', exemptions: { keys: [{ secret: { env: 'EXEMPTION_KEY' } }], header: 'X-Review' } };
  const { status, behind, lines, metrics, gateway } = await api(context, {
    rollout,
    policy: { routes: [{ match: { path: '/pay' }, name: 'pay' }] },
  });
  const from = START / 1000;
  const value = signExemption({ id: 'review', routes: ['default'], from, until: from + 3600, by: 'anna' }, { secret: EXEMPTION_KEY });
  assert.equal(await status(['X-Review', value]), 200);
  assert.equal((await raw(gateway.port, get('/pay', ['X-Review', value]))).status, 401);
  assert.equal(await status(['X-Review', `${value.slice(0, -2)}AA`]), 401);
  assert.equal(await status(genuine(), ['X-Review', value], ['x_review', value]), 200);
  for (const received of behind.received) assert.ok(!JSON.stringify(received.lines).includes(value));
  assert.deepEqual(
    behind.received.flatMap((received) => valuesOf(received, 'x-review')),
    [],
  );
  await gateway.drain();
  const uses = lines
    .join('')
    .split('\n')
    .filter((line) => line.includes('exemption-used'))
    .map((line) => JSON.parse(line));
  assert.equal(uses.length, 1);
  assert.deepEqual([uses[0].id, uses[0].route, uses[0].instance], ['review', 'default', 'edge-1']);
  assert.ok(metrics !== undefined && !lines.join('').includes(value));
  const line = JSON.parse(
    lines
      .join('')
      .split('\n')
      .find((text) => text.includes('"status"')) ?? '{}',
  );
  assert.equal(line.instance, 'edge-1');
  assert.match(line.time, /T\d\d:\d\d:\d\d\.\d{3}Z$/);
});

test('a client header of that name reaches no server, also where no exemptions are taken', async (context) => {
  const behind = await upstream(context);
  const { port } = await gatewayTo(context, behind.url, { options: { env: variables } });
  assert.equal((await raw(port, get('/', genuine(), ['Approov-Exemption', 'x'], ['APPROOV_EXEMPTION', 'x']))).status, 200);
  assert.ok(!/exemption/i.test(JSON.stringify(behind.received)));
});

test('shares, ramps and versions by route; what a route only observes stays observed', async (context) => {
  const rollout = {
    cohortKey: { env: 'COHORT_KEY' },
    share: [{ from: '2026-11-27T13:00:00Z', share: 1 }],
    routes: { pay: { share: 1, versions: { enforce: '>=3.2' } }, open: { share: 1 } },
  };
  const routes = [
    { match: { path: '/pay' }, name: 'pay' },
    { match: { path: '/open' }, name: 'open', mode: 'observe' },
    { match: { path: '/parts' }, name: 'parts', mode: { token: 'observe' } },
  ];
  const { gateway, pass } = await api(context, { rollout, policy: { routes } });
  const at = async (path: string, version: string) => (await raw(gateway.port, get(path, ['x-app-version', version]))).status;
  assert.deepEqual([await at('/', '1'), await at('/pay', '3.2'), await at('/pay', '3.1'), await at('/open', '9')], [200, 401, 200, 200]);
  pass(3_600_000);
  assert.deepEqual([await at('/', '1'), await at('/pay', '3.2'), await at('/open', '9'), await at('/parts', '9')], [401, 401, 200, 200]);
});

test('the breaker of the gateway opens, is shown, and is closed by an order', async (context) => {
  const { status, order, metrics, shown, pass } = await api(context, { rollout: { switch: switchSection } });
  for (let second = 0; second < 30; second++) {
    for (let index = 0; index < 30; index++) await status(late(`device-${index}`));
    pass(1000);
    if ((await shown()).rollout.observing === 'breaker') break;
  }
  assert.match(await metrics(), /^approov_rollout_observing\{why="breaker"\} 1$/m);
  assert.equal(await status(late('device-1')), 200);
  const { status: obeyed } = await order('/breaker', { close: true, by: 'anna', why: 'attackers', holdMinutes: 10 });
  assert.deepEqual([obeyed, await status(late('device-1'))], [200, 401]);
  assert.match(await metrics(), /^approov_rollout_events_total\{type="breaker-closed"\} 1$/m);
});

test(
  'Redis of the roll-out being away neither makes the gateway unready nor refuses anybody',
  skipUnless(redisProgram, 'redis-server'),
  async (context) => {
    const redis = await startRedis();
    context.after(() => redis.remove());
    const rollout = { shared: { url: `redis://127.0.0.1:${redis.port}`, intervalSeconds: 0.1 } };
    const { gateway, status, metrics } = await api(context, { rollout });
    await until(async () => /^approov_rollout_shared_connected 1$/m.test(await metrics()));
    await redis.kill();
    await until(async () => /^approov_rollout_shared_connected 0$/m.test(await metrics()));
    assert.equal(await status(genuine({ now: START })), 200);
    assert.equal((await gateway.ready()).ready, true);
  },
);

test('metrics tell when each key was used last', async (context) => {
  const policy = {
    keys: {
      secrets: [
        { kid: 'new', base64: { env: 'SWITCH_TOKEN' } },
        { kid: 'old', base64: { env: 'APPROOV_BASE64_SECRET' } },
      ],
    },
  };
  const behind = await upstream(context);
  const given = { ...variables, SWITCH_TOKEN: randomBytes(64).toString('base64') };
  const gateway = await gatewayTo(context, behind.url, { policy, options: { env: given, guard: { now: () => START } } });
  await raw(gateway.port, get('/', genuine({ now: START })));
  const counts = gateway.counts();
  assert.deepEqual(
    ['uses_total', 'last_used_seconds', 'since_seconds'].flatMap((name) =>
      ['old', 'new'].map((key) => counts[`approov_gateway_key_${name}{key="${key}"}`]),
    ),
    [1, 0, START / 1000, 0, START / 1000, START / 1000],
  );
});

test('the authoriser takes orders and exemptions, too, and each proxy removes the header behind the question', async (context) => {
  const exemptions = { keys: [{ secret: { env: 'EXEMPTION_KEY' } }] };
  const policy = {
    keys,
    rollout: { switch: switchSection, exemptions },
    authorizer: { for: 'nginx', listen: '127.0.0.1:0', admin: '127.0.0.1:0', log: null },
  };
  const authorizer = await startAuthorizer({ policy, env: variables, guard: { now: () => START } });
  context.after(() => authorizer.drain());
  const stated = { 'x-original-method': 'GET', 'x-original-uri': '/', 'x-original-host': 'api.example.com', 'x-original-scheme': 'https' };
  const ask = async (headers: object) => (await fetch(authorizer.url, { headers: { ...stated, ...headers } })).status;
  const from = START / 1000;
  const value = signExemption({ id: 'review', routes: ['default'], from, until: from + 3600, by: 'anna' }, { secret: EXEMPTION_KEY });
  assert.deepEqual([await ask({}), await ask({ 'approov-exemption': value })], [401, 200]);
  const answer = await fetch(`${authorizer.adminUrl}/switch`, {
    method: 'POST',
    headers: bearer,
    body: JSON.stringify({ minutes: 5, by: 'anna', why: 'x' }),
  });
  assert.deepEqual([answer.status, await ask({})], [200, 200]);
  for (const name of DIALECTS) {
    const target = name === 'haproxy' ? 'haproxy-asks' : name;
    const { keys: given, rollout } = policy;
    const text = compileFor(target, { keys: given, rollout }, { to: '127.0.0.1:5000', listen: '127.0.0.1:8002' }, variables)
      .map((file) => file.text)
      .join('');
    assert.match(text, /approov-exemption/i, name);
    for (const secretText of Object.values(variables)) assert.ok(!text.includes(secretText));
  }
});

test('an engine that enforces by itself has no roll-out, and says so', () => {
  assert.throws(
    () => compileFor('haproxy', { keys, rollout: {} }, { to: '127.0.0.1:5000', listen: '127.0.0.1:8002' }, variables),
    (error) => error instanceof ConfigurationError && error.path === 'rollout',
  );
});
