/** Every mistake in the configuration is found at start: its code, its path, and a message that never holds the secret. */
import assert from 'node:assert/strict';
import { generateKeyPairSync } from 'node:crypto';
import test from 'node:test';
import { inspect } from 'node:util';
import { devSecret, freshSecret, freshSigningKey, mintToken, secretBytes } from '@approov-guard/testkit';
import { ConfigurationError, createGuard, type GuardOptions } from 'approov-guard';
import { approov } from 'approov-guard/web';
import { weakDer, weakKeys } from '../../weak-keys.ts';

/** Base64 that needs both letters in which the alphabets differ. */
const text = Buffer.concat([Buffer.from([0xfb, 0xff, 0xfe]), secretBytes(freshSecret(61))]).toString('base64');
const bytes = Buffer.from(text, 'base64');
const pair = freshSigningKey('RS256', 'r');
const ec = freshSigningKey('ES256', 'e');
const good = { secret: { base64: text } };

/** Every text that must not be shown: secrets in each encoding, key material. */
const SECRETS = [text, bytes.toString('base64url'), bytes.toString('hex'), bytes.toString('latin1'), devSecret.base64].flatMap((secret) => [
  secret,
  secret.slice(0, 16),
  secret.slice(-16),
]);

function mistake(options: unknown): ConfigurationError {
  try {
    createGuard(options as GuardOptions);
  } catch (error) {
    assert.ok(error instanceof ConfigurationError, inspect(error));
    assert.equal(error.name, 'ConfigurationError');
    const shown = inspect(error, { depth: 9, showHidden: true }) + JSON.stringify(error) + String(error.cause);
    for (const secret of SECRETS) assert.ok(!shown.includes(secret), `shows a secret: ${error.code} ${error.path}`);
    assert.ok(error.message.startsWith(`${error.path}: `) && error.message.endsWith(`[${error.code}]`), error.message);
    return error;
  }
  return assert.fail(`accepted: ${inspect(options)}`);
}
function found(options: unknown): string {
  const { code, path } = mistake(options);
  return `${code} ${path}`;
}
const keys = (given: unknown): string => found({ keys: given });
const secret = (given: unknown, more: object = {}): string => found({ keys: { secret: given }, ...more });
const withGood = (more: object): string => found({ keys: good, ...more });

test('good configurations are accepted', () => {
  const accepted: readonly GuardOptions[] = [
    { keys: good },
    { keys: { secret: { base64: ` ${text}\n` } } },
    { keys: { secret: { base64url: bytes.toString('base64url') } } },
    { keys: { secret: { base64url: `${bytes.toString('base64url')}` } } },
    { keys: { secret: { bytes, algorithm: 'HS512', kid: 'k' } } },
    { keys: { secrets: [{ base64: text }, freshSecret()] } },
    { keys: { pem: pair.pem, algorithm: 'PS256' } },
    { keys: { pem: `\n${pair.pem.replaceAll('\n', '\r\n')}\n\n`, algorithm: 'RS256', kid: 'r' } },
    { keys: { jwks: { keys: [pair.jwk, ec.jwk, { ...pair.jwk, use: 'enc' }] } } },
    { keys: [good, { jwks: { keys: [ec.jwk] } }] },
    { keys: { secret: devSecret }, environment: 'development' },
    { keys: good, token: { prefix: 'Bearer ', header: 'Authorization', issuer: ['a', 'b'], audience: null }, cache: null },
    { keys: good, token: { prefix: '' }, binding: null, mode: { binding: 'observe' }, exempt: ['/', '/*', '/a/b/*'] },
  ];
  for (const options of accepted) assert.doesNotThrow(() => createGuard(options), inspect(options));
});

