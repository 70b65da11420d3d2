import assert from 'node:assert/strict';
import { once } from 'node:events';
import { request as httpRequest, type ServerResponse } from 'node:http';
import { type AddressInfo, connect, createServer, type Socket } from 'node:net';
import test, { type TestContext } from 'node:test';
import { until } from '../../../tools/until.mjs';
import { gatewayTo, genuine, get, raw, upstream } from './harness.ts';

/** A server that does with each connection what it is told. */
async function bareServer(context: TestContext, serve: (socket: Socket) => void): Promise<string> {
  const sockets = new Set<Socket>();
  const server = createServer((socket) => {
    sockets.add(socket);
    socket.on('error', () => undefined);
    serve(socket);
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  context.after(() => {
    for (const socket of sockets) socket.destroy();
    server.close();
  });
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
}

/** An address on which nobody listens. */
async function nobody(): Promise<string> {
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  await new Promise((resolve) => server.close(resolve));
  return `http://127.0.0.1:${port}`;
}

test('a server that is down: 502, and the next request tries again', async (context) => {
  const gateway = await gatewayTo(context, await nobody());
  for (let time = 0; time < 2; time++) {
    const answer = await raw(gateway.port, get('/', genuine()));
    assert.deepEqual([answer.status, answer.body], [502, '{}']);
  }
  assert.equal((await raw(gateway.port, get('/'))).status, 401);
});

test('where nothing was sent another server is asked, for methods that may be repeated only', async (context) => {
  const { url, received } = await upstream(context);
  const gateway = await gatewayTo(context, [await nobody(), await nobody(), url]);
  for (let time = 0; time < 6; time++) assert.equal((await raw(gateway.port, get('/', genuine()))).status, 200);
  assert.equal(received.length, 6);
  const fresh = await gatewayTo(context, [await nobody(), await nobody(), await nobody()]);
  assert.equal((await raw(fresh.port, get('/', genuine()).replace('GET', 'POST'))).status, 502);
});

test('a request that was sent is not sent again', async (context) => {
  let connections = 0;
  const url = await bareServer(context, (socket) => {
    connections++;
    socket.once('data', () => socket.destroy());
  });
  const gateway = await gatewayTo(context, [url, url]);
  assert.equal((await raw(gateway.port, get('/', genuine()))).status, 502);
  assert.equal(connections, 1);
});

test('a server that does not answer in time: 504', async (context) => {
  const url = await bareServer(context, () => undefined);
  const gateway = await gatewayTo(context, url, { gateway: { timeouts: { upstreamSeconds: 0.1, drainSeconds: 0 } } });
  assert.equal((await raw(gateway.port, get('/', genuine()))).status, 504);
});

test('an answer that breaks off, or is shorter than it said, is not taken for the whole', async (context) => {
  const answers = [
    'HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nhello',
    'HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n',
    'HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\nZZ',
  ];
  for (const answer of answers) {
    const url = await bareServer(context, (socket) => socket.once('data', () => socket.end(answer)));
    const gateway = await gatewayTo(context, url);
    const { status, body } = await raw(gateway.port, get('/', genuine()));
    assert.equal(status, 200);
    assert.ok(!body.endsWith('0\r\n\r\n') && !(answer.includes('Length') && body.length === 10), body);
  }
});

test('an answer that says two things, or is not HTTP, is 502, and more than it said goes nowhere', async (context) => {
  const answers = [
    ['nonsense\r\n\r\n', 502],
    ['HTTP/1.1 200 OK\r\nContent-Length: 5\r\nContent-Length: 6\r\n\r\nhello', 502],
    ['HTTP/1.1 200 OK\r\nContent-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n', 502],
    ['HTTP/1.1 200 OK\r\nX: a\x00b\r\n\r\n', 502],
    ['HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhelloHTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\nevil', 200],
  ] as const;
  for (const [answer, status] of answers) {
    const url = await bareServer(context, (socket) => socket.once('data', () => socket.end(answer, 'latin1')));
    const gateway = await gatewayTo(context, url);
    const seen = await raw(gateway.port, get('/', genuine()));
    assert.equal(seen.status, status, answer);
    assert.ok(!seen.text.includes('evil'));
  }
});

test('a server that answers before it has read the body: the answer arrives', async (context) => {
  const url = await bareServer(context, (socket) =>
    socket.once('data', () => socket.end('HTTP/1.1 413 Too Large\r\nContent-Length: 2\r\nConnection: close\r\n\r\nno')),
  );
  const gateway = await gatewayTo(context, url);
  const head = `POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 5000000\r\n${genuine().join(': ')}\r\n\r\n`;
  const answer = await raw(gateway.port, [head, 'x'.repeat(100_000)], /no$/);
  assert.equal(answer.status, 413);
});

test('a client that leaves: the server behind is told', async (context) => {
  let closed: (() => void) | null = null;
  const gone = new Promise<void>((resolve) => (closed = resolve));
  const { url, server } = await upstream(context, (_request, response) => {
    response.on('close', () => closed?.());
    response.writeHead(200);
    response.write('first');
  });
  const gateway = await gatewayTo(context, url);
  const socket = connect(gateway.port, '127.0.0.1');
  socket.write(get('/', genuine()));
  await once(socket, 'data');
  socket.destroy();
  await gone;
  void server;
});

test('a client that leaves in the middle of its body', async (context) => {
  let closed: () => void = () => undefined;
  const gone = new Promise<void>((resolve) => (closed = resolve));
  const { url, received } = await upstream(context, (request) => request.on('close', () => closed()));
  const gateway = await gatewayTo(context, url);
  const socket = connect(gateway.port, '127.0.0.1');
  socket.write(`POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 10\r\n${genuine().join(': ')}\r\n\r\nhalf`, () =>
    setImmediate(() => socket.destroy()),
  );
  await Promise.race([gone, once(socket, 'close')]);
  assert.equal(received.length, 0);
  assert.equal((await raw(gateway.port, get('/'))).status, 401);
});

test('a body over the limit: refused by its length, or cut off as it comes', async (context) => {
  const { url, received } = await upstream(context);
  const gateway = await gatewayTo(context, url, { gateway: { limits: { bodyBytes: 1000 } } });
  const head = `POST / HTTP/1.1\r\nHost: a\r\n${genuine().join(': ')}\r\n`;
  assert.equal((await raw(gateway.port, `${head}Content-Length: 1001\r\n\r\n`)).status, 413);
  const chunk = `400\r\n${'x'.repeat(1024)}\r\n`;
  assert.equal((await raw(gateway.port, [`${head}Transfer-Encoding: chunked\r\n\r\n`, chunk, chunk])).status, 413);
  assert.equal(received.length, 0);
});

test('a slow body does not wait in memory: what the server does not take, the client cannot send', async (context) => {
  let sockets = 0;
  const { url } = await upstream(context, (request) => {
    sockets++;
    request.pause();
  });
  const gateway = await gatewayTo(context, url, { gateway: { limits: { bodyBytes: null } } });
  const [name, value] = genuine();
  const request = httpRequest({ port: gateway.port, method: 'POST', headers: { [name]: value, 'transfer-encoding': 'chunked' } });
  request.on('error', () => undefined);
  context.after(() => request.destroy());
  const chunk = Buffer.alloc(65_536);
  let sent = 0;
  // Writing goes on as long as the other side takes it; it has to come to rest at a few buffers.
  await new Promise<void>((resolve) => {
    let idle = 0;
    const write = (): void => {
      while (request.writableLength < 1_000_000 && sent < 100_000_000) {
        request.write(chunk, () => (idle = 0));
        sent += chunk.length;
      }
      if (sockets > 0 && ++idle > 50) resolve();
      else setTimeout(write, 5);
    };
    write();
  });
  assert.ok(sent - request.writableLength < 16_000_000, `${sent - request.writableLength} bytes were taken`);
});

test('what is malformed and comes behind a whole request is answered behind it', async (context) => {
  const waiting: ServerResponse[] = [];
  const { url, received } = await upstream(context, (_request, response) => void waiting.push(response));
  const gateway = await gatewayTo(context, url);
  const first = `GET /first HTTP/1.1\r\nHost: a\r\n${genuine().join(': ')}\r\n\r\n`;
  const answer = raw(gateway.port, [first, 'nonsense\r\n\r\n', 'more\r\n\r\n']);
  await until(() => waiting.length === 1 && gateway.counts().approov_gateway_malformed_total !== undefined);
  waiting[0]?.end('first');
  const { text } = await answer;
  assert.deepEqual(text.match(/HTTP\/1\.1 \d+/g), ['HTTP/1.1 200', 'HTTP/1.1 400']);
  assert.ok(text.indexOf('first') < text.indexOf('HTTP/1.1 400'));
  assert.equal(received.length, 1);
});

test('a body that turns out malformed while its answer is under way: the connection ends, and nothing is written into the answer', async (context) => {
  const { url } = await upstream(
    context,
    (_request, response) => void response.writeHead(200, { 'content-length': '1000' }).write('begun'),
  );
  const gateway = await gatewayTo(context, url);
  const socket = connect(gateway.port, '127.0.0.1');
  socket.setEncoding('latin1');
  let text = '';
  socket.on('data', (chunk) => (text += chunk));
  socket.write(`POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n${genuine().join(': ')}\r\n\r\n5\r\nhello\r\n`);
  await until(() => text.includes('begun'));
  socket.write('nonsense\r\n');
  await once(socket, 'close');
  assert.ok(text.endsWith('begun'), text);
});

test('a server that resets the connection in the middle of its answer: the client does not take the part for the whole', async (context) => {
  for (const head of ['Content-Length: 1000', 'Transfer-Encoding: chunked', 'X-Until: the end']) {
    let reset: () => void = () => undefined;
    const url = await bareServer(context, (socket) => {
      reset = () => socket.resetAndDestroy();
      socket.once('data', () => socket.write(`HTTP/1.1 200 OK\r\n${head}\r\n\r\n5\r\nhello\r\n`));
    });
    const gateway = await gatewayTo(context, url);
    const socket = connect(gateway.port, '127.0.0.1');
    let [text, ended] = ['', false];
    socket.setEncoding('latin1');
    socket.on('data', (chunk) => (text += chunk));
    // A proper end would make a whole of an answer that ends with its connection.
    socket.on('end', () => (ended = !text.includes('chunked') && !text.includes('Content-Length')));
    socket.on('error', () => undefined);
    socket.write(get('/', genuine()).replace('Connection: close\r\n', ''));
    await until(() => text.includes('hello'));
    reset();
    await once(socket, 'close');
    assert.ok(!ended && !text.endsWith('0\r\n\r\n'), text);
    assert.equal(gateway.counts()['approov_gateway_upstream_troubles_total{upstream="default",trouble="cut"}'], 1);
  }
});

test('a client that takes nothing of an answer is left, and so is the server', async (context) => {
  let closed: () => void = () => undefined;
  const gone = new Promise<void>((resolve) => (closed = resolve));
  const { url } = await upstream(context, (_request, response) => {
    response.on('close', () => closed());
    response.writeHead(200);
    const more = (): void => {
      while (!response.destroyed && response.write(Buffer.alloc(65_536)));
    };
    response.on('drain', more);
    more();
  });
  const timeouts = { upstreamIdleSeconds: 0.2, drainSeconds: 0 };
  const gateway = await gatewayTo(context, url, { gateway: { timeouts } });
  const socket = connect(gateway.port, '127.0.0.1');
  socket.on('error', () => undefined);
  context.after(() => socket.destroy());
  socket.pause();
  socket.write(get('/', genuine()));
  await gone;
  await until(() => gateway.counts().approov_gateway_requests_in_flight === 0);
});

test('an answer that fills the buffer to the client and ends with it leaves the connection as it was', async (context) => {
  let connections = 0;
  const { url, server } = await upstream(context, (_request, response) => void response.end('x'.repeat(40_000)));
  server.on('connection', () => connections++);
  const gateway = await gatewayTo(context, url, { gateway: { timeouts: { upstreamSeconds: 5, drainSeconds: 0 } } });
  for (let time = 0; time < 6; time++) {
    const answer = await raw(gateway.port, get('/', genuine()));
    assert.deepEqual([answer.status, answer.body.length], [200, 40_000]);
  }
  assert.ok(connections < 6, `${connections} connections`);
});
