/** Someone else signs and we verify; we sign and someone else verifies; Node's own cryptography as a third opinion. */
import assert from 'node:assert/strict';
import { createHmac, createPublicKey, type KeyObject, verify as nodeVerify } from 'node:crypto';
import { test } from 'node:test';
import { base64url, freshKeySet, mintToken, publicKeySet, secretBytes, signCompact, signerFor } from '@approov-guard/testkit';
import fc from 'fast-check';
import { compactVerify, createLocalJWKSet, exportJWK, generateKeyPair, type CryptoKey as JoseKey, jwtVerify, SignJWT } from 'jose';
import { type GuardPair, guardPair, now, nowSeconds, runSeed, secret } from '../both-ports.ts';

const seed = runSeed();
const ALGORITHMS = ['RS256', 'RS384', 'RS512', 'PS256', 'PS384', 'PS512', 'ES256', 'ES384', 'ES512', 'EdDSA', 'Ed25519'] as const;
const currentDate = new Date(now);
const bytes = secretBytes(secret);

/** The peers were not told of an audience either, and accept any. */
const anyAudience = { audience: null };
const name = fc.stringMatching(/^x[a-z_]{1,8}$/);
const claims = fc.record(
  {
    did: fc.string(),
    ip: fc.ipV4(),
    iss: fc.string(),
    aud: fc.oneof(fc.string(), fc.array(fc.string(), { maxLength: 3 })),
    iat: fc.integer({ min: 0, max: nowSeconds }),
    nbf: fc.integer({ min: -5, max: nowSeconds }),
    more: fc.dictionary(name, fc.jsonValue({ maxDepth: 3 })),
  },
  { requiredKeys: [] },
);
const exp = fc.oneof(
  fc.integer({ min: nowSeconds + 1, max: nowSeconds + 1e6 }),
  fc.double({ min: nowSeconds + 0.001, max: nowSeconds + 1e6, noNaN: true }),
);

interface Signer {
  readonly algorithm: string;
  readonly key: JoseKey | Uint8Array;
  readonly guard: GuardPair;
}

async function signers(): Promise<readonly Signer[]> {
  const hmac = (['HS256', 'HS384', 'HS512'] as const).map((algorithm) => ({
    algorithm,
    key: bytes,
    guard: guardPair({ keys: { secret: { ...secret, algorithm } }, token: anyAudience }),
  }));
  const pairs = ALGORITHMS.map(async (algorithm) => {
    const { privateKey, publicKey } = await generateKeyPair(algorithm, { extractable: true });
    const jwk = { ...(await exportJWK(publicKey)), alg: algorithm };
    return { algorithm, key: privateKey, guard: guardPair({ keys: { jwks: { keys: [jwk] } }, token: anyAudience }) };
  });
  return [...hmac, ...(await Promise.all(pairs))];
}

test(`what jose mints, we accept with the same claims, on both ports (seed ${seed})`, async () => {
  for (const { algorithm, key, guard } of await signers()) {
    await fc.assert(
      fc.asyncProperty(claims, exp, async (given, expiry) => {
        const payload = { ...given, exp: expiry };
        const token = await new SignJWT(payload).setProtectedHeader({ alg: algorithm, typ: 'JWT' }).sign(key);
        const verdict = await guard.node.verifyToken(token);
        assert.ok(verdict.outcome === 'accepted', `${algorithm}: ${JSON.stringify(verdict)}`);
        assert.deepEqual(verdict.attestation.claims, JSON.parse(JSON.stringify(payload)));
        assert.equal(await guard.judgeToken(token), 'accepted');
      }),
      { seed, numRuns: 12 },
    );
  }
});

const keys = freshKeySet();
// The cast holds: an exported public key has every member that its key type asks for.
const resolver = createLocalJWKSet(publicKeySet(keys) as Parameters<typeof createLocalJWKSet>[0]);
const ours = guardPair({ keys: { jwks: publicKeySet(keys) }, token: anyAudience });
const oursHmac = guardPair({ keys: { secret }, token: anyAudience });

test(`what we accept of the testkit, jose and Node accept (seed ${seed})`, async () => {
  for (const { algorithm, privateKey, kid, pem } of keys) {
    await fc.assert(
      fc.asyncProperty(claims, async (given) => {
        const token = mintToken({ key: privateKey, algorithm, now, kid, claims: given });
        assert.equal(await ours.judgeToken(token), 'accepted');
        await jwtVerify(token, resolver, { currentDate, algorithms: [algorithm], requiredClaims: ['exp'] });
        assert.ok(nodeAccepts(token, algorithm, createPublicKey(pem)));
      }),
      { seed, numRuns: 8 },
    );
  }
});