test('options are an object with known names', () => {
  for (const options of [undefined, null, 7, 'keys', [], [{ keys: good }]]) assert.match(found(options), /^option-invalid options$/);
  assert.equal(withGood({ tokens: {} }), 'option-unknown tokens');
  assert.equal(withGood({ token: { issuers: 'a' } }), 'option-unknown token.issuers');
  assert.equal(withGood({ binding: { header: 'authorization' } }), 'option-unknown binding.header');
  assert.equal(withGood({ refusal: { code: 401 } }), 'option-unknown refusal.code');
  assert.equal(withGood({ cache: { size: 1 } }), 'option-unknown cache.size');
  assert.equal(secret({ base64: text, encoding: 'x' }), 'option-unknown keys.secret.encoding');
  assert.equal(keys({ ...good, kids: [] }), 'option-unknown keys.kids');
  for (const name of ['__proto__', 'constructor', 'toString'])
    assert.equal(withGood(JSON.parse(`{"${name}":1}`)), `option-unknown ${name}`);
});

test('keys are required', () => {
  assert.equal(found({}), 'option-missing keys');
  assert.equal(keys(undefined), 'option-missing keys');
  assert.equal(keys(null), 'option-missing keys');
  assert.equal(keys([]), 'keys-missing keys');
  assert.equal(keys({}), 'keys-missing keys');
  assert.equal(keys({ ...good, pem: pair.pem }), 'keys-missing keys');
  assert.equal(keys([good, {}]), 'keys-missing keys[1]');
  assert.equal(keys({ secrets: [] }), 'keys-missing keys');
  assert.equal(keys({ jwks: { keys: [] } }), 'keys-missing keys');
  assert.equal(keys({ jwks: { keys: [{ ...pair.jwk, use: 'enc' }] } }), 'keys-missing keys');
  for (const given of ['secret', text, 7, true]) assert.equal(keys(given), 'option-invalid keys');
  assert.equal(keys({ secret: text }), 'option-invalid keys.secret');
  assert.equal(keys({ secret: [text] }), 'option-invalid keys.secret');
  assert.equal(keys({ secrets: { base64: text } }), 'option-invalid keys.secrets');
  const nine = Array.from({ length: 9 }, freshSecret);
  assert.equal(keys({ secrets: nine }), 'option-invalid keys.secrets', 'the ninth would never be tried');
  assert.equal(keys(nine.map((secret) => ({ secret }))), 'option-invalid keys', 'nor would it as a part of its own');
  const named = nine.map((one, index) => (index === 0 ? { ...one, kid: 'named' } : one));
  assert.doesNotThrow(() => createGuard({ keys: { secrets: named } }));
});

test('a secret that is not set is missing', () => {
  for (const base64 of [undefined, null, '', ' ', '\n']) assert.equal(secret({ base64 }), 'secret-missing keys.secret.base64');
  assert.equal(secret({ base64url: undefined }), 'secret-missing keys.secret.base64url');
  assert.equal(secret({ bytes: new Uint8Array() }), 'secret-missing keys.secret.bytes');
  assert.equal(keys({ secrets: [{ base64: text }, { base64: '' }] }), 'secret-missing keys.secrets[1].base64');
});

test('a secret is given in exactly one encoding', () => {
  assert.equal(secret({}), 'options-contradict keys.secret');
  assert.equal(secret({ base64: text, base64url: text }), 'options-contradict keys.secret');
  assert.equal(secret({ base64: text, bytes }), 'options-contradict keys.secret');
});

test('a secret of the wrong type is refused', () => {
  for (const base64 of [7, true, {}, [text], bytes]) assert.equal(secret({ base64 }), 'option-invalid keys.secret.base64');
  for (const given of [text, [...bytes], { ...bytes }, 7, null, undefined])
    assert.equal(secret({ bytes: given }), 'option-invalid keys.secret.bytes');
});

test('placeholders of samples are told', () => {
  for (const base64 of [
    'approov_base64_secret_here',
    'YOUR_SECRET_HERE',
    'your-base64-secret-here',
    'changeme',
    '___ADD_HERE_THE_APPROOV_BASE64_SECRET___',
  ]) {
    assert.equal(secret({ base64 }), 'secret-placeholder keys.secret.base64', base64);
  }
});

