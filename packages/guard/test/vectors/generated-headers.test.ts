/** Families of attacks on the header, generated: the signature is right, so that nothing but the header can be the reason. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import {
  anotherSecret,
  base64url,
  freshSigningKey,
  mintToken,
  publicKeySet,
  type SegmentContent,
  secretBytes,
  signCompact,
  signerFor,
  signSegments,
} from '@approov-guard/testkit';
import { guardPair, now, nowSeconds, secret } from '../both-ports.ts';

const payload = { exp: nowSeconds + 300 };
const pair = guardPair({ keys: { secret } });
const sign = signerFor({ secret });
const signed = (header: SegmentContent, content: SegmentContent = payload): string => signCompact({ header, payload: content, sign });

/** Every way to write a word in upper and lower case. */
function cases(word: string): readonly string[] {
  return Array.from({ length: 2 ** word.length }, (_, mask) =>
    [...word].map((letter, index) => ((mask >> index) & 1 ? letter.toUpperCase() : letter)).join(''),
  );
}

const NONE = [
  ...cases('none'),
  ...[
    'none ',
    ' none',
    'none\t',
    'none\n',
    'none\0',
    '\0none',
    '',
    ' ',
    'null',
    'undefined',
    'n\u043ene',
    'n\u03bfne',
    '\uff4e\uff4f\uff4e\uff45',
    'no\u200bne',
    '\ufeffnone',
    'none,HS256',
    'HS256,none',
  ],
];

test('none, in any spelling, signed or not, is never accepted', async () => {
  for (const alg of NONE) {
    const header = { alg, typ: 'JWT' };
    assert.equal(await pair.judgeToken(signed(header)), 'token-algorithm-not-allowed', JSON.stringify(alg));
    const segments = [base64url(JSON.stringify(header)), base64url(JSON.stringify(payload))] as const;
    for (const signature of ['', '.', 'AA', 'none', base64url(sign(Buffer.from(segments.join('.'))))]) {
      assert.match(
        await pair.judgeToken(`${segments.join('.')}.${signature}`),
        /^token-(?:malformed|algorithm-not-allowed)$/,
        JSON.stringify(alg),
      );
    }
    assert.equal(await pair.judgeToken(segments.join('.')), 'token-malformed');
  }
});

test('an algorithm that is close to the configured one is another', async () => {
  const names = [
    'hs256',
    'Hs256',
    'HS256 ',
    ' HS256',
    'HS256\0',
    'HS-256',
    'HS2560',
    'HS25',
    'HS1',
    'HS384',
    'HS512',
    'SHA256',
    'HMACSHA256',
    'http://www.w3.org/2001/04/xmldsig-more#hmac-sha256',
    '\uff28\uff33256',
    'RS256',
    'ES256',
    'EdDSA',
    'A256KW',
    'dir',
    'PBES2-HS256+A128KW',
  ];
  const inherited = [
    'toString',
    'constructor',
    '__proto__',
    'hasOwnProperty',
    'valueOf',
    '__defineGetter__',
    'prototype',
    'length',
    'name',
  ];
  for (const alg of [...names, ...inherited])
    assert.equal(await pair.judgeToken(signed({ alg, typ: 'JWT' })), 'token-algorithm-not-allowed', alg);
});

test('an algorithm that is no text is malformed', async () => {
  for (const alg of [undefined, null, 0, 1, 256, true, false, [], ['HS256'], [['HS256']], {}, { alg: 'HS256' }, { toString: 'HS256' }]) {
    assert.equal(await pair.judgeToken(signed({ alg, typ: 'JWT' })), 'token-malformed', JSON.stringify(alg));
  }
  for (const name of ['Alg', 'ALG', 'alg ', 'al\u0261', 'algorithm'])
    assert.equal(await pair.judgeToken(signed({ [name]: 'HS256' })), 'token-malformed');
});

test('crit and b64, whatever they say, are malformed: we understand no extension', async () => {
  const crits = [
    [],
    ['exp'],
    ['b64'],
    ['alg'],
    ['crit'],
    ['bork'],
    ['__proto__'],
    ['b64', 'x'],
    [''],
    [1],
    [null],
    'exp',
    '',
    null,
    true,
    false,
    0,
    {},
    { b64: true },
  ];
  for (const crit of crits) {
    assert.equal(await pair.judgeToken(signed({ alg: 'HS256', crit, exp: 1, b64: true })), 'token-malformed');
    assert.equal(await pair.judgeToken(signed({ alg: 'HS256', crit, bork: true })), 'token-malformed');
    assert.equal(await pair.judgeToken(signed({ alg: 'HS256', crit })), 'token-malformed');
  }
  for (const b64 of [true, false, null, 0, 1, '', 'false', [], {}])
    assert.equal(await pair.judgeToken(signed({ alg: 'HS256', b64 })), 'token-malformed');
  assert.equal(await pair.judgeToken(signed('{"alg":"HS256","\\u0063rit":["x"]}')), 'token-malformed');
  assert.equal(await pair.judgeToken(signed('{"alg":"HS256","\\u00624":1}')), 'accepted', 'another name is another member');
});

