/** No input makes the guard throw, hang, or answer differently on the two crypto ports. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { base64url, bindingHash, requestView, signCompact, signerFor } from '@approov-guard/testkit';
import fc from 'fast-check';
import { decodeBase64, encodeBase64, excerpt, parseJsonObject } from '../../src/core/bytes.ts';
import { parsePublicJwk } from '../../src/core/jws/jwk.ts';
import { isBase64Url, parseUnverifiedCompact, parseUnverifiedHeader } from '../../src/core/jws/jws.ts';
import { plainPath } from '../../src/http/plain-path.ts';
import { guardPair, nowSeconds, PORTS, runSeed, secret } from '../both-ports.ts';

const seed = runSeed();
const bounded = { seed, numRuns: 300 };
const pair = guardPair({ keys: { secret }, binding: { headers: ['authorization', 'x-device'] } });
const sign = signerFor({ secret });

const latin1 = fc.uint8Array({ maxLength: 300 }).map((bytes) => Buffer.from(bytes).toString('latin1'));
const anyText = fc.oneof(fc.string({ unit: 'binary', maxLength: 300 }), fc.string({ unit: 'grapheme', maxLength: 300 }), latin1);
const tokenish = fc.stringMatching(/^[A-Za-z0-9_=. ,-]{0,120}$/);
const anyJson = fc.json({ maxDepth: 6 });

test(`any value in the token header is refused, for a token reason (seed ${seed})`, async () => {
  await fc.assert(
    fc.asyncProperty(fc.oneof(anyText, tokenish), async (value) => {
      assert.match(await pair.judgeToken(value), /^token-/);
    }),
    { ...bounded, numRuns: 1000 },
  );
});

test(`any segments are refused, whatever JSON they hold (seed ${seed})`, async () => {
  const part = fc
    .oneof(anyJson, anyText, fc.constantFrom('{"alg":"HS256"}', '{"alg":"none"}', `{"exp":${nowSeconds + 60}}`, ''))
    .map((text) => base64url(text));
  await fc.assert(
    fc.asyncProperty(fc.array(part, { maxLength: 6 }), async (parts) => {
      assert.match(await pair.judgeToken(parts.join('.')), /^token-/);
    }),
    { ...bounded, numRuns: 1000 },
  );
});

const number = fc.oneof(fc.constant(nowSeconds + 60), fc.double(), fc.integer());
const value = fc.oneof(fc.jsonValue({ maxDepth: 3 }), number, fc.constantFrom('a', bindingHash('ab'), null));
const claimName = fc.oneof(
  fc.constantFrom('exp', 'nbf', 'iat', 'iss', 'aud', 'did', 'ip', 'pay', 'ipk', '__proto__', 'then', 'constructor'),
  fc.string(),
);

test(`any claims under a right signature get the same verdict on both ports (seed ${seed})`, async () => {
  const claims = fc
    .array(fc.tuple(claimName, value), { maxLength: 8 })
    .map((entries) => Object.fromEntries([['exp', nowSeconds + 60], ...entries]));
  await fc.assert(
    fc.asyncProperty(
      fc.oneof(
        claims.map((object) => JSON.stringify(object)),
        anyJson,
        anyText,
      ),
      async (payload) => {
        const outcome = await pair.judgeToken(signCompact({ header: '{"alg":"HS256"}', payload, sign }));
        assert.match(outcome, /^(?:token|binding)-/, 'there is no bound value, so nothing is accepted');
      },
    ),
    { ...bounded, numRuns: 800 },
  );
});

test(`any header under a right signature gets the same verdict on both ports (seed ${seed})`, async () => {
  const name = fc.constantFrom('alg', 'typ', 'kid', 'crit', 'b64', 'jwk', 'jku', 'x5c', 'cty', 'enc', 'zip', '__proto__');
  const content = fc.oneof(value, fc.constantFrom('HS256', 'JWT', 'none', 'RS256'));
  const header = fc
    .array(fc.tuple(name, content), { maxLength: 5 })
    .map((entries) => JSON.stringify(Object.fromEntries([['alg', 'HS256'], ...entries])));
  await fc.assert(
    fc.asyncProperty(fc.oneof(header, anyJson, anyText), async (text) => {
      assert.match(await pair.judgeToken(signCompact({ header: text, payload: { exp: nowSeconds + 60 }, sign })), /^(?:token|binding)-/);
    }),
    { ...bounded, numRuns: 800 },
  );
});

test(`any request gets a decision, and never an exception (seed ${seed})`, async () => {
  const headerName = fc.constantFrom(
    'approov-token',
    'Approov-Token',
    'authorization',
    'x-device',
    'origin',
    'access-control-request-method',
    'content-length',
    'host',
  );
  const good = signCompact({ header: '{"alg":"HS256"}', payload: { exp: nowSeconds + 60, pay: bindingHash('ab') }, sign });
  const line = fc.tuple(headerName, fc.oneof(anyText, fc.constantFrom(good, 'a', 'b', 'POST', '0')));
  const exempting = guardPair({ keys: { secret }, exempt: ['/public/*'], binding: { headers: ['authorization', 'x-device'] } });
  const target = fc.oneof(anyText, fc.stringMatching(/^\/[a-z%2e./;\\]{0,30}$/), fc.constantFrom('/public/x', '/'));
  const request = fc.record({
    headers: fc.array(line, { maxLength: 8 }),
    target,
    method: fc.oneof(anyText, fc.constantFrom('GET', 'OPTIONS')),
    joinsLines: fc.boolean(),
  });
  await fc.assert(
    fc.asyncProperty(request, async (content) => {
      const view = requestView(content);
      for (const guards of [pair, exempting]) {
        const [node, web] = await Promise.all([guards.node.decide(view), guards.web.decide(view)]);
        assert.deepEqual(
          { ...node, id: '', claims: null, verdict: node.verdict?.outcome },
          { ...web, id: '', claims: null, verdict: web.verdict?.outcome },
        );
        assert.notEqual(node.verdict?.outcome, 'unavailable');
        if (node.action === 'refuse') assert.equal(node.refusal.status, 401);
      }
    }),
    { ...bounded, numRuns: 500 },
  );
});

test(`parsers answer for every text (seed ${seed})`, () => {
  fc.assert(
    fc.property(fc.oneof(anyText, tokenish, anyJson), (text) => {
      const jws = parseUnverifiedCompact(text);
      if (jws !== null) assert.equal(`${jws.signingInput}.${jws.signature}`, text);
      parseUnverifiedHeader(text);
      const object = parseJsonObject(text, 8);
      if (object !== null) assert.deepEqual(object, JSON.parse(text));
      plainPath(text);
      assert.match(excerpt(text, 40), /^[\x20-\x7e]*…?$/);
      for (const port of Object.values(PORTS)) port.decodeText(text);
    }),
    { ...bounded, numRuns: 2000 },
  );
});

test(`what base64 decodes, it encodes back to the same text (seed ${seed})`, () => {
  for (const alphabet of ['base64', 'base64url'] as const) {
    fc.assert(
      fc.property(fc.oneof(anyText, fc.stringMatching(/^[A-Za-z0-9+/_=-]{0,20}$/)), (text) => {
        const bytes = decodeBase64(text, alphabet);
        if (bytes === null) return;
        assert.equal(encodeBase64(bytes, alphabet).replace(/=+$/, ''), text.replace(/=+$/, ''));
        if (alphabet === 'base64url' && !text.endsWith('=')) assert.ok(isBase64Url(text));
      }),
      { ...bounded, numRuns: 2000 },
    );
  }
});

test(`any JWK is read or refused, and what is read has a known algorithm (seed ${seed})`, () => {
  const member = fc.constantFrom('kty', 'crv', 'alg', 'use', 'key_ops', 'kid', 'x', 'y', 'n', 'e', 'd', 'k', '__proto__');
  const content = fc.oneof(
    value,
    fc.constantFrom('EC', 'RSA', 'OKP', 'oct', 'P-256', 'Ed25519', 'ES256', 'RS256', 'EdDSA', 'sig', 'verify', 'AQAB', 'A'.repeat(43)),
  );
  fc.assert(
    fc.property(
      fc.oneof(
        fc.jsonValue(),
        fc.array(fc.tuple(member, content)).map((entries) => Object.fromEntries(entries)),
      ),
      (jwk) => {
        const parsed = parsePublicJwk(jwk, 'RS256');
        assert.ok('fault' in parsed || parsed.algorithm.family !== 'hmac');
      },
    ),
    { ...bounded, numRuns: 2000 },
  );
});