test('the other alphabet, white space inside and broken texts are refused, and the mistake is named', () => {
  assert.equal(secret({ base64: bytes.toString('base64url') }), 'secret-encoding keys.secret.base64');
  assert.match(mistake({ keys: { secret: { base64: bytes.toString('base64url') } } }).message, /is base64url/);
  assert.match(mistake({ keys: { secret: { base64url: text } } }).message, /is base64: write/);
  for (const wrong of [
    `${text}=`,
    `${text.slice(0, 10)} ${text.slice(10)}`,
    `"${text}"`,
    `${text.slice(0, 20)}\n${text.slice(20)}`,
    `base64:${text}`,
    '%%%',
    'é'.repeat(44),
  ]) {
    assert.equal(secret({ base64: wrong }), 'secret-encoding keys.secret.base64');
  }
});

/** How a text is kept in a file, or handed on by tools. */
const written: { readonly [how: string]: (text: string) => Buffer } = {
  'as it is': (text) => Buffer.from(text),
  'with a line feed': (text) => Buffer.from(`${text}\n`),
  'with line ends of Windows': (text) => Buffer.from(`${text}\r\n`),
  wrapped: (text) => Buffer.from(text.replace(/.{20}/g, '$&\n')),
  'in quotation marks': (text) => Buffer.from(`"${text}"`),
  'without padding': (text) => Buffer.from(text.replace(/=+$/, '')),
  'with a byte order mark': (text) => Buffer.from(`\ufeff${text}`),
  'in UTF-16': (text) => Buffer.from(`\ufeff${text}\n`, 'utf16le'),
};

for (const [how, write] of Object.entries(written)) {
  for (const length of [32, 33, 34, 48, 64]) {
    test(`a secret of ${length} bytes in base64 ${how} is not taken for the secret itself, nor encoded once more`, () => {
      for (const encoding of ['base64', 'base64url'] as const) {
        const undecoded = write(secretBytes(freshSecret(length)).toString(encoding));
        assert.equal(secret({ bytes: undecoded }), 'secret-encoding keys.secret.bytes');
        assert.equal(secret({ base64: undecoded.toString('base64') }), 'secret-encoding keys.secret.base64');
        assert.equal(secret({ base64url: undecoded.toString('base64url') }), 'secret-encoding keys.secret.base64url');
        const account = { label: 'account', accountKeys: [{ base64: undecoded.toString('base64') }] };
        assert.equal(found({ keys: good, signature: account }), 'secret-encoding signature.accountKeys[0].base64');
      }
    });
  }
}

test('hexadecimal text is not read as base64, but may be the secret itself', () => {
  const hexadecimal = bytes.subarray(0, 32).toString('hex');
  for (const text of [hexadecimal, hexadecimal.toUpperCase(), `${hexadecimal}\n`, bytes.toString('hex')]) {
    assert.match(mistake({ keys: { secret: { base64: text } } }).message, /is hexadecimal/);
    assert.match(mistake({ keys: { secret: { base64url: text } } }).message, /is hexadecimal/);
  }
  createGuard({ keys: { secret: { bytes: Buffer.from(hexadecimal, 'hex') } } });
  createGuard({ keys: { secret: { base64: Buffer.from(hexadecimal).toString('base64') } } });
});

test('genuine secrets of every length are taken', () => {
  for (let length = 32; length < 232; length++) {
    const genuine = secretBytes(freshSecret(length));
    createGuard({ keys: { secrets: [{ bytes: genuine }, { base64: genuine.toString('base64') }] } });
  }
  createGuard({ keys: { secret: { bytes: Buffer.from('a pass phrase of people, with words and marks') } } });
});

test('a secret that a tool wrapped is read, and one that was read in the wrong encoding is named', () => {
  const long = secretBytes(freshSecret(128)).toString('base64');
  for (const [text, width] of [
    [long, 64],
    [long, 76],
    [bytes.toString('base64'), 64],
    [bytes.toString('base64'), 76],
  ] as const) {
    createGuard({ keys: { secret: { base64: text.replace(new RegExp(`.{${width}}`, 'g'), '$&\r\n') } } });
  }
  const misread = Buffer.from(`\ufeff${text}\r\n`, 'utf16le').toString('utf8');
  assert.match(mistake({ keys: { secret: { base64: misread } } }).message, /UTF-16, as Windows PowerShell/);
});