test('an unencoded payload (RFC 7797) is refused', async () => {
  const header = base64url(JSON.stringify({ alg: 'HS256', b64: false, crit: ['b64'] }));
  for (const content of [JSON.stringify(payload), '$.02', '']) {
    assert.equal(
      await pair.judgeToken(signSegments(header, content, sign)),
      content.includes(',') ? 'token-duplicated' : 'token-malformed',
    );
  }
});

test('members named twice, however they are spelled, are malformed', async () => {
  const headers = [
    '{"alg":"HS256","alg":"HS256"}',
    '{"alg":"none","alg":"HS256"}',
    '{"alg":"HS256","alg":"none"}',
    '{"alg":"none","\\u0061lg":"HS256"}',
    '{"\\u0061\\u006c\\u0067":"HS256","alg":"none"}',
    '{"alg":"HS256","typ":"JWT","typ":"JWT"}',
    '{"alg":"HS256","kid":"a","kid":"b"}',
    '{"alg":"HS256","x":1,"x":1}',
    '{"alg":"HS256","":1,"":2}',
    '{"alg":"HS256","\\/":1,"/":2}',
    '{"alg":"HS256","\\ud83d\\ude00":1,"😀":2}',
    '{"alg":"HS256","__proto__":1,"__proto__":2}',
  ];
  for (const header of headers) assert.equal(await pair.judgeToken(signed(header)), 'token-malformed', header);
});

test('a header that is no JSON object is malformed', async () => {
  const texts = [
    '',
    ' ',
    'null',
    'true',
    '1',
    '"HS256"',
    '[]',
    '["HS256"]',
    '{',
    '{"alg":"HS256"',
    '{"alg":"HS256"}}',
    '{"alg":"HS256"}{}',
    '{"alg":"HS256",}',
    "{'alg':'HS256'}",
    '{alg:"HS256"}',
    '{"alg":"HS256"}//',
    '/**/{"alg":"HS256"}',
    '{"alg":"HS256"}\0',
    '\0{"alg":"HS256"}',
    '\ufeff{"alg":"HS256"}',
    '{"alg":"HS256","x":"\n"}',
    '{"alg":"HS256","x":NaN}',
    '{"alg":"HS256","x":0x1}',
    '{"alg":"HS256","x":"\\x41"}',
    '\u00a0{"alg":"HS256"}',
  ];
  for (const text of texts) assert.equal(await pair.judgeToken(signed(text)), 'token-malformed', JSON.stringify(text));
  const latin1 = ['\xff', '\xc0\xaf', '\xed\xa0\x80', '\xf4\x90\x80\x80', '\xc3'];
  for (const bytes of latin1) {
    assert.equal(await pair.judgeToken(signed(Buffer.from(`{"alg":"HS256","x":"${bytes}"}`, 'latin1'))), 'token-malformed');
  }
  for (const encoding of ['utf16le', 'latin1'] as const) {
    const text = encoding === 'latin1' ? '{"alg":"HS256","x":"\xe9"}' : '{"alg":"HS256"}';
    assert.equal(await pair.judgeToken(signed(Buffer.from(text, encoding))), 'token-malformed', encoding);
  }
});

test('typ is JWT in any case, or absent', async () => {
  for (const typ of cases('jwt')) assert.equal(await pair.judgeToken(signed({ alg: 'HS256', typ })), 'accepted');
  for (const typ of ['at+jwt', 'application/jwt', 'JWE', 'JWS', 'JOSE', 'JWT ', '', 'dpop+jwt', 'logout+jwt', null, 1, ['JWT'], {}, true]) {
    assert.equal(await pair.judgeToken(signed({ alg: 'HS256', typ })), 'token-malformed', JSON.stringify(typ));
  }
});

const KIDS = [
  '',
  ' ',
  '/dev/null',
  '../../../../../../dev/null',
  'file:///dev/null',
  'C:\\windows\\win.ini',
  'https://evil.example/keys.json',
  "' OR '1'='1",
  "x' UNION SELECT 'secret'; --",
  '; cat /etc/passwd |',
  '$(id)',
  '{{7*7}}',
  '__proto__',
  'constructor',
  'toString',
  'hasOwnProperty',
  'prototype',
  '0',
  '-1',
  'null',
  'undefined',
  '*',
  '%00',
  '\0',
  'a\0b',
  'a\r\nX: y',
  '\ud800',
  '😀',
  'k1 ',
  'K1',
  'k'.repeat(5000),
];

