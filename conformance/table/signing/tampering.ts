/** Signed requests that somebody changed on their way: each change has its own reason. */
import type { SignatureLabel } from '@approov-guard/testkit';
import type { WireRequest } from '../../run/wire.ts';
import type { Case, Expected, Family } from '../case.ts';
import { approovToken, NOW, token } from '../setups.ts';
import {
  accountSigned,
  call,
  edited,
  expecting,
  headerOf,
  numbered,
  otherInstallation,
  row,
  signed,
  signedApp,
  signingToken,
  withBody,
  withHeader,
} from './signed.ts';

/** Where only the first line is kept, the second changes nothing. */
const FIRST_LINE: NonNullable<Expected['quirks']> = { 'first-line': { status: 200, verdict: 'accepted' } };

type Row = readonly [name: string, request: WireRequest, verdict: string, quirks?: NonNullable<Expected['quirks']>];

const INPUT = 'signature-input';
const BODY = '{"amount":1}';

/** A request with everything covered, and one whose content headers are not. */
function genuine(sign: SignatureLabel, client: 'okhttp-3.8' | 'retrofit' = 'okhttp-3.8'): WireRequest {
  return call({
    client,
    sign,
    method: 'POST',
    target: numbered('/shapes?a=1&b=2'),
    headers: [
      ['Authorization', 'Bearer user-1'],
      ['X-Other', 'other'],
      ['Content-Type', 'application/json'],
    ],
    body: BODY,
  });
}

/** The start line and the host. */
function messages(sign: SignatureLabel): readonly Row[] {
  const to = (edit: (target: string) => string): WireRequest => {
    const request = genuine(sign);
    return { ...request, target: edit(request.target ?? '') };
  };
  const at = (host: string): WireRequest => {
    const request = genuine(sign);
    return { ...request, headers: [['Host', host], ...(request.headers ?? [])] };
  };
  return [
    ['another method', { ...genuine(sign), method: 'PUT' }, 'signature-invalid'],
    ['another path', to((target) => target.replace('/shapes', '/slow')), 'signature-invalid'],
    ['the path in another case', to((target) => target.replace('/shapes', '/Shapes')), 'signature-invalid'],
    ['a slash at the end', to((target) => target.replace('?', '/?')), 'signature-invalid'],
    ['the query in another order', to((target) => target.replace('a=1&b=2', 'b=2&a=1')), 'signature-invalid'],
    ['a query parameter more', to((target) => `${target}&c=3`), 'signature-invalid'],
    ['no query', to((target) => target.replace(/\?.*/, '')), 'signature-invalid'],
    ['another host', at('other.example.com'), 'signature-invalid'],
    ['another port', at('api.example.com:8080'), 'signature-invalid'],
    ['the host in another case is the same', at('API.example.com'), 'accepted'],
  ];
}

/** Body and digest. */
function contents(sign: SignatureLabel): readonly Row[] {
  const digestOf = (body: string): string => headerOf(call({ sign, client: 'retrofit', method: 'POST', body }), 'content-digest');
  const bare = call({ sign, client: 'retrofit', method: 'POST', body: BODY, digest: null });
  const uncovered: WireRequest = { ...bare, headers: [...(bare.headers ?? []), ['Content-Digest', digestOf('other')]] };
  return [
    ['another body of the same length', withBody(genuine(sign), '{"amount":9}'), 'digest-mismatch'],
    ['another body', withBody(genuine(sign, 'retrofit'), '{"amount":1000000}'), 'digest-mismatch'],
    ['a longer body, its length covered', withBody(genuine(sign), '{"amount":1000000}'), 'signature-invalid'],
    ['an empty body', withBody(genuine(sign, 'retrofit'), ''), 'digest-mismatch'],
    ['no body', withoutBody(genuine(sign, 'retrofit')), 'digest-mismatch'],
    ['no body, its length covered', withoutBody(genuine(sign)), 'signature-component-unresolvable'],
    ['a body in other chunks is the same', chunked(genuine(sign, 'retrofit')), 'accepted'],
    ['the digest swapped', withHeader(genuine(sign), 'content-digest', digestOf('other')), 'signature-invalid'],
    [
      'digest and body swapped',
      withBody(withHeader(genuine(sign, 'retrofit'), 'content-digest', digestOf('other')), 'other'),
      'signature-invalid',
    ],
    ['the digest removed', withHeader(genuine(sign), 'content-digest', null), 'signature-component-unresolvable'],
    [
      'the digest removed and uncovered',
      edited(withHeader(genuine(sign), 'content-digest', null), INPUT, (input) => input.replace(' "content-digest"', '')),
      'signature-invalid',
    ],
    ['a digest that is not covered is compared all the same', uncovered, 'digest-mismatch'],
  ];
}

