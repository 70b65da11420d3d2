/** The bug that this guards against: a body in many small pieces, put back piece by piece, let the event loop stand for seconds. */
import assert from 'node:assert/strict';
import { createServer, IncomingMessage } from 'node:http';
import { connect } from 'node:net';
import { test } from 'node:test';
import type { BodyRead } from '../../../src/core/request-view.ts';
import { readNodeBody } from '../../../src/http/body-node.ts';
import { readWebBody } from '../../../src/http/body-web.ts';
import { GatheredBody } from '../../../src/http/gathered-body.ts';
import { listening } from '../../adapters/serving.ts';

/** Pieces as a parser cuts them out of what the socket read: each keeps the whole of it alive. */
function pieces(count: number, size: number, slab = 65_536): Uint8Array[] {
  return Array.from({ length: count }, (_, index) => new Uint8Array(new ArrayBuffer(slab), 0, size).fill(index));
}

for (const [count, size] of [
  [0, 0],
  [1, 1],
  [3, 1023],
  [5000, 5],
  [40, 30_000],
  [9, 65_536],
] as const) {
  test(`${count} pieces of ${size} bytes come out as one buffer, byte for byte`, () => {
    const body = new GatheredBody();
    const sent = pieces(count, size);
    for (const piece of sent) body.add(piece);
    assert.equal(body.length, count * size);
    const whole = body.whole();
    assert.ok(Buffer.from(whole).equals(Buffer.concat(sent)));
    if (count > 0) assert.equal(body.whole(), whole);
  });
}

test('small pieces are not kept: what they were cut out of can go', () => {
  const body = new GatheredBody();
  const sent = pieces(100, 5);
  for (const piece of sent) body.add(piece);
  const { buffer } = body.whole();
  assert.ok(buffer.byteLength <= 1024, String(buffer.byteLength));
  assert.ok(!sent.some((piece) => piece.buffer === buffer));
});

test('a body of many pieces is put back into Node’s stream at once', async (context) => {
  let putBack = 0;
  const { unshift } = IncomingMessage.prototype;
  context.mock.method(IncomingMessage.prototype, 'unshift', function counted(this: IncomingMessage, chunk: unknown) {
    putBack++;
    return unshift.call(this, chunk);
  });
  const read = new Promise<{ found: BodyRead; behind: number }>((resolve) => {
    const server = createServer(async (request, response) => {
      const found = await readNodeBody(request, 1_000_000);
      let behind = 0;
      for await (const chunk of request) behind += (chunk as Buffer).length;
      response.end();
      resolve({ found, behind });
    });
    void listening(context, server).then((port) => {
      const socket = connect(port, '127.0.0.1');
      socket.setNoDelay();
      socket.write('POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n');
      // Each chunk of the coding is a piece of its own, however they arrive.
      for (let index = 0; index < 20_000; index++) socket.write('5\r\nabcde\r\n');
      socket.end('0\r\n\r\n');
    });
  });
  const { found, behind } = await read;
  assert.ok(found.outcome === 'read');
  assert.deepEqual([found.chunks.length, found.chunks[0]?.length, behind, putBack], [1, 100_000, 100_000, 1]);
});

test('a Fetch body of many pieces is read as one buffer, and the handler still has it', async () => {
  let left = 5000;
  const body = new ReadableStream({
    pull: (controller) => (left-- > 0 ? controller.enqueue(new Uint8Array(5)) : controller.close()),
  });
  const request = new Request('http://a/', { method: 'POST', body, duplex: 'half' } as RequestInit);
  const found = await readWebBody(request, 100_000);
  assert.ok(found.outcome === 'read');
  assert.deepEqual([found.chunks.length, found.chunks[0]?.length, (await request.arrayBuffer()).byteLength], [1, 25_000, 25_000]);
});

test('what may not be held ends the reading, and a stop ends the wait', async () => {
  const endless = (): Request => {
    const body = new ReadableStream({ start: (controller) => controller.enqueue(new Uint8Array(5)) });
    return new Request('http://a/', { method: 'POST', body, duplex: 'half' } as RequestInit);
  };
  assert.deepEqual(await readWebBody(endless(), 100, { take: () => false, stop: null }), { outcome: 'over-budget' });
  const allowance = { take: () => true, stop: null as (() => void) | null };
  const waiting = readWebBody(endless(), 100, allowance);
  allowance.stop?.();
  assert.deepEqual(await waiting, { outcome: 'late' });
  assert.equal(allowance.stop, null);
});
