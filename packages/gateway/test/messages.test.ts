import assert from 'node:assert/strict';
import { once } from 'node:events';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { createServer, type IncomingMessage } from 'node:http';
import { type AddressInfo, createServer as createBareServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Duplex } from 'node:stream';
import test, { type TestContext } from 'node:test';
import { connect as connectTls } from 'node:tls';
import { skipUnless } from '../../../tools/optional.mjs';
import { settled, until } from '../../../tools/until.mjs';
import { GatewayRequest, type GatewayResponse, responseOf } from '../src/service/messages.ts';
import { makeCertificate, openssl } from './certificate.ts';
import { gatewayTo, genuine, raw, upstream } from './harness.ts';

/** A server that answers each request with the bytes of its path's number, in one piece. */
async function answering(context: TestContext, answers: readonly string[]): Promise<string> {
  const server = createBareServer((socket) => {
    socket.on('error', () => undefined);
    socket.on('data', (head) => void socket.write(answers[Number(/ \/(\d+)/.exec(head.toString('latin1'))?.[1])] ?? '', 'latin1'));
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  context.after(() => server.close());
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
}

const DATE = 'Date: Fri, 27 Nov 2026 12:00:00 GMT\r\n';
const token = `${genuine().join(': ')}\r\n`;

/** What differs between an answer after which the connection stays, and one after which it does not. */
const withoutConnection = (text: string): string =>
  text
    .replace(/^(?:Connection|Keep-Alive): .*\r\n/gm, '')
    .replace(/^Date: .* GMT\r\n/m, (line) => (line === DATE ? line : 'Date: now\r\n'));

test('an answer that leaves as one text says what Node would have said', async (context) => {
  const answers = [
    `HTTP/1.1 200 OK\r\n${DATE}Content-Length: 5\r\n\r\nhello`,
    'HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhello',
    `HTTP/1.1 200 OK\r\ndate: Fri, 27 Nov 2026 12:00:00 GMT\r\nCONTENT-LENGTH: 3\r\nX: \xe4\r\n\r\n\xe4\x00\xff`,
    `HTTP/1.1 404 Own Words\r\n${DATE}Set-Cookie: a=1\r\nset-cookie: b=2\r\nContent-Length: 0\r\n\r\n`,
    `HTTP/1.1 200 \r\n${DATE}Content-Length: 2\r\nKeep-Alive: timeout=3\r\nConnection: keep-alive, X-Drop\r\nX-Drop: d\r\n\r\nok`,
    `HTTP/1.1 204 No Content\r\n${DATE}X: 1\r\n\r\n`,
    `HTTP/1.1 304 Not Modified\r\n${DATE}Content-Length: 5\r\nETag: "a"\r\n\r\n`,
    `HTTP/1.1 200 OK\r\n${DATE}Transfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n0\r\n\r\n`,
    `HTTP/1.1 200 OK\r\n${DATE}Transfer-Encoding: chunked\r\n\r\n0\r\n\r\n`,
    `HTTP/1.1 200 OK\r\n${DATE}Content-Length: 20000\r\n\r\n${'x'.repeat(20_000)}`,
  ];
  const gateway = await gatewayTo(context, await answering(context, answers));
  for (const index of answers.keys()) {
    const head = `GET /${index} HTTP/1.1\r\nHost: a\r\n${token}`;
    const closing = (await raw(gateway.port, `${head}Connection: close\r\n\r\n`)).text;
    assert.match(closing, /^Connection: close\r\n/m);
    const next = 'GET / HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n';
    const both = (await raw(gateway.port, [`${head}\r\n`, next])).text;
    const staying = both.slice(0, both.lastIndexOf('HTTP/1.1 401'));
    assert.match(staying, /^Connection: keep-alive\r\nKeep-Alive: timeout=\d+\r\n/m, answers[index]);
    assert.equal(withoutConnection(staying), withoutConnection(closing));
  }
});

test('a HEAD has the length of what it has not, and a refusal says all that Node would', async (context) => {
  const answers = [`HTTP/1.1 200 OK\r\n${DATE}Content-Length: 5\r\n\r\n`, `HTTP/1.1 200 OK\r\n${DATE}\r\n`];
  const gateway = await gatewayTo(context, await answering(context, answers));
  for (const [path, credential] of [
    ['/0', token],
    ['/1', token],
    ['/0', ''],
  ]) {
    for (const method of ['HEAD', ...(credential === '' ? ['GET'] : [])]) {
      const head = `${method} ${path} HTTP/1.1\r\nHost: a\r\n${credential}`;
      const closing = (await raw(gateway.port, `${head}Connection: close\r\n\r\n`)).text;
      const staying = (await raw(gateway.port, `${head}\r\n`, /\r\n\r\n(?:$|\{\})/)).text;
      assert.equal(withoutConnection(staying), withoutConnection(closing), head);
    }
  }
});

test('requests that come together are answered in their order, refusals among them', async (context) => {
  const { url, received } = await upstream(context, (request, response) => {
    // The first takes longest.
    const answer = (): void => void response.end(`<${request.url}>`);
    if (request.url === '/0') setImmediate(() => setImmediate(answer));
    else answer();
  });
  const gateway = await gatewayTo(context, url);
  const request = (path: string, credential: string, more = ''): string => `GET ${path} HTTP/1.1\r\nHost: a\r\n${credential}${more}\r\n`;
  const all = ['/0', '/1', '/refused', '/2', '/3'].map((path) => request(path, path === '/refused' ? '' : token));
  const { text } = await raw(gateway.port, all.join('') + request('/4', token, 'Connection: close\r\n'));
  assert.deepEqual(text.match(/HTTP\/1\.1 \d+|<.*?>/g), [
    ...['HTTP/1.1 200', '</0>', 'HTTP/1.1 200', '</1>', 'HTTP/1.1 401', 'HTTP/1.1 200', '</2>', 'HTTP/1.1 200', '</3>'],
    ...['HTTP/1.1 200', '</4>'],
  ]);
  assert.equal(received.length, 5);
  await until(() => gateway.counts().approov_gateway_requests_in_flight === 0);
});

test('a refused request whose body came with it costs no connection; where more of it is to come, the connection ends', async (context) => {
  const { url, received } = await upstream(context);
  const { port } = await gatewayTo(context, url);
  const post = (framing: string, body: string): string => `POST / HTTP/1.1\r\nHost: a\r\n${framing}\r\n\r\n${body}`;
  const last = `GET / HTTP/1.1\r\nHost: a\r\n${token}Connection: close\r\n\r\n`;
  for (const whole of [post('Content-Length: 4', 'body'), post('Transfer-Encoding: chunked', '4\r\nbody\r\n0\r\n\r\n')]) {
    const { text } = await raw(port, `${whole}${whole}${last}`);
    assert.deepEqual(text.match(/HTTP\/1\.1 \d+/g), ['HTTP/1.1 401', 'HTTP/1.1 401', 'HTTP/1.1 200'], whole);
  }
  for (const half of [post('Content-Length: 5', 'body'), post('Transfer-Encoding: chunked', '4\r\nbody\r\n')]) {
    const { text } = await raw(port, half);
    assert.match(text, /^HTTP\/1\.1 401 .*\r\nconnection: close\r\n/is, half);
  }
  assert.deepEqual(
    received.map(({ method }) => method),
    ['GET', 'GET'],
  );
});

test('a client that sends requests and takes no answers is not read further', async () => {
  let served = 0;
  const content = 'x'.repeat(15_000);
  const server = createServer({ IncomingMessage: GatewayRequest, ServerResponse: responseOf(5000) }, (_request, response) => {
    served++;
    const lines = ['content-length', String(content.length)];
    if (!(response as GatewayResponse).writeWhole(200, 'OK', lines, content)) response.writeHead(200, lines).end(content);
  });
  let taken = (): void => undefined;
  // A connection whose other side takes the next write when it is told to.
  const socket = new Duplex({
    read: () => undefined,
    write: (_chunk, _encoding, done) => {
      taken = done;
    },
  });
  server.emit('connection', socket);
  const count = 200;
  for (let sent = 0; sent < count; sent++) {
    socket.push('GET / HTTP/1.1\r\nHost: a\r\n\r\n');
    await settled();
  }
  assert.ok(served < 20, `${served} of ${count} were served`);
  for (let turn = 0; turn < 10 * count && served < count; turn++) {
    taken();
    await settled();
  }
  assert.equal(served, count);
});

test('fields by name are there for whoever asks, whichever way', async (context) => {
  const seen: IncomingMessage[] = [];
  const server = createServer({ IncomingMessage: GatewayRequest }, (request, response) => {
    seen.push(request);
    response.end();
  });
  const plain = createServer((request, response) => {
    seen.push(request);
    response.end();
  });
  for (const one of [server, plain]) {
    await new Promise<void>((resolve) => one.listen(0, '127.0.0.1', resolve));
    context.after(() => one.close());
    await raw(
      (one.address() as AddressInfo).port,
      'GET / HTTP/1.1\r\nHost: a\r\nCookie: b\r\ncookie: c\r\nX: 1\r\nX: 2\r\nConnection: close\r\n\r\n',
    );
  }
  const [ours, theirs] = [seen[0]?.headers ?? {}, seen[1]?.headers ?? {}];
  assert.equal(ours.expect, undefined);
  assert.equal('host' in ours && !('expect' in ours), true);
  assert.deepEqual(Object.keys(ours), Object.keys(theirs));
  assert.deepEqual({ ...ours }, { ...theirs });
  assert.equal(JSON.stringify(ours), JSON.stringify(theirs));
  ours['x-more'] = 'more';
  delete ours.cookie;
  assert.deepEqual([ours['x-more'], ours.cookie, Object.keys(ours).length], ['more', undefined, Object.keys(theirs).length]);
});

test(
  'over TLS, too, a head may take its time and no longer, and a connection is idle so long',
  skipUnless(openssl, 'openssl'),
  async (context) => {
    const folder = mkdtempSync(join(tmpdir(), 'messages-'));
    context.after(() => rmSync(folder, { recursive: true }));
    const tls = makeCertificate(folder, 'first');
    const { url } = await upstream(context);
    const withTimeouts = (timeouts: object) =>
      gatewayTo(context, url, { gateway: { tls, timeouts: { drainSeconds: 0, ...timeouts }, limits: { headerBytes: 32_768 } } });
    const heard = async ({ port }: { port: number }, bytes: string): Promise<string> => {
      const socket = connectTls({ port, ca: readFileSync(tls.cert), ALPNProtocols: ['http/1.1'] });
      let text = '';
      socket.setEncoding('latin1').on('data', (chunk) => (text += chunk));
      socket.write(bytes);
      await once(socket, 'close');
      return text;
    };
    const impatient = await withTimeouts({ headerSeconds: 0.2 });
    assert.match(await heard(impatient, 'GET / HTTP/1.1\r\nHost: a\r\n'), /^HTTP\/1\.1 408 /);
    const gateway = await withTimeouts({ idleSeconds: 0.2 });
    const request = `GET / HTTP/1.1\r\nHost: a\r\n${token}`;
    assert.match(await heard(gateway, `${request}\r\n`), /^HTTP\/1\.1 200 .*hello$/s);
    // Whether the head is read is the question here, not the token.
    const long = (length: number): string => `GET / HTTP/1.1\r\nHost: a\r\nX: ${'y'.repeat(length)}\r\n\r\n`;
    assert.match(await heard(gateway, long(20_000)), /^HTTP\/1\.1 401 /);
    assert.match(await heard(gateway, long(40_000)), /^HTTP\/1\.1 431 /);
  },
);
