import assert from 'node:assert/strict';
import { once } from 'node:events';
import type { Duplex } from 'node:stream';
import test, { type TestContext } from 'node:test';
import { exampleToken } from '@approov-guard/testkit';
import { WebSocket, WebSocketServer } from 'ws';
import { gatewayTo, genuine, raw, secret, upstream, valuesOf } from './harness.ts';

/** An upstream with WebSockets that send back what they get. */
async function echo(context: TestContext) {
  const { url, server } = await upstream(context);
  const handshakes: { readonly lines: readonly string[]; readonly url: string }[] = [];
  const sockets = new WebSocketServer({ noServer: true });
  server.on('upgrade', (request, socket: Duplex, head: Buffer) => {
    handshakes.push({ lines: request.rawHeaders, url: request.url ?? '' });
    if (request.url === '/declined') return socket.end('HTTP/1.1 403 No\r\nContent-Length: 2\r\nX-A: b\r\n\r\nno');
    return sockets.handleUpgrade(request, socket, head, (client) =>
      client.on('message', (data, isBinary) => client.send(data, { binary: isBinary })),
    );
  });
  context.after(() => {
    for (const client of sockets.clients) client.terminate();
  });
  return { url, handshakes };
}

const open = (url: string, headers: readonly (readonly [string, string])[], protocols: readonly string[] = []): WebSocket =>
  new WebSocket(url.replace('http', 'ws'), [...protocols], { headers: Object.fromEntries(headers) });

test('a genuine WebSocket: messages both ways, large ones too', async (context) => {
  const { url, handshakes } = await echo(context);
  const gateway = await gatewayTo(context, url);
  const client = open(`${gateway.url}/chat?x=y`, [genuine(), ['X-Attestation-Verdict', 'spoofed'], ['Authorization', 'a']]);
  await once(client, 'open');
  assert.equal(gateway.counts().approov_gateway_tunnels, 1);
  for (const size of [1, 100_000, 3_000_000]) {
    client.send(Buffer.alloc(size, 7));
    const [data] = await once(client, 'message');
    assert.equal((data as Buffer).length, size);
  }
  const [handshake] = handshakes;
  assert.ok(handshake !== undefined);
  assert.equal(handshake.url, '/chat?x=y');
  assert.deepEqual(
    ['x-attestation-verdict', 'upgrade', 'connection', 'authorization', 'x-forwarded-for'].map((name) => valuesOf(handshake, name).join()),
    ['accepted', 'websocket', 'upgrade', 'a', '127.0.0.1'],
  );
  client.close(4000);
  const [code] = await once(client, 'close');
  assert.equal(code, 4000);
});

test('a WebSocket without a token, and one whose upstream declines', async (context) => {
  const { url, handshakes } = await echo(context);
  const gateway = await gatewayTo(context, url);
  const status = async (headers: readonly (readonly [string, string])[], path: string): Promise<number> => {
    const client = open(gateway.url + path, headers);
    client.on('error', () => undefined);
    const [, response] = await once(client, 'unexpected-response');
    client.terminate();
    return response.statusCode;
  };
  assert.equal(await status([], '/'), 401);
  assert.equal(handshakes.length, 0);
  assert.equal(await status([genuine()], '/declined'), 403);
});

test('a token offered as a subprotocol is judged, and not offered to the upstream', async (context) => {
  const { url, handshakes } = await echo(context);
  const gateway = await gatewayTo(context, url);
  const client = open(gateway.url, [], ['chat', `approov-token.${exampleToken({ secret })}`]);
  await once(client, 'open');
  assert.equal(client.protocol, 'chat');
  assert.deepEqual(valuesOf(handshakes[0] ?? { lines: [] }, 'sec-websocket-protocol'), ['chat']);
  client.terminate();
});

test('a WebSocket ends with its token', async (context) => {
  const { url } = await echo(context);
  const gateway = await gatewayTo(context, url);
  const client = open(gateway.url, [genuine({ lifetimeSeconds: 2 })]);
  client.on('error', () => undefined);
  await once(client, 'open');
  await once(client, 'close');
  while (gateway.counts().approov_gateway_tunnels !== 0) await new Promise((resolve) => setImmediate(resolve));
});

test('when one side breaks off, so does the other', async (context) => {
  const { url } = await echo(context);
  const gateway = await gatewayTo(context, url);
  const client = open(gateway.url, [genuine()]);
  client.on('error', () => undefined);
  await once(client, 'open');
  client.terminate();
  await once(client, 'close');
  while (gateway.counts().approov_gateway_tunnels !== 0) await new Promise((resolve) => setImmediate(resolve));
});

test('an upgrade that is not allowed is ignored: the request is answered, and the connection closes', async (context) => {
  const { url, received } = await upstream(context);
  const gateway = await gatewayTo(context, url);
  const h2c = `GET / HTTP/1.1\r\nHost: a\r\nConnection: Upgrade, HTTP2-Settings\r\nUpgrade: h2c\r\nHTTP2-Settings: AAMAAABk\r\n`;
  assert.equal((await raw(gateway.port, `${h2c}\r\n`)).status, 401);
  const answer = await raw(gateway.port, `${h2c}${genuine().join(': ')}\r\n\r\nGET /smuggled HTTP/1.1\r\nHost: a\r\n\r\n`);
  assert.equal(answer.status, 200);
  assert.match(answer.text, /connection: close/i);
  assert.deepEqual(
    received.map((one) => [one.url, valuesOf(one, 'upgrade'), valuesOf(one, 'http2-settings')]),
    [['/', [], []]],
  );
});

test('an upgrade whose upstream is down: 502', async (context) => {
  const gateway = await gatewayTo(context, 'unix:/nonexistent/socket');
  const client = open(gateway.url, [genuine()]);
  client.on('error', () => undefined);
  const [, response] = await once(client, 'unexpected-response');
  assert.equal(response.statusCode, 502);
  client.terminate();
});
