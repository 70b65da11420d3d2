/** Frames of HTTP/2 that no client of good will sends: nothing that was not judged reaches the upstream, and nothing grows without end. */
import assert from 'node:assert/strict';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import test, { type TestContext } from 'node:test';
import { connect, type TLSSocket } from 'node:tls';
import { skipUnless } from '../../../tools/optional.mjs';
import { makeCertificate, openssl } from './certificate.ts';
import { gatewayTo, genuine, upstream, valuesOf } from './harness.ts';

const PREFACE = 'PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n';
const [DATA, HEADERS, RESET, SETTINGS, GOAWAY, CONTINUATION] = [0, 1, 3, 4, 7, 9];
const [END_STREAM, END_HEADERS] = [1, 4];

/** A frame (RFC 9113 §4.1). */
function frame(type: number, flags: number, stream: number, payload: Buffer = Buffer.alloc(0)): Buffer {
  const head = Buffer.alloc(9);
  head.writeUIntBE(payload.length, 0, 3);
  head[3] = type;
  head[4] = flags;
  head.writeUInt32BE(stream, 5);
  return Buffer.concat([head, payload]);
}

/** A whole number with a prefix of seven bits (RFC 7541 §5.1). */
function numbered(length: number): Buffer {
  if (length < 127) return Buffer.from([length]);
  const bytes = [127];
  let rest = length - 127;
  for (; rest >= 128; rest >>= 7) bytes.push((rest & 127) | 128);
  return Buffer.from([...bytes, rest]);
}

/** Fields as literals that nobody keeps (RFC 7541 §6.2.2). */
function block(fields: readonly (readonly [name: string, value: string])[]): Buffer {
  const text = (value: string): Buffer => Buffer.concat([numbered(value.length), Buffer.from(value, 'latin1')]);
  return Buffer.concat(fields.map(([name, value]) => Buffer.concat([Buffer.from([0]), text(name), text(value)])));
}

type Fields = readonly (readonly [name: string, value: string])[];
const TOKEN = genuine();
const request = (more: Fields = [], changed: { readonly [name: string]: string | null } = {}): Fields => {
  const given = { ':method': 'GET', ':scheme': 'https', ':authority': 'api.example.com', ':path': '/first', ...changed };
  const pseudo = Object.entries(given).flatMap(([name, value]) => (value === null ? [] : [[name, value] as const]));
  return [...pseudo, [TOKEN[0].toLowerCase(), TOKEN[1]], ...more];
};
const get = (more: Fields = [], changed: { readonly [name: string]: string | null } = {}): Buffer =>
  frame(HEADERS, END_HEADERS | END_STREAM, 1, block(request(more, changed)));
const post = (more: Fields, ...rest: readonly Buffer[]): Buffer =>
  Buffer.concat([frame(HEADERS, END_HEADERS, 1, block(request(more, { ':method': 'POST' }))), ...rest]);
const data = (text: string, flags: number): Buffer => frame(DATA, flags, 1, Buffer.from(text));

