/** The guard as the suites use it: the product's entry, and the bare path below it. */
import { createGuard } from 'approov-guard';
import { guardKeys } from './inputs/tokens.mjs';
import { internals } from './internals.mjs';

/** @typedef {import('./inputs/tokens.mjs').Keys} Keys */

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
 * The bare path: the order of judgement for one token, without the guard around it.
 * @param {Keys} keys @param {boolean} cache
 */
export async function coreCandidate(keys, cache) {
  const { ALGORITHMS, KeySet, VerifiedTokens, crypto, judge, newCase, orderOf } = await internals();
  const algorithm = ALGORITHMS.get(keys.algorithm);
  const prepared =
    keys.publicKey === null
      ? crypto.prepareSecret(algorithm, keys.secret)
      : crypto.preparePublicKey(algorithm, { form: 'jwk', jwk: keys.publicKey.export({ format: 'jwk' }) });
  const key = { id: 'key', kid: null, algorithm, prepared };
  const verified = cache ? new VerifiedTokens(20_000, 2048) : null;
  const { policy } = createGuard({ keys: guardKeys(keys) }).route({});
  const order = orderOf(policy);
  const snapshot = { keys: new KeySet([key]), verified };
  const means = { decodeText: crypto.decodeText };
  return (/** @type {string} */ token) =>
    judge(newCase({ request: new MinimalView(token), means, alike: null }, policy, snapshot, Date.now() / 1000), order).outcome ===
    'accepted';
}
