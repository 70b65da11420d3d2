/** Replay memory that gateways share: a policy file names a real redis-server. */
import assert from 'node:assert/strict';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import test from 'node:test';
import { startGateway } from '@approov-guard/gateway';
import { skipUnless } from '../../../tools/optional.mjs';
import { until } from '../../../tools/until.mjs';
import { redisProgram, startRedis } from '../../guard/test/replay/redis-server.ts';
import { env, gatewayTo, genuine, get, keys, raw, upstream } from './harness.ts';

test('two gateways take a one-time token once, and none without the store', skipUnless(redisProgram, 'redis-server'), async (context) => {
  const redis = await startRedis();
  context.after(() => redis.remove());
  const { url, received } = await upstream(context);
  const policy = { token: { replay: { redis: { url: `redis://127.0.0.1:${redis.port}`, timeoutSeconds: 10 } } } };
  const first = await gatewayTo(context, url, { policy });
  const second = await gatewayTo(context, url, { policy });
  const status = async (port: number, token: readonly [string, string]): Promise<number> => (await raw(port, get('/', token))).status;

  const once = genuine({ claims: { did: 'once' } });
  assert.equal(await status(first.port, once), 200);
  assert.deepEqual([await status(second.port, once), await status(first.port, once)], [401, 401]);
  assert.equal(await status(second.port, genuine({ claims: { did: 'another' } })), 200);
  assert.equal(received.length, 2);

  await redis.kill();
  assert.equal(await status(second.port, genuine({ claims: { did: 'a third' } })), 503);
  assert.equal(received.length, 2);
});

test('after a change to another store, `/ready` asks for that one only', skipUnless(redisProgram, 'redis-server'), async (context) => {
  const [first, second] = [await startRedis(), await startRedis()];
  context.after(() => Promise.all([first.remove(), second.remove()]));
  const folder = mkdtempSync(join(tmpdir(), 'replay-'));
  context.after(() => rmSync(folder, { recursive: true }));
  const file = join(folder, 'policy.json');
  const write = (port: number): void => {
    const gateway = { to: 'http://127.0.0.1:9', listen: '127.0.0.1:0', admin: null, log: null, timeouts: { drainSeconds: 0 } };
    writeFileSync(file, JSON.stringify({ keys, token: { replay: { redis: { url: `redis://127.0.0.1:${port}` } } }, gateway }));
  };
  write(first.port);
  const gateway = await startGateway({ policy: file, env });
  context.after(() => gateway.drain());
  const replay = async (): Promise<string | undefined> => (await gateway.ready()).checks.replay;
  await until(async () => (await replay()) === 'ok');
  write(second.port);
  assert.equal(gateway.reload(), true);
  await until(async () => (await replay()) === 'ok');
  await first.kill();
  // The loss of the one in use shows that losses have been seen since.
  assert.equal(await replay(), 'ok');
  await second.kill();
  await until(async () => (await replay()) === 'not connected');
  await second.start();
  await until(async () => (await replay()) === 'ok');
});
