/** Answers of servers, byte by byte: whatever way they are cut into pieces, one reading, or none. */
import assert from 'node:assert/strict';
import test from 'node:test';
import { type Asked, ResponseReader } from '../src/proxy/upstream/response-reader.ts';

interface Read {
  readonly heads: readonly (readonly [status: number, reason: string, lines: readonly string[]])[];
  readonly content: string;
  readonly trailers: readonly string[];
  /** Whether the answer came to its end, before or with that of the connection. */
  readonly isWhole: boolean;
  readonly keeps: boolean;
  /** Whether the reader threw. */
  readonly isBroken: boolean;
}

/** Reads an answer in pieces of at most `size` bytes. */
function read(text: string, size: number, asked: Partial<Asked> = {}): Read {
  const heads: Read['heads'][number][] = [];
  const seen = { content: '', trailers: [] as readonly string[], isWhole: false, isBroken: false };
  const reader = new ResponseReader({
    onInformation: (status, lines) => void heads.push([status, '', lines]),
    onHead: (status, reason, lines) => void heads.push([status, reason, [...lines]]),
    onContent: (chunk) => {
      seen.content += chunk.toString('latin1');
    },
    onEnd: (last, trailers) => {
      assert.equal(seen.isWhole, false, 'one end');
      seen.content += last ?? '';
      Object.assign(seen, { trailers, isWhole: true });
    },
    onUpgrade: (lines, first) => {
      heads.push([101, '', lines]);
      seen.content += first.toString('latin1');
      seen.isWhole = true;
    },
  });
  reader.begin({ method: 'GET', upgrade: '', ...asked });
  const bytes = Buffer.from(text, 'latin1');
  try {
    for (let at = 0; at < bytes.length; at += size) reader.read(bytes.subarray(at, at + size));
    reader.end();
  } catch {
    seen.isBroken = true;
  }
  return { heads, ...seen, keeps: reader.keeps };
}

const OK = 'HTTP/1.1 200 OK\r\n';

/** Reads it in every size of pieces, and demands one reading. */
function same(text: string, asked: Partial<Asked> = {}): Read {
  const whole = read(text, text.length, asked);
  for (let size = 1; size < Math.min(text.length, 40); size++) {
    const pieces = read(text, size, asked);
    // How much of a broken answer was seen before it broke depends on the pieces.
    if (whole.isBroken && !whole.isWhole) assert.deepEqual([pieces.isBroken, pieces.isWhole], [true, false], `pieces of ${size}: ${text}`);
    else assert.deepEqual({ ...pieces, isBroken: whole.isBroken }, whole, `pieces of ${size}: ${text}`);
  }
  return whole;
}

test('one answer: its head, its content, its end', () => {
  const cases: readonly (readonly [text: string, content: string, keeps: boolean, asked?: Partial<Asked>])[] = [
    [`${OK}Content-Length: 5\r\n\r\nhello`, 'hello', true],
    [`${OK}content-length:5\r\nConnection: close\r\n\r\nhello`, 'hello', false],
    [`${OK}Content-Length: 05\r\n\r\nhello`, 'hello', true],
    [`${OK}Content-Length: 0\r\n\r\n`, '', true],
    [`${OK}\r\nuntil the end`, 'until the end', false],
    [`HTTP/1.0 200 OK\r\nContent-Length: 5\r\n\r\nhello`, 'hello', false],
    [`${OK}Transfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n6;a="b"\r\n world\r\n0\r\n\r\n`, 'hello world', true],
    [`${OK}Transfer-Encoding: Chunked\r\n\r\n00A\r\n0123456789\r\n000\r\n\r\n`, '0123456789', true],
    [`${OK}Content-Length: 5\r\n\r\n`, '', true, { method: 'HEAD' }],
    [`${OK}Transfer-Encoding: chunked\r\n\r\n`, '', true, { method: 'HEAD' }],
    ['HTTP/1.1 204 No Content\r\nContent-Length: 5\r\n\r\n', '', true],
    ['HTTP/1.1 304 Not Modified\r\nContent-Length: 5\r\n\r\n', '', true],
    [`HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 103 Early Hints\r\nLink: </a>\r\n\r\n${OK}Content-Length: 2\r\n\r\nok`, 'ok', true],
    ['HTTP/1.1 200\r\nContent-Length: 2\r\n\r\nok', 'ok', true],
    ['HTTP/1.1 200 \r\nContent-Length: 2\r\n\r\nok', 'ok', true],
    [`${OK}X: a\t\xe4\r\nContent-Length: 2 \t\r\n\r\n\xff\x00`, '\xff\x00', true],
    [`${OK}Content-Length: 20000\r\n\r\n${'x'.repeat(20_000)}`, 'x'.repeat(20_000), true],
  ];
  for (const [text, content, keeps, asked] of cases) {
    const seen = same(text, asked);
    assert.deepEqual([seen.isBroken, seen.isWhole, seen.content, seen.keeps], [false, true, content, keeps], text.slice(0, 80));
  }
});

