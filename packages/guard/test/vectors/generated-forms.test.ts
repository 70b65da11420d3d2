/** Families of attacks on the form and on the claims, generated: signed rightly over exactly the text that is sent. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import {
  base64url,
  bindingHash,
  type HeaderLine,
  mintToken,
  requestView,
  type SegmentContent,
  signCompact,
  signerFor,
  signSegments,
} from '@approov-guard/testkit';
import { guardPair, now, nowSeconds, secret } from '../both-ports.ts';

const sign = signerFor({ secret });
const pair = guardPair({ keys: { secret } });
const HEADER = '{"alg":"HS256","typ":"JWT"}';
const exp = nowSeconds + 300;
const claims = (text: SegmentContent): Promise<string> => pair.judgeToken(signCompact({ header: HEADER, payload: text, sign }));
const segments = (header: string, payload: string): Promise<string> => pair.judgeToken(signSegments(header, payload, sign));
const LETTERS = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_';

/** The other spellings of the same bytes: the last character with bits left over. */
function otherSpellings(segment: string): readonly string[] {
  const bytes = Buffer.from(segment, 'base64url');
  return [...LETTERS]
    .map((letter) => segment.slice(0, -1) + letter)
    .filter((spelling) => spelling !== segment && Buffer.from(spelling, 'base64url').equals(bytes));
}

test('bits left over make another spelling of the same bytes: refused in each segment', async () => {
  let spellings = 0;
  for (const spaces of ['', ' ', '  ']) {
    const header = base64url(`${HEADER}${spaces}`);
    const payload = base64url(`{"exp":${exp}}${spaces}`);
    assert.equal(await segments(header, payload), 'accepted');
    for (const other of otherSpellings(header)) {
      spellings++;
      assert.equal(await segments(other, payload), 'token-malformed');
    }
    for (const other of otherSpellings(payload)) {
      spellings++;
      assert.equal(await segments(header, other), 'token-malformed');
    }
    const [, , signature = ''] = signSegments(header, payload, sign).split('.');
    for (const other of otherSpellings(signature)) {
      spellings++;
      assert.equal(await pair.judgeToken(`${header}.${payload}.${other}`), 'token-malformed');
    }
  }
  assert.ok(spellings > 20, `${spellings} spellings`);
});

const DAMAGES: { readonly [name: string]: (segment: string) => string } = {
  'one equals sign': (segment) => `${segment}=`,
  'two equals signs': (segment) => `${segment}==`,
  'right padding': (segment) => segment.padEnd(Math.ceil(segment.length / 4) * 4, '=').padEnd(segment.length + 1, '='),
  'encoded padding': (segment) => `${segment}%3D`,
  'a space after': (segment) => `${segment} `,
  'a space before': (segment) => ` ${segment}`,
  'a space inside': (segment) => `${segment.slice(0, 4)} ${segment.slice(4)}`,
  'a line feed inside': (segment) => `${segment.slice(0, 4)}\n${segment.slice(4)}`,
  'a carriage return after': (segment) => `${segment}\r`,
  'a tab inside': (segment) => `${segment.slice(0, 4)}\t${segment.slice(4)}`,
  'NUL after': (segment) => `${segment}\0`,
  'a plus sign': (segment) => `${segment}+AAA`,
  'a slash': (segment) => `${segment}/AAA`,
  'an asterisk': (segment) => `${segment}*`,
  'a foreign letter': (segment) => `${segment}\xe9`,
  'a wide letter': (segment) => `${segment.slice(0, -1)}\u0141`,
  'a full-width letter': (segment) => `\uff45${segment.slice(1)}`,
  'a byte order mark': (segment) => `\ufeff${segment}`,
  'one character more': (segment) => `${segment}${segment.length % 4 === 0 ? 'A' : 'AAA'.slice(0, 5 - (segment.length % 4))}`,
};