test('the stack of a mistake reaches the line that gave the options, and the limit stays what it was', () => {
  const before = Error.stackTraceLimit;
  const lineOfMine = (depth: number): unknown =>
    depth > 0 ? lineOfMine(depth - 1) : approov({ keys: { secret: { base64: undefined } } }, () => new Response());
  for (const limit of [before, 10, 25, 100]) {
    Error.stackTraceLimit = limit;
    try {
      assert.throws(
        () => lineOfMine(3),
        (error: ConfigurationError) => error.code === 'secret-missing' && /lineOfMine/.test(error.stack ?? ''),
      );
      assert.equal(Error.stackTraceLimit, limit);
    } finally {
      Error.stackTraceLimit = before;
    }
  }
});

test('a secret with what surrounds it is refused, and the message says what to leave out', () => {
  for (const quoted of [`"${text}"`, `'${text}'`]) {
    assert.match(mistake({ keys: { secret: { base64: quoted } } }).message, /quotation marks: leave them out/);
  }
  for (const printed of [`note: admin only\n${text}`, `${text}\n${text}`, `${text} # production`]) {
    assert.match(mistake({ keys: { secret: { base64: printed } } }).message, /more than one word: give only the key, .*the last line/);
  }
});

test('an adapter without options names what is missing', () => {
  for (const nothing of [undefined, null, 'secret', 7]) {
    const guarded = () => approov(nothing as unknown as GuardOptions, () => new Response());
    assert.throws(guarded, { name: 'ConfigurationError', code: 'option-invalid', path: 'options' });
  }
});

test('short and repetitive secrets are refused', () => {
  for (const [algorithm, least] of [
    ['HS256', 32],
    ['HS384', 48],
    ['HS512', 64],
  ] as const) {
    for (const length of [1, least - 1]) {
      const short = secretBytes(freshSecret(length));
      assert.equal(secret({ bytes: short, algorithm }), 'secret-too-short keys.secret.bytes');
      assert.equal(secret({ base64: short.toString('base64'), algorithm }), 'secret-too-short keys.secret.base64');
    }
    assert.doesNotThrow(() => createGuard({ keys: { secret: { bytes: secretBytes(freshSecret(least)), algorithm } } }));
    for (const byte of [0, 0x41, 0xff])
      assert.equal(secret({ bytes: Buffer.alloc(least, byte), algorithm }), 'secret-weak keys.secret.bytes');
  }
});

test('the secrets of the vendor’s samples are refused in production', () => {
  for (const base64 of [
    'TEST+SECRET/TEST+SECRET/TEST+SECRET/TEST+SECRET/TEST+SECRET/TEST+SECRET/TEST+SECRET/AA==',
    'MTllNTMxM2U3Mjk4ODkxOWU1MTBhNmQwYjA1YmU0NzM1ODQ3NGZkZjg0MzEyMjgxNGY1NDhhMGNhNzlkNjQ4YTkwZDM0ZTcwZDE0NzM1YmIwZDk0MjQwZDM1M2E4NTZkMWQwYTg0NjVkZDdhMGMwZTJjYjhmYmM3NzEzN2E2MTAK',
    'NTQ0ZDVkZWE4ZjE0OTJjMjUxMmZiZGNjZjY2NTllNTIxNmQzZjA4MGZiMTY0ZDRhMDNkYjcwMGY2YWY1OGI3NzRiNTM3NWVhYjI2MDA3OTViYjVkOTVjYWQyM2QxNThlYWM4Y2I0OGFmOWJlMzdjMDFjY2YyYThiZjNiNzZiOWYK',
  ])
    assert.equal(secret({ base64 }, { environment: 'production' }), 'secret-public keys.secret.base64');
});

