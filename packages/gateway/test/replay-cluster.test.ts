/** Replay memory in real clusters, and behind real sentinels: what a lost primary refuses, and that nothing passes twice. */
import assert from 'node:assert/strict';
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { type AddressInfo, createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import test, { type TestContext } from 'node:test';
import type { SendCommand } from 'approov-guard';
import { Redis } from 'iovalkey';
import { skipUnless } from '../../../tools/optional.mjs';
import { freePort } from '../../../tools/start/free-port.mjs';
import { until } from '../../../tools/until.mjs';
import { type RedisServer, redisProgram, startRedis } from '../../guard/test/replay/redis-server.ts';
import { RedisConnections } from '../src/service/redis.ts';
import { gatewayTo, genuine, get, raw, upstream } from './harness.ts';

const SLOTS = 16_384;

/** Asks one server, whatever the cluster thinks. */
async function ask({ port }: { readonly port: number }, ...command: readonly string[]): Promise<string> {
  const client = new Redis({ port, host: '127.0.0.1', retryStrategy: () => null, lazyConnect: true });
  client.on('error', () => undefined);
  try {
    await client.connect();
    const [name = '', ...parameters] = command;
    return String(await client.call(name, ...parameters));
  } finally {
    client.disconnect();
  }
}

async function clusterNode(context: TestContext): Promise<RedisServer & { readonly bus: number }> {
  const bus = await freePort();
  const cluster = ['--cluster-enabled', 'yes', '--cluster-port', String(bus), '--cluster-config-file', 'nodes.conf'];
  const settings = ['--cluster-node-timeout', '1000', '--cluster-require-full-coverage', 'no', '--repl-diskless-sync-delay', '0'];
  const server = await startRedis(['--save', '', '--appendonly', 'no', ...cluster, ...settings]);
  context.after(() => server.remove());
  return Object.assign(server, { bus });
}

/** Three primaries, and a replica of the first. */
async function startCluster(context: TestContext) {
  const [first, second, third, replica] = await Promise.all([0, 1, 2, 3].map(() => clusterNode(context)));
  // The cast holds: four were started.
  const nodes = [first, second, third, replica] as [RedisServer & { bus: number }, RedisServer, RedisServer, RedisServer];
  const primaries = nodes.slice(0, 3);
  for (const [index, node] of primaries.entries()) {
    const range = [Math.floor((index * SLOTS) / 3), Math.floor(((index + 1) * SLOTS) / 3) - 1].map(String);
    await ask(node, 'cluster', 'addslotsrange', ...range);
    // Equal epochs would have to be settled first, by a collision.
    await ask(node, 'cluster', 'set-config-epoch', String(index + 1));
  }
  for (const node of nodes.slice(1)) await ask(node, 'cluster', 'meet', '127.0.0.1', String(nodes[0].port), String(nodes[0].bus));
  const knows = async (node: RedisServer): Promise<boolean> =>
    /cluster_state:ok[\s\S]*cluster_known_nodes:4/.test(await ask(node, 'cluster', 'info'));
  await until(async () => (await Promise.all(nodes.map(knows))).every(Boolean));
  await ask(nodes[3], 'cluster', 'replicate', await ask(nodes[0], 'cluster', 'myid'));
  await until(async () => /master_link_status:up/.test(await ask(nodes[3], 'info', 'replication')));
  return nodes;
}

let number = 0;
const onceOnly = (): readonly [string, string] => genuine({ claims: { did: `device-${number++}` } });
const many = (count: number): readonly (readonly [string, string])[] => Array.from({ length: count }, onceOnly);

test(
  'a cluster: one-time tokens count once, a lost primary refuses its part until its replica stands in',
  skipUnless(redisProgram, 'redis-server'),
  async (context) => {
    const [first, second, third, replica] = await startCluster(context);
    const { url, received } = await upstream(context);
    const cluster = [second, third].map(({ port }) => `redis://127.0.0.1:${port}`);
    const policy = { token: { replay: { redis: { cluster, timeoutSeconds: 5 } } } };
    const one = await gatewayTo(context, url, { policy });
    const other = await gatewayTo(context, url, { policy });
    const statuses = (port: number, tokens: readonly (readonly [string, string])[]): Promise<readonly number[]> =>
      Promise.all(tokens.map(async (token) => (await raw(port, get('/', token))).status));
    const only = (found: readonly number[], ...expected: readonly number[]): void =>
      assert.deepEqual([...new Set(found)].sort(), expected, String(found));

    const accepted = many(60);
    only(await statuses(one.port, accepted), 200);
    only(await statuses(other.port, accepted), 401);
    assert.equal(received.length, 60);

    // What the replica has, the new primary will have.
    await until(async () => (await ask(first, 'dbsize')) === (await ask(replica, 'dbsize')));
    await first.kill();
    let passed = received.length;
    await until(async () => {
      const found = await statuses(one.port, many(30));
      passed += found.filter((status) => status === 200).length;
      assert.ok(
        found.every((status) => status === 200 || status === 503),
        String(found),
      );
      return found.every((status) => status === 200);
    });
    // The other gateway hears of the new primary in its own time; until then it refuses.
    await until(async () => {
      const found = await statuses(other.port, accepted);
      assert.ok(
        found.every((status) => status === 401 || status === 503),
        String(found),
      );
      return found.every((status) => status === 401);
    });
    assert.equal(received.length, passed);

    // This one has no replica: its part is refused, the others go on, and it comes back with the server.
    await second.kill();
    only(await statuses(one.port, many(60)), 200, 503);
    await second.start();
    await until(async () => (await statuses(one.port, many(30))).every((status) => status === 200));
  },
);

/** A server with a file of its own, which it writes. */
async function startSentinel(context: TestContext, primary: number): Promise<number> {
  const folder = mkdtempSync(join(tmpdir(), 'sentinel-'));
  const port = await freePort();
  const lines = [
    `port ${port}`,
    'bind 127.0.0.1',
    `dir ${folder}`,
    `sentinel monitor mymaster 127.0.0.1 ${primary} 1`,
    'sentinel down-after-milliseconds mymaster 500',
    'sentinel failover-timeout mymaster 2000',
  ];
  writeFileSync(join(folder, 'sentinel.conf'), `${lines.join('\n')}\n`);
  const child: ChildProcess = spawn(redisProgram ?? 'redis-server', [join(folder, 'sentinel.conf'), '--sentinel'], { stdio: 'ignore' });
  context.after(async () => {
    const gone = once(child, 'exit');
    child.kill('SIGKILL');
    await gone;
    rmSync(folder, { recursive: true, force: true });
  });
  await until(() =>
    ask({ port }, 'ping').then(
      (answer) => answer === 'PONG',
      () => false,
    ),
  );
  return port;
}

test('sentinels: the gateway follows them to the new primary', skipUnless(redisProgram, 'redis-server'), async (context) => {
  const primary = await startRedis();
  context.after(() => primary.remove());
  const replica = await startRedis(['--save', '', '--replicaof', '127.0.0.1', String(primary.port), '--repl-diskless-sync-delay', '0']);
  context.after(() => replica.remove());
  await until(async () => /master_link_status:up/.test(await ask(replica, 'info', 'replication')));
  const sentinel = await startSentinel(context, primary.port);
  await until(async () => /num-slaves,1/.test(await ask({ port: sentinel }, 'sentinel', 'master', 'mymaster')));

  const { url, received } = await upstream(context);
  const redis = { url: 'redis://mymaster', sentinels: [`redis://127.0.0.1:${sentinel}`], timeoutSeconds: 5 };
  const gateway = await gatewayTo(context, url, { policy: { token: { replay: { redis } } } });
  const status = async (token: readonly [string, string]): Promise<number> => (await raw(gateway.port, get('/', token))).status;
  const before = onceOnly();
  assert.deepEqual([await status(before), await status(before)], [200, 401]);
  await until(async () => (await ask(primary, 'dbsize')) === (await ask(replica, 'dbsize')));

  await primary.kill();
  await until(async () => {
    const found = await status(onceOnly());
    assert.ok(found === 200 || found === 503, String(found));
    return found === 200;
  });
  assert.equal(await status(before), 401);
  assert.equal(received.length, 2);
});

test('a server that hangs, and one that is gone: 503 until it is back', skipUnless(redisProgram, 'redis-server'), async (context) => {
  const redis = await startRedis();
  context.after(() => redis.remove());
  const { url, received } = await upstream(context);
  const gateway = await gatewayTo(context, url, {
    policy: { token: { replay: { redis: { url: `redis://127.0.0.1:${redis.port}` } } } },
  });
  const status = async (): Promise<number> => (await raw(gateway.port, get('/', onceOnly()))).status;
  assert.equal(await status(), 200);
  redis.hang();
  assert.equal(await status(), 503);
  redis.resume();
  await until(async () => (await status()) === 200);
  await redis.kill();
  // Nobody waits for a server that is gone: the answer comes without the time-out.
  assert.equal(await status(), 503);
  await redis.start();
  await until(async () => (await status()) === 200);
  assert.ok(received.length >= 3);
});

test('a server that never answers: what is under way is bounded, and ends with the connection', async (context) => {
  let sets = 0;
  const server = createServer((socket) =>
    socket
      .on('error', () => undefined)
      .on('data', (data) => {
        // A client asks this before it is ready. Who sends a SET waits.
        if (/info/i.test(data.toString('latin1', 0, 32))) socket.write('$0\r\n\r\n');
        sets += data.toString('latin1').split('set').length - 1;
      }),
  ).listen(0, '127.0.0.1');
  await once(server, 'listening');
  const connections = new RedisConnections();
  context.after(() => {
    connections.close();
    server.close();
  });
  const url = `redis://127.0.0.1:${(server.address() as AddressInfo).port}`;
  const { made, clients } = connections.openedBy(() => connections.open.server(url));
  const send = made as SendCommand;
  await connections.started();
  const asked = Array.from({ length: 10_500 }, (_, index) => send(['set', `key-${index}`, '1', 'EX', '60', 'NX']).then(String, String));
  assert.equal((await Promise.all(asked.slice(10_000))).filter((answer) => answer.includes('10000 commands are under way')).length, 500);
  await until(() => sets >= 9_000);
  assert.ok((await Promise.all(asked)).every((answer) => answer.includes('Error')));
  await until(() => clients[0]?.status === 'ready');
  const next = send(['set', 'key', '1', 'EX', '60', 'NX']);
  next.catch(() => undefined);
  await until(() => sets >= 9_001);
});