test('kid is only ever compared: whatever it says, an unknown one is unknown', async () => {
  const named = guardPair({
    keys: {
      secrets: [
        { ...secret, kid: 'k1' },
        { ...anotherSecret(secret), kid: 'k2' },
      ],
    },
  });
  for (const kid of KIDS) {
    assert.equal(await named.judgeToken(signed({ alg: 'HS256', kid })), 'token-key-unknown', kid.slice(0, 40));
    const empty = signCompact({ header: { alg: 'HS256', kid }, payload, sign: signerFor({ secret: { bytes: new Uint8Array() } }) });
    assert.equal(await named.judgeToken(empty), 'token-key-unknown');
    assert.equal(await pair.judgeToken(empty), 'token-signature-invalid', 'a key without kid is tried for any token');
    assert.equal(await pair.judgeToken(signed({ alg: 'HS256', kid })), 'accepted');
  }
  for (const kid of [null, 0, 1, true, [], ['k1'], {}, { k1: 1 }])
    assert.equal(await named.judgeToken(signed({ alg: 'HS256', kid })), 'token-malformed');
  assert.equal(await named.judgeToken(signed({ alg: 'HS256', kid: 'k1' })), 'accepted');
  assert.equal(await named.judgeToken(signed({ alg: 'HS256', kid: 'k2' })), 'token-signature-invalid', 'the named key decides');
});

test('a key that the token brings along is never used', async () => {
  const own = freshSigningKey('RS256', 'own');
  const ownEc = freshSigningKey('ES256', 'own');
  const trusted = [freshSigningKey('RS256', 'rsa-1'), freshSigningKey('ES256', 'ec-1')];
  const asymmetric = guardPair({ keys: { jwks: publicKeySet(trusted) } });
  const x5c = [own.pem.replace(/-----[^-]+-----|\n/g, '')];
  const hostile = anotherSecret(secret);
  const brought = [
    { jwk: own.jwk },
    { jwk: own.jwk, jku: 'https://evil.example/jwks.json' },
    { jku: 'https://evil.example/jwks.json' },
    { jku: 'http://127.0.0.1:1/jwks.json', x5u: 'http://127.0.0.1:1/cert.pem' },
    { x5u: 'https://evil.example/cert.pem' },
    { x5c },
    { x5c, x5t: 'AAAA', 'x5t#S256': 'AAAA' },
    { jwk: { kty: 'oct', k: Buffer.from(hostile.base64, 'base64').toString('base64url') } },
    { keys: [own.jwk] },
  ];
  for (const members of brought) {
    for (const key of [own, ownEc]) {
      const names = { alg: key.algorithm, typ: 'JWT', ...members };
      const withKey = 'jwk' in members && members.jwk === own.jwk ? { ...names, jwk: key.jwk } : names;
      const signWith = signerFor({ key: key.privateKey, algorithm: key.algorithm });
      const kid = key === own ? 'rsa-1' : 'ec-1';
      for (const header of [withKey, { ...withKey, kid }, { ...withKey, kid: 'own' }]) {
        const expected = 'kid' in header && header.kid === 'own' ? 'token-key-unknown' : 'token-signature-invalid';
        assert.equal(await asymmetric.judgeToken(signCompact({ header, payload, sign: signWith })), expected, JSON.stringify(header));
      }
    }
    const header = { alg: 'HS256', ...members };
    assert.equal(await pair.judgeToken(signCompact({ header, payload, sign: signerFor({ secret: hostile }) })), 'token-signature-invalid');
    assert.equal(await pair.judgeToken(signed(header)), 'accepted', 'and the members themselves are ignored');
  }
});

test('encrypted and nested tokens are refused', async () => {
  const inner = mintToken({ secret, now });
  assert.equal(await pair.judgeToken(signed({ alg: 'HS256', cty: 'JWT' }, inner)), 'token-malformed');
  assert.equal(await pair.judgeToken(signed({ alg: 'HS256', cty: 'JWT' }, JSON.stringify(inner))), 'token-malformed');
  const jwe = base64url('{"alg":"dir","enc":"A256GCM"}');
  for (const token of [
    `${jwe}..AAAAAAAAAAAAAAAA.AAAA.AAAAAAAAAAAAAAAAAAAAAA`,
    `${jwe}.AAAA.AAAA.AAAA.AAAA`,
    `${jwe}.${inner}`,
    `${inner}.${inner}`,
    `${inner}..`,
  ]) {
    assert.equal(await pair.judgeToken(token), 'token-malformed');
  }
  assert.equal(await pair.judgeToken(signed({ alg: 'dir', enc: 'A256GCM' })), 'token-algorithm-not-allowed');
  for (const text of [
    JSON.stringify({ payload: base64url(JSON.stringify(payload)), protected: base64url('{"alg":"HS256"}'), signature: 'AAAA' }),
    JSON.stringify({ payload: 'e30', signatures: [{}] }),
    JSON.stringify(inner),
  ]) {
    assert.match(await pair.judgeToken(text), /^token-(?:malformed|duplicated)$/);
    assert.equal((await pair.node.verifyToken(text)).outcome, 'rejected');
  }
});