for (const [name, damage] of Object.entries(DAMAGES)) {
  test(`${name}: no segment may have it, though it was signed so`, async () => {
    for (const spaces of ['', ' ', '  ']) {
      const header = base64url(`${HEADER}${spaces}`);
      const payload = base64url(`{"exp":${exp}}${spaces}`);
      // White space around the whole value is not part of it.
      const trimmed = name === 'a space before';
      assert.equal(await segments(damage(header), payload), trimmed ? 'token-signature-invalid' : 'token-malformed');
      assert.equal(await segments(header, damage(payload)), 'token-malformed');
      const token = signSegments(header, payload, sign);
      const dot = token.lastIndexOf('.') + 1;
      const damaged = token.slice(0, dot) + damage(token.slice(dot));
      assert.equal(await pair.judgeToken(damaged), name === 'a space after' ? 'accepted' : 'token-malformed');
    }
  });
}

test('the standard alphabet is refused where it differs', async () => {
  const payload = `{"exp":${exp},"x":"???>>>~~~"}`;
  const standard = Buffer.from(payload).toString('base64').replace(/=+$/, '');
  assert.match(standard, /[+/]/);
  assert.equal(await segments(base64url(HEADER), standard), 'token-malformed');
  assert.equal(await claims(payload), 'accepted');
  for (let attempt = 0; attempt < 200; attempt++) {
    const token = signSegments(base64url(HEADER), base64url(JSON.stringify({ exp, attempt })), sign);
    const [header, content, signature = ''] = token.split('.');
    if (!/[-_]/.test(signature)) continue;
    const other = signature.replaceAll('-', '+').replaceAll('_', '/');
    assert.equal(await pair.judgeToken(`${header}.${content}.${other}`), 'token-malformed');
    return;
  }
});

test('missing and extra segments, and an empty header, are malformed', async () => {
  const token = mintToken({ secret, now });
  const [header = '', payload = '', signature = ''] = token.split('.');
  const forms = [
    header,
    `${header}.${payload}`,
    `.${payload}.${signature}`,
    '..',
    '.',
    '...',
    `${token}.`,
    `.${token}`,
    `${token}.${signature}`,
    `${header}.${payload}..${signature}`,
    `${header}.${payload}.${signature}.e30.AA`,
    `${token}..`,
    `${token}\0`,
    `${token}%00`,
    `${token}\u2024AAAA`,
    `${token};`,
    `"${token}"`,
    `<${token}>`,
    `${token}#`,
    `Bearer ${token}`,
    `${header}\uff0e${payload}\uff0e${signature}`,
  ];
  for (const form of forms) assert.equal(await pair.judgeToken(form), 'token-malformed', form.replaceAll(token, 'TOKEN'));
  assert.equal(await pair.judgeToken(`${header}.${payload}.`), 'token-signature-invalid');
  assert.equal(await segments('', payload), 'token-malformed');
  assert.equal(await segments(header, ''), 'token-malformed');
});

test('a claims set that is no UTF-8 is malformed', async () => {
  const wrong = [
    '\xff',
    '\xfe',
    '\x80',
    '\xc3',
    '\xc0\x80',
    '\xc0\xaf',
    '\xe0\x80\xaf',
    '\xed\xa0\x80',
    '\xed\xbf\xbf',
    '\xed\xa0\xbd\xed\xb8\x80',
    '\xf4\x90\x80\x80',
    '\xf8\x88\x80\x80\x80',
    '\xfc\x84\x80\x80\x80\x80',
    '\xe2\x82',
    '\xf0\x9f\x98',
  ];
  for (const bytes of wrong) {
    for (const place of [
      `{"exp":${exp},"did":"${bytes}"}`,
      `{"exp":${exp},"${bytes}":1}`,
      `{"exp":${exp}}${bytes}`,
      `${bytes}{"exp":${exp}}`,
    ]) {
      assert.equal(await claims(Buffer.from(place, 'latin1')), 'token-malformed');
    }
  }
  for (const encoding of ['utf16le', 'latin1'] as const) {
    assert.equal(await claims(Buffer.from(`{"exp":${exp},"did":"\xe9"}`, encoding)), 'token-malformed', encoding);
  }
});