test('published secrets are refused in production, by option or by NODE_ENV', () => {
  assert.equal(secret(devSecret, { environment: 'production' }), 'secret-public keys.secret.base64');
  assert.equal(
    secret({ base64url: secretBytes(devSecret).toString('base64url') }, { environment: 'production' }),
    'secret-public keys.secret.base64url',
  );
  assert.equal(secret({ bytes: secretBytes(devSecret) }, { environment: 'production' }), 'secret-public keys.secret.bytes');
  const before = process.env.NODE_ENV;
  try {
    process.env.NODE_ENV = 'production';
    assert.equal(secret(devSecret), 'secret-public keys.secret.base64');
    assert.doesNotThrow(() => createGuard({ keys: { secret: devSecret }, environment: 'development' }));
    assert.doesNotThrow(() => createGuard({ keys: good }));
  } finally {
    if (before === undefined) delete process.env.NODE_ENV;
    else process.env.NODE_ENV = before;
  }
});

test('a symmetric algorithm belongs to a secret, and a public-key algorithm to a public key', () => {
  for (const algorithm of ['RS256', 'none', 'HS1', '', 'hs256', 7, null]) {
    assert.match(secret({ base64: text, algorithm }), /^option-invalid keys\.secret\.algorithm$/, String(algorithm));
  }
  for (const algorithm of [undefined, 'HS256', 'none', 'toString', '', 'rs256', 7]) {
    assert.equal(keys({ pem: pair.pem, algorithm }), 'key-algorithm keys.algorithm', String(algorithm));
  }
  assert.equal(keys({ jwks: { keys: [{ ...pair.jwk, alg: undefined }] }, algorithm: 'HS256' }), 'key-algorithm keys.algorithm');
});

test('a kid is a text that is not empty', () => {
  for (const kid of ['', 7, true, {}, []]) {
    assert.equal(secret({ base64: text, kid }), 'option-invalid keys.secret.kid');
    assert.equal(keys({ pem: pair.pem, algorithm: 'RS256', kid }), 'option-invalid keys.kid');
  }
});

test('PEM texts that are no public key are refused', () => {
  const pkcs8 = pair.privateKey.export({ type: 'pkcs8', format: 'pem' });
  const pkcs1 = generateKeyPairSync('rsa', { modulusLength: 2048 });
  const body = pair.pem.split('\n').slice(1, -2).join('\n');
  const pemKey = (pem: unknown, algorithm = 'RS256'): string => keys({ pem, algorithm });
  assert.equal(pemKey(pkcs8), 'key-not-public keys.pem');
  assert.equal(pemKey(pkcs1.privateKey.export({ type: 'pkcs1', format: 'pem' })), 'key-not-public keys.pem');
  assert.equal(pemKey(ec.privateKey.export({ type: 'sec1', format: 'pem' }), 'ES256'), 'key-not-public keys.pem');
  const wrong = [
    '',
    'no PEM',
    pkcs1.publicKey.export({ type: 'pkcs1', format: 'pem' }),
    `-----BEGIN CERTIFICATE-----\n${body}\n-----END CERTIFICATE-----\n`,
    `-----BEGIN PUBLIC KEY-----\n${body.slice(0, 40)}\n-----END PUBLIC KEY-----\n`,
    `-----BEGIN PUBLIC KEY-----\n\n-----END PUBLIC KEY-----\n`,
    `-----BEGIN PUBLIC KEY-----\n${body}!\n-----END PUBLIC KEY-----\n`,
    body,
  ];
  for (const pem of wrong) assert.equal(pemKey(pem), 'key-invalid keys.pem', String(pem).slice(0, 60));
  for (const pem of [undefined, null, 7, Buffer.from(pair.pem), { key: pair.pem }])
    assert.match(pemKey(pem), /^(?:option-invalid keys\.pem)$/);
});

test('a PEM key of another type or curve than its algorithm is refused', () => {
  for (const algorithm of ['ES256', 'EdDSA', 'ES512']) assert.equal(keys({ pem: pair.pem, algorithm }), 'key-invalid keys.pem');
  for (const algorithm of ['RS256', 'ES384', 'ES512', 'EdDSA', 'Ed25519'])
    assert.equal(keys({ pem: ec.pem, algorithm }), 'key-invalid keys.pem');
});

for (const { name, algorithm, der } of weakDer) {
  test(`PEM: ${name} is refused`, () => {
    const pem = `-----BEGIN PUBLIC KEY-----\n${der.toString('base64')}\n-----END PUBLIC KEY-----\n`;
    assert.equal(keys({ pem, algorithm }), 'key-invalid keys.pem');
  });
}

