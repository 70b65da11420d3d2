/** `approov-guard/explain`: why a request is rejected, for operators. Every check is made, also after one that failed. */
import { crypto } from '#crypto';
import { checkBinding } from '../../core/binding/check-binding.ts';
import { parseJsonObject } from '../../core/bytes/json.ts';
import type { SignaturePolicy } from '../../core/judge-message.ts';
import { parseUnverifiedCompact } from '../../core/jws/compact.ts';
import type { PreparedKey } from '../../core/jws/key-set.ts';
import type { KeySource } from '../../core/ports.ts';
import type { RequestView } from '../../core/request-view.ts';
import type { Policy } from '../../core/route-policy.ts';
import { accountKey, installationKey } from '../../core/signature/signing-key.ts';
import type { Claims } from '../../core/token/claims.ts';
import { readToken } from '../../core/token/read-token.ts';
import { type Rejected, rejected, type Verdict } from '../../core/verdict.ts';
import { originOf } from '../../http/origin.ts';
import { compileBodies } from '../compile-limits.ts';
import { compileRoute, GUARD_OPTION_NAMES } from '../compile-options.ts';
import { compileOrigin, hostsOf } from '../compile-origin.ts';
import { compileSignature } from '../compile-signature.ts';
import { createGuard } from '../create-guard.ts';
import { isProduction } from '../environment.ts';
import { rememberedInstallationKeys } from '../keys/installation-keys.ts';
import type { KeysOptions, KeysPart } from '../keys/key-options.ts';
import { checkedFunction, checkedObject } from '../option-checks.ts';
import type { GuardOptions } from '../options.ts';
import { explainDigest } from './explain-digest.ts';
import { explainMessage } from './explain-message.ts';
import type { ExplainedCheck, Explanation } from './explanation.ts';
import { failed, passed, skipped } from './explanation.ts';

export type { CheckName, Difference, ExplainedCheck, ExplainedComponent, Explanation } from './explanation.ts';

const NEVER_REMEMBERS = { setIfAbsent: (): boolean => true };

/**
 * Makes every check on a captured request and says how each ended: for command lines and support, not for servers. A check that failed does
 * not end the explanation: what follows is checked with what the request says of itself, and `tokenVerified` tells whether that can be
 * believed. Where the client's signature base is not ours, it looks for the difference among what proxies and clients are known to change.
 *
 * It does **not** remember anything (so it cannot tell a replay), calls no hook, and applies no route of the option `routes`.
 *
 * @param request - the request as it was captured
 * @param options - the guard's own options; `now` is the moment of judgement
 * @returns the explanation; no token, bound value or other credential is in it in full
 * @throws ConfigurationError for any mistake in the options
 * @see RFC 9421 §3.2
 *
 * @example
 * ```ts
 * import { explainRequest } from 'approov-guard/explain';
 * const request = { method: 'GET', scheme: 'https', authority: 'api.example.com', target: '/', lines: () => [] };
 * const keys = { secret: { base64: process.env.APPROOV_BASE64_SECRET } };
 * const { checks } = await explainRequest(request, { keys, signature: {} });
 * console.log(checks[0]?.reason); // token-missing
 * ```
 */
export async function explainRequest(request: RequestView, options: GuardOptions): Promise<Explanation> {
  const { now } = checkedObject(options, 'options', GUARD_OPTION_NAMES);
  const at = (checkedFunction<() => number>(now, 'now') ?? Date.now)() / 1000;
  const policy = compiledPolicy(options);
  const verdict = await tokenVerdict(request, options, at);
  const claims = claimsOf(request, policy, verdict);
  const message = await explainSigned({ request, policy, options, claims, at });
  const checks = [tokenCheck(verdict), await bindingCheck(request, policy, claims), ...message.checks];
  return { ...message, checks, tokenVerified: verdict.outcome === 'accepted' };
}

function compiledPolicy(options: GuardOptions): Policy {
  const production = isProduction(options.environment);
  const originHosts = hostsOf(compileOrigin(options.origin));
  const bodyLimits = compileBodies(options.bodies);
  const context = { crypto, production, originHosts, bodyLimits, compileSignature, defaultReplay: () => NEVER_REMEMBERS };
  return compileRoute(options, '', null, context);
}