function withoutBody({ body: _, ...request }: WireRequest): WireRequest {
  return request;
}

function chunked(request: WireRequest): WireRequest {
  const bytes = Buffer.concat(request.body?.chunks ?? []);
  return { ...request, body: { chunks: [bytes.subarray(0, 5), bytes.subarray(5)], framing: 'chunked' } };
}

/** What is covered. */
function coverage(sign: SignatureLabel): readonly Row[] {
  const uncovered = (identifier: string): WireRequest =>
    edited(genuine(sign), INPUT, (input) =>
      input.replace(new RegExp(`\\(?${identifier} ?`), (found) => (found.startsWith('(') ? '(' : '')),
    );
  const added = (identifier: string): WireRequest => edited(genuine(sign), INPUT, (input) => input.replace(')', ` ${identifier})`));
  return [
    ['a header added to the covered', added('"x-other"'), 'signature-invalid'],
    ['a header added that is not there', added('"x-absent"'), 'signature-component-unresolvable'],
    ['a component added twice', added('"@method"'), 'signature-component-repeated'],
    ['a component of responses added', added('"@status"'), 'signature-component-unknown'],
    ['a component without a name added', added('""'), 'signature-component-unknown'],
    ['a covered header removed', withHeader(genuine(sign), 'authorization', null), 'signature-component-unresolvable'],
    ['a covered header with another value', withHeader(genuine(sign), 'authorization', 'Bearer user-2'), 'signature-invalid'],
    ['a covered header a second time', twice(genuine(sign), 'authorization', 'Bearer user-2'), 'signature-invalid', FIRST_LINE],
    ['a header that is not covered', withHeader(genuine(sign), 'x-other', 'another'), 'accepted'],
    ['a component uncovered', uncovered('"authorization"'), 'signature-invalid'],
    ['the method uncovered', uncovered('"@method"'), 'signature-component-not-covered'],
    ['the URL uncovered', uncovered('"@target-uri"'), 'signature-component-not-covered'],
    ['the token uncovered', uncovered('"approov-token"'), 'signature-component-not-covered'],
    ['components in another order', edited(genuine(sign), INPUT, swapped), 'signature-invalid'],
  ];
}

function twice(request: WireRequest, name: string, value: string): WireRequest {
  return { ...request, headers: [...(request.headers ?? []), [name, value]] };
}

function swapped(input: string): string {
  return input.replace('"@method" "@target-uri"', '"@target-uri" "@method"');
}

