/** Questions as nginx asks them, on bare sockets: what is read as a head, what ends a connection, what nobody can hold. */
import assert from 'node:assert/strict';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { connect, type Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import test, { type TestContext } from 'node:test';
import { type Authorizer, startAuthorizer } from '@approov-guard/gateway';
import { Question } from '../src/authorizer/question.ts';
import { env, genuine, keys } from './harness.ts';

const [, token = ''] = genuine();
const STATED = 'X-Original-Method: GET\r\nX-Original-URI: /pay\r\nX-Original-Host: api.example.com\r\nX-Original-Scheme: https\r\n';
const ASKED = `GET /.approov-brief HTTP/1.1\r\nHost: a\r\nApproov-Token: ${token}\r\n${STATED}\r\n`;

async function started(context: TestContext, policy: object = {}): Promise<Authorizer> {
  const section = { for: 'nginx', listen: '127.0.0.1:0', admin: null, log: null };
  const authorizer = await startAuthorizer({ policy: { keys, authorizer: section, ...policy }, env });
  context.after(() => authorizer.drain());
  return authorizer;
}

async function connected(
  context: TestContext,
  { url }: Authorizer,
): Promise<{ socket: Socket; answers: (count: number) => Promise<string> }> {
  const { hostname, port } = new URL(url);
  const socket = connect({ host: hostname, port: Number(port), noDelay: true });
  context.after(() => socket.destroy());
  await once(socket, 'connect');
  let read = '';
  let ended = false;
  socket.setEncoding('latin1').on('data', (text) => {
    read += text;
    socket.emit('more');
  });
  socket.once('close', () => {
    ended = true;
    socket.emit('more');
  });
  /** What was answered so far, once there are so many answers, or the connection is over. */
  const answers = async (count: number): Promise<string> => {
    while (!ended && read.split('HTTP/1.1 ').length - 1 < count) await once(socket, 'more');
    return read;
  };
  return { socket, answers };
}

test('a brief answer has all that is known in one header, in the order in which nginx reads it', async (context) => {
  const { socket, answers } = await connected(context, await started(context));
  socket.write(ASKED);
  const [, told = ''] = /\r\napproov-identity: (.*)\r\n/.exec(await answers(1)) ?? [];
  const values = told.split('\t');
  assert.deepEqual([values.length, values[0], values[2], values[7]], [10, 'accepted', 'enforce', 'unchecked']);
  assert.ok(values.every((value) => /^[\x20-\x7e]*$/.test(value)));
});

test('however a head is cut, it is one question', async (context) => {
  const authorizer = await started(context);
  const { socket, answers } = await connected(context, authorizer);
  for (let at = 1; at < ASKED.length; at += 7) {
    socket.write(ASKED.slice(0, at));
    await new Promise(setImmediate);
    socket.write(ASKED.slice(at));
    const all = await answers(Math.ceil(at / 7));
    assert.equal(all.split('HTTP/1.1 200 OK\r\n').length - 1, Math.ceil(at / 7));
  }
  for (const byte of ASKED) socket.write(byte);
  await answers(Math.ceil((ASKED.length - 1) / 7) + 1);
  assert.equal(authorizer.counts().approov_gateway_malformed_total, undefined);
});

const BAD: { readonly [what: string]: string } = {
  'bare LF': ASKED.replace('\r\nHost', '\nHost'),
  'bare CR': ASKED.replace('Host: a', 'Host: a\rX: b'),
  NUL: ASKED.replace('Host: a', 'Host: a\0'),
  'folded line': ASKED.replace('Host: a', 'Host: a\r\n b'),
  'space before the colon': ASKED.replace('Host:', 'Host :'),
  'no colon': ASKED.replace('Host: a', 'Host'),
  'empty name': ASKED.replace('Host: a', ': a'),
  'HTTP/2': ASKED.replace('HTTP/1.1', 'HTTP/2.0'),
  'HTTP/0.9': 'GET /\r\n\r\n',
  'line before': `\r\n${ASKED}`,
  'two spaces': ASKED.replace('GET /', 'GET  /'),
  'control byte in the target': ASKED.replace('/.approov', '/\x7f.approov'),
};

test('what is not a head is answered 400, and nothing after it is read', async (context) => {
  const authorizer = await started(context);
  for (const [what, text] of Object.entries(BAD)) {
    const { answers, socket } = await connected(context, authorizer);
    socket.write(text + ASKED, 'latin1');
    const all = await answers(2);
    assert.match(all, /^HTTP\/1\.1 400 Bad Request\r\n(?:.*\r\n)*connection: close\r\n\r\n\{\}$/, what);
  }
  assert.equal(authorizer.counts().approov_gateway_malformed_total, Object.keys(BAD).length);
});

test('what follows a head is never read as another one: the answer ends the connection', async (context) => {
  const authorizer = await started(context);
  const after = {
    'another question': ASKED + ASKED,
    'a body': ASKED.replace('\r\nHost', '\r\nContent-Length: 5\r\nHost'),
    'a body in chunks': ASKED.replace('\r\nHost', '\r\ntransfer-encoding: chunked\r\nHost'),
    'HTTP/1.0': ASKED.replace('HTTP/1.1', 'HTTP/1.0'),
    'said so': ASKED.replace('\r\nHost', '\r\nConnection: keep-alive, Close\r\nHost'),
  };
  for (const [what, text] of Object.entries(after)) {
    const { answers, socket } = await connected(context, authorizer);
    socket.write(text);
    socket.write(ASKED);
    const all = await answers(2);
    assert.equal(all.split('HTTP/1.1 ').length - 1, 1, what);
    assert.match(all, /^HTTP\/1\.1 200 OK\r\n(?:.*\r\n)*connection: close\r\n\r\n$/, what);
  }
});

test('a line that comes twice is seen twice, whatever its case', async (context) => {
  const authorizer = await started(context);
  for (const line of ['APPROOV-TOKEN', 'Approov-Token', 'approov-token']) {
    const { answers, socket } = await connected(context, authorizer);
    socket.write(ASKED.replace('\r\nHost', `\r\n${line}: ${token}\r\nHost`));
    assert.match(await answers(1), /^HTTP\/1\.1 401 /, line);
  }
  const { answers, socket } = await connected(context, authorizer);
  socket.write(ASKED.replace('\r\nHost', '\r\nx-original-uri: /other\r\nHost'));
  assert.match(await answers(1), /^HTTP\/1\.1 403 (?:.*\r\n)*x-attestation-status: 500\r\n/);
});

test('a head that is too long is refused, whether it ends or not', async (context) => {
  const authorizer = await started(context);
  const long = `${'x'.repeat(8000)}: ${'y'.repeat(8000)}\r\n`.repeat(9);
  for (const text of [ASKED.replace('\r\n\r\n', `\r\n${long}\r\n`), `GET / HTTP/1.1\r\n${long}`]) {
    const { answers, socket } = await connected(context, authorizer);
    socket.write(text);
    assert.match(await answers(1), /^HTTP\/1\.1 431 /);
  }
});

test('a question is answered although its connection closes on the other side, and while the authoriser drains', async (context) => {
  const authorizer = await started(context);
  const { answers, socket } = await connected(context, authorizer);
  socket.end(ASKED);
  assert.match(await answers(2), /^HTTP\/1\.1 200 OK\r\n/);
  const other = await connected(context, authorizer);
  other.socket.write(ASKED);
  await other.answers(1);
  await authorizer.drain();
  await other.answers(2);
});

test('by a Unix socket, whose peers may ask', async (context) => {
  const folder = mkdtempSync(join(tmpdir(), 'questions-'));
  context.after(() => rmSync(folder, { recursive: true }));
  const path = join(folder, 'ask.sock');
  await started(context, { authorizer: { for: 'nginx', listen: `unix:${path}`, admin: null, log: null } });
  const socket = connect({ path });
  context.after(() => socket.destroy());
  socket.write(ASKED);
  const [answer] = await once(socket, 'data');
  assert.match(String(answer), /^HTTP\/1\.1 200 OK\r\n/);
});

test('heads at random: read whole and as they are, or not at all', () => {
  let state = 1;
  const next = (below: number): number => {
    state = (Math.imul(state, 1_103_515_245) + 12_345) >>> 0;
    return (state >>> 8) % below;
  };
  const parts = [
    '\r\n',
    '\r',
    '\n',
    ':',
    ': ',
    ' ',
    '\t',
    'GET',
    ' / ',
    'HTTP/1.1',
    'Host',
    'a',
    'Content-Length',
    '0',
    '\0',
    '\x7f',
    '\xe9',
    '',
  ];
  let heads = 0;
  for (let round = 0; round < 20_000; round++) {
    const cut = next(ASKED.length);
    const part = parts[next(parts.length)] ?? '';
    const text = ASKED.slice(0, cut) + part + ASKED.slice(cut + next(4));
    const read = Question.from(Buffer.from(text, 'latin1'));
    if (read === null) continue;
    heads++;
    const [start = '', ...lines] = text.slice(0, -4).split('\r\n');
    assert.equal(start, `${read.method} ${read.target} HTTP/${read.httpVersion}`);
    // The same lines, read by a pattern that knows nothing of places.
    for (const line of lines) {
      const [, name = '', value] = /^([^:\s]+):[ \t]*([^\r\n]*?)[ \t]*$/.exec(line) ?? assert.fail(text);
      assert.ok(read.lines(name.toLowerCase()).includes(value ?? ''), line);
    }
  }
  assert.ok(heads > 5000);
});
