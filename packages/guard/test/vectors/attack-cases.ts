/** How the collected attacks are read: their profiles as options, their inputs as requests. */
import assert from 'node:assert/strict';
import { type HeaderLine, requestView } from '@approov-guard/testkit';
import type { AlgorithmName, GuardOptions, RequestView, StaticKeysOptions } from 'approov-guard';
import { createGuardOn } from '../../src/guard/create-guard.ts';
import { outcomeOf, PORTS } from '../both-ports.ts';
import type { SignatureOptions } from '../signed-requests.ts';

type Jwk = { readonly kty: string; readonly alg?: string; readonly [member: string]: unknown };

/** What a case demands of the message signature. */
export interface SignatureProfile {
  readonly label: 'install' | 'account';
  readonly account_secret_base64?: string;
  readonly required_components: readonly string[];
  readonly content_digest?: string;
  readonly nonce?: string;
  readonly max_age_s: number;
  readonly skew_s: number;
}

/** The request of a case. */
export interface AttackRequest {
  readonly method: string;
  readonly target: string;
  readonly headers: readonly HeaderLine[];
  readonly scheme?: string;
  readonly body_base64?: string | null;
}

/** The verifier that a case needs. */
export interface Profile {
  readonly algorithms?: readonly AlgorithmName[];
  readonly secret_base64?: string;
  readonly secret_base64url?: string;
  readonly secrets?: { readonly [kid: string]: string };
  readonly jwks?: { readonly keys: readonly Jwk[] };
  readonly issuer?: string;
  readonly audience?: string;
  readonly binding?: { readonly headers: readonly string[]; readonly mode: 'required' | 'if-present' };
  readonly message_signature?: SignatureProfile;
}

/** One attack, or one control. */
export interface AttackCase {
  readonly id: string;
  readonly family: string;
  readonly description: string;
  readonly profile: string;
  readonly must: 'accept' | 'reject' | 'policy';
  readonly now_ms?: number;
  readonly input: {
    readonly token?: string;
    readonly config?: Profile;
    readonly request?: AttackRequest;
  };
}

/** The file of attacks. */
export interface Attacks {
  readonly generated_for_now: number;
  readonly profiles: { readonly [name: string]: Profile };
  readonly cases: readonly AttackCase[];
}

const KEY_TYPES: { readonly [prefix: string]: string } = { RS: 'RSA', PS: 'RSA', ES: 'EC', Ed: 'OKP' };
const isHmac = (algorithm: string): boolean => algorithm.startsWith('HS');

/** The options of a guard for a profile, but for its message signature. A key without `alg` is configured once for each algorithm of the profile that fits it. */
export function guardOptions(profile: Profile, nowMs: number): GuardOptions {
  const { binding, issuer = null, audience = null } = profile;
  return {
    keys: keysOf(profile),
    token: { issuer, audience },
    binding: binding === undefined ? null : { headers: binding.headers, missing: binding.mode === 'required' ? 'reject' : 'accept' },
    now: () => nowMs,
    environment: 'development',
    hints: false,
  };
}

/** The option `signature` for what a profile demands. */
export function signatureOptions(demands: SignatureProfile): SignatureOptions {
  return {
    required: demands.required_components,
    maxAgeSeconds: demands.max_age_s,
    clockToleranceSeconds: demands.skew_s,
    digest: demands.content_digest === undefined ? 'if-present' : 'required',
    nonce: demands.nonce === undefined ? 'optional' : 'required',
    ...(demands.label === 'account'
      ? { label: 'account', accountKeys: [{ base64: demands.account_secret_base64 }] }
      : { label: 'install' }),
  };
}

/** The authority that a request names itself. */
export function authorityOf({ headers }: AttackRequest): string | undefined {
  return headers.find(([name]) => name.toLowerCase() === 'host')?.[1];
}

function keysOf({ algorithms = ['HS256'], jwks, secrets = {}, ...given }: Profile): readonly StaticKeysOptions[] {
  const keys: StaticKeysOptions[] = [];
  for (const algorithm of algorithms) {
    if (isHmac(algorithm)) {
      const hmac = algorithm as 'HS256';
      if ('secret_base64' in given) keys.push({ secret: { base64: given.secret_base64, algorithm: hmac } });
      if ('secret_base64url' in given) keys.push({ secret: { base64url: given.secret_base64url, algorithm: hmac } });
      for (const [kid, base64] of Object.entries(secrets)) keys.push({ secret: { base64, algorithm: hmac, kid } });
      continue;
    }
    const fitting = (jwks?.keys ?? []).filter((jwk) => jwk.kty === KEY_TYPES[algorithm.slice(0, 2)]);
    if (fitting.length > 0) keys.push({ jwks: { keys: fitting.map((jwk) => ({ ...jwk, alg: jwk.alg ?? algorithm })) } });
  }
  return keys;
}

function viewOf({ input }: AttackCase): RequestView {
  const { request, token } = input;
  if (request !== undefined) return requestView(request);
  return requestView({ headers: [['Approov-Token', token ?? '']] });
}

/** Judges a case on both ports, asserts that they agree, and answers `accepted`, the code, or why the request was not judged. */
export async function judgeAttack(attacks: Attacks, given: AttackCase): Promise<string> {
  const profile = attacks.profiles[given.profile];
  assert.ok(profile !== undefined);
  const options = guardOptions(profile, given.now_ms ?? attacks.generated_for_now * 1000);
  const answers = await Promise.all(
    Object.values(PORTS).map(async (port) => {
      const decision = await createGuardOn(port, options).decide(viewOf(given));
      if (decision.verdict === null) return decision.action === 'pass' ? String(decision.skipped) : '';
      assert.equal(decision.action, decision.verdict.outcome === 'accepted' ? 'pass' : 'refuse');
      return outcomeOf(decision.verdict);
    }),
  );
  assert.equal(answers[0], answers[1], 'node and web agree');
  return answers[0] ?? '';
}