test('deep nesting in the header is malformed', async () => {
  for (const [open, close] of [
    ['[', ']'],
    ['{"a":', '}'],
  ] as const) {
    for (const depth of [8, 100, 700]) {
      const inner = open.repeat(depth) + (open === '[' ? '' : '1') + close.repeat(depth);
      assert.equal(await pair.judgeToken(signed(`{"alg":"HS256","x":${inner}}`)), 'token-malformed');
    }
  }
  assert.equal(await pair.judgeToken(signed(`{"alg":"HS256","x":${'['.repeat(5000)}}`)), 'token-malformed');
});

test('a public key is never an HMAC secret, in whatever encoding it is taken as one', async () => {
  const rsa = freshSigningKey('RS256', 'rsa-1');
  const ec = freshSigningKey('ES256', 'ec-1');
  const ed = freshSigningKey('EdDSA', 'ed-1');
  const jwks = publicKeySet([rsa, ec, ed]);
  const mixed = guardPair({ keys: [{ secret }, { jwks }] });
  const named = guardPair({ keys: [{ secret: { ...secret, kid: 'hs-1' } }, { jwks }] });
  const public_ = guardPair({ keys: { jwks } });
  for (const { pem, jwk, kid } of [rsa, ec, ed]) {
    const body = pem.split('\n').slice(1, -2).join('\n');
    const der = Buffer.from(body, 'base64');
    const { kid: _, alg: __, use: ___, ...bare } = jwk;
    const texts = [
      pem,
      pem.trimEnd(),
      `${pem}\n`,
      pem.replaceAll('\n', '\r\n'),
      pem.replaceAll('\n', ''),
      pem.replaceAll('\n', '\\n'),
      body,
      body.replaceAll('\n', ''),
      der.toString('base64url'),
      der.toString('hex'),
    ];
    const objects = [jwk, bare, jwks, { keys: [jwk] }].flatMap((object) => [JSON.stringify(object), JSON.stringify(object, null, 2)]);
    const numbers = [jwk.n, jwk.e, jwk.x, jwk.y].filter((number) => typeof number === 'string');
    const secrets: readonly Uint8Array[] = [
      ...[...texts, ...objects, ...numbers].map((text) => Buffer.from(text)),
      ...numbers.map((number) => Buffer.from(number, 'base64url')),
      der,
      der.subarray(-32),
      der.subarray(-64),
      der.subarray(-65),
      new Uint8Array(),
      Buffer.from(String(kid)),
      Buffer.from('[object Object]'),
      Buffer.from('undefined'),
    ];
    for (const bytes of secrets) {
      for (const algorithm of ['HS256', 'HS384', 'HS512'] as const) {
        for (const header of [{ alg: algorithm }, { alg: algorithm, kid }, { alg: algorithm, kid: 'hs-1' }]) {
          const token = signCompact({ header, payload, sign: signerFor({ secret: { bytes }, algorithm }) });
          assert.equal(await mixed.judgeToken(token), algorithm === 'HS256' ? 'token-signature-invalid' : 'token-algorithm-not-allowed');
          assert.match(await named.judgeToken(token), /^token-(?:signature-invalid|algorithm-not-allowed|key-unknown)$/);
          assert.equal(await public_.judgeToken(token), 'token-algorithm-not-allowed');
        }
      }
    }
  }
  assert.equal(await mixed.judgeToken(mintToken({ secret, now })), 'accepted');
  assert.equal(await mixed.judgeToken(mintToken({ key: ec.privateKey, algorithm: 'ES256', now })), 'accepted');
  assert.equal(await mixed.judgeToken(mintToken({ key: rsa.privateKey, algorithm: 'RS256', now, kid: 'rsa-1' })), 'accepted');
});

test('the text of the secret, undecoded or decoded otherwise, is another secret', async () => {
  const text = secret.base64;
  const bytes = secretBytes(secret);
  const others = [
    text,
    text.replace(/=+$/, ''),
    bytes.toString('base64url'),
    bytes.toString('hex'),
    `${text}\n`,
    bytes.toString('utf8'),
  ].map((other) => Buffer.from(other));
  for (const other of [...others, Buffer.concat([bytes, Buffer.from('\n')]), bytes.subarray(0, -1), bytes.subarray(0, 32)]) {
    assert.equal(await pair.judgeToken(mintToken({ secret: { bytes: other }, now })), 'token-signature-invalid');
  }
});
