/** Requests that were signed well and altered on the way, and requests that were signed with something wrong: each has its own reason. */
import assert from 'node:assert/strict';
import { createHash, createHmac, sign } from 'node:crypto';
import { describe, test } from 'node:test';
import { freshInstallationKey, type HeaderLine } from '@approov-guard/testkit';
import { nowSeconds } from '../both-ports.ts';
import {
  COVERED,
  type Draft,
  digestLine,
  headerOf,
  install,
  judge,
  PARAMETERS,
  type Sent,
  signed,
  tokenWith,
  withHeader,
} from '../signed-requests.ts';

const BODY = '{"amount":1}';
const HEADERS: readonly HeaderLine[] = [['Content-Type', 'application/json'], ['X-A', '1'], ['X-Empty', ''], digestLine(BODY)];
const ALL = [...COVERED, 'content-type', 'x-a', 'x-empty', 'content-digest'];
const URL_TEXT = 'https://api.example.com/v1/items/%7Eb?b=2&a=1&c=%2f';
const good: Sent = signed({ method: 'POST', url: URL_TEXT, headers: HEADERS, body: BODY, covered: ALL });
const input = headerOf(good, 'Signature-Input');
const value = headerOf(good, 'Signature');
const raw = Buffer.from(value.split(':')[1] ?? '', 'base64');
const bytes = (signature: Uint8Array): string => `install=:${Buffer.from(signature).toString('base64')}:`;
const inputWith = (search: string | RegExp, replacement: string): Sent =>
  withHeader(good, 'Signature-Input', input.replace(search, replacement));

type Row = readonly [name: string, code: string, sent: Sent];
const target = (path: string): Sent => ({ ...good, target: path });