for (const { name, algorithm, jwk } of weakKeys) {
  test(`JWKS: ${name} is refused`, () => {
    assert.equal(keys({ jwks: { keys: [ec.jwk, { ...jwk, alg: algorithm }] } }), 'key-invalid keys.jwks.keys[1]');
  });
}

test('JWK sets that are none, or hold private or symmetric keys, are refused', () => {
  for (const jwks of [undefined, null, 7, '{}', [], {}, { keys: {} }, { keys: null }, pair.jwk]) {
    assert.match(keys({ jwks }), /^(?:key-invalid keys\.jwks)$/, inspect(jwks));
  }
  assert.equal(
    keys({ jwks: { keys: [{ kty: 'oct', k: bytes.toString('base64url'), alg: 'HS256' }] } }),
    'key-not-public keys.jwks.keys[0]',
  );
  const holder = { keys: [ec.jwk, { ...pair.privateKey.export({ format: 'jwk' }), alg: 'RS256' }] };
  assert.equal(keys({ jwks: holder }), 'key-not-public keys.jwks.keys[1]');
  for (const member of [null, 7, 'key', []]) assert.equal(keys({ jwks: { keys: [member] } }), 'key-invalid keys.jwks.keys[0]');
});

test('JWKs whose algorithm is absent or does not fit are refused', () => {
  assert.equal(keys({ jwks: { keys: [{ ...pair.jwk, alg: undefined }] } }), 'key-algorithm keys.jwks.keys[0]');
  assert.equal(keys({ jwks: { keys: [{ ...ec.jwk, alg: 'ES384' }] } }), 'key-algorithm keys.jwks.keys[0]');
  assert.equal(keys({ jwks: { keys: [{ ...ec.jwk, crv: 'P-384' }] } }), 'key-algorithm keys.jwks.keys[0]');
  assert.equal(keys({ jwks: { keys: [{ ...pair.jwk, alg: 'none' }] } }), 'key-algorithm keys.jwks.keys[0]');
});

test('token options are within their bounds', () => {
  const token = (given: object): string => withGood({ token: given });
  for (const header of ['', 'a b', 'a:b', 'ä', 'a\n', 7, null]) assert.equal(token({ header }), 'option-invalid token.header');
  for (const prefix of ['Bear er', 'Bearer,', 7, [], true]) assert.equal(token({ prefix }), 'option-invalid token.prefix');
  for (const optional of ['Bear er', '', null, 7, undefined]) {
    assert.equal(token({ prefix: { optional } }), 'option-invalid token.prefix.optional');
  }
  assert.equal(token({ prefix: { required: 'Bearer' } }), 'option-unknown token.prefix.required');
  for (const maxBytes of [0, 511, 65_537, -1, Number.NaN, Infinity, '8192', null])
    assert.equal(token({ maxBytes }), 'option-invalid token.maxBytes');
  for (const clockToleranceSeconds of [-1, 301, Number.NaN, '5', null]) {
    assert.equal(token({ clockToleranceSeconds }), 'option-invalid token.clockToleranceSeconds');
  }
  for (const maxLifetimeSeconds of [0, -1, Number.NaN, Infinity, '5'])
    assert.equal(token({ maxLifetimeSeconds }), 'option-invalid token.maxLifetimeSeconds');
  for (const name of ['issuer', 'audience']) {
    for (const value of ['', [], [''], ['a', 7], 7, {}, true]) assert.equal(token({ [name]: value }), `option-invalid token.${name}`);
  }
  for (const given of [null, [], 'x', 7]) assert.equal(withGood({ token: given }), 'option-invalid token');
});

