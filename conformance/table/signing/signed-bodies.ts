/** Bodies that the guard reads to compare their digests reach the handler byte for byte. */
import { createHash, randomBytes } from 'node:crypto';
import { gzipSync } from 'node:zlib';
import type { WireRequest } from '../../run/wire.ts';
import type { Case, Expected, Family } from '../case.ts';
import { type AppCall, call, expecting, row, signed, signedApp } from './signed.ts';

const MEBIBYTE = 1024 * 1024;
const large = signedApp('16 MiB', { maxBodyBytes: 16 * MEBIBYTE });
const none = signedApp('no bodies', { maxBodyBytes: 0 });
const observed = signedApp('observed, bodies', {}, { mode: { signature: 'observe' } });

const JSON_TEXT = JSON.stringify({ shape: 'Square', text: 'é✓' });
const BINARY = Buffer.from(Array.from({ length: 4096 }, (_, index) => index % 256));
const TEN_MEGABYTES = randomBytes(10 * MEBIBYTE);
const MULTIPART = '--b\r\nContent-Disposition: form-data; name="a"; filename="a.bin"\r\n\r\n\0\x01\r\n--b--\r\n';

interface Content {
  readonly type: string;
  readonly body: string | Uint8Array;
  readonly encoding?: string;
}

const JSON_CONTENT: Content = { type: 'application/json', body: JSON_TEXT };
const CONTENTS: { readonly [name: string]: Content } = {
  JSON: JSON_CONTENT,
  'JSON that is broken': { type: 'application/json', body: '{"a":' },
  'JSON with a byte order mark': { type: 'application/json', body: `\ufeff${JSON_TEXT}` },
  form: { type: 'application/x-www-form-urlencoded', body: 'a=1&b=%20+&a=2' },
  multipart: { type: 'multipart/form-data; boundary=b', body: MULTIPART },
  binary: { type: 'application/octet-stream', body: BINARY },
  'JSON in gzip': { type: 'application/json', body: gzipSync(JSON_TEXT), encoding: 'gzip' },
  'one byte': { type: 'text/plain', body: 'a' },
  nothing: { type: 'text/plain', body: '' },
  'as much as is held': { type: 'application/octet-stream', body: TEN_MEGABYTES.subarray(0, MEBIBYTE) },
};

/** Signed by a client that leaves the content headers uncovered, so that the framing can be chosen. */
function upload({ type, body, encoding }: Content, made: AppCall = {}): WireRequest {
  const headers = [['Content-Type', type] as const, ...(encoding === undefined ? [] : [['Content-Encoding', encoding] as const])];
  return call({ client: 'urlsession', digest: { required: true }, method: 'POST', headers, body, ...made });
}

/** The same bytes in pieces, the first of one byte. */
function inPieces(request: WireRequest): WireRequest {
  const whole = Buffer.concat(request.body?.chunks ?? []);
  const chunks = [whole.subarray(0, 1), whole.subarray(1, 700), whole.subarray(700)].filter((chunk) => chunk.length > 0);
  return { ...request, body: { chunks, framing: 'chunked' } };
}

/** The handler must have read these bytes. */
function reading(verdict: string, body: string | Uint8Array, more: Parameters<typeof expecting>[1] = {}): Expected {
  const bytes = Buffer.from(body);
  const sent = { bytes: bytes.length, sha256: createHash('sha256').update(bytes).digest('hex') };
  const expected = expecting(verdict, more);
  return {
    ...expected,
    echo: (seen) => {
      expected.echo?.(seen);
      if (seen.body.bytes !== sent.bytes || seen.body.sha256 !== sent.sha256)
        throw new Error(`the handler read ${seen.body.bytes} bytes, sent ${sent.bytes}`);
    },
  };
}

const verified = { digest: 'verified' };
const whole: readonly Case[] = Object.entries(CONTENTS).flatMap(([name, content]) => [
  row(signed, name, upload(content), reading('accepted', content.body, verified)),
  row(signed, `${name}, in pieces`, inPieces(upload(content)), reading('accepted', content.body, verified)),
]);
const unread: readonly Case[] = [
  row(signed, 'no digest', upload(JSON_CONTENT, { digest: null }), reading('accepted', JSON_TEXT, { digest: 'absent' })),
  row(
    signed,
    'no digest, in pieces',
    inPieces(upload(JSON_CONTENT, { digest: null })),
    reading('accepted', JSON_TEXT, { digest: 'absent' }),
  ),
  row(observed, 'refused before it is read', upload(JSON_CONTENT, { at: 0 }), reading('signature-too-old', JSON_TEXT, { status: 200 })),
];

const TEN: Content = { type: 'application/octet-stream', body: TEN_MEGABYTES };
const TOO_LONG: Content = { ...TEN, body: TEN_MEGABYTES.subarray(0, MEBIBYTE + 1) };
const sizes: readonly Case[] = [
  row(signed, '10 MB', upload(TEN), expecting('digest-body-too-large')),
  row(large, '10 MB are held', inPieces(upload(TEN)), reading('accepted', TEN.body, verified)),
  row(signed, 'one byte more than is held', upload(TOO_LONG), expecting('digest-body-too-large')),
  row(signed, 'one byte more, in pieces', inPieces(upload(TOO_LONG)), expecting('digest-body-too-large')),
  row(signed, 'one byte more, no digest', upload(TOO_LONG, { digest: null }), reading('accepted', TOO_LONG.body, { digest: 'absent' })),
  row(observed, 'one byte more', inPieces(upload(TOO_LONG)), reading('digest-body-too-large', TOO_LONG.body, { status: 200 })),
  row(none, 'one byte', upload({ type: 'text/plain', body: 'a' }), expecting('digest-body-too-large')),
  row(none, 'nothing', upload({ type: 'text/plain', body: '' }), reading('accepted', '', verified)),
];

export const signedBodies: Family = { name: 'signed bodies', cases: [...whole, ...unread, ...sizes] };