/** The guard's own verdict on the token alone. */
async function tokenVerdict(request: RequestView, options: GuardOptions, at: number): Promise<Verdict> {
  const { keys, token = {}, environment, origin = null } = options;
  const { replay: _, ...rest } = token;
  const guard = createGuard({
    keys: lent(keys),
    token: rest,
    origin,
    now: () => at * 1000,
    ...(environment === undefined ? {} : { environment }),
  });
  const verdict = await guard.judge(request);
  guard.close();
  return verdict;
}

/** Sources of the caller's own may serve a guard at this very moment: they are asked, and never closed. */
function lent(keys: KeysOptions): KeysOptions {
  if (Array.isArray(keys)) return keys.map((part: KeysPart) => (isSource(part) ? lentSource(part) : part));
  // The cast holds: what is no list is one part.
  const part = keys as KeysPart;
  return isSource(part) ? lentSource(part) : part;
}

function isSource(part: KeysPart): part is KeySource {
  return typeof (part as Partial<KeySource> | null | undefined)?.current === 'function';
}

function lentSource(source: KeySource): KeySource {
  return { current: (at) => source.current(at), refresh: (at) => source.refresh?.(at) ?? source.current(at) !== null };
}

/** The verified claims, else what the token says of itself, else `null`. */
function claimsOf(request: RequestView, policy: Policy, verdict: Verdict): Claims | null {
  if (verdict.outcome === 'accepted') return verdict.attestation.claims;
  const token = readToken(request, policy.token);
  const jws = typeof token === 'string' ? parseUnverifiedCompact(token) : null;
  const text = jws === null ? null : crypto.decodeText(jws.payload);
  // The cast holds as far as it goes: only `pay`, `ipk`, `mskid`, `did` and `exp` are looked at, and each use checks the type.
  return text === null ? null : (parseJsonObject(text, 32) as Claims | null);
}

function tokenCheck(verdict: Verdict): ExplainedCheck {
  if (verdict.outcome === 'accepted') return passed('token');
  if (verdict.outcome === 'rejected') return failed('token', verdict);
  return { name: 'token', outcome: 'failed', reason: verdict.fault, detail: null };
}

async function bindingCheck(request: RequestView, policy: Policy, claims: Claims | null): Promise<ExplainedCheck> {
  if (policy.binding === null) return skipped('binding', 'binding is not configured');
  if (claims === null) return skipped('binding', 'the token cannot be read');
  const state = await checkBinding(request, policy.binding, claims, crypto.sha256Base64);
  return typeof state === 'string' ? passed('binding', state === 'absent' ? 'the token is not bound' : null) : failed('binding', state);
}

interface Signed {
  readonly request: RequestView;
  readonly policy: Policy;
  readonly options: GuardOptions;
  readonly claims: Claims | null;
  readonly at: number;
}

async function explainSigned({ request, policy, options, claims, at }: Signed): Promise<Omit<Explanation, 'tokenVerified'>> {
  const origin = originOf(request, compileOrigin(options.origin));
  const nothing = { origin, components: [], base: null, baseDigest: null, differences: null };
  const { signature } = policy;
  if (signature === null) return { ...nothing, checks: [skipped('form', 'signature is not configured')] };
  const secrets = [policy.token.header, ...(policy.binding?.headers ?? [])];
  const key = claims === null ? null : await keyOf(signature, claims);
  const message = await explainMessage({ request, policy: signature, origin, key, secrets, at, crypto });
  return { ...message, origin, checks: [...message.checks, ...(await explainDigest(request, signature, crypto))] };
}

async function keyOf(policy: SignaturePolicy, claims: Claims): Promise<PreparedKey | 'absent' | Rejected> {
  if (policy.label === 'account') {
    const account = accountKey(claims, policy.accountKeys);
    if (account === null) return rejected('signature-key-missing', 'no account key fits mskid');
    return (await account.keyFor(claims)) ?? rejected('signature-key-invalid', 'the account key cannot be derived for this token');
  }
  const key = installationKey(claims, rememberedInstallationKeys(crypto, 1));
  if (key !== null) return key;
  return policy.missingKey === 'accept' ? 'absent' : rejected('signature-key-missing', 'ipk');
}
