/** The load program tells the truth: answers are read to their end, losses are counted, and the reason is told. */
import assert from 'node:assert/strict';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { after, describe, test } from 'node:test';
import { medianOfPairs, pairOf } from '../lib/measuring/pairs.mjs';
import { answerLength } from '../load/answers.mjs';
import { ClosedLoad } from '../load/closed.mjs';
import { requestOf } from '../load/connection.mjs';
import { runPaced } from '../load/paced.mjs';

const REQUESTS = [requestOf('good')];
const servers: Server[] = [];

function listening(listener: Parameters<typeof createServer>[1]): Promise<number> {
  const server = createServer(listener ?? (() => {}));
  servers.push(server);
  return new Promise((resolve) => server.listen(0, '127.0.0.1', () => resolve((server.address() as AddressInfo).port)));
}

after(() => {
  for (const server of servers) server.close().closeAllConnections();
});

const paceOf = (port: number) => ({ port, good: REQUESTS, bad: REQUESTS, goodPace: 200, badPace: 200, closed: 0, seconds: 0.4 });

describe('an answer', () => {
  const rows: readonly (readonly [string, string])[] = [
    ['by its length', 'HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n{}'],
    ['by its last chunk', 'HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\n{}\r\n0\r\n\r\n'],
    ['without content', 'HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n'],
  ];
  for (const [name, text] of rows) {
    test(`ends ${name}, and not before`, () => {
      assert.equal(answerLength(Buffer.from(text)), text.length);
      for (let end = 1; end < text.length; end++) assert.equal(answerLength(Buffer.from(text.slice(0, end))), -1);
    });
  }
});

test('a closed load counts what was answered, in whole answers', async () => {
  let answered = 0;
  const port = await listening((_request, response) => {
    answered++;
    response.statusCode = answered % 2 === 0 ? 200 : 401;
    response.write('in ');
    setImmediate(() => response.end('pieces'));
  });
  const load = new ClosedLoad(REQUESTS);
  await load.open(port, 4);
  const before = answered;
  const { requests, refused, broken } = await load.run(0.1);
  load.close();
  assert.equal(requests, answered - before);
  assert.ok(Math.abs(refused - requests / 2) <= 1);
  assert.equal(broken, 0);
});

test('a paced load loses nothing at a server that answers', async () => {
  const port = await listening((_request, response) => void response.end('{}'));
  const { asked, lost, badPassed, p50ms } = await runPaced(paceOf(port));
  assert.ok(asked >= 79 && asked <= 81);
  assert.equal(lost, 0);
  assert.ok(badPassed > 0);
  assert.ok(p50ms > 0);
});

test('a paced load tells connections that were broken off, and opens others', async () => {
  let count = 0;
  const port = await listening((request, response) => {
    count++;
    if (count % 9 === 0) request.socket.destroy();
    else response.end('{}');
  });
  const { asked, lost, broken, unanswered } = await runPaced(paceOf(port));
  assert.ok(broken > 0);
  assert.equal(lost, broken);
  assert.equal(unanswered, 0);
  assert.ok(lost < asked / 4);
  const afterwards = count;
  await new Promise((resolve) => setTimeout(resolve, 50));
  assert.equal(count, afterwards);
});

test('latency counts from when a request was due', async () => {
  let blocked = false;
  const port = await listening((_request, response) => {
    // One long pause: all that was due meanwhile has waited.
    const wait = blocked ? 0 : 150;
    blocked = true;
    setTimeout(() => response.end('{}'), wait);
    if (wait > 0) for (const end = performance.now() + wait; performance.now() < end; );
  });
  const { maxMs } = await runPaced({ ...paceOf(port), badPace: 0, seconds: 0.2 });
  assert.ok(maxMs > 50);
});

describe('pairs', () => {
  test('the order alternates, the result keeps its order', async () => {
    const order: string[] = [];
    const call = (name: string) => async () => {
      order.push(name);
      return name;
    };
    for (const turn of [0, 1]) assert.deepEqual(await pairOf(turn, call('one'), call('two')), ['one', 'two']);
    assert.deepEqual(order, ['one', 'two', 'two', 'one']);
  });

  test('the median, and where it lies', () => {
    const { median, low, high } = medianOfPairs([3, 1, 2, 4, 5]);
    assert.equal(median, 3);
    assert.ok(low >= 1 && low <= 3 && high >= 3 && high <= 5);
    assert.equal(medianOfPairs([1, 2]).median, 1.5);
  });
});
