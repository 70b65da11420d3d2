/** A peer on a Unix socket has no address, and neither has a TCP peer that left: only the first may be trusted. */
import assert from 'node:assert/strict';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { createServer, type IncomingMessage, request, type ServerResponse } from 'node:http';
import { type AddressInfo, connect } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { NodeRequestView } from '../../src/http/view-node.ts';

test('a peer on a Unix socket is named `unix`', { skip: process.platform === 'win32' && 'skipped: no Unix sockets' }, async (context) => {
  const folder = mkdtempSync(join(tmpdir(), 'approov-'));
  context.after(() => rmSync(folder, { recursive: true }));
  const socketPath = join(folder, 's');
  const peers: (string | null)[] = [];
  const server = createServer((message, response) => {
    peers.push(new NodeRequestView(message).peer);
    response.end();
  });
  await once(server.listen(socketPath), 'listening');
  context.after(() => server.close());
  const [answer] = (await once(request({ socketPath }).end(), 'response')) as [IncomingMessage];
  answer.resume();
  assert.deepEqual(peers, ['unix']);
});

test('a TCP peer that left has no address, and is not taken for one on a Unix socket', async (context) => {
  const server = createServer();
  await once(server.listen(0, '127.0.0.1'), 'listening');
  context.after(() => server.close());
  const client = connect((server.address() as AddressInfo).port, '127.0.0.1');
  client.write('GET / HTTP/1.1\r\nHost: a\r\n\r\n');
  const [message, response] = (await once(server, 'request')) as [IncomingMessage, ServerResponse];
  const view = new NodeRequestView(message);
  assert.equal(view.peer, '127.0.0.1');
  const left = once(response, 'close');
  client.destroy();
  await left;
  message.socket.destroy();
  assert.notEqual(view.peer, 'unix');
});

test('Host over HTTP/2 is the authority', () => {
  const view = new NodeRequestView({ rawHeaders: [':method', 'GET', ':authority', 'api.example.com'] });
  assert.deepEqual(view.lines('host'), ['api.example.com']);
  assert.equal(view.authority, 'api.example.com');
  const both = new NodeRequestView({ rawHeaders: [':authority', 'api.example.com', 'host', 'evil'] });
  assert.deepEqual(both.lines('host'), ['evil']);
  assert.equal(both.authority, null);
});