test('status, words, lines as they came, trailers', () => {
  const { heads, trailers } = same(
    'HTTP/1.1 299 Own Words\r\nSet-Cookie: a\r\nset-cookie:  b \r\nEmpty:\r\nTransfer-Encoding: chunked\r\n\r\n0\r\nX-Sum: 1\r\nx-Y:2\r\n\r\n',
  );
  assert.deepEqual(heads, [[299, 'Own Words', ['Set-Cookie', 'a', 'set-cookie', 'b', 'Empty', '', 'Transfer-Encoding', 'chunked']]]);
  assert.deepEqual(trailers, ['X-Sum', '1', 'x-Y', '2']);
});

test('an answer that is not one, or could be two, is none', () => {
  const heads = [
    'nonsense',
    'HTTP/2 200 OK',
    'HTTP/1.1  200 OK',
    'http/1.1 200 OK',
    'HTTP/1.1 20 OK',
    'HTTP/1.1 2000 OK',
    'HTTP/1.1 099 OK',
    'HTTP/1.1 101 Switching Protocols',
    '\r\nHTTP/1.1 200 OK',
    'HTTP/1.1 200 O\x00K',
  ].map((line) => `${line}\r\nContent-Length: 0\r\n\r\n`);
  const lines = [
    'Content-Length: 5\r\nContent-Length: 5',
    'Content-Length: 5\r\nContent-Length: 6',
    'Content-Length: 5, 5',
    'Content-Length: +5',
    'Content-Length: -5',
    'Content-Length: 0x5',
    'Content-Length: 5.0',
    'Content-Length: 5 5',
    'Content-Length:',
    'Content-Length: 9007199254740993000',
    'Content-Length : 5',
    ' Content-Length: 5',
    'X: a\r\n b',
    'X: a\r\n\tb',
    'X: a\nContent-Length: 5',
    'X: a\rContent-Length: 5',
    'X: a\x00b',
    'X: a\x7fb',
    'X y: a',
    'X\xe4: a',
    ': a',
    'X',
    'Transfer-Encoding: chunked\r\nContent-Length: 5',
    'Content-Length: 5\r\nTransfer-Encoding: chunked',
    'Transfer-Encoding: gzip',
    'Transfer-Encoding: identity',
    'Transfer-Encoding: gzip, chunked',
    'Transfer-Encoding: chunked, chunked',
    'Transfer-Encoding: chunked, identity',
    'Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked',
    'Transfer-Encoding:\x0bchunked',
    'Transfer-Encoding: "chunked"',
    'Transfer-Encoding:',
  ].map((line) => `${OK}${line}\r\n\r\nhello`);
  const old = ['HTTP/1.0 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n'];
  const bodies = [
    '5\r\nhello',
    '5\nhello\r\n0\r\n\r\n',
    '5\r\nhello\n0\r\n\r\n',
    '5\r\nhello0\r\n\r\n',
    '5\r\nhello!\r\n0\r\n\r\n',
    ' 5\r\nhello\r\n0\r\n\r\n',
    '5 \r\nhello\r\n0\r\n\r\n',
    '+5\r\nhello\r\n0\r\n\r\n',
    '-5\r\nhello\r\n0\r\n\r\n',
    '0x5\r\nhello\r\n0\r\n\r\n',
    '5_\r\nhello\r\n0\r\n\r\n',
    'g\r\nhello\r\n0\r\n\r\n',
    '\r\nhello\r\n0\r\n\r\n',
    '10000000000000\x35\r\nhello\r\n0\r\n\r\n',
    '5;a\x00\r\nhello\r\n0\r\n\r\n',
    '5;a\rb\r\nhello\r\n0\r\n\r\n',
    '0\n\r\n',
    '0\r\nX : a\r\n\r\n',
    '0\r\n X: a\r\n\r\n',
    '0\r\nX: a\n\r\n\r\n',
    `5;${'x'.repeat(5000)}\r\nhello\r\n0\r\n\r\n`,
  ].map((body) => `${OK}Transfer-Encoding: chunked\r\n\r\n${body}`);
  const long = [`${OK}X: ${'a'.repeat(70_000)}\r\n\r\n`, `${OK}${'X: a\r\n'.repeat(20_000)}\r\n`];
  for (const text of [...heads, ...lines, ...old, ...bodies]) assert.equal(same(text).isWhole, false, text.slice(0, 100));
  for (const text of long) for (const size of [text.length, 1000]) assert.equal(read(text, size).isBroken, true, text.slice(0, 30));
});