test('NUL, byte order marks and other dirt around the claims set are malformed', async () => {
  const text = `{"exp":${exp}}`;
  for (const dirt of ['\0', '\ufeff', '\u00a0', '\u2028', '\x0b', '\x0c', ',', ';', '{}', '[]', '//', 'null', '\x1a']) {
    assert.equal(await claims(`${text}${dirt}`), 'token-malformed', JSON.stringify(dirt));
    assert.equal(await claims(`${dirt}${text}`), 'token-malformed', JSON.stringify(dirt));
  }
  for (const space of [' ', '\t', '\n', '\r']) assert.equal(await claims(`${space}${text}${space}`), 'accepted');
  assert.equal(await claims(`{"exp":${exp},"did":"\0"}`), 'token-malformed');
  assert.equal(await claims(`{"exp":${exp},"did":"\\u0000"}`), 'accepted');
});

test('lone surrogates in escapes are what JSON allows, on both ports', async () => {
  for (const text of ['\\ud800', '\\udc00', '\\udc00\\ud800', '\\ud800x', '\\ud83d\\ude00']) {
    assert.equal(await claims(`{"exp":${exp},"x":"${text}","${text}":1}`), 'accepted');
  }
});

test('what is no object is no claims set', async () => {
  for (const text of [
    'null',
    'true',
    '1',
    '4102444800',
    '"{}"',
    '[]',
    `[{"exp":${exp}}]`,
    `{"exp":${exp}`,
    `{"exp":${exp},}`,
    `{exp:${exp}}`,
    `{'exp':${exp}}`,
    `exp=${exp}`,
    `{"exp"=${exp}}`,
    `{"exp":+${exp}}`,
    `{"exp":0${exp}}`,
    `{"exp":${exp}.}`,
    '{"exp":0x7fffffff}',
    '{"exp":Infinity}',
    '{"exp":NaN}',
    '{"exp":-Infinity}',
    '{"exp":1_000}',
    '{"exp":1e}',
    `{"exp":${exp}n}`,
  ]) {
    assert.equal(await claims(text), 'token-malformed', text);
  }
});

test('claims named twice, however they are spelled, are malformed', async () => {
  for (const text of [
    `{"exp":1,"exp":${exp}}`,
    `{"exp":${exp},"exp":1}`,
    `{"exp":${exp},"exp":${exp}}`,
    `{"exp":1,"\\u0065xp":${exp}}`,
    `{"\\u0065\\u0078\\u0070":1,"exp":${exp}}`,
    `{"exp":${exp},"did":"a","d\\u0069d":"b"}`,
    `{"exp":${exp},"pay":"a","pay":"b"}`,
    `{"exp":${exp},"x":{"y":1},"x":2}`,
    `{"exp":${exp},"":1,"":2}`,
    `{"exp":${exp},"\\n":1,"\\u000a":2}`,
    `{"exp":${exp},"__proto__":1,"__proto__":2}`,
  ]) {
    assert.equal(await claims(text), 'token-malformed', text);
  }
});

test('claims named like members of Object.prototype reach nothing', async () => {
  for (const name of [
    '__proto__',
    'constructor',
    'prototype',
    'toString',
    'hasOwnProperty',
    'then',
    'outcome',
    'reason',
    'verdict',
    'claims',
  ]) {
    assert.equal(await claims(`{"exp":${exp},"${name}":{"exp":1,"did":7}}`), 'accepted', name);
    assert.equal(await claims(`{"${name}":{"exp":${exp}}}`), 'token-expiry-missing', name);
    assert.equal(await claims(`{"${name}":{"exp":${exp}},"exp":1}`), 'token-expired', name);
  }
  assert.equal(({} as { exp?: unknown }).exp, undefined);
});

test('deep nesting is malformed, and no stack overflows', async () => {
  const large = guardPair({ keys: { secret }, token: { maxBytes: 65_536 } });
  const nested = (open: string, close: string, depth: number): string =>
    signCompact({
      header: HEADER,
      payload: `{"exp":${exp},"x":${open.repeat(depth)}${open === '[' ? '' : '1'}${close.repeat(depth)}}`,
      sign,
    });
  for (const [open, close] of [
    ['[', ']'],
    ['{"a":', '}'],
  ] as const) {
    assert.equal(await large.judgeToken(nested(open, close, 31)), 'accepted');
    for (const depth of [32, 500, 4000]) assert.equal(await large.judgeToken(nested(open, close, depth)), 'token-malformed');
  }
  assert.equal(await large.judgeToken(nested('[', '', 40_000)), 'token-malformed');
});