/** Token, key and label. */
function keys(sign: SignatureLabel): readonly Row[] {
  const other: SignatureLabel = sign === 'install' ? 'account' : 'install';
  const relabelled = (request: WireRequest, from: string, to: string): WireRequest =>
    edited(
      edited(request, INPUT, (input) => input.replace(`${from}=`, `${to}=`)),
      'signature',
      (value) => value.replace(`${from}=`, `${to}=`),
    );
  const withToken = (value: string): WireRequest => withHeader(genuine(sign), 'approov-token', value);
  const elses = signingToken({ claims: { ipk: otherInstallation.ipk, mskid: 'other' } });
  return [
    ['another token of the same installation', withToken(signingToken({ claims: { n: 1 } })), 'signature-invalid'],
    ['the token of another', withToken(elses), sign === 'install' ? 'signature-invalid' : 'signature-key-missing'],
    ['a token without a key', withToken(token()), sign === 'install' ? 'signature-key-missing' : 'signature-invalid'],
    ['the label swapped', relabelled(genuine(sign), sign, other), 'signature-label-missing'],
    [
      'the label of one field swapped',
      edited(genuine(sign), 'signature', (value) => value.replace(sign, other)),
      'signature-label-missing',
    ],
    ['the other key under this label', relabelled(genuine(other), other, sign), notAllowed],
    ['another algorithm', edited(genuine(sign), INPUT, (input) => input.replace(/alg="[^"]+"/, 'alg="rsa-v1_5-sha256"')), notAllowed],
    ['no algorithm', edited(genuine(sign), INPUT, (input) => input.replace(/;alg="[^"]+"/, '')), 'signature-invalid'],
  ];
}

const notAllowed = 'signature-algorithm-not-allowed';

/** Time. Clocks may differ by 60 s, and every client signs for 15 s. */
function times(sign: SignatureLabel): readonly Row[] {
  const signedAt = (seconds: number, lifetimeSeconds = 15): WireRequest => call({ sign, at: NOW + seconds * 1000, lifetimeSeconds });
  const shifted = (name: string): WireRequest =>
    edited(genuine(sign), INPUT, (input) => input.replace(new RegExp(`${name}=(\\d+)`), (_, at) => `${name}=${Number(at) + 5}`));
  return [
    ['made a minute ahead', signedAt(60), 'accepted'],
    ['made further ahead', signedAt(61), 'signature-created-in-future'],
    ['expired for less than a minute', signedAt(-74), 'accepted'],
    ['expired for a minute', signedAt(-75), 'signature-expired'],
    ['five minutes old', signedAt(-300, 0), 'accepted'],
    ['older', signedAt(-301, 0), 'signature-too-old'],
    ['created shifted', shifted('created'), 'signature-invalid'],
    ['expires shifted', shifted('expires'), 'signature-invalid'],
    ['expires removed', edited(genuine(sign), INPUT, (input) => input.replace(/;expires=\d+/, '')), 'signature-invalid'],
    ['created removed', edited(genuine(sign), INPUT, (input) => input.replace(/;created=\d+/, '')), 'signature-parameter-missing'],
    [
      'created as text',
      edited(genuine(sign), INPUT, (input) => input.replace(/created=(\d+)/, 'created="$1"')),
      'signature-parameter-invalid',
    ],
  ];
}

const zeros = { install: Buffer.alloc(64).toString('base64'), account: Buffer.alloc(32).toString('base64') } as const;

/** The signature's own fields. */
function fields(sign: SignatureLabel): readonly Row[] {
  const flipped = (value: string): string => value.replace(/:(.)/, (_, first) => `:${first === 'A' ? 'B' : 'A'}`);
  return [
    ['neither field', { headers: [approovToken(signingToken())] }, 'signature-missing'],
    ['no Signature', withHeader(genuine(sign), 'signature', null), 'signature-missing'],
    ['no Signature-Input', withHeader(genuine(sign), INPUT, null), 'signature-missing'],
    ['an empty Signature', withHeader(genuine(sign), 'signature', ''), 'signature-missing'],
    ['one bit of the signature', edited(genuine(sign), 'signature', flipped), 'signature-invalid'],
    ['half of the signature', edited(genuine(sign), 'signature', (value) => value.replace(/.{24}:$/, ':')), 'signature-invalid'],
    ['a signature of nothing', withHeader(genuine(sign), 'signature', `${sign}=::`), 'signature-malformed'],
    ['no dictionary', withHeader(genuine(sign), INPUT, `${sign}=(`), 'signature-malformed'],
    ['9 KB of dictionary', edited(genuine(sign), INPUT, (input) => `${input}, a="${'a'.repeat(9216)}"`), 'signature-malformed'],
    [
      'a second signature under the label wins, and is bad',
      twice(genuine(sign), 'Signature', `${sign}=:${zeros[sign]}:`),
      'signature-invalid',
    ],
    ['another label beside it', twice(genuine(sign), 'Signature', 'other=:AAAA:'), 'accepted'],
  ];
}

const PARTS = [messages, contents, coverage, keys, times, fields];

const both: readonly Case[] = (['install', 'account'] as const).flatMap((sign) =>
  PARTS.flatMap((part) => part(sign)).map(([name, request, verdict, quirks = {}]) =>
    row(sign === 'install' ? signed : accountSigned, name, request, expecting(verdict, { quirks })),
  ),
);

/** The last character before the padding, with other bits where none belong: the same bytes, differently written. */
const padded = (value: string): string =>
  value.replace(/([A-Za-z0-9+/])(=+):$/, (_, last: string, pad: string) => {
    const digits = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/';
    return `${digits[digits.indexOf(last) | 1]}${pad}:`;
  });

/** What looks like the request that was signed: a client that signs decoded paths, and names that only a loose comparison takes for equal. */
const lookalikes: readonly Row[] = [
  ...['/sh%61pes', '/%73hapes', '/shape%73', '/x/%2e%2e/shapes'].map((path): Row => {
    const request = call({ client: 'urlsession' });
    return [
      `a path signed as /shapes: ${path}`,
      { ...request, target: (request.target ?? '').replace('/shapes', path) },
      'signature-invalid',
    ];
  }),
  ['a signature with bits in its padding is the same', edited(genuine('install'), 'signature', padded), 'accepted'],
];

/** Where dot segments are resolved before anything else, the path that arrives is the one that was signed. */
const sameWhereNormalised = ({ target = '' }: WireRequest): Pick<Expected, 'normalised'> =>
  target.includes('%2e') ? { normalised: { status: 200, verdict: 'accepted' } } : {};

const wrongKeys: readonly Row[] = [
  ['the signature of another installation', call({ installation: otherInstallation }), 'signature-invalid'],
  ['a key that is none', call({ token: signingToken({ claims: { ipk: 'AAAA' } }) }), 'signature-key-invalid'],
  ['an empty key', call({ token: signingToken({ claims: { ipk: '' } }) }), 'signature-key-invalid'],
  ['another component swapped for the URL', call({ components: ['@method', '@path', '@query'] }), 'signature-component-not-covered'],
];

/** Where the body is dropped, the request is what the handler sees: one without a body. */
const dropped = (status: number, verdict: string): Pick<Expected, 'quirks'> => ({
  quirks: { 'untyped-body-dropped': { status, verdict } },
});

const digestRequired = signedApp('digest required, tampered', { digest: 'required' });
const plainDigest = call({ client: 'retrofit', method: 'POST', body: BODY, digest: null });
const digest = headerOf(call({ client: 'retrofit', method: 'POST', body: BODY }), 'content-digest');

export const tampering: Family = {
  name: 'tampering',
  cases: [
    ...both,
    ...lookalikes.map(([name, request, verdict]) => row(signed, name, request, expecting(verdict, sameWhereNormalised(request)))),
    ...wrongKeys.map(([name, request, verdict]) => row(signed, name, request, expecting(verdict))),
    row(digestRequired, 'no digest', plainDigest, expecting('digest-missing', dropped(200, 'accepted'))),
    row(
      digestRequired,
      'a digest that is not covered',
      { ...plainDigest, headers: [...(plainDigest.headers ?? []), ['Content-Digest', digest]] },
      expecting('signature-component-not-covered', dropped(401, 'digest-mismatch')),
    ),
  ],
};
