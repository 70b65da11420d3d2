/** The Redis store on a real server, through every client that it takes. */
import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { setTimeout as pause } from 'node:timers/promises';
import { replayConformance } from '@approov-guard/testkit';
import { ConfigurationError, type IoRedisLike, type ReplayStore, ReplayStoreError, redisReplayStore } from 'approov-guard';
import { skipUnless } from '../../../../tools/optional.mjs';
import { settled } from '../../../../tools/until.mjs';
import { anyClient, type Connected, redisClients } from './redis-clients.ts';
import { type RedisServer, redisProgram, startRedis } from './redis-server.ts';

const soon = (): number => Math.ceil(Date.now() / 1000) + 60;
const newKey = (): string => globalThis.crypto.randomUUID();
const failsWith =
  (...codes: string[]) =>
  (error: unknown): boolean =>
    error instanceof ReplayStoreError && codes.includes(error.code);

const present = skipUnless(redisProgram, 'redis-server');

/** Closes what a suite opened. */
function connections(): { readonly open: (connection: Promise<Connected>) => Promise<Connected['client']>; readonly close: () => void } {
  const all: Connected[] = [];
  const open = async (connection: Promise<Connected>): Promise<Connected['client']> => {
    const connected = await connection;
    all.push(connected);
    return connected.client;
  };
  return { open, close: () => all.splice(0).forEach((connected) => void connected.close()) };
}

// Most of it is waiting for entries to end, so the clients wait together.
describe('redisReplayStore conforms, on a real server, through', { concurrency: true, ...present }, () => {
  const { open, close } = connections();
  let server: RedisServer;
  before(async () => {
    server = await startRedis();
  });
  after(async () => {
    close();
    await server.remove();
  });
  for (const { name, connect } of redisClients) {
    describe(name, { concurrency: true }, () => {
      const make = async (): Promise<ReplayStore> =>
        redisReplayStore(await open(connect(server.port)), { timeoutSeconds: 20, marginSeconds: 0 });
      const cases = replayConformance(make, { keepsLongerSeconds: 1, shared: true });
      for (const { name: behaviour, run } of cases) test(behaviour, run);

      test('an entry lives the margin longer than the signature, under one key with the prefix', async () => {
        const prefix = `${newKey()}:`;
        const store = redisReplayStore(await open(connect(server.port)), { prefix, timeoutSeconds: 20, marginSeconds: 100 });
        assert.equal(await store.setIfAbsent('key', soon()), true);
        const inspector = await open(anyClient.connect(server.port));
        assert.ok('call' in inspector);
        const life = Number(await (inspector as IoRedisLike).call('ttl', `${prefix}key`));
        assert.ok(life > 140 && life <= 162, String(life));
      });
    });
  }
});

describe('redisReplayStore, when the server is in trouble,', present, () => {
  for (const { name, connect, connectQueueing } of redisClients) {
    test(`${name}: killed is an error, back is back, with and without the client's queue`, async (context) => {
      const { open, close } = connections();
      const server = await startRedis();
      context.after(server.remove);
      context.after(close);
      const clients = [await open(connect(server.port))];
      if (connectQueueing) clients.push(await open(connectQueueing(server.port)));
      for (const client of clients)
        assert.equal(await redisReplayStore(client, { timeoutSeconds: 20 }).setIfAbsent(newKey(), soon()), true);
      await server.kill();
      for (const client of clients) {
        await assert.rejects(
          async () => redisReplayStore(client).setIfAbsent(newKey(), soon()),
          failsWith('store-failed', 'store-timed-out'),
        );
      }
      await server.start();
      for (const client of clients) assert.equal(await untilItAnswers(redisReplayStore(client)), true);
    });

    test(`${name}: a hanging server is an error within the time-out, and no answer that comes later counts`, async (context) => {
      const { open, close } = connections();
      const server = await startRedis();
      context.after(server.remove);
      context.after(close);
      const client = await open(connect(server.port));
      const patient = redisReplayStore(client, { timeoutSeconds: 20 });
      const key = newKey();
      assert.equal(await patient.setIfAbsent(newKey(), soon()), true);
      server.hang();
      await assert.rejects(
        async () => redisReplayStore(client, { timeoutSeconds: 0.1 }).setIfAbsent(key, soon()),
        failsWith('store-timed-out'),
      );
      server.resume();
      // The command had been sent: the server remembers the key although the guard refused the request.
      assert.equal(await patient.setIfAbsent(key, soon()), false);
    });
  }

  const troubled: readonly (readonly [what: string, parameters: readonly string[]])[] = [
    ['a server without memory to spare', ['--maxmemory', '100kb', '--maxmemory-policy', 'noeviction']],
    ['a replica, to which nobody can write,', ['--replicaof', '127.0.0.1 1']],
  ];
  for (const [what, parameters] of troubled) {
    test(`${what} is an error, never a new key`, async (context) => {
      const { open, close } = connections();
      const server = await startRedis(['--save', '', ...parameters]);
      context.after(server.remove);
      context.after(close);
      const store = redisReplayStore(await open(anyClient.connect(server.port)), { timeoutSeconds: 20 });
      await assert.rejects(async () => store.setIfAbsent(newKey(), soon()), failsWith('store-failed'));
    });
  }
});