const NO_NUMBER = [
  '""',
  '" "',
  `"${exp}"`,
  '"1e400"',
  '"0x7fffffff"',
  '"Infinity"',
  '"NaN"',
  '"2099-01-01T00:00:00Z"',
  '"null"',
  'true',
  'false',
  'null',
  '[]',
  `[${exp}]`,
  '["a"]',
  '{}',
  `{"value":${exp}}`,
  `{"valueOf":${exp}}`,
  '1e400',
  '-1e400',
  '1e309',
  '9'.repeat(400),
  '[[[]]]',
];

test('exp is a finite number, or the token has none', async () => {
  for (const text of NO_NUMBER) assert.equal(await claims(`{"exp":${text}}`), 'token-expiry-missing', text.slice(0, 40));
  for (const name of ['EXP', 'Exp', 'exp ', ' exp', 'e\u0445p', 'ex\u200bp', 'exp\\u0000', 'expires', 'expiry', 'expires_in']) {
    assert.equal(await claims(`{"${name}":${exp}}`), 'token-expiry-missing', name);
  }
});

test('numbers in every notation are the numbers that they are', async () => {
  const dead = [
    '0',
    '-0',
    '-1',
    '1',
    '1e-7',
    '1e9',
    '-1e308',
    '0e400',
    '1E0',
    `${nowSeconds}`,
    `${nowSeconds}.0`,
    `${nowSeconds - 0.5}`,
    `${now}e-3`,
  ];
  const alive = [
    `${exp}`,
    `${exp}.25`,
    `${exp}e0`,
    `${exp}000E-3`,
    `${exp}.11111111111111111111111111111`,
    `${nowSeconds + 0.25}`,
    `${now}`,
    '1e21',
    '1e308',
    '253402300801',
    '9'.repeat(300),
  ];
  for (const text of dead) assert.equal(await claims(`{"exp":${text}}`), 'token-expired', text);
  for (const text of alive) assert.equal(await claims(`{"exp":${text}}`), 'accepted', text);
});

test('nbf and iat that are no numbers are refused; a future nbf is not yet valid, and a future iat is not judged', async () => {
  for (const name of ['nbf', 'iat']) {
    for (const text of NO_NUMBER)
      assert.equal(await claims(`{"exp":${exp},"${name}":${text}}`), 'token-claim-invalid', `${name} ${text.slice(0, 40)}`);
    for (const text of [`${nowSeconds}.001`, `${nowSeconds + 1}`, `${now}`, '1e308']) {
      assert.equal(await claims(`{"exp":${exp},"${name}":${text}}`), name === 'nbf' ? 'token-not-yet-valid' : 'accepted', text);
    }
    for (const text of ['0', '-1', '-1e308', `${nowSeconds}`])
      assert.equal(await claims(`{"exp":${exp},"${name}":${text}}`), 'accepted', text);
  }
});

test('issuer and audience that are almost right are wrong', async () => {
  const strict = guardPair({ keys: { secret }, token: { issuer: 'account.approov.io', audience: 'api.example.com' } });
  const judge = (given: object): Promise<string> =>
    strict.judgeToken(mintToken({ secret, now, claims: { iss: 'account.approov.io', aud: 'api.example.com', ...given } }));
  assert.equal(await judge({}), 'accepted');
  assert.equal(await judge({ aud: ['x', 'api.example.com'] }), 'accepted');
  for (const iss of [
    undefined,
    '',
    'Account.approov.io',
    'account.approov.io ',
    'account.approov.io\0',
    'account.approov.io.evil.example',
    'approov.io',
  ]) {
    assert.equal(await judge({ iss }), 'token-issuer-unexpected');
  }
  for (const iss of [null, 7, true, [], ['account.approov.io'], { iss: 'account.approov.io' }])
    assert.equal(await judge({ iss }), 'token-claim-invalid');
  for (const aud of [undefined, '', [], [''], 'API.example.com', 'api.example.com ', ['api.example.com.evil'], 'x,api.example.com', '*']) {
    assert.equal(await judge({ aud }), 'token-audience-unexpected');
  }
  for (const aud of [null, 7, true, {}, { 'api.example.com': 1 }, [['api.example.com']], ['api.example.com', 7], [null]]) {
    assert.equal(await judge({ aud }), 'token-claim-invalid');
  }
});

