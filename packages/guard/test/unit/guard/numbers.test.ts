/** Numbers at the edge of what a claim may say: each gives a verdict, never an outage, whatever else is asked. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { devSecret, mintToken } from '@approov-guard/testkit';
import { createGuard, type GuardOptions, memoryReplayStore, type ReplayStore, redisReplayStore } from 'approov-guard';
import { approov as authorizer } from 'approov-guard/lambda-authorizer';
import { outcomeOf, withToken } from '../../both-ports.ts';

const NOW = 1_790_000_000_000;
const now = (): number => NOW;
const guard = (options: Partial<GuardOptions> = {}) => createGuard({ keys: { secret: devSecret }, now, ...options });
const token = (claims: { readonly [claim: string]: unknown }): string => mintToken({ secret: devSecret, now: NOW, claims });

const FAR = [2 ** 53 - 2, 2 ** 53 - 1, 2 ** 53, 8_640_000_000_001, 1e18, 1e21, 1e300, Number.MAX_VALUE];

/** A server as strict as the real one: whole positive numbers in digits, and no life beyond what 63 bits of milliseconds hold. */
function strictServer(): (command: readonly string[]) => Promise<string | null> {
  const entries = new Set<string>();
  return async ([, key = '', , , life = '']) => {
    if (!/^[1-9]\d{0,18}$/.test(life) || BigInt(life) * 1000n + BigInt(NOW) > 2n ** 63n - 1n) throw new Error('ERR invalid expire time');
    return entries.has(key) ? null : entries.add(key) && 'OK';
  };
}

const stores: { readonly [name: string]: () => ReplayStore } = {
  memory: () => memoryReplayStore({ now }),
  Redis: () => redisReplayStore(strictServer(), { now }),
};

for (const [name, store] of Object.entries(stores)) {
  test(`a token that lives for ever is taken once, remembered in ${name}`, async () => {
    for (const exp of FAR) {
      for (const clockToleranceSeconds of [0, 300]) {
        const made = guard({ token: { replay: store(), clockToleranceSeconds } });
        const judged = async (): Promise<string> => outcomeOf(await made.judge(withToken(token({ exp }))));
        assert.deepEqual([exp, await judged(), await judged()], [exp, 'accepted', 'token-replayed']);
      }
    }
  });
}

test('a connection whose token lives for ever is not closed', async (context) => {
  context.mock.timers.enable({ apis: ['setTimeout'] });
  for (const exp of FAR) {
    const made = guard();
    const decision = await made.decide(withToken(token({ exp })));
    const callOff = made.whenExpired(decision, () => assert.fail(`closed at once: ${exp}`));
    context.mock.timers.tick(10_000_000);
    callOff();
  }
});

test('a policy for a token that lives for ever names a moment that IAM can compare', async () => {
  for (const exp of FAR) {
    const event = { methodArn: 'arn:aws:execute-api:eu-west-1:1:abc/prod/GET/shapes', headers: { 'approov-token': token({ exp }) } };
    const { policyDocument } = await authorizer(guard())(event);
    const { NumericLessThanIfExists: limit } = policyDocument.Statement[0].Condition ?? {};
    assert.match(limit?.['aws:EpochTime'] ?? '', /^\d{1,16}$/);
  }
});

test('what is over, or lies ahead, is the token’s fault however far', async () => {
  const made = guard({ token: { replay: memoryReplayStore({ now }) } });
  for (const exp of [0, -0, -1, -(2 ** 53), -Number.MAX_VALUE, Number.MIN_VALUE, NOW / 1000]) {
    assert.equal(outcomeOf(await made.verifyToken(token({ exp }))), 'token-expired', String(exp));
  }
  for (const nbf of FAR) assert.equal(outcomeOf(await made.verifyToken(token({ nbf }))), 'token-not-yet-valid', String(nbf));
});
