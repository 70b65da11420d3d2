/** Bodies of Fetch requests: read from a clone. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { readWebBody } from '../../../src/http/body-web.ts';

const post = (body: string | ReadableStream<Uint8Array> | null): Request =>
  new Request('http://a/', { method: 'POST', body, duplex: 'half' } as RequestInit);
const length = (read: Awaited<ReturnType<typeof readWebBody>>): string =>
  read.outcome === 'read' ? String(read.chunks.reduce((sum, chunk) => sum + chunk.length, 0)) : read.outcome;

test('the handler can read the body again, and so can a second guard', async () => {
  const request = post('hello');
  assert.equal(length(await readWebBody(request, 10)), '5');
  assert.equal(length(await readWebBody(request, 10)), '5');
  assert.equal(await request.text(), 'hello');
  assert.equal(length(await readWebBody(request, 10)), 'gone');
});
test('the limit holds to the byte', async () => {
  assert.equal(length(await readWebBody(post('hello'), 5)), '5');
  assert.equal(length(await readWebBody(post('hello'), 4)), 'too-large');
});
test('a request without body has none', async () => assert.equal(length(await readWebBody(new Request('http://a/'), 0)), '0'));
test('a stream that is endless is left alone at the limit', async () => {
  let pulled = 0;
  const stream = new ReadableStream<Uint8Array>({
    pull: (controller) => {
      pulled++;
      controller.enqueue(new Uint8Array(1000));
    },
  });
  assert.equal(length(await readWebBody(post(stream), 10_000)), 'too-large');
  assert.ok(pulled < 100);
});
test('a body whose reader somebody holds is gone, not a failure of ours', async () => {
  const request = post('hello');
  const reader = request.body?.getReader();
  assert.equal(length(await readWebBody(request, 10)), 'gone');
  reader?.releaseLock();
});
test('a client that goes away in the middle is not our fault', async () => {
  const stream = new ReadableStream<Uint8Array>({
    start: (controller) => controller.enqueue(new Uint8Array(3)),
    pull: (controller) => controller.error(new Error('reset')),
  });
  assert.equal(length(await readWebBody(post(stream), 10)), 'left');
});
test('an object that cannot be cloned is gone', async () => assert.equal(length(await readWebBody({ body: {} }, 10)), 'gone'));
