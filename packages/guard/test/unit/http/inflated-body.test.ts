/** What a body parser kept of a compressed body is not what was sent. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { NodeRequestView } from '../../../src/http/view-node.ts';

const outcome = async (rawBody: Uint8Array | string, ...rawHeaders: readonly string[]): Promise<string> =>
  (await new NodeRequestView({ rawHeaders, rawBody }).body.read(1000)).outcome;

test('kept bytes of a compressed body are believed only where they have the stated length', async () => {
  const kept = new Uint8Array(10);
  assert.equal(await outcome(kept, 'Content-Length', '10'), 'read');
  assert.equal(await outcome(kept, 'Content-Length', '7', 'Content-Encoding', 'gzip'), 'gone');
  assert.equal(await outcome(kept, 'Transfer-Encoding', 'chunked', 'content-encoding', 'br'), 'gone');
  assert.equal(await outcome('text', 'Content-Length', '4', 'Content-Encoding', 'gzip'), 'gone');
  assert.equal(await outcome(kept, 'Content-Length', '10', 'Content-Encoding', 'gzip'), 'read');
  assert.equal(await outcome(kept, 'Content-Length', '10', 'Content-Encoding', 'identity'), 'read');
});
