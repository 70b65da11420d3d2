/** The guard as the suites use it: the product's entry, and the bare path below it. */
import { createGuard } from 'approov-guard';
import { internals } from './internals.mjs';
import { guardKeys } from './tokens.mjs';

/** @typedef {import('./tokens.mjs').Keys} Keys */

const NO_LINES = /** @type {readonly string[]} */ (Object.freeze([]));

/** The least that a request can be: a token header. */
export class MinimalView {
  /** @param {string | null} token */
  constructor(token) {
    this.token = token;
    this.method = 'GET';
    this.scheme = 'https';
    this.authority = 'api.example.com';
    this.target = '/shapes';
  }

  /** @param {string} name */
  lines(name) {
    return name === 'approov-token' && this.token !== null ? [this.token] : NO_LINES;
  }
}

let told = 0;

/** A hook as a service would have it: it counts. */
export function countingHook() {
  told++;
}

export const hookCalls = () => told;

/**
 * The product: a decision for a request, with the hook and the counters on.
 * @param {Keys} keys @param {{ [option: string]: unknown }} [options]
 */
export function guardCandidate(keys, options = {}) {
  const guard = createGuard({ keys: guardKeys(keys), onVerdict: countingHook, ...options });
  return (/** @type {string | null} */ token) => {
    const decision = guard.decide(new MinimalView(token));
    return /** @type {import('approov-guard').Decision} */ (decision).action === 'pass';
  };
}

/**
 * The bare path: form, signature and claims of one token, without the guard around it.
 * @param {Keys} keys @param {boolean} cache
 */
export async function coreCandidate(keys, cache) {
  const { ALGORITHMS, KeySet, VerifiedTokens, checkClaims, crypto, verifyToken } = await internals();
  const algorithm = ALGORITHMS.get(keys.algorithm);
  const prepared =
    keys.publicKey === null
      ? crypto.prepareSecret(algorithm, keys.secret)
      : crypto.preparePublicKey(algorithm, { form: 'jwk', jwk: keys.publicKey.export({ format: 'jwk' }) });
  const key = { id: 'key', kid: null, algorithm, prepared };
  const verified = cache ? new VerifiedTokens(20_000, 2048) : null;
  const evidence = { keys: new KeySet([key]), verified, decodeText: crypto.decodeText };
  const policy = { clockToleranceSeconds: 0, maxLifetimeSeconds: null, issuers: null, audiences: null, audienceRequired: false };
  return (/** @type {string} */ token) => {
    const found = verifyToken(token, evidence);
    return !('outcome' in found) && checkClaims(found.claims, policy, Date.now() / 1000) === null;
  };
}
