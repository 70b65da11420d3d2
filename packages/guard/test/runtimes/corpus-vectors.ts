/** The shared vectors: collected attacks, JOSE suites, published tokens, JSON texts in claims. Absent ones are left out. */
import { gunzipSync } from 'node:zlib';
import type { AlgorithmName } from 'approov-guard';
import { readVectors } from '../../../../tools/optional.mjs';
import { type AttackCase, type Attacks, authorityOf, guardOptions, signatureOptions } from '../vectors/attack-cases.ts';
import type { Expected, GuardData, RequestData } from './core-suite.ts';
import { type Draft, withToken } from './corpus.ts';

/** What gateways exempt and forward is in none of these profiles. */
const FOR_GATEWAYS = /^(?:gateway-|raw-http|ext-auth)/;
const EXPECTED = { accept: 'accepted', reject: 'refused', policy: null } as const;

export function attackCases(): readonly Draft[] {
  const attacks = readVectors<Attacks>('attacks.json');
  return (attacks?.cases ?? []).flatMap((given): readonly Draft[] => {
    const { id, must, input, profile } = given;
    if (input.config !== undefined) return [{ id, guard: dataOf(guardOptions(input.config, 0), 0), through: 'configuration' }];
    const named = attacks?.profiles[profile];
    if (attacks === null || named === undefined) return [];
    const nowMs = given.now_ms ?? attacks.generated_for_now * 1000;
    const demands = named.message_signature;
    const options = { ...guardOptions(named, nowMs), ...(demands === undefined ? {} : { signature: signatureOptions(demands) }) };
    const expected: Expected = FOR_GATEWAYS.test(id) ? null : EXPECTED[must];
    return [{ id, expected, guard: dataOf(options, nowMs), requests: [requestOf(given)] }];
  });
}

/** What is left out cannot be told from what is undefined, once it is JSON. */
function dataOf(options: object, nowMs: number): GuardData {
  return { nowMs, options: JSON.parse(JSON.stringify(options)) };
}

function requestOf({ input }: AttackCase): RequestData {
  const { request, token = '' } = input;
  if (request === undefined) return withToken(token);
  const { body_base64 = null, ...rest } = request;
  const authority = authorityOf(request);
  return { ...rest, bodyBase64: body_base64, ...(authority === undefined ? {} : { authority }) };
}

type Jwk = { readonly kty: string; readonly alg?: string; readonly kid?: string; readonly k?: string; readonly [member: string]: unknown };
interface SuiteCase {
  readonly id: string;
  readonly keys: readonly Jwk[];
  readonly jws: string | object;
}

/** Payloads are mostly no claims sets: a signature that holds shows in the reason. */
export function suiteCases(): readonly Draft[] {
  return ['wycheproof/jws.json', 'rfc/jose.json'].flatMap((name) => {
    const vectors = readVectors<{ readonly cases: readonly SuiteCase[] }>(name);
    return (vectors?.cases ?? []).map(({ id, keys, jws }): Draft => {
      const text = typeof jws === 'string' ? jws : JSON.stringify(jws);
      const options = { keys: keys.map((jwk) => keyOf(jwk, algorithmNamed(text))) };
      return { id, guard: { nowMs: 1_300_000_000_000, options }, requests: [withToken(text)] };
    });
  });
}

function keyOf(jwk: Jwk, used: AlgorithmName): object {
  const kid = jwk.kid === undefined ? {} : { kid: jwk.kid };
  if (jwk.kty === 'oct') return { secret: { base64url: jwk.k, algorithm: jwk.alg ?? 'HS256', ...kid } };
  return { jwks: { keys: [jwk.kty === 'RSA' ? { ...jwk, alg: jwk.alg ?? used } : jwk] } };
}

function algorithmNamed(jws: string): AlgorithmName {
  try {
    return JSON.parse(Buffer.from(jws.split('.')[0] ?? '', 'base64url').toString()).alg;
  } catch {
    return 'RS256';
  }
}

interface PublishedToken {
  readonly token: string;
  readonly secret_base64: string | null;
  readonly expect_under_dummy: 200 | 401;
}
interface Published {
  readonly generated_at: string;
  readonly secrets: { readonly dummy: string };
  readonly tokens: readonly PublishedToken[];
}
interface JsonSuite {
  readonly profile: { readonly secret_base64: string };
  readonly cases: readonly {
    readonly id: string;
    readonly must: 'accept' | 'reject' | 'policy';
    readonly token?: string;
    readonly token_gzip_base64?: string;
  }[];
}

export function publishedCases(): readonly Draft[] {
  const published = readVectors<Published>('approov/tokens.json');
  const nowMs = Date.parse(published?.generated_at ?? '1970-01-01');
  const withSecret = (base64: string, options = {}): GuardData => ({ nowMs, options: { keys: { secret: { base64 } }, ...options } });
  const tokens = (published?.tokens ?? []).flatMap(({ token, secret_base64, expect_under_dummy }, index): readonly Draft[] => {
    const requests = [withToken(token)];
    const expected = expect_under_dummy === 200 ? 'accepted' : 'refused';
    const dummy: Draft = { id: `token ${index}`, expected, guard: withSecret(published?.secrets.dummy ?? ''), requests };
    return secret_base64 === null ? [dummy] : [dummy, { id: `token ${index}, its own secret`, guard: withSecret(secret_base64), requests }];
  });
  const suite = readVectors<JsonSuite>('json-suite/tokens.json');
  const texts = (suite?.cases ?? []).map(({ id, must, token, token_gzip_base64 = '' }): Draft => {
    const text = token ?? gunzipSync(Buffer.from(token_gzip_base64, 'base64')).toString();
    const guard = withSecret(suite?.profile.secret_base64 ?? '', { token: { maxBytes: 65_536 } });
    return { id, expected: EXPECTED[must], guard, requests: [withToken(text)] };
  });
  return [...tokens, ...texts];
}
