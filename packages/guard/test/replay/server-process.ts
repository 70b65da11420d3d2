/** One of several server processes that share a Redis: takes signed requests, and on `/once` one-time tokens. Says its port to its parent. */
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { createGuard, redisReplayStore } from 'approov-guard';
import { approov } from 'approov-guard/node';
import { Redis } from 'ioredis';

const { REDIS_PORT, SECRET, ORIGIN } = process.env;

const client = new Redis({
  host: '127.0.0.1',
  port: Number(REDIS_PORT),
  enableOfflineQueue: false,
  maxRetriesPerRequest: 0,
  retryStrategy: () => 50,
});
client.on('error', () => {});
const replay = redisReplayStore(client, { timeoutSeconds: 20 });
const guard = createGuard({
  keys: { secret: { base64: SECRET } },
  signature: { replay },
  origin: ORIGIN ?? null,
  // What the client never sees in earnest: the test wants to know why.
  refusal: { render: ({ verdict, standard }) => ({ ...standard, body: 'reason' in verdict ? verdict.reason : verdict.fault }) },
});
const answer = approov(guard, (_request, response) => response.end('accepted'));
const answerOnce = approov(guard, (_request, response) => response.end('accepted'), { signature: null, token: { replay } });

const server = createServer((request, response) => (request.url === '/once' ? answerOnce : answer)(request, response));
client.once('ready', () => server.listen(0, '127.0.0.1', () => process.send?.((server.address() as AddressInfo).port)));
process.once('disconnect', () => process.exit());
