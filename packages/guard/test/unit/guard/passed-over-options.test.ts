/** Options that were once accepted and passed over: the guard then did something else than its configuration said. */
import assert from 'node:assert/strict';
import test from 'node:test';
import { inspect } from 'node:util';
import { freshSecret, freshSigningKey, manualClock, mintToken, secretBytes } from '@approov-guard/testkit';
import { ConfigurationError, createGuard, type GuardOptions, keysFromUrl } from 'approov-guard';
import { outcomeOf } from '../../both-ports.ts';

const secret = freshSecret();
const pair = freshSigningKey('RS256', 'r');
const jwks = { keys: [pair.jwk] };

function mistake(options: unknown, make: (options: never) => unknown = createGuard): string {
  try {
    make(options as never);
  } catch (error) {
    assert.ok(error instanceof ConfigurationError, inspect(error));
    return `${error.code} ${error.path}`;
  }
  return 'accepted';
}
const withSecret = (more: object): string => mistake({ keys: { secret }, ...more });

test('`algorithm` and `kid` of a secret stand in the secret', () => {
  assert.equal(mistake({ keys: { secret, algorithm: 'HS512' } }), 'options-contradict keys.algorithm');
  assert.equal(mistake({ keys: { secret, kid: 'k' } }), 'options-contradict keys.kid');
  assert.equal(mistake({ keys: { secrets: [secret], algorithm: 'HS256' } }), 'options-contradict keys.algorithm');
  assert.equal(mistake({ keys: { secrets: [secret], kid: 'k' } }), 'options-contradict keys.kid');
  assert.equal(mistake({ keys: { jwks, kid: 'k' } }), 'options-contradict keys.kid');
  assert.equal(mistake({ keys: { jwks, algorithm: 'RS256' } }), 'accepted');
  assert.equal(mistake({ keys: { secret, algorithm: undefined, kid: undefined } }), 'accepted');
});

test('an object that is no list of options is refused', () => {
  const wrong = [
    new Map([['header', 'x-token']]),
    new Set(),
    new Date(),
    Promise.resolve({}),
    new Headers(),
    /x/,
    new Error('x'),
    () => ({}),
  ];
  for (const token of wrong) assert.equal(withSecret({ token }), 'option-invalid token', inspect(token));
  for (const mode of wrong.slice(0, -1)) assert.equal(withSecret({ mode }), 'option-invalid mode', inspect(mode));
  assert.equal(mistake(Promise.resolve({ keys: { secret } })), 'option-invalid options');
  assert.equal(mistake({ keys: Promise.resolve({ secret }) }), 'option-invalid keys');
});

test('objects of classes, without a prototype and of modules are options', () => {
  class Settings {
    readonly header = 'x-token';
  }
  assert.equal(withSecret({ token: new Settings() }), 'accepted');
  assert.equal(withSecret({ token: Object.assign(Object.create(null), { header: 'x-token' }) }), 'accepted');
  assert.equal(withSecret({ token: Object.defineProperty({ header: 'x-token' }, Symbol.toStringTag, { value: 'Module' }) }), 'accepted');
});

test('white space at the ends of a text that is compared is refused', () => {
  for (const text of [' a', 'a ', 'a\n', '\ta', ' ', '\ufeffa']) {
    assert.equal(withSecret({ token: { issuer: text } }), 'option-invalid token.issuer', inspect(text));
    assert.equal(withSecret({ token: { audience: ['a', text] } }), 'option-invalid token.audience', inspect(text));
    assert.equal(mistake({ keys: { secret: { ...secret, kid: text } } }), 'option-invalid keys.secret.kid', inspect(text));
    assert.equal(mistake({ keys: { pem: pair.pem, algorithm: 'RS256', kid: text } }), 'option-invalid keys.kid', inspect(text));
  }
  assert.equal(withSecret({ exempt: '/health ' }), 'option-invalid exempt');
  assert.equal(withSecret({ token: { issuer: Array.from({ length: 1 }) } }), 'option-invalid token.issuer');
});

test('what the caller does to its list of issuers afterwards does not change the check', async () => {
  const { now } = manualClock(1_700_000_000_000);
  const issuer = ['example.approov.io'];
  const options: GuardOptions = { keys: { secret }, token: { issuer }, now };
  const guard = createGuard(options);
  issuer.push('mallory.example');
  const verdict = await guard.verifyToken(mintToken({ secret, now: now(), claims: { iss: 'mallory.example' } }));
  assert.equal(outcomeOf(verdict), 'token-issuer-unexpected');
});

test('bytes that are base64 text, not decoded, are no secret', () => {
  for (const encoding of ['base64', 'base64url'] as const) {
    const text = secretBytes(secret).toString(encoding);
    const padded = text.padEnd(Math.ceil(text.length / 4) * 4, '=');
    assert.equal(mistake({ keys: { secret: { bytes: Buffer.from(padded) } } }), 'secret-encoding keys.secret.bytes');
  }
  for (const printable of ['correct horse battery staple, and more', '='.padStart(40, 'a b')]) {
    assert.equal(mistake({ keys: { secret: { bytes: Buffer.from(printable) } } }), 'accepted', printable);
  }
});

test('the headers of a remote key set are an object of header names and values', () => {
  const withHeaders = (headers: unknown): string => mistake({ url: 'https://keys.example.com/', headers }, keysFromUrl);
  for (const headers of [new Headers({ authorization: 'x' }), new Map([['authorization', 'x']]), ['x'], [['a', 'b']], null, 'a: b', 7]) {
    assert.equal(withHeaders(headers), 'option-invalid headers', inspect(headers));
  }
  assert.equal(withHeaders({ 'x y': 'z' }), 'option-invalid headers');
  for (const value of ['a\nb', 'a\0b', 'ключ', 7, undefined, null, ['x']]) {
    assert.equal(withHeaders({ 'X-Key': value }), 'option-invalid headers', inspect(value));
  }
  assert.equal(withHeaders({ Authorization: 'Bearer x\n', 'x-empty': '' }), 'accepted');
});

test('a header of a remote key set replaces the default of the same name, however it is written', async () => {
  let sent: { readonly [name: string]: string } = {};
  const keys = keysFromUrl({
    url: 'https://keys.example.com/',
    headers: { ACCEPT: 'application/json', Authorization: ' Bearer x\n' },
    fetch: async (_, { headers }) => {
      sent = headers;
      return Response.json(jwks);
    },
  });
  await keys.warmUp?.(0);
  assert.deepEqual(sent, { accept: 'application/json', authorization: 'Bearer x' });
});

test('a misspelt name is told all the names that there are', () => {
  for (const keys of [{ jwksURL: 'https://keys.example.com/' }, { secrt: secret }]) {
    assert.throws(
      () => createGuard({ keys } as unknown as GuardOptions),
      /known here: secret, secrets, jwks, pem, algorithm, kid, jwksUrl/,
    );
  }
});

test('the remedy names the command that prints this secret, not another', () => {
  const messageOf = (options: unknown): string => {
    try {
      createGuard(options as GuardOptions);
    } catch (error) {
      return String(error);
    }
    return 'accepted';
  };
  const short = freshSecret(8);
  for (const given of [{ base64: undefined }, { base64: ' ' }, { base64: '%' }, { bytes: new Uint8Array() }, short]) {
    const account = messageOf({ keys: { secret }, signature: { label: 'account', accountKeys: [given] } });
    assert.match(account, /`approov secret -messageSigningKey get-base64url`/, inspect(given));
    assert.match(messageOf({ keys: { secret: given } }), /`approov secret -get base64`/, inspect(given));
  }
});