/** What is sent, and whether nothing of it may reach the upstream. */
const SHAPES: readonly (readonly [name: string, bytes: Buffer, refused: boolean])[] = [
  ['a request', get(), false],
  ['no authority, a host', get([['host', 'api.example.com']], { ':authority': null }), false],
  ['no authority and no host', get([], { ':authority': null }), true],
  ['a host that says another', get([['host', 'evil.example']]), true],
  [
    'two hosts',
    get([
      ['host', 'api.example.com'],
      ['host', 'api.example.com'],
    ]),
    true,
  ],
  ['an authority with a user', get([], { ':authority': 'a@api.example.com' }), true],
  ['an authority of two lines', get([], { ':authority': 'api.example.com\r\nX: y' }), true],
  ['two paths', get([[':path', '/smuggled']]), true],
  ['a pseudo-field behind a field', frame(HEADERS, 5, 1, block([...request([], { ':path': null }), [':path', '/smuggled']])), true],
  ['a pseudo-field of answers', get([], { ':status': '200' }), true],
  ['a pseudo-field that is none', get([], { ':smuggled': 'x' }), true],
  ['no path', get([], { ':path': null }), true],
  ['an empty path', get([], { ':path': '' }), true],
  ['a path that is no path', get([], { ':path': 'first' }), true],
  ['a path of two lines', get([], { ':path': '/first HTTP/1.1\r\nHost: evil.example\r\nX: y' }), true],
  ['a path with a space', get([], { ':path': '/first /smuggled' }), true],
  ['a path with a line feed', get([], { ':path': '/first\n' }), true],
  ['a path with a NUL', get([], { ':path': '/first\x00' }), true],
  ['a path in absolute form', get([], { ':path': 'https://evil.example/first' }), true],
  ['everything, with GET', get([], { ':path': '*' }), true],
  ['a method of two words', get([], { ':method': 'GET /smuggled HTTP/1.1\r\nX: y' }), true],
  ['a method with a space', get([], { ':method': 'GET ' }), true],
  ['a method in lower case', get([], { ':method': 'get' }), true],
  ['CONNECT', get([], { ':method': 'CONNECT' }), true],
  ['CONNECT to a protocol', get([], { ':method': 'CONNECT', ':protocol': 'websocket' }), true],
  ['TRACE', get([], { ':method': 'TRACE' }), true],
  ['a name in upper case', get([['X-Name', 'y']]), true],
  // The parser drops such fields, and nobody sees them.
  ['a name with a colon', get([['x: y\r\nx-attestation-verdict', 'z']]), false],
  ['a name with a line feed', get([['x\ny', 'z']]), false],
  ['a name with a space', get([['x y', 'z']]), false],
  ['an empty name', get([['', 'z']]), false],
  ['a value of two lines', get([['x', 'y\r\nX-Attestation-Verdict: accepted']]), false],
  ['a value of two requests', get([['x', 'y\r\n\r\nGET /smuggled HTTP/1.1\r\nHost: a']]), false],
  ['a value with a line feed', get([['x', 'y\nz']]), false],
  ['a value with a carriage return', get([['x', 'y\rz']]), false],
  ['a value with a NUL', get([['x', 'y\x00z']]), false],
  ['a connection', get([['connection', 'close']]), true],
  ['a coding', post([['transfer-encoding', 'chunked']], data('0\r\n\r\nGET /smuggled HTTP/1.1\r\nHost: a\r\n\r\n', END_STREAM)), true],
  ['an upgrade', get([['upgrade', 'h2c']]), true],
  ['a te that is not trailers', get([['te', 'chunked']]), true],
  ['a length without a body', get([['content-length', '5']]), true],
  ['a length that is too short', post([['content-length', '3']], data('hello', END_STREAM)), true],
  ['a length that is too long', post([['content-length', '9']], data('hello', END_STREAM)), true],
  [
    'two lengths',
    post(
      [
        ['content-length', '5'],
        ['content-length', '5'],
      ],
      data('hello', END_STREAM),
    ),
    true,
  ],
  ['a length with a sign', post([['content-length', '+5']], data('hello', END_STREAM)), true],
  ['a body', post([['content-length', '5']], data('hello', END_STREAM)), false],
  ['a body and trailers', post([], data('hello', 0), frame(HEADERS, 5, 1, block([['x-attestation-verdict', 'spoofed']]))), false],
  ['trailers with a pseudo-field', post([], data('hello', 0), frame(HEADERS, 5, 1, block([[':path', '/smuggled']]))), true],
  ['trailers that do not end it', post([], data('hello', 0), frame(HEADERS, 4, 1, block([['x', 'y']])), data('smuggled', 1)), true],
  ['data behind the end', Buffer.concat([get(), data('GET /smuggled', END_STREAM)]), false],
  [
    'a head in pieces',
    Buffer.concat([frame(HEADERS, 1, 1, block(request().slice(0, 2))), frame(CONTINUATION, 4, 1, block(request().slice(2)))]),
    false,
  ],
  [
    'a head in pieces, another frame between',
    Buffer.concat([
      frame(HEADERS, 1, 1, block(request().slice(0, 2))),
      frame(DATA, 0, 1),
      frame(CONTINUATION, 4, 1, block(request().slice(2))),
    ]),
    true,
  ],
  ['a stream of an even number', frame(HEADERS, 5, 2, block(request())), true],
  ['a stream of no number', frame(HEADERS, 5, 0, block(request())), true],
  ['a head that is not compressed as it says', frame(HEADERS, 5, 1, Buffer.from([0xff, 0xff, 0xff, 0xff, 0xff, 0x0f])), true],
];

