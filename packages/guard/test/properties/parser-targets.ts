/** What is fuzzed: each parser with texts to begin with, and what must hold of every answer. Used by the suite and by `fuzz.ts`. */
import assert from 'node:assert/strict';
import { base64url, devSecret, freshSigningKey, mintToken, secretBytes, signCompact, signerFor } from '@approov-guard/testkit';
import { ConfigurationError, createGuard } from 'approov-guard';
import { decodeBase64, encodeBase64, parseJsonObject } from '../../src/core/bytes.ts';
import { parseUnverifiedCompact, parseUnverifiedHeader } from '../../src/core/jws/jws.ts';
import { now, nowSeconds, PORTS } from '../both-ports.ts';

/** One parser under test. */
export interface Target {
  readonly seeds: readonly string[];
  /** Throws if the parser throws or its answer is wrong. */
  readonly check: (text: string) => void;
}

const ec = freshSigningKey('ES256');
const rsa = freshSigningKey('RS256');
const guard = createGuard({
  keys: { secret: devSecret },
  now: () => now,
  environment: 'development',
  binding: { headers: ['authorization'] },
});
const sign = signerFor({ secret: devSecret });
const request = { method: 'GET', scheme: 'https', authority: 'a.example', target: '/' };

function decide(token: string): string {
  const decision = guard.decide({ ...request, lines: (name: string) => (name === 'approov-token' ? [token] : []) } as Parameters<
    typeof guard.decide
  >[0]);
  assert.ok(!(decision instanceof Promise) && decision.action === 'refuse', 'nothing is bound, so nothing is accepted');
  assert.ok(decision.verdict.outcome === 'rejected', 'no input is an outage');
  return decision.verdict.reason;
}

const CLAIMS = [
  `{"exp":${nowSeconds + 60},"did":"a","aud":["b"],"pay":"c"}`,
  '{"exp":1.5e3,"nbf":0,"iat":-1,"x":{"y":[null,true,"\\u0041\\ud83d\\ude00"]}}',
  '{"__proto__":{"exp":1}}',
];
const HEADERS = [
  '{"alg":"HS256","typ":"JWT"}',
  '{"alg":"none","kid":"a","crit":["b64"],"b64":false}',
  '{"\\u0061lg":"ES256","jwk":{"kty":"EC"}}',
];

function keysOrMistake(keys: unknown): void {
  try {
    createGuard({ keys } as Parameters<typeof createGuard>[0]);
  } catch (error) {
    assert.ok(error instanceof ConfigurationError, String(error));
  }
}

function parsedJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return text;
  }
}

/** Lone surrogates have no UTF-8: what is signed holds replacement characters. */
const asSent = (text: string): string => Buffer.from(text).toString();

/** Every parser by name. */
export const TARGETS: { readonly [name: string]: Target } = {
  compact: {
    seeds: [mintToken({ secret: devSecret, now }), mintToken({ secret: devSecret, now, kid: 'a' }), 'a.b.c', '..', 'NO_NETWORK'],
    check: (text) => {
      const jws = parseUnverifiedCompact(text);
      if (jws !== null) {
        assert.equal(`${jws.signingInput}.${jws.signature}`, text);
        for (const segment of [jws.payload, jws.signature]) assert.equal(Buffer.from(segment, 'base64url').toString('base64url'), segment);
      }
      assert.match(decide(text), /^(?:token|binding)-/);
    },
  },
  'header JSON': {
    seeds: HEADERS,
    check: (given) => {
      const text = asSent(given);
      const header = parseUnverifiedHeader(base64url(text));
      if (header !== null) {
        const object = JSON.parse(text);
        assert.equal(object.alg, header.algorithm);
        assert.ok(!('crit' in object) && !('b64' in object));
      }
      const reason = decide(signCompact({ header: text, payload: { exp: nowSeconds + 60 }, sign }));
      if (reason.startsWith('binding-')) assert.equal(JSON.parse(text).alg, 'HS256');
    },
  },
  'claims JSON': {
    seeds: CLAIMS,
    check: (given) => {
      const text = asSent(given);
      const object = parseJsonObject(text, 32);
      if (object !== null) assert.deepEqual(object, JSON.parse(text));
      const reason = decide(signCompact({ header: '{"alg":"HS256"}', payload: text, sign }));
      if (object === null) assert.match(reason, /^token-(?:malformed|too-large)$/);
      if (reason.startsWith('binding-')) assert.ok(typeof object?.exp === 'number' && object.exp > nowSeconds);
    },
  },
  base64: {
    seeds: ['', 'Zg==', 'Zm9vYmFy', '-_-_', '+/+/', devSecret.base64],
    check: (text) => {
      for (const alphabet of ['base64', 'base64url'] as const) {
        const bytes = decodeBase64(text, alphabet);
        if (bytes !== null) assert.equal(encodeBase64(bytes, alphabet).replace(/=+$/, ''), text.replace(/=+$/, ''));
      }
      assert.equal(PORTS.node.decodeText(base64url(text)), PORTS.web.decodeText(base64url(text)));
      keysOrMistake({ secret: { base64: text } });
    },
  },
  PEM: {
    seeds: [
      ec.pem,
      rsa.pem,
      ec.privateKey.export({ type: 'pkcs8', format: 'pem' }).toString(),
      '-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----',
    ],
    check: (text) => {
      keysOrMistake({ pem: text, algorithm: 'ES256' });
      keysOrMistake({ pem: text, algorithm: 'RS256' });
    },
  },
  JWK: {
    seeds: [
      JSON.stringify(ec.jwk),
      JSON.stringify(rsa.jwk),
      JSON.stringify({ kty: 'oct', k: secretBytes(devSecret).toString('base64url') }),
    ],
    check: (text) => {
      keysOrMistake({ jwks: { keys: [parsedJson(text)] } });
      keysOrMistake({ jwks: parsedJson(text), algorithm: 'PS256' });
    },
  },
};
