/** Values that are not a compact JWS of a claims set, or whose signature is wrong. */
import { base64url, signCompact, signSegments } from '../compact.ts';
import { mintToken } from '../mint.ts';
import { signerFor } from '../signing.ts';
import { type KindContext, type KindTable, kind, secondsOf, withPayload } from './kind.ts';

const HEADER = '{"alg":"HS256","typ":"JWT"}';

/** The three segments of a valid token. */
function segmentsOf({ secret, now }: KindContext): { readonly header: string; readonly payload: string; readonly signature: string } {
  const [header = '', payload = '', signature = ''] = mintToken({ secret, now }).split('.');
  return { header, payload, signature };
}

function signed(context: KindContext, header: string, payload: string): string {
  return signSegments(header, payload, signerFor({ secret: context.secret }));
}

/** A payload segment of text whose length leaves bits over, with the last character changed to another spelling of the same bytes. */
function nonCanonical(text: string): string {
  const padded = base64url(text.length % 3 === 0 ? `${text} ` : text);
  const letters = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_';
  return padded.slice(0, -1) + letters.charAt(letters.indexOf(padded.slice(-1)) | 1);
}

function flipOneBit(signature: string): string {
  const bytes = Buffer.from(signature, 'base64url');
  bytes[0] = (bytes[0] ?? 0) ^ 1;
  return bytes.toString('base64url');
}

/** Wrong segments and wrong signatures. */
export const formKinds: KindTable = {
  garbage: kind('token-malformed', 'a word without a dot', () => 'adasdasdsadasd'),
  'two-segments': kind('token-malformed', 'the signature segment cut off with its dot', (context) =>
    mintToken(context).split('.').slice(0, 2).join('.'),
  ),
  'four-segments': kind('token-malformed', 'a fourth segment', (context) => `${mintToken(context)}.e30`),
  'jwe-shaped': kind(
    'token-malformed',
    'five segments, as an encrypted token has',
    () => 'eyJhbGciOiJkaXIiLCJlbmMiOiJBMjU2R0NNIn0..AAAAAAAAAAAAAAAA.AAAA.AAAAAAAAAAAAAAAAAAAAAA',
  ),
  'empty-segments': kind('token-malformed', 'two dots and nothing else', () => '..'),
  'empty-header-segment': kind('token-malformed', 'no header', (context) => signed(context, '', segmentsOf(context).payload)),
  'empty-payload-segment': kind('token-malformed', 'no payload', (context) => signed(context, segmentsOf(context).header, '')),
  'empty-signature': kind('token-signature-invalid', 'HS256 with an empty signature', ({ now }) =>
    signCompact({ header: HEADER, payload: { exp: secondsOf(now) + 300 }, sign: null }),
  ),
  'signature-bit-flipped': kind('token-signature-invalid', 'one bit of the signature changed', (context) => {
    const { header, payload, signature } = segmentsOf(context);
    return `${header}.${payload}.${flipOneBit(signature)}`;
  }),
  'signature-truncated': kind('token-signature-invalid', 'a signature of 16 bytes', (context) => {
    const { header, payload, signature } = segmentsOf(context);
    return `${header}.${payload}.${base64url(Buffer.from(signature, 'base64url').subarray(0, 16))}`;
  }),
  'payload-swapped': kind('token-signature-invalid', 'a later exp under an old signature', (context) => {
    const { header, signature } = segmentsOf(context);
    return `${header}.${segmentsOf({ ...context, now: context.now + 3_600_000 }).payload}.${signature}`;
  }),
  'payload-not-canonical': kind('token-malformed', 'well signed, with bits left over in the payload segment', (context) =>
    signed(context, segmentsOf(context).header, nonCanonical(`{"exp":${secondsOf(context.now) + 300}}`)),
  ),
  'payload-padded': kind('token-malformed', 'well signed, with padding', (context) => signed(context, segmentsOf(context).header, 'e30=')),
  'payload-standard-alphabet': kind('token-malformed', 'well signed, with + and / in the payload segment', (context) =>
    signed(
      context,
      segmentsOf(context).header,
      Buffer.from(`{"exp":${secondsOf(context.now) + 300},"x":"???>>>~~~"}`)
        .toString('base64')
        .replace(/=+$/, ''),
    ),
  ),
  'inner-space': kind('token-malformed', 'a space inside', (context) => mintToken(context).replace('.', '. ')),
  'bearer-prefix': kind('token-malformed', 'a scheme that nobody configured', (context) => `Bearer ${mintToken(context)}`),
  'comma-joined': kind('token-duplicated', 'two tokens joined by a comma', (context) => `${mintToken(context)}, ${mintToken(context)}`),
  oversized: kind(
    'token-too-large',
    'well signed and longer than 8 KiB',
    withPayload((exp) => ({ exp, filler: 'x'.repeat(6500) })),
  ),
  empty: kind('token-missing', 'an empty header', () => ''),
};

/** Status words that the SDKs send where they have no token, in the spellings that occur. */
const STATUS_WORDS = [
  'NO_NETWORK',
  'POOR_NETWORK',
  'MITM_DETECTED',
  'UNTRUSTED_NETWORK',
  'NO_APPROOV_SERVICE',
  'rejected',
  'unknown_key',
] as const;

/** The SDK's status words. */
export const statusKinds: KindTable = Object.fromEntries(
  STATUS_WORDS.map((word) => [
    `status-${word.toLowerCase().replaceAll('_', '-')}`,
    kind('token-sdk-status', `the SDK’s status ${word} instead of a token`, () => word),
  ]),
);
