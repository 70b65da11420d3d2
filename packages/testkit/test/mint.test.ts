/** Minted tokens, held by an independent reader of the standards: `jose`. */
import assert from 'node:assert/strict';
import { createPublicKey } from 'node:crypto';
import test from 'node:test';
import {
  anotherSecret,
  bindingHash,
  devSecret,
  exampleToken,
  failoverToken,
  freshInstallationKey,
  freshKeySet,
  freshSecret,
  freshSigningKey,
  longLivedToken,
  lookalikeToken,
  type MintOptions,
  mintToken,
  publicKeySet,
  secretBytes,
  signerFor,
  webToken,
} from '@approov-guard/testkit';
import { createLocalJWKSet, decodeProtectedHeader, importSPKI, jwtVerify } from 'jose';

const now = 1_700_000_000_000;
const currentDate = new Date(now);

function claimsOf(token: string): { readonly [claim: string]: unknown } {
  return JSON.parse(Buffer.from(token.split('.')[1] ?? '', 'base64url').toString());
}

test('the published binding hashes come out', () => {
  const header =
    'Bearer eyJhbGciOiJIUzI1NiIsInR5cCI6IkpXVCJ9.eyJzdWIiOiIxMjM0NTY3ODkwIiwibmFtZSI6IkpvaG4gRG9lIiwiaWF0IjoxNTE2MjM5MDIyfQ.SflKxwRJSMeKKF2QT4fwpMeJf36POk6yJV_adQssw5c';
  assert.equal(bindingHash('EXAMPLE_USER_AUTHORIZATON_CREDENTIALS'), 'dYjXmQqEuGx/Xl7eW1OZ3rVYAAFcDbh5Syv8C16q9/A=');
  assert.equal(bindingHash(header), 'VQFFPJZ682aOtxRMjz0ktCHmyWeEEeSMvXh1uD8J3vk=');
  assert.equal(bindingHash(header.slice('Bearer '.length)), 'f3U2fniBJVE04Tdecj0d6orV9qT9t52TjfHxdUqDBgY=');
  assert.equal(bindingHash('Bearer myauth_tokenmy-device-id'), '71tnS3rSq2lanEWrKz4MoexiOMtv7w0fspfM8BAQKNU=');
  assert.equal(bindingHash(''), '47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU=');
});

test('a published token comes out byte for byte', () => {
  const minted = mintToken({ secret: devSecret, now, claims: { exp: 2050369636, iss: 'api.example.com' } });
  assert.equal(
    minted,
    'eyJhbGciOiJIUzI1NiIsInR5cCI6IkpXVCJ9.eyJleHAiOjIwNTAzNjk2MzYsImlzcyI6ImFwaS5leGFtcGxlLmNvbSJ9.fVIrUEUABZvDTsV5eAGXhL0DBDAzGj3QSMY6setlyB8',
  );
});

for (const algorithm of ['HS256', 'HS384', 'HS512'] as const) {
  test(`jose verifies ${algorithm}`, async () => {
    const token = mintToken({ secret: devSecret, algorithm, now, kid: 'approov' });
    const { payload, protectedHeader } = await jwtVerify(token, secretBytes(devSecret), { currentDate, algorithms: [algorithm] });
    assert.deepEqual(payload, { exp: 1_700_000_300 });
    assert.deepEqual(protectedHeader, { alg: algorithm, typ: 'JWT', kid: 'approov' });
  });
}

test('jose verifies every private-key algorithm, from the JWK set and from PEM', async () => {
  const keys = freshKeySet();
  // The cast holds: an exported public key has every member that its key type asks for.
  const jwks = publicKeySet(keys) as Parameters<typeof createLocalJWKSet>[0];
  for (const { algorithm, kid, privateKey, pem } of keys) {
    const token = mintToken({ key: privateKey, algorithm, now, kid, claims: { did: 'x' } });
    const fromSet = await jwtVerify(token, createLocalJWKSet(jwks), { currentDate, algorithms: [algorithm] });
    assert.equal(fromSet.payload.did, 'x', algorithm);
    await jwtVerify(token, await importSPKI(pem, algorithm), { currentDate });
  }
});

test('a private key may be given as PEM text', async () => {
  const [key] = freshKeySet(['ES256']);
  assert.ok(key !== undefined);
  const pem = key.privateKey.export({ type: 'pkcs8', format: 'pem' }).toString();
  const token = mintToken({ key: pem, algorithm: 'ES256', now });
  await jwtVerify(token, createPublicKey(key.pem), { currentDate });
});

