/** `approov-guard/explain`: why a request is rejected, for operators. Every check is made, also after one that failed. */
import type { KeySource } from '../core/ports.ts';
import type { RequestView } from '../core/request-view.ts';
import { createGuard, isGuard } from '../guard/create-guard.ts';
import type { Explained, ExplainedCheck } from '../guard/explaining.ts';
import type { Guard } from '../guard/guard.ts';
import type { GuardOptions } from '../guard/options.ts';
import type { KeysOptions, KeysPart } from '../keys/key-options.ts';
import type { ExplainedSignature, Explanation } from './explanation.ts';
import { explainSignature } from './signature.ts';

export type { Explained, ExplainedCheck } from '../guard/explaining.ts';
export type { Difference, ExplainedComponent, ExplainedSignature, Explanation } from './explanation.ts';

/**
 * Makes every check on a captured request and says how each ended: for command lines and support, not for servers. A check that failed does
 * not end the explanation: what follows is checked with what the request says of itself, and `tokenVerified` tells whether that can be
 * believed. Where the client's signature base is not ours, it looks for the difference among what proxies and clients are known to change.
 *
 * It does **not** remember anything (so it cannot tell a replay), and calls no hook.
 *
 * @param request - the request as it was captured
 * @param guardOrOptions - the guard, or its own options; their `now` is the moment of judgement
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
export async function explainRequest(request: RequestView, guardOrOptions: Guard | GuardOptions): Promise<Explanation> {
  if (isGuard(guardOrOptions)) return explainBy(guardOrOptions, request);
  // What is not an object is refused by `createGuard`, with the reason.
  const options =
    typeof guardOrOptions === 'object' && guardOrOptions !== null ? { ...guardOrOptions, keys: lent(guardOrOptions.keys) } : guardOrOptions;
  const guard = createGuard(options);
  try {
    return await explainBy(guard, request);
  } finally {
    guard.close();
  }
}

async function explainBy(guard: Guard, request: RequestView): Promise<Explanation> {
  const { facts, ...explained } = await guard.explain(request);
  const signature = await explainSignature(request, facts);
  const checks = explained.checks.map((check) => (check.detail === null ? { ...check, detail: remarkOn(check, facts, signature) } : check));
  return { ...explained, checks, origin: facts.origin, ...signature };
}

/** What helps to understand how a check ended. */
function remarkOn(
  { name, outcome }: ExplainedCheck,
  facts: Explained['facts'],
  { baseDigest, deviates }: ExplainedSignature,
): string | null {
  switch (outcome === 'skipped' ? null : name) {
    case 'binding':
      return facts.binding === 'absent' ? 'the token is not bound' : null;
    case 'signature-parameters': {
      const age = Math.round(facts.at - (facts.signature?.parameters.created ?? 0));
      return age < 0 ? `signed ${-age} s in the future` : `signed ${age} s ago`;
    }
    case 'signature-proof':
      if (outcome === 'passed') return deviates ? 'by a tolerated deviation of the client' : null;
      return baseDigest === 'agrees' ? 'the base is the client’s: the key is another, or the signature was changed' : null;
    case 'digest':
      return facts.digest === 'absent' ? 'no Content-Digest was sent' : null;
    default:
      return null;
  }
}

/** Sources of the caller's own may serve a guard at this very moment: they are asked, and never closed. */
function lent(keys: KeysOptions): KeysOptions {
  if (Array.isArray(keys)) return keys.map((part: KeysPart) => (isSource(part) ? lentSource(part) : part));
  // The cast holds: what is not a list is one part.
  const part = keys as KeysPart;
  return isSource(part) ? lentSource(part) : part;
}

function isSource(part: KeysPart): part is KeySource {
  // The cast holds: what may be absent is asked for so.
  return typeof (part as Partial<KeySource> | null | undefined)?.current === 'function';
}

function lentSource(source: KeySource): KeySource {
  return { current: (at) => source.current(at), refresh: (at) => source.refresh?.(at) ?? source.current(at) !== null };
}
