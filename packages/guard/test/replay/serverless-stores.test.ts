/** The stores for functions that keep no connection and no memory: the code of the examples, each against the nearest thing to its server. */
import assert from 'node:assert/strict';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { replayConformance } from '@approov-guard/testkit';
import type { IoRedisLike, ReplayStore } from 'approov-guard';
import { dynamodbReplayStore } from '../../../../examples/replay/dynamodb.js';
import { upstashReplayStore } from '../../../../examples/replay/upstash.js';
import { skipUnless } from '../../../../tools/optional.mjs';
import { findRuntime } from '../../../../tools/runtimes.mjs';
import { type StartedWorker, startWorker } from '../runtimes/workerd.ts';
import { anyClient, type Connected } from './redis-clients.ts';
import { type RedisServer, redisProgram, startRedis } from './redis-server.ts';

/** So many requests at a time, as the sockets of a busy machine can bear: the others wait their turn, and nobody's time runs out. */
function inTurn(most: number): (store: ReplayStore) => ReplayStore {
  const waiting: (() => void)[] = [];
  let open = 0;
  return ({ setIfAbsent }) => ({
    setIfAbsent: async (key, until) => {
      if (open >= most) await new Promise<void>((resolve) => waiting.push(resolve));
      else open++;
      try {
        return await setIfAbsent(key, until);
      } finally {
        const next = waiting.shift();
        if (next === undefined) open--;
        else next();
      }
    },
  });
}

const soon = (): number => Math.ceil(Date.now() / 1000) + 60;

// One case after the other: each has a time to keep, and requests are dear.
describe('an HTTP Redis, in front of a real one,', skipUnless(redisProgram, 'redis-server'), () => {
  const token = 'secret of the database';
  let redis: RedisServer;
  let connected: Connected;
  let url = '';
  // As Upstash has it: a command as a JSON list in a POST, `{ result }` or `{ error }` back.
  const server = createServer(async (request, response) => {
    const answer = (status: number, content: object): void => void response.writeHead(status).end(JSON.stringify(content));
    if (request.headers.authorization !== `Bearer ${token}`) return answer(401, { error: 'Unauthorized' });
    let body = '';
    for await (const chunk of request) body += chunk;
    const [command, ...parameters] = JSON.parse(body) as string[];
    try {
      answer(200, { result: await (connected.client as IoRedisLike).call(command as string, ...parameters) });
    } catch (error) {
      answer(400, { error: String(error) });
    }
  });
  before(async () => {
    redis = await startRedis();
    connected = await anyClient.connect(redis.port);
    url = `http://127.0.0.1:${await new Promise<number>((resolve) => server.listen(0, '127.0.0.1', () => resolve((server.address() as { port: number }).port)))}`;
  });
  after(async () => {
    server.closeAllConnections();
    server.close();
    void connected.close();
    await redis.remove();
  });
  const options = { timeoutSeconds: 30, marginSeconds: 0 };
  // A connection that the server closes as a request comes in is no answer.
  server.keepAliveTimeout = 0;
  const inTurns = inTurn(64);
  const make = (): ReplayStore => inTurns(upstashReplayStore({ url, token }, options));
  const makeBroken = (): ReplayStore => upstashReplayStore({ url: 'http://127.0.0.1:1/', token }, options);
  for (const { name, run } of replayConformance(make, { keepsLongerSeconds: 1, shared: true, makeBroken })) test(name, run);
  test('what refuses the credential is no answer', async () => {
    await assert.rejects(async () => upstashReplayStore({ url, token: 'another' }, options).setIfAbsent('key', soon()));
  });
});

/** What a table does with a conditional put: the whole condition and the write are one step. It knows the expressions that are used here. */
function table(): Parameters<typeof dynamodbReplayStore>[0] {
  type Value = { readonly S?: string; readonly N?: string };
  type Item = { readonly [name: string]: Value };
  interface Put {
    readonly TableName: string;
    readonly Item: Item;
    readonly ConditionExpression: string;
    readonly ExpressionAttributeNames: { readonly [name: string]: string };
    readonly ExpressionAttributeValues: Item;
  }
  const items = new Map<string, Item>();
  const holds = (
    text: string,
    item: Item | undefined,
    { ExpressionAttributeNames: names, ExpressionAttributeValues: values }: Put,
  ): boolean =>
    text.split(' OR ').some((term) => {
      const absent = /^attribute_not_exists\((\w+)\)$/.exec(term)?.[1];
      if (absent !== undefined) return item?.[absent] === undefined;
      const [, name = '', value = ''] = /^(#\w+) <= (:\w+)$/.exec(term) ?? assert.fail(`unknown expression: ${term}`);
      const attribute = item?.[names[name] ?? assert.fail(name)];
      return attribute !== undefined && Number(attribute.N) <= Number(values[value]?.N);
    });
  return {
    putItem: async (input) => {
      // The cast holds: the store is the only caller.
      const put = input as Put;
      const id = put.Item.id?.S ?? assert.fail('no partition key');
      for (const { N } of Object.values(put.Item)) assert.ok(N === undefined || /^\d{1,38}$/.test(N), 'a number of at most 38 digits');
      await new Promise((resolve) => setImmediate(resolve));
      if (!holds(put.ConditionExpression, items.get(id), put)) {
        throw Object.assign(new Error('The conditional request failed'), { name: 'ConditionalCheckFailedException' });
      }
      items.set(id, put.Item);
      return {};
    },
  };
}

describe('a DynamoDB table', { concurrency: true }, () => {
  const shared = table();
  const make = (): ReplayStore => dynamodbReplayStore(shared, { table: 'replay', marginSeconds: 0 });
  const away = { putItem: () => Promise.reject(new Error('ServiceUnavailable')) };
  const makeBroken = (): ReplayStore => dynamodbReplayStore(away, { table: 'replay' });
  for (const { name, run } of replayConformance(make, { keepsLongerSeconds: 1, shared: true, makeBroken })) test(name, run);
});

const workerd = findRuntime('workerd');

describe('Durable Objects, in workerd,', { concurrency: true, ...skipUnless(workerd, 'workerd') }, () => {
  const example = readFileSync(new URL('../../../../examples/replay/durable-object.js', import.meta.url), 'utf8');
  const folder = mkdtempSync(join(tmpdir(), 'approov-guard-objects-'));
  let worker: StartedWorker;
  before(async () => {
    const module = join(folder, 'worker.mjs');
    writeFileSync(
      module,
      `${example}
export default {
  async fetch(request, env) {
    const { key, until } = await request.json();
    const store = durableObjectReplayStore(env.ReplayShard, { marginSeconds: 0 });
    return store.setIfAbsent(key, until).then((isNew) => Response.json(isNew), (error) => new Response(String(error), { status: 500 }));
  },
};
`,
    );
    worker = await startWorker({ program: String(workerd), folder, module, durableObject: 'ReplayShard' });
  });
  after(async () => {
    await worker.close();
    rmSync(folder, { recursive: true, force: true });
  });
  const store: ReplayStore = {
    setIfAbsent: async (key, until) => {
      const response = await fetch(worker.origin, { method: 'POST', body: JSON.stringify({ key, until }) });
      if (!response.ok) throw new Error(await response.text());
      return (await response.json()) as boolean;
    },
  };
  const inTurns = inTurn(64);
  const make = (): ReplayStore => inTurns(store);
  for (const { name, run } of replayConformance(make, { keepsLongerSeconds: 1, shared: true })) test(name, run);
});
