/** Bodies reach the handler as they were sent; the guard never touches them. */
import { createHash, randomBytes } from 'node:crypto';
import { gzipSync } from 'node:zlib';
import type { HeaderLine } from '../run/wire.ts';
import type { Case, Family } from './case.ts';
import { approovToken, token, tokenOnly } from './setups.ts';

const MEGABYTE = randomBytes(1024 * 1024);
const TEN_MEGABYTES: readonly Uint8Array[] = Array.from({ length: 10 }, () => MEGABYTE);
const JSON_TEXT = Buffer.from(JSON.stringify({ shape: 'Square', 'approov-token': 'not here' }));
const MULTIPART = Buffer.from('--b\r\nContent-Disposition: form-data; name="a"\r\n\r\n1\r\n--b--\r\n');

interface Content {
  readonly name: string;
  readonly chunks: readonly Uint8Array[];
  readonly framing?: 'length' | 'chunked';
  readonly headers?: readonly HeaderLine[];
}

const CONTENTS: readonly Content[] = [
  { name: 'empty', chunks: [] },
  { name: 'empty, chunked', chunks: [], framing: 'chunked', headers: [['Content-Type', 'text/plain']] },
  { name: 'JSON', chunks: [JSON_TEXT], headers: [['Content-Type', 'application/json']] },
  { name: 'broken JSON', chunks: [Buffer.from('{"a":')], headers: [['Content-Type', 'application/json']] },
  { name: 'form', chunks: [Buffer.from('a=1&approov-token=2')], headers: [['Content-Type', 'application/x-www-form-urlencoded']] },
  { name: 'multipart', chunks: [MULTIPART], headers: [['Content-Type', 'multipart/form-data; boundary=b']] },
  { name: 'chunked', chunks: [Buffer.from('abc'), Buffer.from('def')], framing: 'chunked', headers: [['Content-Type', 'text/plain']] },
  {
    name: 'gzip',
    chunks: [gzipSync(JSON_TEXT)],
    headers: [
      ['Content-Type', 'application/json'],
      ['Content-Encoding', 'gzip'],
    ],
  },
  { name: '10 MB', chunks: TEN_MEGABYTES, headers: [['Content-Type', 'application/octet-stream']] },
  { name: '10 MB, chunked', chunks: TEN_MEGABYTES, framing: 'chunked', headers: [['Content-Type', 'application/octet-stream']] },
];

function rows({ name, chunks, framing = 'length', headers = [] }: Content): readonly Case[] {
  const request = { method: 'POST', target: '/shapes', body: { chunks, framing } };
  const whole = Buffer.concat(chunks);
  const sent = { bytes: whole.length, sha256: createHash('sha256').update(whole).digest('hex') };
  return [
    {
      name: `${name}: accepted`,
      setup: tokenOnly,
      request: { ...request, headers: [...headers, approovToken(token())] },
      expected: {
        status: 200,
        verdict: 'accepted',
        echo: ({ body }) => {
          if (body.bytes !== sent.bytes || body.sha256 !== sent.sha256)
            throw new Error(`the handler read ${body.bytes} bytes, sent ${sent.bytes}`);
        },
      },
    },
    { name: `${name}: refused`, setup: tokenOnly, request: { ...request, headers }, expected: { status: 401, verdict: 'token-missing' } },
  ];
}

export const bodies: Family = { name: 'bodies', cases: CONTENTS.flatMap(rows) };
