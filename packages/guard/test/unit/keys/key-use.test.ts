import assert from 'node:assert/strict';
import test from 'node:test';
import { freshSecret, manualClock, mintToken } from '@approov-guard/testkit';
import { createGuard } from 'approov-guard';
import { guardPair, now, withToken } from '../../both-ports.ts';

const newest = freshSecret();
const older = freshSecret();
const keys = { secrets: [newest, older] };

test('each key says how often and when last it verified a token, remembered tokens too', async () => {
  const clock = manualClock(now);
  const guard = createGuard({ keys, now: clock.now });
  assert.deepEqual(guard.keyUse()[1], { id: 'keys.secrets[1]', algorithm: 'HS256', uses: 0, lastUsedAt: null, since: now });
  const token = mintToken({ secret: older, now });
  for (let index = 0; index < 3; index++) {
    clock.advance(1000);
    await guard.decide(withToken(token));
  }
  await guard.verifyToken(mintToken({ secret: newest, now }));
  assert.deepEqual(
    guard.keyUse().map(({ uses, lastUsedAt, since }) => [uses, lastUsedAt, since]),
    [
      [1, now + 3000, now],
      [3, now + 3000, now],
    ],
  );
});

test('a token that fails by itself is no use of its key; one that fails by its binding is', async () => {
  const guard = guardPair({ keys, binding: { headers: ['authorization'] }, mode: { binding: 'observe' } });
  await guard.judgeToken(mintToken({ secret: older, now, lifetimeSeconds: -1 }));
  await guard.judgeToken(mintToken({ secret: freshSecret(), now }));
  assert.deepEqual(
    guard.node.keyUse().map(({ uses }) => uses),
    [0, 0],
  );
  // In observe such a request passes: without the key it would not.
  await guard.judgeToken(mintToken({ secret: older, now }));
  assert.deepEqual(
    guard.node.keyUse().map(({ uses }) => uses),
    [0, 1],
  );
  assert.deepEqual(
    guard.web.keyUse().map(({ uses }) => uses),
    [0, 1],
  );
});