test('binding options make sense together', () => {
  const binding = (given: unknown): string => withGood({ binding: given });
  for (const headers of [undefined, null, [], 'authorization', {}, Array.from({ length: 9 }, (_, index) => `x-${index}`)]) {
    assert.equal(binding({ headers }), 'option-invalid binding.headers');
  }
  assert.equal(binding({ headers: ['authorization', 'a b'] }), 'option-invalid binding.headers[1]');
  assert.equal(binding({ headers: ['x-a', 'X-A'] }), 'options-contradict binding.headers');
  assert.equal(binding({ headers: ['Approov-Token'] }), 'options-contradict binding.headers');
  assert.equal(withGood({ token: { header: 'x-token' }, binding: { headers: ['X-Token'] } }), 'options-contradict binding.headers');
  assert.equal(binding({ headers: ['authorization'], missing: 'allow' }), 'option-invalid binding.missing');
  assert.equal(binding({ headers: ['authorization'], value: 'bearer' }), 'option-invalid binding.value');
  assert.equal(binding({ headers: ['x-a'], value: 'without-bearer' }), 'options-contradict binding.value');
  for (const given of [false, true, 'authorization', ['authorization']]) assert.equal(binding(given), 'option-invalid binding');
});

test('modes, preflights, environment, functions and the cache are what they may be', () => {
  for (const mode of ['off', '', 7, true]) assert.equal(withGood({ mode }), 'option-invalid mode');
  assert.equal(withGood({ mode: { token: 'off' } }), 'option-invalid mode.token');
  assert.equal(withGood({ mode: { binding: null } }), 'option-invalid mode.binding');
  assert.equal(withGood({ mode: { tokens: 'observe' } }), 'option-unknown mode.tokens');
  assert.equal(withGood({ mode: { token: 'observe', binding: 'enforce' } }), 'options-contradict mode');
  assert.equal(withGood({ preflight: 'skip' }), 'option-invalid preflight');
  assert.equal(withGood({ environment: 'prod' }), 'option-invalid environment');
  for (const name of ['onVerdict', 'now'])
    for (const value of [null, 7, 'x', {}]) assert.equal(withGood({ [name]: value }), `option-invalid ${name}`);
  for (const maxTokens of [0, 1, 1_000_001, Number.NaN, '100', null])
    assert.equal(withGood({ cache: { maxTokens } }), 'option-invalid cache.maxTokens');
  for (const cache of [false, true, 100]) assert.equal(withGood({ cache }), 'option-invalid cache');
});

test('exempt paths are plain', () => {
  for (const path of ['', 'health', '/a*', '*', '/a?b', '/a%2fb', '/a;b', '/a\\b', '/a#b', '/*/a', '/a/**', 7, null]) {
    assert.equal(withGood({ exempt: [path] }), 'option-invalid exempt', String(path));
  }
});

test('the refusal is one of its variants', () => {
  const refusal = (given: unknown): string => withGood({ refusal: given });
  for (const status of [200, 302, 399, 500, 503, 401.5, '401', Number.NaN, null])
    assert.equal(refusal({ status }), 'option-invalid refusal.status');
  assert.equal(refusal({ format: 'html' }), 'option-invalid refusal.format');
  assert.equal(refusal({ render: 'x' }), 'option-invalid refusal.render');
  assert.equal(refusal({ render: () => null, status: 403 }), 'options-contradict refusal');
});

test('routes are checked in the same way', () => {
  const guard = createGuard({ keys: good });
  const route = (options: object, code: string, path: string): void =>
    assert.throws(() => guard.route(options), { name: 'ConfigurationError', code, path });
  route({ keys: good }, 'option-unknown', 'route.keys');
  route({ binding: { headers: [] } }, 'option-invalid', 'route.binding.headers');
  route({ token: { maxBytes: 1 } }, 'option-invalid', 'route.token.maxBytes');
  route({ mode: 'off' }, 'option-invalid', 'route.mode');
});

test('what the caller does to its secret bytes afterwards does not change the key', async () => {
  const own = Uint8Array.from(bytes);
  const guard = createGuard({ keys: { secret: { bytes: own } }, now: () => 0 });
  own.fill(0);
  assert.equal((await guard.verifyToken(mintToken({ secret: { bytes }, now: 0 }))).outcome, 'accepted');
  assert.equal((await guard.verifyToken(mintToken({ secret: { bytes: own }, now: 0 }))).outcome, 'rejected');
});