test('what comes behind an answer is never part of it, nor of the next one', () => {
  for (const text of [`${OK}Content-Length: 5\r\n\r\nhello`, `${OK}Transfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n0\r\n\r\n`]) {
    const whole = `${text}HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\nevil`;
    for (let size = 1; size <= whole.length; size++) {
      const seen = read(whole, size);
      assert.deepEqual([seen.isBroken, seen.isWhole, seen.content, seen.heads.length], [true, true, 'hello', 1], String(size));
    }
  }
});

test('an upgrade: only where it was asked for, and what follows is the other protocol’s', () => {
  const text = 'HTTP/1.1 101 Switching Protocols\r\nUpgrade: x\r\n\r\nfirst';
  assert.equal(read(text, text.length).isBroken, true);
  const seen = read(text, text.length, { upgrade: 'x' });
  assert.deepEqual([seen.heads, seen.content, seen.keeps], [[[101, '', ['Upgrade', 'x']]], 'first', false]);
});

test('random changes of an answer: every way of cutting it gives one reading', () => {
  let state = 42;
  const random = (below: number): number => {
    state = (Math.imul(state, 1_103_515_245) + 12_345) >>> 0;
    return Math.floor((state / 2 ** 32) * below);
  };
  const bases = [
    `${OK}Content-Length: 5\r\nX: a\r\n\r\nhello`,
    `${OK}Transfer-Encoding: chunked\r\nX: a\r\n\r\n5;a\r\nhello\r\n3\r\nabc\r\n0\r\nX-Sum: 1\r\n\r\n`,
  ];
  const pieces = ['\r', '\n', '\r\n', ' ', '\t', ':', ';', '0', '5', 'f', '\x00', '\xff', ',', 'chunked', 'Content-Length: 5\r\n'];
  for (let turn = 0; turn < 1500; turn++) {
    let text = bases[turn % bases.length] ?? '';
    for (let change = 0; change <= random(3); change++) {
      const at = random(text.length);
      text = text.slice(0, at) + (pieces[random(pieces.length)] ?? '') + text.slice(at + random(3));
    }
    const whole = read(text, text.length);
    for (const size of [1, 2, 3, 7]) {
      const cut = read(text, size);
      assert.deepEqual([cut.isWhole, cut.isWhole && cut.content], [whole.isWhole, whole.isWhole && whole.content], JSON.stringify(text));
    }
  }
});