test('duplicate and joined token headers are refused, whichever of them is good', async () => {
  const good = mintToken({ secret, now });
  const bad = mintToken({ secret, now, lifetimeSeconds: -1 });
  const pairs: readonly (readonly [string, string])[] = [
    [good, good],
    [good, bad],
    [bad, good],
    [good, ''],
    ['', good],
    [good, ' '],
  ];
  for (const [first, second] of pairs) {
    const headers: readonly HeaderLine[] = [
      ['Approov-Token', first],
      ['approov-token', second],
    ];
    assert.equal(await pair.judge(requestView({ headers })), 'token-duplicated');
    assert.equal(await pair.judge(requestView({ headers, joinsLines: true })), 'token-duplicated');
    for (const comma of [',', ', ', ' , ', ',,']) assert.equal(await pair.judgeToken(`${first}${comma}${second}`), 'token-duplicated');
  }
  const elsewhere: readonly HeaderLine[] = [
    'approov_token',
    'x-approov-token',
    'approov-tokens',
    'approov token',
    'authorization',
    'cookie',
  ].map((name) => [name, good]);
  assert.equal(await pair.judge(requestView({ headers: elsewhere, target: `/?approov-token=${good}` })), 'token-missing');
});

test('the size is counted before anything else is looked at', async () => {
  const token = mintToken({ secret, now, claims: { x: 'x'.repeat(8000) } });
  assert.equal(await pair.judgeToken(token), 'token-too-large');
  assert.equal(await pair.judgeToken('x'.repeat(8193)), 'token-too-large');
  assert.equal(await pair.judgeToken('x'.repeat(8192)), 'token-malformed');
  assert.equal(await guardPair({ keys: { secret }, token: { maxBytes: 16_384 } }).judgeToken(token), 'accepted');
});

test('bound values of any bytes bind exactly those bytes', async () => {
  const bound = guardPair({ keys: { secret }, binding: { headers: ['authorization'] } });
  const judge = (pay: unknown, value: string): Promise<string> =>
    bound.judge(
      requestView({
        headers: [
          ['Approov-Token', mintToken({ secret, now, claims: { pay } })],
          ['Authorization', value],
        ],
      }),
    );
  for (const text of ['Bearer é', 'Bearer 日本語', 'Bearer 😀', 'Bearer \u00a0x', `Bearer ${'ß'.repeat(3000)}`]) {
    const wire = Buffer.from(text, 'utf8').toString('latin1');
    assert.equal(await judge(bindingHash(text), wire), 'accepted');
    assert.equal(await judge(bindingHash(wire), wire), 'binding-mismatch', 'not the bytes encoded once more');
    assert.equal(await judge(bindingHash(text.normalize('NFD')), wire), text.normalize('NFD') === text ? 'accepted' : 'binding-mismatch');
  }
  assert.equal(await judge(bindingHash('a'), 'a\0'), 'binding-mismatch');
  assert.equal(await judge(bindingHash('a'), '\u00a0a'), 'binding-mismatch', 'only space and tab are trimmed');
  const right = Buffer.from(bindingHash('a'), 'base64');
  for (const pay of [
    right.toString('base64url'),
    right.toString('hex'),
    right.toString('hex').toUpperCase(),
    right.toString('latin1'),
    [...right],
    { ...right },
    `${bindingHash('a')}=`,
    ` ${bindingHash('a')}`,
    `${bindingHash('a')}\0`,
  ]) {
    assert.equal(await judge(pay, 'a'), 'binding-mismatch');
  }
});
