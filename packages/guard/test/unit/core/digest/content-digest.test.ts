/** `Content-Digest`: its forms, and the bodies it is compared with. */
import assert from 'node:assert/strict';
import { createHash, randomBytes } from 'node:crypto';
import { describe, test } from 'node:test';
import { gzipSync } from 'node:zlib';
import { requestView } from '@approov-guard/testkit';
import { checkContentDigest, statedDigests } from '../../../../src/core/digest/content-digest.ts';
import { PORTS } from '../../../both-ports.ts';
import { COVERED, digestLine, judge, type Sent, signaturePair, signed } from '../../../signed-requests.ts';

const BODY = '{"hello": "world"}';
const hash = (algorithm: string, body: string | Uint8Array = BODY): Buffer => createHash(algorithm).update(body).digest();
const SHA256 = `sha-256=:${hash('sha256').toString('base64')}:`;
const SHA512 = `sha-512=:${hash('sha512').toString('base64')}:`;
const OTHER = `sha-256=:${hash('sha256', 'other').toString('base64')}:`;

const sent = (body: string | Uint8Array | null, ...digests: readonly string[]): Sent =>
  signed({
    method: 'POST',
    body,
    headers: digests.map((value) => ['Content-Digest', value] as const),
    covered: [...COVERED, 'content-digest'],
  });

/** Each row: what is sent as `Content-Digest`, and the answer for {@link BODY}. */
const ROWS: readonly (readonly [name: string, code: string, ...digests: readonly string[]])[] = [
  ['sha-256', 'accepted', SHA256],
  ['sha-512', 'accepted', SHA512],
  ['both', 'accepted', `${SHA256}, ${SHA512}`],
  ['both on two lines', 'accepted', SHA512, SHA256],
  ['one known, one unknown', 'accepted', `md5=:AAAA:, ${SHA256}, unixsum=1`],
  ['with a parameter', 'accepted', `${SHA256};x=1`],
  ['a String', 'accepted', SHA256.replaceAll(':', '"')],
  ['without padding', 'accepted', SHA256.replace('=:', ':').replace(/^sha-256:/, 'sha-256=:')],
  ['one of two wrong', 'digest-mismatch', `${OTHER}, ${SHA512}`],
  ['twice, the wrong one last', 'digest-mismatch', `${SHA256}, ${OTHER}`],
  ['twice, the right one last', 'accepted', `${OTHER}, ${SHA256}`],
  ['twice on two lines, the wrong one last', 'digest-mismatch', SHA256, OTHER],
  ['of another body', 'digest-mismatch', OTHER],
  ['unknown only', 'digest-algorithm-unsupported', 'md5=:AAAA:, sha=:AAAA:, crc32c=:AAAA:'],
  ['empty', 'digest-malformed', ''],
  ['an upper-case key', 'digest-malformed', SHA256.replace('sha', 'SHA')],
  ['a Token', 'digest-malformed', 'sha-256=abc'],
  ['an Integer', 'digest-malformed', 'sha-256=1'],
  ['a Boolean', 'digest-malformed', 'sha-256'],
  ['an inner list', 'digest-malformed', `sha-256=(${SHA256.slice(8)})`],
  ['hexadecimal in bytes', 'digest-malformed', `sha-256=:${hash('sha256').toString('hex')}:`],
  ['an empty value', 'digest-malformed', 'sha-256=::'],
  ['truncated', 'digest-malformed', `sha-256=:${hash('sha256').subarray(0, 31).toString('base64')}:`],
  ['a byte too long', 'digest-malformed', `sha-256=:${Buffer.concat([hash('sha256'), Buffer.alloc(1)]).toString('base64')}:`],
  ['sha-256 as sha-512', 'digest-malformed', SHA256.replace('256', '512')],
  ['a wrong form of one beside a right one', 'digest-malformed', `${SHA256}, sha-512=:AAAA:`],
  ['base64url', 'digest-malformed', 'sha-256=:-_AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=:'],
  ['the old Digest form', 'digest-malformed', `sha-256=${hash('sha256').toString('base64')}`],
  ['longer than 2048 characters', 'digest-malformed', `${SHA256}, x="${'x'.repeat(2048)}"`],
];

describe('Content-Digest', () => {
  for (const [name, code, ...digests] of ROWS)
    test(`${name}: ${code}`, async () => assert.equal(await judge(sent(BODY, ...digests)), code));
  test('absent is not malformed', () => assert.equal(statedDigests(requestView(), true), null));
  test('stringDigest: false refuses a String', async () => {
    const given = sent(BODY, SHA256.replaceAll(':', '"'));
    assert.equal(await judge(given, { tolerances: { stringDigest: false } }), 'digest-malformed');
    assert.equal(await judge(given, { tolerances: null }), 'digest-malformed');
    assert.equal(await judge(given, { tolerances: {} }), 'accepted');
  });
});

describe('bodies', () => {
  const bodies: { readonly [name: string]: string | Uint8Array } = {
    empty: '',
    text: BODY,
    binary: Uint8Array.from({ length: 256 }, (_, index) => index),
    'gzip, digested as sent': gzipSync(BODY),
    '1 MiB': randomBytes(1_048_576),
    'UTF-8': 'Grüße 🙂',
  };
  for (const [name, body] of Object.entries(bodies)) {
    for (const algorithm of ['sha-256', 'sha-512'] as const) {
      test(`${name}, ${algorithm}`, async () => assert.equal(await judge(sent(body, digestLine(body, algorithm)[1])), 'accepted'));
    }
  }
  test('the limit is a limit of what is read, to the byte', async () => {
    const body = 'x'.repeat(100);
    const given = sent(body, digestLine(body)[1]);
    assert.equal(await judge(given, { maxBodyBytes: 100 }), 'accepted');
    assert.equal(await judge(given, { maxBodyBytes: 99 }), 'digest-body-too-large');
    assert.equal(await judge(sent('', digestLine('')[1]), { maxBodyBytes: 0 }), 'accepted');
  });
  test('a body without digest is not read', async () => {
    const view = {
      ...requestView(signed({ method: 'POST', body: 'x' })),
      body: { present: true, read: () => assert.fail('read') },
    };
    assert.equal(await signaturePair().judge(view), 'accepted');
  });
  test('the body of a request that fails before is not read', async () => {
    const view = { ...requestView({ ...sent(BODY, SHA256), method: 'PUT' }), body: { present: true, read: () => assert.fail('read') } };
    assert.equal(await signaturePair().judge(view), 'signature-invalid');
  });
});

for (const [name, port] of Object.entries(PORTS)) {
  test(`${name}: chunks are digested as one`, async () => {
    const chunks = ['{"hel', '', 'lo": "wor', 'ld"}'].map((text) => new TextEncoder().encode(text));
    const stated = statedDigests(requestView({ headers: [['Content-Digest', `${SHA256}, ${SHA512}`]] }), false);
    assert.ok(Array.isArray(stated));
    assert.equal(await checkContentDigest(stated, (algorithm) => port.digest(algorithm, chunks)), 'verified');
    const wrong = await checkContentDigest(stated, (algorithm) => port.digest(algorithm, chunks.slice(1)));
    assert.ok(typeof wrong !== 'string' && wrong.reason === 'digest-mismatch' && wrong.detail === 'sha-256');
  });
}