test('a secret signs the same in each encoding', () => {
  const bytes = secretBytes(devSecret);
  const tokens = [devSecret, { base64url: bytes.toString('base64url') }, { bytes }].map((secret) => mintToken({ secret, now }));
  assert.equal(new Set(tokens).size, 1);
});

test('an example holds exp, ip, did, and pay last, and lives an hour', () => {
  const claims = claimsOf(exampleToken({ secret: devSecret, now, bind: 'abc' }));
  assert.deepEqual(Object.keys(claims), ['exp', 'ip', 'did', 'pay']);
  assert.equal(claims.exp, 1_700_003_600);
});

test('a fail-over token has neither pay nor ipk, even if asked for', () => {
  const claims = claimsOf(failoverToken({ secret: devSecret, now, bind: 'abc', claims: { ipk: 'x', pay: 'y' } }));
  assert.deepEqual(Object.keys(claims), ['exp', 'ip', 'did']);
});

test('a lookalike differs from a valid token in its signature only, and is the same each time', () => {
  const [good, bad] = [exampleToken({ secret: devSecret, now }), lookalikeToken({ secret: devSecret, now })];
  assert.equal(bad.slice(0, bad.lastIndexOf('.')), good.slice(0, good.lastIndexOf('.')));
  assert.notEqual(bad, good);
  assert.equal(bad, lookalikeToken({ secret: devSecret, now }));
  assert.equal(secretBytes(anotherSecret(devSecret)).length, 64);
});

test('a long-lived token lives as long as asked, and refuses a duration that is none', () => {
  const claims = claimsOf(longLivedToken({ secret: devSecret, now, issuer: 'server', duration: '30d' }));
  assert.deepEqual(claims, { exp: 1_700_000_000 + 30 * 86_400, iss: 'server' });
  assert.throws(() => longLivedToken({ secret: devSecret, now, issuer: 'server', duration: '30' }), RangeError);
});

test('a web token embeds the provider’s answer and names no device', () => {
  const claims = claimsOf(webToken({ secret: devSecret, now }));
  assert.ok('embed' in claims && !('did' in claims));
});

test('an installation key is a P-256 SubjectPublicKeyInfo of 91 bytes whose private half signs', () => {
  const { ipk, privateKey } = freshInstallationKey();
  const der = Buffer.from(ipk, 'base64');
  assert.equal(der.length, 91);
  const publicKey = createPublicKey({ key: der, format: 'der', type: 'spki' });
  assert.equal(publicKey.asymmetricKeyDetails?.namedCurve, 'prime256v1');
  assert.equal(createPublicKey(privateKey).export({ type: 'spki', format: 'der' }).toString('base64'), ipk);
});

test('a fresh secret is 64 random bytes', () => {
  assert.equal(secretBytes(freshSecret()).length, 64);
  assert.equal(secretBytes(freshSecret(32)).length, 32);
  assert.notEqual(freshSecret().base64, freshSecret().base64);
});

test('the clock default is the system clock, and undefined removes a claim', () => {
  const before = Math.floor(Date.now() / 1000);
  const exp = Number(claimsOf(mintToken({ secret: devSecret })).exp);
  assert.ok(exp - 300 >= before && exp - 300 <= Date.now() / 1000);
  assert.deepEqual(claimsOf(mintToken({ secret: devSecret, now, claims: { exp: undefined } })), {});
});

test('header members given win over the minted ones', () => {
  const token = mintToken({ secret: devSecret, now, header: { typ: undefined, alg: 'none' } });
  assert.deepEqual(decodeProtectedHeader(token), { alg: 'none' });
});

test('the signer is the algorithm’s own', () => {
  assert.equal(signerFor({ secret: devSecret, algorithm: 'HS384' })(Buffer.from('x')).length, 48);
});

test('what cannot sign is refused by name', () => {
  const { privateKey: key } = freshSigningKey('ES256', 'k');
  const wrong: readonly (readonly [unknown, RegExp])[] = [
    [{}, /a secret or a key/],
    [{ secret: undefined }, /^secret: /],
    [{ secret: 'text' }, /^secret: /],
    [{ secret: { base64: undefined } }, /^secret: /],
    [{ secret: devSecret, algorithm: 'hs256' }, /^algorithm: .*HS256/],
    [{ secret: devSecret, algorithm: 'RS256' }, /^algorithm: .*HS256/],
    [{ key }, /^algorithm: .*ES256/],
    [{ key, algorithm: 'HS256' }, /^algorithm: .*ES256/],
    [{ key, algorithm: 'toString' }, /^algorithm: .*ES256/],
  ];
  for (const [options, message] of wrong) assert.throws(() => mintToken(options as MintOptions), { name: 'TypeError', message });
});
