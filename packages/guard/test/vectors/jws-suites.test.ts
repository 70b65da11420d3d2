/** The signature layer against Wycheproof and the RFCs' own examples. Payloads are mostly no claims sets, so no claim is judged here. */
import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { readVectors, skipUnless } from '../../../../tools/optional.mjs';
import { decodeBase64 } from '../../src/core/bytes.ts';
import { ALGORITHMS, type AlgorithmName } from '../../src/core/jws/algorithms.ts';
import { parsePublicJwk } from '../../src/core/jws/jwk.ts';
import { KeySet, parseUnverifiedCompact, type VerificationKey } from '../../src/core/jws/jws.ts';
import type { CryptoPort } from '../../src/core/ports.ts';
import { PORTS } from '../both-ports.ts';
import { verifyJws } from '../verify-jws.ts';

type Jwk = { readonly kty: string; readonly alg?: string; readonly kid?: string; readonly k?: string; readonly [member: string]: unknown };
interface Case {
  readonly id: string;
  readonly comment?: string;
  readonly keys: readonly Jwk[];
  readonly jws: string | object;
  readonly expected: 'valid' | 'invalid';
  readonly expected_rfc?: 'valid' | 'invalid' | 'acceptable';
}

/** Cases in which we are stricter, and why. */
const STRICTER: { readonly [id: string]: string } = {
  'json_web_signature#346': 'the key carries another algorithm than the token names: either answer is acceptable',
};

/** The key as an operator would configure it: with its `alg`, or where it has none with the one that the account uses. */
function keyOf(jwk: Jwk, used: string, port: CryptoPort): readonly VerificationKey[] {
  const kid = jwk.kid ?? null;
  if (jwk.kty !== 'oct') {
    const fallback = ALGORITHMS.get(used)?.keyType === 'RSA' ? (used as AlgorithmName) : null;
    const parsed = parsePublicJwk(jwk, fallback);
    if ('fault' in parsed) return [];
    return [
      { id: kid ?? 'key', kid, algorithm: parsed.algorithm, prepared: port.preparePublicKey(parsed.algorithm, { form: 'jwk', jwk }) },
    ];
  }
  const algorithm = ALGORITHMS.get(jwk.alg ?? 'HS256');
  const secret = decodeBase64(jwk.k ?? '', 'base64url');
  assert.ok(algorithm !== undefined && secret !== null && secret.length >= algorithm.minimumKey);
  return [{ id: kid ?? 'key', kid, algorithm, prepared: port.prepareSecret(algorithm, secret) }];
}

function algorithmNamed(jws: string): string {
  try {
    return String(JSON.parse(Buffer.from(jws.split('.')[0] ?? '', 'base64url').toString()).alg);
  } catch {
    return 'RS256';
  }
}

async function answer({ jws, keys }: Case, port: CryptoPort): Promise<string> {
  const text = typeof jws === 'string' ? jws : JSON.stringify(jws);
  const parsed = parseUnverifiedCompact(text);
  if (parsed === null) return 'token-malformed';
  const found = await verifyJws(parsed, new KeySet(keys.flatMap((jwk) => keyOf(jwk, algorithmNamed(text), port))));
  return typeof found === 'string' ? found : 'valid';
}

for (const [name, least] of [
  ['wycheproof/jws.json', 200],
  ['rfc/jose.json', 25],
] as const) {
  const vectors = readVectors<{ readonly cases: readonly Case[] }>(name);
  describe(name, skipUnless(vectors, 'vectors'), () => {
    const cases = vectors?.cases ?? [];
    test('the suite is whole', () => assert.ok(cases.length >= least, `${cases.length} cases`));
    for (const given of cases) {
      const stricter = STRICTER[given.id];
      const expected = stricter === undefined ? (given.expected_rfc ?? given.expected) : 'invalid';
      test(`${given.id} ${given.comment ?? ''}: ${expected}${stricter === undefined ? '' : `, since ${stricter}`}`, async () => {
        const answers = await Promise.all([answer(given, PORTS.node), answer(given, PORTS.web)]);
        assert.equal(answers[0], answers[1], 'node and web agree');
        assert.equal(answers[0] === 'valid' ? 'valid' : 'invalid', expected, answers[0]);
      });
    }
  });
}
