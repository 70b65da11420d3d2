/** Bodies on Node: read by the guard, and still there for the handler. */
import assert from 'node:assert/strict';
import { createServer, type IncomingMessage, request as send } from 'node:http';
import { connect as connectHttp2, createServer as createHttp2Server } from 'node:http2';
import { connect } from 'node:net';
import { describe, type TestContext, test } from 'node:test';
import type { BodyRead } from '../../../src/core/request-view.ts';
import { type NodeBody, readNodeBody } from '../../../src/http/body-node.ts';
import { listening } from '../../adapters/serving.ts';

type Reader = 'data' | 'iterate' | 'late data';
type Handler = (request: NodeBody & AsyncIterable<Uint8Array>) => Promise<string>;

async function consume(request: NodeBody & AsyncIterable<Uint8Array>, reader: Reader): Promise<number> {
  let length = 0;
  if (reader === 'iterate') {
    for await (const chunk of request) length += chunk.length;
    return length;
  }
  if (reader === 'late data') await new Promise((resolve) => setTimeout(resolve, 10));
  return new Promise((resolve) => {
    request.on?.('data', ((chunk: Uint8Array) => (length += chunk.length)) as (...parameters: never[]) => void);
    request.on?.('end', () => resolve(length));
  });
}

const lengthOf = (read: BodyRead): string =>
  read.outcome === 'read' ? String(read.chunks.reduce((sum, chunk) => sum + chunk.length, 0)) : read.outcome;

/** Reads as the guard does, then as a handler does, then as a second guard does. */
const thrice =
  (reader: Reader): Handler =>
  async (request) => {
    const first = lengthOf(await readNodeBody(request, 1_000_000));
    const second = await consume(request, reader);
    return `${first} ${second} ${lengthOf(await readNodeBody(request, 1_000_000))}`;
  };

async function serve1(context: TestContext, handler: Handler): Promise<(size: number, headers: object, parts?: number) => Promise<string>> {
  const server = createServer((request, response) => void handler(request).then((text) => response.end(text)));
  const port = await listening(context, server);
  return (size, headers, parts = 1) =>
    new Promise((resolve, reject) => {
      const outgoing = send({ port, method: 'POST', headers: { ...headers }, agent: false }, (response: IncomingMessage) => {
        let text = '';
        response.on('data', (chunk: Buffer) => (text += chunk)).on('end', () => resolve(text));
      });
      outgoing.on('error', reject);
      const step = Math.ceil(size / parts);
      const write = (at: number): void => {
        if (at >= size) return void outgoing.end();
        outgoing.write(Buffer.alloc(Math.min(step, size - at), 1));
        setTimeout(write, 3, at + step);
      };
      write(0);
    });
}

describe('the handler sees the body as if nobody had been there', () => {
  for (const reader of ['data', 'iterate', 'late data'] as const) {
    test(`HTTP/1.1, ${reader}`, async (context) => {
      const call = await serve1(context, thrice(reader));
      for (const [size, parts] of [
        [0, 1],
        [1, 1],
        [5, 5],
        [70_000, 1],
        [300_000, 9],
      ] as const) {
        assert.equal(await call(size, { 'transfer-encoding': 'chunked' }, parts), `${size} ${size} ${size}`);
        if (size > 0) assert.equal(await call(size, { 'content-length': size }, parts), `${size} ${size} ${size}`);
      }
    });
    test(`HTTP/2, ${reader}`, async (context) => {
      const server = createHttp2Server((request, response) => void thrice(reader)(request).then((text) => response.end(text)));
      const port = await listening(context, server);
      const session = connectHttp2(`http://127.0.0.1:${port}`);
      for (const size of [0, 5, 300_000]) {
        const text = await new Promise<string>((resolve) => {
          const stream = session.request({ ':method': 'POST' }, { endStream: false });
          let found = '';
          stream.on('data', (chunk: Buffer) => (found += chunk)).on('end', () => resolve(found));
          stream.end(Buffer.alloc(size, 1));
        });
        assert.equal(text, `${size} ${size} ${size}`);
      }
      await new Promise<void>((resolve) => session.close(resolve));
    });
  }
});

describe('limits and losses', () => {
  test('a body that is too large is not read to its end, and the handler can still drain it', async (context) => {
    const call = await serve1(context, async (request) => {
      const read = await readNodeBody(request, 100_000);
      return `${read.outcome} ${await consume(request, 'data')}`;
    });
    assert.equal(await call(10_000_000, { 'content-length': 10_000_000 }), 'too-large 10000000');
    assert.equal(await call(100_001, { 'transfer-encoding': 'chunked' }), 'too-large 100001');
    assert.equal(await call(100_000, { 'transfer-encoding': 'chunked' }), 'read 100000');
  });
  test('a body that somebody read is gone, unless the raw bytes were kept', async (context) => {
    const call = await serve1(context, async (request) => {
      await consume(request, 'data');
      const gone = await readNodeBody(request, 10);
      const kept = await readNodeBody(Object.assign(request, { rawBody: Buffer.alloc(5) }), 10);
      return `${gone.outcome} ${kept.outcome} ${lengthOf(await readNodeBody(request, 4))}`;
    });
    assert.equal(await call(5, { 'content-length': 5 }), 'gone read too-large');
  });
  test('a client that goes away in the middle ends the wait', async (context) => {
    const found: Promise<BodyRead> = new Promise((resolve) => {
      const server = createServer((request) => {
        void Promise.resolve(readNodeBody(request, 1000)).then(resolve);
        leave();
      });
      let leave = (): void => undefined;
      void listening(context, server).then((port) => {
        const socket = connect(port, '127.0.0.1', () => socket.write('POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 100\r\n\r\nabc'));
        leave = () => void socket.destroy();
      });
    });
    assert.equal((await found).outcome, 'left');
  });
  test('a client that is gone before anybody read is the client’s side, not a parser’s', async () => {
    assert.deepEqual(await readNodeBody({ destroyed: true, complete: false, read: () => null }, 10), { outcome: 'left' });
    assert.equal((await readNodeBody({ destroyed: true, complete: true, read: () => null }, 10)).outcome, 'gone');
  });
  test('a stream that somebody turned into text is gone: its bytes are not what was sent', async () => {
    assert.equal((await readNodeBody({ readableEncoding: 'utf8', read: () => null }, 10)).outcome, 'gone');
  });
  test('an object that is no stream has only what it kept', async () => {
    const text = await readNodeBody({ rawBody: 'é' }, 10);
    assert.equal(lengthOf(text), '2');
    assert.equal((await readNodeBody({}, 10)).outcome, 'gone');
    assert.equal((await readNodeBody({ rawBody: { a: 1 } }, 10)).outcome, 'gone');
  });
});

describe('a body that somebody else waits for', () => {
  for (const event of ['data', 'readable']) {
    for (const parts of [1, 4]) {
      test(`${event}, in ${parts} parts: it is theirs, whole and once`, async (context) => {
        const ask = await serve1(context, async (request) => {
          let theirs = 0;
          const take = (chunk: Uint8Array | undefined): void => {
            for (let next = chunk ?? request.read?.(); next instanceof Uint8Array; next = request.read?.()) theirs += next.length;
          };
          request.on?.(event, take as (...parameters: never[]) => void);
          const ended = new Promise<void>((resolve) => request.on?.('end', resolve));
          const ours = await readNodeBody(request, 1_000_000);
          await ended;
          return `${ours.outcome} ${theirs}`;
        });
        assert.equal(await ask(40_000, {}, parts), 'gone 40000');
      });
    }
  }
});