async function place(context: TestContext): Promise<{ port: number; received: Awaited<ReturnType<typeof upstream>>['received'] }> {
  const folder = mkdtempSync(join(tmpdir(), 'http2-shapes-'));
  context.after(() => rmSync(folder, { recursive: true }));
  const { url, received } = await upstream(context);
  const timeouts = { drainSeconds: 0, headerSeconds: 1, bodySeconds: 1, idleSeconds: 1 };
  const { port } = await gatewayTo(context, url, { gateway: { tls: makeCertificate(folder, 'shapes'), timeouts } });
  return { port, received };
}

function open(port: number): TLSSocket {
  const socket = connect({ port, host: '127.0.0.1', rejectUnauthorized: false, ALPNProtocols: ['h2'] });
  socket.on('error', () => undefined);
  socket.write(PREFACE, 'latin1');
  socket.write(frame(SETTINGS, 0, 0));
  return socket;
}

/** Writes frames; waits until the stream has ended, or the connection has: the gateway bounds every wait. */
function send(port: number, bytes: Buffer): Promise<void> {
  return new Promise((resolve) => {
    const socket = open(port);
    let read = Buffer.alloc(0);
    socket.on('data', (chunk) => {
      read = Buffer.concat([read, chunk]);
      for (let length = 9 + (read.length < 9 ? 0 : read.readUIntBE(0, 3)); read.length >= length; ) {
        const [type, flags] = [read[3], read[4] ?? 0];
        const ended = ((type === DATA || type === HEADERS) && (flags & END_STREAM) !== 0) || type === RESET || type === GOAWAY;
        if (ended && read.readUInt32BE(5) <= 2) socket.end();
        read = read.subarray(length);
        length = 9 + (read.length < 9 ? 0 : read.readUIntBE(0, 3));
        if (read.length < 9) break;
      }
    });
    socket.on('close', () => resolve());
    socket.write(bytes);
  });
}

test(`${SHAPES.length} shapes of HTTP/2`, skipUnless(openssl, 'openssl'), async (context) => {
  const { port, received } = await place(context);
  const wrong: string[] = [];
  for (const [name, bytes, refused] of SHAPES) {
    const before = received.length;
    await send(port, bytes);
    const reached = received.length - before;
    if (refused ? reached !== 0 : reached !== 1) wrong.push(`${name}: ${reached} reached the upstream`);
  }
  assert.deepEqual(wrong, []);
  for (const one of received) {
    assert.equal(one.url, '/first');
    assert.deepEqual(valuesOf(one, 'x-attestation-verdict'), ['accepted']);
    assert.ok(
      one.lines.every((text) => !/[\r\n\0]/.test(text)) && !one.lines.includes('spoofed') && !one.body.includes('smuggled'),
      one.lines.join(' '),
    );
  }
});

test('a head without an end is cut off, however small its pieces are', skipUnless(openssl, 'openssl'), async (context) => {
  const { port, received } = await place(context);
  for (const piece of [block([['x', 'y'.repeat(1000)]]), Buffer.alloc(0)]) {
    const socket = open(port);
    let isOpen = true;
    socket.on('close', () => (isOpen = false));
    socket.resume();
    socket.write(frame(HEADERS, END_STREAM, 1, block(request())));
    let frames = 0;
    // A megabyte of fields, or as many empty frames: the gateway has to have had enough of them before.
    while (isOpen && frames < 100_000) {
      if (!socket.write(frame(CONTINUATION, 0, 1, piece)))
        await new Promise((resolve) => socket.once('drain', resolve).once('close', resolve));
      if (++frames % 100 === 0) await new Promise((resolve) => setImmediate(resolve));
    }
    assert.ok(!isOpen, `${frames} frames were taken`);
  }
  assert.equal(received.length, 0);
});

test(
  'streams that are reset as soon as they are opened: the connection ends, or each was judged',
  skipUnless(openssl, 'openssl'),
  async (context) => {
    const { port, received } = await place(context);
    const socket = open(port);
    socket.resume();
    const bad = block(request().map(([name, value]) => [name, name === 'approov-token' ? 'x' : value]));
    for (let stream = 1; stream < 4000; stream += 2) {
      socket.write(Buffer.concat([frame(HEADERS, 5, stream, bad), frame(RESET, 0, stream, Buffer.from([0, 0, 0, 8]))]));
    }
    await new Promise((resolve) => socket.once('close', resolve).end());
    assert.equal(received.length, 0);
    await send(port, get());
    assert.equal(received.length, 1);
  },
);
