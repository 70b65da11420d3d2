/** Replay memory that gateways share: a policy file names a real redis-server. */
import assert from 'node:assert/strict';
import test from 'node:test';
import { skipUnless } from '../../../tools/optional.mjs';
import { redisProgram, startRedis } from '../../guard/test/replay/redis-server.ts';
import { gatewayTo, genuine, get, raw, upstream } from './harness.ts';

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