const ALTERED: readonly Row[] = [
  ['nothing', 'accepted', good],
  ['method', 'signature-invalid', { ...good, method: 'PUT' }],
  ['case of the method', 'signature-invalid', { ...good, method: 'post' }],
  ['path', 'signature-invalid', target('/v1/item/%7Eb?b=2&a=1&c=%2f')],
  ['path, case', 'signature-invalid', target('/v1/Items/%7Eb?b=2&a=1&c=%2f')],
  ['path, decoded', 'signature-invalid', target('/v1/items/~b?b=2&a=1&c=%2f')],
  ['path, case of the encoding', 'signature-invalid', target('/v1/items/%7eb?b=2&a=1&c=%2f')],
  ['path, slash doubled', 'signature-invalid', target('//v1/items/%7Eb?b=2&a=1&c=%2f')],
  ['path, slash added', 'signature-invalid', target('/v1/items/%7Eb/?b=2&a=1&c=%2f')],
  ['path, dot segment', 'signature-invalid', target('/v1/x/../items/%7Eb?b=2&a=1&c=%2f')],
  ['path, parameter', 'signature-invalid', target('/v1/items/%7Eb;x?b=2&a=1&c=%2f')],
  ['path, backslash', 'signature-invalid', target('/v1\\items/%7Eb?b=2&a=1&c=%2f')],
  ['query, order', 'signature-invalid', target('/v1/items/%7Eb?a=1&b=2&c=%2f')],
  ['query, value', 'signature-invalid', target('/v1/items/%7Eb?b=3&a=1&c=%2f')],
  ['query, added', 'signature-invalid', target('/v1/items/%7Eb?b=2&a=1&c=%2f&d=4')],
  ['query, separator', 'signature-invalid', target('/v1/items/%7Eb?b=2;a=1&c=%2f')],
  ['query, case of the encoding', 'signature-invalid', target('/v1/items/%7Eb?b=2&a=1&c=%2F')],
  ['query, decoded', 'signature-invalid', target('/v1/items/%7Eb?b=2&a=1&c=/')],
  ['query, removed', 'signature-invalid', target('/v1/items/%7Eb')],
  ['query, a lone mark', 'signature-invalid', { ...signed({ url: 'https://api.example.com/a' }), target: '/a?' }],
  ['query, the mark removed', 'signature-invalid', { ...signed({ url: 'https://api.example.com/a?' }), target: '/a' }],
  ['fragment', 'signature-component-unresolvable', target('/v1/items/%7Eb?b=2&a=1&c=%2f#x')],
  ['host', 'signature-invalid', { ...good, authority: 'evil.example.com' }],
  ['port', 'signature-invalid', { ...good, authority: 'api.example.com:8443' }],
  ['case of the host', 'accepted', { ...good, authority: 'API.example.com:443' }],
  ['a dot after the host', 'signature-invalid', { ...good, authority: 'api.example.com.' }],
  ['scheme', 'signature-invalid', { ...good, scheme: 'http' }],
  [
    'host, in forwarding fields of nobody',
    'signature-invalid',
    {
      ...good,
      authority: 'evil',
      headers: [...good.headers, ['X-Forwarded-Host', 'api.example.com'], ['Forwarded', 'host=api.example.com']],
    },
  ],
  [
    'target, in X-Original-URL',
    'signature-invalid',
    {
      ...target('/admin'),
      headers: [...good.headers, ['X-Original-URL', '/v1/items/%7Eb?b=2&a=1&c=%2f'], ['X-Rewrite-URL', '/v1/items/%7Eb?b=2&a=1&c=%2f']],
    },
  ],
  ['body', 'digest-mismatch', { ...good, body: '{"amount":2}' }],
  ['body, white space', 'digest-mismatch', { ...good, body: `${BODY}\n` }],
  ['body, removed', 'digest-mismatch', { ...good, body: null }],
  ['body and digest', 'signature-invalid', { ...withHeader(good, 'Content-Digest', digestLine('x')[1]), body: 'x' }],
  ['digest, other spelling', 'signature-invalid', withHeader(good, 'Content-Digest', `${digestLine(BODY)[1]};x`)],
  [
    'digest, an algorithm added',
    'signature-invalid',
    withHeader(good, 'Content-Digest', `${digestLine(BODY)[1]}, ${digestLine(BODY, 'sha-512')[1]}`),
  ],
  ['digest, removed', 'signature-component-unresolvable', withHeader(good, 'Content-Digest')],
  ['a covered header', 'signature-invalid', withHeader(good, 'X-A', '2')],
  ['a covered header, removed', 'signature-component-unresolvable', withHeader(good, 'X-A')],
  ['a covered header, repeated', 'signature-invalid', withHeader(good, 'X-A', '1', '1')],
  ['a covered header, an empty line added', 'signature-invalid', withHeader(good, 'X-A', '1', '')],
  ['a covered header, white space around', 'accepted', withHeader(good, 'X-A', ' \t1 ')],
  ['a covered header, an empty one filled', 'signature-invalid', withHeader(good, 'X-Empty', 'x')],
  ['a covered header, line feed', 'signature-component-unresolvable', withHeader(good, 'X-A', '1\n"x-b": 2')],
  ['a covered header, carriage return', 'signature-component-unresolvable', withHeader(good, 'X-A', '1\r"x-b": 2')],
  ['a covered header, folded', 'signature-invalid', withHeader(good, 'X-A', '1\r\n 2')],
  ['a header that is not covered', 'accepted', withHeader(good, 'X-B', 'anything')],
  ['the token, of another device', 'signature-invalid', withHeader(good, 'Approov-Token', tokenWith({ ipk: freshInstallationKey().ipk }))],
  ['the token, another one of the same device', 'signature-invalid', withHeader(good, 'Approov-Token', tokenWith({ jti: 'x' }))],
  [
    'the token, twice',
    'token-duplicated',
    withHeader(good, 'Approov-Token', headerOf(good, 'Approov-Token'), headerOf(good, 'Approov-Token')),
  ],
  ['coverage, a component added', 'signature-invalid', withHeader(inputWith('"x-a"', '"x-a" "host"'), 'Host', 'api.example.com')],
  ['coverage, a component removed', 'signature-invalid', inputWith(' "x-a"', '')],
  ['coverage, another order', 'signature-invalid', inputWith('"content-type" "x-a"', '"x-a" "content-type"')],
  ['coverage, a required one removed', 'signature-component-not-covered', inputWith('"@method" ', '')],
  ['coverage, a parameter added', 'signature-invalid', inputWith('"x-a"', '"x-a";bs')],
  ['coverage, upper case', 'signature-component-unknown', inputWith('"x-a"', '"X-A"')],
  ['created', 'signature-invalid', inputWith(/created=\d+/, `created=${nowSeconds - 1}`)],
  ['created, into the future', 'signature-created-in-future', inputWith(/created=\d+;expires=\d+/, `created=${nowSeconds + 100}`)],
  ['expires', 'signature-invalid', inputWith(/expires=\d+/, `expires=${nowSeconds + 16}`)],
  ['expires, removed', 'signature-invalid', inputWith(/;expires=\d+/, '')],
  ['alg, removed', 'signature-invalid', inputWith('alg="ecdsa-p256-sha256";', '')],
  ['a parameter added', 'signature-invalid', inputWith(/$/, ';nonce="x"')],
  ['parameters, another order', 'signature-invalid', inputWith(/;(alg="[^"]*");(created=\d+)/, ';$2;$1')],
  ['white space within the field', 'accepted', inputWith('" "', '"   "')],
  [
    'the label',
    'signature-label-missing',
    withHeader(withHeader(good, 'Signature-Input', input.replace('install', 'account')), 'Signature', value.replace('install', 'account')),
  ],
  [
    'a label beside',
    'accepted',
    withHeader(withHeader(good, 'Signature-Input', `sig1=("@method");created=1, ${input}`), 'Signature', `sig1=:AAAA:, ${value}`),
  ],
  [
    'the label twice, the good one first',
    'signature-component-not-covered',
    withHeader(good, 'Signature-Input', `${input}, install=();created=${nowSeconds}`),
  ],
  [
    'the label twice on two lines',
    'signature-component-not-covered',
    withHeader(good, 'Signature-Input', input, `install=();created=${nowSeconds}`),
  ],
  [
    'the signature twice, the good one first',
    'signature-invalid',
    withHeader(good, 'Signature', `${value}, ${bytes(Buffer.alloc(64, 1))}`),
  ],
  ['the signature twice, the good one last', 'accepted', withHeader(good, 'Signature', `${bytes(Buffer.alloc(64, 1))}, ${value}`)],
];

const SIGNATURES: readonly Row[] = [
  ['r is zero', 'signature-invalid', withHeader(good, 'Signature', bytes(Buffer.concat([Buffer.alloc(32), raw.subarray(32)])))],
  ['s is zero', 'signature-invalid', withHeader(good, 'Signature', bytes(Buffer.concat([raw.subarray(0, 32), Buffer.alloc(32)])))],
  ['both are zero', 'signature-invalid', withHeader(good, 'Signature', bytes(Buffer.alloc(64)))],
  ['all ones', 'signature-invalid', withHeader(good, 'Signature', bytes(Buffer.alloc(64, 255)))],
  ['DER of zeros', 'signature-invalid', withHeader(good, 'Signature', bytes(Buffer.from('3006020100020100', 'hex')))],
  ['63 bytes', 'signature-invalid', withHeader(good, 'Signature', bytes(raw.subarray(1)))],
  ['65 bytes', 'signature-invalid', withHeader(good, 'Signature', bytes(Buffer.concat([raw, Buffer.alloc(1)])))],
  ['96 bytes', 'signature-invalid', withHeader(good, 'Signature', bytes(Buffer.alloc(96, 1)))],
  ['one byte', 'signature-invalid', withHeader(good, 'Signature', bytes(Buffer.alloc(1)))],
  ['r and s swapped', 'signature-invalid', withHeader(good, 'Signature', bytes(Buffer.concat([raw.subarray(32), raw.subarray(0, 32)])))],
  ['base64url', 'signature-malformed', withHeader(good, 'Signature', 'install=:-_-_:')],
  ['hexadecimal', 'signature-invalid', withHeader(good, 'Signature', `install=:${raw.toString('hex')}:`)],
  ['a Token', 'signature-malformed', withHeader(good, 'Signature', 'install=abc')],
  ['a Boolean', 'signature-malformed', withHeader(good, 'Signature', 'install')],
  ['no base64 in a String', 'signature-malformed', withHeader(good, 'Signature', 'install="***"')],
  ['a trailing comma', 'signature-malformed', withHeader(good, 'Signature', `${value},`)],
  ['garbage after', 'signature-malformed', withHeader(good, 'Signature', `${value} x`)],
];

const spelled = (spell: (base: string) => Buffer): Sent => {
  const draft: Draft = { covered: COVERED };
  const plain = signed(draft);
  const base = [
    '"@method": GET',
    '"@target-uri": https://api.example.com/v1/items?b=2&a=1',
    `"approov-token": ${headerOf(plain, 'Approov-Token')}`,
    `"@signature-params": ${headerOf(plain, 'Signature-Input').replace('install=', '')}`,
  ].join('\n');
  return withHeader(plain, 'Signature', bytes(spell(base)));
};
const ecdsa = (hash: string, base: string | Buffer): Buffer =>
  sign(hash, typeof base === 'string' ? Buffer.from(base) : base, { key: install.privateKey, dsaEncoding: 'ieee-p1363' });
const withAlg = (alg: string): Sent => signed({ parameters: `alg=${alg};created=${nowSeconds}` });
const ipkBytes = Buffer.from(install.ipk, 'base64');

const PROOFS: readonly Row[] = [
  ['SHA-256 is right', 'accepted', spelled((base) => ecdsa('sha256', base))],
  ['SHA-512', 'signature-invalid', spelled((base) => ecdsa('sha512', base))],
  ['SHA-384', 'signature-invalid', spelled((base) => ecdsa('sha384', base))],
  ['SHA-256 twice', 'signature-invalid', spelled((base) => ecdsa('sha256', createHash('sha256').update(base).digest()))],
  ['a line feed at the end', 'signature-invalid', spelled((base) => ecdsa('sha256', `${base}\n`))],
  ['CRLF between the lines', 'signature-invalid', spelled((base) => ecdsa('sha256', base.replaceAll('\n', '\r\n')))],
  ['an empty base', 'signature-invalid', spelled(() => ecdsa('sha256', ''))],
  ['the parameters only', 'signature-invalid', spelled((base) => ecdsa('sha256', base.split('\n').at(-1) ?? ''))],
  ['HMAC with the ipk text', 'signature-invalid', spelled((base) => createHmac('sha256', install.ipk).update(base).digest())],
  ['HMAC with the ipk bytes', 'signature-invalid', spelled((base) => createHmac('sha256', ipkBytes).update(base).digest())],
  ['HMAC with an empty key', 'signature-invalid', spelled((base) => createHmac('sha256', '').update(base).digest())],
  ['no alg', 'accepted', signed({ parameters: `created=${nowSeconds}` })],
  ...[
    'none',
    'ES256',
    'es256',
    'ECDSA-P256-SHA256',
    'ecdsa-p384-sha384',
    'rsa-pss-sha512',
    'rsa-v1_5-sha256',
    'ed25519',
    'hmac-sha256',
    '',
    '__proto__',
    'toString',
    'constructor',
    ' ecdsa-p256-sha256',
  ].map((alg): Row => [`alg ${JSON.stringify(alg)}`, 'signature-algorithm-not-allowed', withAlg(`"${alg}"`)]),
  ['alg is a Token', 'signature-parameter-invalid', withAlg('ecdsa-p256-sha256')],
  ['alg is a Boolean', 'signature-parameter-invalid', withAlg('?1')],
  ['alg before created', 'accepted', signed({ parameters: `alg="ecdsa-p256-sha256";created=${nowSeconds}` })],
];

const covering = (...more: readonly string[]): Draft => ({ covered: [...COVERED, ...more] });
const lies = (...names: readonly string[]): Draft => ({
  ...covering(...names),
  values: Object.fromEntries(names.map((name) => [name, ''])),
});
const x: readonly HeaderLine[] = [['X', 'a=1, b=2']];

const COMPONENTS: readonly Row[] = [
  ...[
    '@metod',
    '@status',
    '@signature-params',
    '@signature',
    '@',
    '',
    'X',
    'x y',
    'x:',
    '@METHOD',
    '@method;req',
    '@target-uri;req',
    '@path;sf',
    '@query;name="a"',
    '@query-param',
    '@query-param;name=a',
    'x;req',
    'x;tr',
    'x;unknown',
    'x;bs;sf',
    'x;bs;key="a"',
    'x;key',
    'x;sf=1',
    'content-type;name="x"',
  ].map((name): Row => [`unknown: ${JSON.stringify(name)}`, 'signature-component-unknown', signed({ ...lies(name), headers: x })]),
  ...[
    'x-absent',
    '__proto__',
    'constructor',
    'x-absent;bs',
    'x-absent;sf',
    'x;key="c"',
    '@query-param;name="z"',
    '@query-param;name="b";name="z"',
  ].map(
    (name): Row => [`unresolvable: ${JSON.stringify(name)}`, 'signature-component-unresolvable', signed({ ...lies(name), headers: x })],
  ),
  ['repeated', 'signature-component-repeated', signed({ ...covering('x', 'x'), headers: x })],
  ['repeated, the required one', 'signature-component-repeated', signed(covering('@target-uri'))],
  [
    'repeated, other order of parameters',
    'signature-component-repeated',
    signed({ ...covering('x;sf;key="a"', 'x;key="a";sf'), headers: x, values: { 'x;sf;key="a"': '1', 'x;key="a";sf': '1' } }),
  ],
  [
    'repeated, the same query parameter',
    'signature-component-repeated',
    signed({ ...covering('@query-param;name="a"', '@query-param;name="a"') }),
  ],
  [
    'distinct by parameters',
    'accepted',
    signed({
      ...covering('x', 'x;sf', 'x;bs', 'x;key="a"', 'x;key="b"'),
      headers: x,
      values: { 'x;sf': 'a=1, b=2', 'x;key="a"': '1', 'x;key="b"': '2' },
    }),
  ],
  ['distinct query parameters', 'accepted', signed(covering('@query-param;name="a"', '@query-param;name="b"'))],
  [
    'a query parameter that occurs twice',
    'signature-component-unresolvable',
    signed({ ...covering('@query-param;name="a"'), url: 'https://api.example.com/?a=1&a=1', values: { '@query-param;name="a"': '1' } }),
  ],
  [
    'every derived component',
    'accepted',
    signed(covering('@authority', '@scheme', '@request-target', '@path', '@query', '@query-param;name="a"')),
  ],
];

const MALFORMED: readonly Row[] = [
  'install',
  'install=',
  'install=()x',
  'install=("@method"',
  'install=("@method""x")',
  'install=("@method",)',
  'install="@method"',
  'install=1;created=1',
  'install=(("@method"))',
  'install=("@method")created=1',
  'install=("\u00e9")',
  'install=("@method")\n',
  'Install=()',
  '=()',
  '"install"=()',
  'install=();Created=1',
  '__proto__=()',
].map((text): Row => [`Signature-Input: ${JSON.stringify(text)}`, 'signature-malformed', withHeader(good, 'Signature-Input', text)]);

for (const [family, rows] of Object.entries({
  altered: ALTERED,
  signatures: SIGNATURES,
  proofs: PROOFS,
  components: COMPONENTS,
  malformed: MALFORMED,
})) {
  describe(family, () => {
    for (const [name, code, sent] of rows) test(`${name}: ${code}`, async () => assert.equal(await judge(sent), code));
  });
}

describe('time shifted', () => {
  const rows: readonly (readonly [seconds: number, code: string])[] = [
    [-61, 'signature-created-in-future'],
    [-60, 'accepted'],
    [74, 'accepted'],
    [75, 'signature-expired'],
    [299, 'signature-expired'],
    [301, 'token-expired'],
  ];
  for (const [seconds, code] of rows) {
    test(`by ${seconds} s: ${code}`, async () => assert.equal(await judge(good, {}, { now: () => (nowSeconds + seconds) * 1000 }), code));
  }
  test('without expires by its age', async () => {
    const sent = signed({ parameters: `created=${nowSeconds}` });
    assert.equal(await judge(sent, { maxAgeSeconds: 10 }, { now: () => (nowSeconds + 10) * 1000 }), 'accepted');
    assert.equal(await judge(sent, { maxAgeSeconds: 10 }, { now: () => (nowSeconds + 11) * 1000 }), 'signature-too-old');
  });
  test('the parameters of the SDKs are the ones used here', () =>
    assert.match(PARAMETERS, /^alg="ecdsa-p256-sha256";created=\d+;expires=\d+$/));
});