function nodeAccepts(token: string, algorithm: string, key: KeyObject): boolean {
  const dot = token.lastIndexOf('.');
  const signature = Buffer.from(token.slice(dot + 1), 'base64url');
  const hash = algorithm.startsWith('Ed') ? null : `sha${algorithm.slice(2)}`;
  const pss = algorithm.startsWith('PS') ? { padding: 6, saltLength: Number(algorithm.slice(2)) / 8 } : {};
  return nodeVerify(hash, Buffer.from(token.slice(0, dot)), { key, dsaEncoding: 'ieee-p1363', ...pss }, signature);
}

/** Changes of a good token: each may leave it good, or not. */
const change = fc.oneof(
  fc.record({ kind: fc.constant('keep' as const) }),
  fc.record({ kind: fc.constant('letter' as const), at: fc.nat(300), letter: fc.constantFrom(...'AQgwZ09_-.=+/ ') }),
  fc.record({ kind: fc.constant('cut' as const), at: fc.nat(300), length: fc.integer({ min: 1, max: 40 }) }),
  fc.record({ kind: fc.constant('pad' as const), text: fc.constantFrom('=', '==', 'A', 'AA', '.', ' ', '\n', '\0', 'é') }),
);

function changed(token: string, given: typeof change extends fc.Arbitrary<infer T> ? T : never): string {
  if (given.kind === 'letter') return token.slice(0, given.at) + given.letter + token.slice(given.at + 1);
  if (given.kind === 'cut') return token.slice(0, given.at) + token.slice(given.at + given.length);
  return given.kind === 'pad' ? token + given.text : token;
}

test(`what we accept, jose accepts, whatever was done to it (seed ${seed})`, async () => {
  const expiry = fc.oneof(exp, fc.constantFrom(nowSeconds, nowSeconds - 1, 0, -1, 1e300));
  const header = fc.constantFrom<Record<string, unknown>>(
    { alg: 'HS256' },
    { alg: 'HS256', typ: 'jwt' },
    { alg: 'HS256', kid: 'x', jku: 'https://e.example' },
    { alg: 'HS384' },
    { alg: 'HS256', crit: ['b64'], b64: true },
  );
  await fc.assert(
    fc.asyncProperty(claims, expiry, header, change, async (given, expires, members, altered) => {
      const token = changed(signCompact({ header: members, payload: { ...given, exp: expires }, sign: signerFor({ secret }) }), altered);
      const found = await oursHmac.node.verifyToken(token);
      const judged = jwtVerify(token, bytes, { currentDate, algorithms: ['HS256'], requiredClaims: ['exp'] });
      const theirs = await judged.then(() => true).catch(() => false);
      if (found.outcome === 'accepted') assert.ok(theirs, token);
      // The other way round: we refuse more than jose only where the form is not canonical or a header member asks for processing.
      else if (theirs) assert.ok(found.outcome === 'rejected' && found.reason === 'token-malformed', `${JSON.stringify(found)} ${token}`);
    }),
    { seed, numRuns: 600 },
  );
});

/** Rules in which we are stricter than jose, each with the reason: jose accepts all of these. */
const STRICTER: readonly (readonly [string, string, string])[] = [
  ['a member named twice', '{"alg":"HS256"}', `{"exp":1,"exp":${nowSeconds + 60}}`],
  ['a typ other than JWT', '{"alg":"HS256","typ":"at+jwt"}', `{"exp":${nowSeconds + 60}}`],
  ['an understood crit', '{"alg":"HS256","crit":["b64"],"b64":true}', `{"exp":${nowSeconds + 60}}`],
  ['a kid that is no text', '{"alg":"HS256","kid":7}', `{"exp":${nowSeconds + 60}}`],
  ['an infinite exp', '{"alg":"HS256"}', '{"exp":1e400}'],
  ['a did that is no text', '{"alg":"HS256"}', `{"exp":${nowSeconds + 60},"did":7}`],
  ['deep nesting', '{"alg":"HS256"}', `{"exp":${nowSeconds + 60},"x":${'['.repeat(40)}${']'.repeat(40)}}`],
];

for (const [rule, header, payload] of STRICTER) {
  test(`stricter than jose: ${rule}`, async () => {
    const token = signCompact({ header, payload, sign: signerFor({ secret }) });
    await assert.doesNotReject(jwtVerify(token, bytes, { currentDate, algorithms: ['HS256'], requiredClaims: ['exp'] }));
    assert.match(await oursHmac.judgeToken(token), /^token-/);
  });
}

test(`random MACs agree with Node's createHmac and with jose (seed ${seed})`, async () => {
  await fc.assert(
    fc.asyncProperty(fc.uint8Array({ minLength: 32, maxLength: 200 }), fc.jsonValue(), async (own, content) => {
      if (own.every((byte) => byte === own[0])) return;
      const input = `${base64url('{"alg":"HS256"}')}.${base64url(JSON.stringify({ exp: nowSeconds + 60, content }))}`;
      const token = `${input}.${createHmac('sha256', own).update(input).digest('base64url')}`;
      assert.equal(await guardPair({ keys: { secret: { bytes: own } } }).judgeToken(token), 'accepted');
      await compactVerify(token, own);
    }),
    { seed, numRuns: 60 },
  );
});