/** The clients connect again by themselves, some of them after a pause. */
async function untilItAnswers(store: ReplayStore): Promise<boolean> {
  for (let tries = 0; tries < 1000; tries++) {
    try {
      return await store.setIfAbsent(newKey(), soon());
    } catch {
      await pause(50);
    }
  }
  return false;
}

describe('redisReplayStore', () => {
  test('only the literal answers are believed', async () => {
    for (const odd of [undefined, true, false, 1, 0, '', 'ok', 'QUEUED', ['OK'], Buffer.from('OK')]) {
      await assert.rejects(async () => redisReplayStore(async () => odd).setIfAbsent('key', soon()), failsWith('answer-unexpected'));
    }
    assert.equal(await redisReplayStore(async () => 'OK').setIfAbsent('key', soon()), true);
    assert.equal(await redisReplayStore(async () => null).setIfAbsent('key', soon()), false);
  });

  test('what the client throws or rejects with is the cause, and not in the message', async () => {
    const cause = new Error('connect ECONNREFUSED 10.1.2.3:6379');
    const rejecting = (): Promise<never> => Promise.reject(cause);
    const throwing = (): never => {
      throw cause;
    };
    for (const client of [rejecting, throwing]) {
      await assert.rejects(
        async () => redisReplayStore(client).setIfAbsent('key', soon()),
        (error) =>
          failsWith('store-failed')(error) && error instanceof Error && error.cause === cause && !error.message.includes('10.1.2.3'),
      );
    }
  });

  test('the timer is cleared when the answer is there', async () => {
    const timers = (): number => process.getActiveResourcesInfo().filter((name) => name === 'Timeout').length;
    const before = timers();
    await redisReplayStore(async () => 'OK', { timeoutSeconds: 30 }).setIfAbsent('key', soon());
    await assert.rejects(async () =>
      redisReplayStore(() => Promise.reject(new Error('no')), { timeoutSeconds: 30 }).setIfAbsent('key', soon()),
    );
    assert.equal(timers(), before);
  });

  test('an error that comes after the time-out is not left unhandled', async () => {
    let fail = (): void => undefined;
    const late = (): Promise<never> =>
      new Promise((_, reject) => {
        fail = () => reject(new Error('late'));
      });
    await assert.rejects(
      async () => redisReplayStore(late, { timeoutSeconds: 0.01 }).setIfAbsent('key', soon()),
      failsWith('store-timed-out'),
    );
    fail();
    await settled();
  });

  test('the command is one SET with NX and a life in whole seconds', async () => {
    const commands: (readonly string[])[] = [];
    const store = redisReplayStore(
      async (command) => {
        commands.push(command);
        return 'OK';
      },
      { now: () => 1_700_000_000_250 },
    );
    await store.setIfAbsent('key', 1_700_000_010);
    assert.deepEqual(commands, [['set', 'approov:replay:key', '1', 'EX', '70', 'NX']]);
  });

  test('a time that is past, or is no time, asks nobody', async () => {
    const never = (): Promise<never> => assert.fail('asked');
    for (const until of [0, Date.now() / 1000 - 1, Number.NaN, Number.POSITIVE_INFINITY]) {
      await assert.rejects(async () => redisReplayStore(never).setIfAbsent('key', until), failsWith('entry-past'));
    }
  });

  test('refuses what is no client, and clients whose `set` would ignore NX', () => {
    const set = async (): Promise<string> => 'OK';
    for (const client of [null, undefined, 'redis://localhost', {}, { set }, { set, get: set }, { sendCommand: set }]) {
      assert.throws(() => redisReplayStore(client as never), ConfigurationError);
    }
    for (const options of [{ timeoutSeconds: 0 }, { timeoutSeconds: 31 }, { marginSeconds: -1 }, { prefix: 1 }, { ttl: 1 }]) {
      assert.throws(() => redisReplayStore(set, options as never), ConfigurationError);
    }
  });
});
