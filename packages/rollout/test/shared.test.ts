/** Four processes and one real Redis, which is killed. */
import assert from 'node:assert/strict';
import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';
import { type TestContext, test } from 'node:test';
import type { RolloutEvent, RolloutState } from '@approov-guard/rollout';
import { freshSecret } from '@approov-guard/testkit';
import { skipUnless } from '../../../tools/optional.mjs';
import { packageFlags } from '../../../tools/ready.mjs';
import { type RedisServer, redisProgram, startRedis } from '../../guard/test/replay/redis-server.ts';
import type { Order } from './shared-instance.ts';

const START = Date.UTC(2026, 10, 27, 12);
const secret = freshSecret();
type Known = RolloutState & { readonly events: readonly RolloutEvent[] };

class Instance {
  readonly #child: ChildProcess;
  #next = 0;

  constructor(redis: RedisServer, name: string, more: { readonly [name: string]: string } = {}) {
    const env = { ...process.env, REDIS_PORT: String(redis.port), SECRET: secret.base64, START: String(START), NAME: name, ...more };
    this.#child = fork(new URL('./shared-instance.ts', import.meta.url), {
      env,
      execArgv: packageFlags.length > 0 ? [...packageFlags] : ['--import=tsx'],
    });
  }

  async ready(): Promise<void> {
    await once(this.#child, 'message');
  }

  async #ask(order: Order): Promise<unknown> {
    const id = ++this.#next;
    this.#child.send({ id, order });
    for (;;) {
      const [message] = (await once(this.#child, 'message')) as [{ readonly id: number; readonly answer: unknown }];
      if (message.id === id) return message.answer;
    }
  }

  /** The devices that were refused. */
  async requests(kind: 'genuine' | 'late' | 'bare', devices: readonly string[]): Promise<readonly string[]> {
    return (await this.#ask({ do: kind, devices })) as readonly string[];
  }

  async order(order: Exclude<Order, { devices: readonly string[] }>): Promise<Known> {
    return (await this.#ask(order)) as Known;
  }

  end(): void {
    this.#child.kill('SIGKILL');
  }
}

async function four(context: TestContext, redis: RedisServer): Promise<readonly Instance[]> {
  const instances = ['a', 'b', 'c', 'd'].map((name) => new Instance(redis, name));
  context.after(() => {
    for (const one of instances) one.end();
  });
  await Promise.all(instances.map((one) => one.ready()));
  return instances;
}

const devices = (name: string, count: number): readonly string[] => Array.from({ length: count }, (_, index) => `${name}-${index}`);

/** So many times 2 s or more: requests, then everybody talks. */
async function rounds(
  instances: readonly Instance[],
  count: number,
  each: (one: Instance, index: number) => Promise<unknown>,
  ms: number = 2000,
): Promise<void> {
  for (let round = 0; round < count; round++) {
    await Promise.all(instances.map((one, index) => each(one, index)));
    await Promise.all(instances.map((one) => one.order({ do: 'advance', ms })));
    await Promise.all(instances.map((one) => one.order({ do: 'tick' })));
  }
}

const all = <T>(instances: readonly Instance[], call: (one: Instance) => Promise<T>): Promise<T[]> => Promise.all(instances.map(call));
const states = (instances: readonly Instance[]): Promise<Known[]> => all(instances, (one) => one.order({ do: 'state' }));

test(
  'what no instance sees alone opens the breaker of all; Redis killed, none refuses more than before',
  skipUnless(redisProgram, 'redis-server'),
  async (context) => {
    const redis = await startRedis();
    context.after(() => redis.remove());
    const instances = await four(context, redis);
    await rounds(instances, 3, (one, index) => one.requests('genuine', devices(`well${index}`, 6)));
    assert.deepEqual(
      (await states(instances)).map(({ shared }) => shared?.instances),
      [4, 4, 4, 4],
    );
    // About half of these twelve are in the cohort, on each: alone that is too few.
    const before = await all(instances, (one) => one.requests('late', devices('probe', 100)));
    assert.ok((before[0] ?? []).length > 20 && (before[0] ?? []).length < 80);
    assert.deepEqual(before[1], before[0], 'a device is in the same cohort everywhere');
    await rounds(instances, 12, () => Promise.resolve());
    await rounds(instances, 3, (one, index) => one.requests('late', devices(`late${index}`, 16)));
    for (const { breaker, events } of await states(instances)) {
      assert.equal(breaker?.state, 'open');
      const opened = events.findLast(({ type }) => type === 'breaker-opened');
      assert.ok(opened?.type === 'breaker-opened' && opened.rule === 'devices-refused');
    }

    await redis.kill();
    // Everything would look well by itself, for longer than it takes to close; and the ramp would have come to the whole.
    await rounds(instances, 10, (one, index) => one.requests('genuine', devices(`well${index}`, 6)), 8000);
    await all(instances, (one) => one.order({ do: 'advance', ms: 3_600_000 }));
    assert.deepEqual(await all(instances, (one) => one.requests('late', devices('probe', 100))), [[], [], [], []]);
    assert.deepEqual(await all(instances, (one) => one.requests('bare', devices('probe', 3))), [[], [], [], []]);
    for (const { breaker, shared, events } of await states(instances)) {
      assert.deepEqual([breaker?.state, shared?.connected], ['open', false]);
      assert.equal(events.filter(({ type }) => type === 'shared-lost').length, 1);
    }

    await redis.start();
    let connected = false;
    for (let tries = 0; !connected && tries < 200; tries++) {
      await rounds(instances, 1, (one, index) => one.requests('genuine', devices(`well${index}`, 6)));
      connected = (await states(instances)).every(({ shared }) => shared?.connected === true);
    }
    assert.ok(connected);
    await rounds(instances, 20, (one, index) => one.requests('genuine', devices(`well${index}`, 6)), 8000);
    assert.deepEqual(
      (await states(instances)).map(({ breaker }) => breaker?.state),
      ['closed', 'closed', 'closed', 'closed'],
    );
    assert.equal((await instances[0]?.requests('bare', ['x']))?.length, 1, 'the ramp has come to the whole');
  },
);

test('Redis killed while a ramp goes on: it stands still', skipUnless(redisProgram, 'redis-server'), async (context) => {
  const redis = await startRedis();
  context.after(() => redis.remove());
  const instances = await four(context, redis);
  await rounds(instances, 2, (one, index) => one.requests('genuine', devices(`well${index}`, 6)));
  const before = await all(instances, (one) => one.requests('late', devices('probe', 30)));
  await redis.kill();
  await rounds(instances, 2, () => Promise.resolve());
  await all(instances, (one) => one.order({ do: 'advance', ms: 7_200_000 }));
  await rounds(instances, 1, () => Promise.resolve());
  assert.deepEqual(await all(instances, (one) => one.requests('late', devices('probe', 30))), before);
  assert.deepEqual(await all(instances, (one) => one.requests('bare', ['x'])), [[], [], [], []]);
});

test(
  'a switch that is thrown on one instance is on for all, also with Redis away, and is taken back by another',
  skipUnless(redisProgram, 'redis-server'),
  async (context) => {
    const redis = await startRedis();
    context.after(() => redis.remove());
    const instances = await four(context, redis);
    const [first, second] = instances as [Instance, Instance];
    await rounds(instances, 2, () => Promise.resolve());
    await first.order({ do: 'throw', minutes: 60 });
    await rounds(instances, 2, () => Promise.resolve());
    assert.deepEqual(
      (await states(instances)).map(({ switch: { on } }) => on?.by),
      ['a', 'a', 'a', 'a'],
    );
    await redis.kill();
    await rounds(instances, 4, (one) => one.requests('late', devices('probe', 5)));
    assert.deepEqual(await all(instances, (one) => one.requests('late', devices('probe', 10))), [[], [], [], []]);
    // What is done while nobody hears is told later.
    await second.order({ do: 'back' });
    await redis.start();
    let off = false;
    for (let tries = 0; !off && tries < 200; tries++) {
      await rounds(instances, 1, () => Promise.resolve());
      off = (await states(instances)).every(({ switch: { on } }) => on === null);
    }
    assert.ok(off);
    assert.ok((await first.requests('late', devices('probe', 10))).length > 0);
  },
);

test(
  'an instance with a wrong secret is known by what the others accept, and they go on',
  skipUnless(redisProgram, 'redis-server'),
  async (context) => {
    const redis = await startRedis();
    context.after(() => redis.remove());
    const instances = await four(context, redis);
    const wrong = new Instance(redis, 'wrong', { SECRET: freshSecret().base64, ACCOUNT: secret.base64 });
    context.after(() => wrong.end());
    await wrong.ready();
    // At the whole, so that tokens that nobody can read are refused.
    await all([...instances, wrong], (one) => one.order({ do: 'advance', ms: 3_600_000 }));
    await all([...instances, wrong], (one) => one.order({ do: 'tick' }));
    await rounds(instances, 15, (one, index) => one.requests('genuine', devices(`well${index}`, 20)));
    await wrong.order({ do: 'advance', ms: 30_000 });
    await wrong.order({ do: 'tick' });
    await rounds([...instances, wrong], 14, (one, index) => one.requests('genuine', devices(`well${index}`, 20)));
    const [right, ...known] = (await states([wrong, ...instances])) as [Known, ...Known[]];
    assert.deepEqual([right.breaker?.state, right.breaker?.rule], ['open', 'accepted-fell']);
    assert.deepEqual(
      known.map(({ breaker }) => breaker?.state),
      ['closed', 'closed', 'closed', 'closed'],
    );
  },
);

test(
  'clients make no commands: there are as many for a thousand requests as for one',
  skipUnless(redisProgram, 'redis-server'),
  async (context) => {
    const redis = await startRedis();
    context.after(() => redis.remove());
    const instance = new Instance(redis, 'a');
    context.after(() => instance.end());
    await instance.ready();
    await rounds([instance], 12, (one) => one.requests('genuine', devices('well', 5)));
    const commands = async (requests: number): Promise<number> => {
      const { shared: before } = await instance.order({ do: 'state' });
      await instance.requests('late', devices('many', requests));
      await rounds([instance], 1, () => Promise.resolve());
      const { shared: after } = await instance.order({ do: 'state' });
      return (after?.commands ?? 0) - (before?.commands ?? 0);
    };
    const [few, many] = [await commands(1), await commands(1000)];
    assert.ok(many <= few && few <= 7, `${few} ${many}`);
    // A Redis that hangs holds nobody up: the request is decided, and only one exchange waits.
    redis.hang();
    context.after(() => redis.resume());
    void instance.order({ do: 'tick' }).catch(() => undefined);
    assert.ok((await instance.requests('late', devices('many', 100))).length >= 0);
    redis.resume();
  },
);
