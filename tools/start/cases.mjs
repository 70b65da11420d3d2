/** The requests that `npm start` shows and `--self-check` sends, each with the answer to expect. */
import { exampleToken, failoverToken, longLivedToken, lookalikeToken, mintToken, misboundToken } from '@approov-guard/testkit';
import { signedCases } from './signed-cases.mjs';

/**
 * @typedef {object} Case
 * @property {string} title - who sends this
 * @property {string} path
 * @property {{ readonly [name: string]: string | readonly string[] }} headers - a list makes one header line for each value
 * @property {number} status
 * @property {string} verdict - `accepted`, a reason code, or `not judged` on an open route
 */

// The demonstration's own values: a user's sign-in, another user's, and the public API key of the vendor's demo.
const USER = 'Bearer user-1';
const OTHER_USER = 'Bearer user-2';
const API_KEY = process.env.API_KEY ?? 'yXClypapWNHIifHUWmBIyPFAm';

/** @param {import('@approov-guard/testkit').IssueOptions} options */
function tokens(options) {
  const now = options.now ?? Date.now();
  return {
    genuine: exampleToken(options),
    lookalike: lookalikeToken(options),
    expired: exampleToken({ ...options, lifetimeSeconds: -60 }),
    endless: exampleToken({ ...options, claims: { exp: undefined } }),
    emptyExpiry: exampleToken({ ...options, claims: { exp: '' } }),
    fractional: exampleToken({ ...options, claims: { exp: now / 1000 + 3600.5 } }),
    none: exampleToken({ ...options, header: { alg: 'none' } }),
    otherAlgorithm: mintToken({ ...options, algorithm: 'HS512' }),
    longLived: longLivedToken({ ...options, issuer: 'test-server', duration: '1y' }),
    failover: failoverToken(options),
    bound: exampleToken({ ...options, bind: USER }),
    misbound: misboundToken({ ...options, bind: USER }),
  };
}

/**
 * @param {{ base64: string }} secret - with which the server checks
 * @param {number} now - milliseconds since the epoch
 * @param {string} origin - of the server
 * @returns {readonly Case[]}
 */
export function casesFor(secret, now, origin) {
  const t = tokens({ secret, now });
  /** @param {string | readonly string[]} token @param {{ readonly [name: string]: string }} [others] */
  const withToken = (token, others) => ({ 'Approov-Token': token, ...others });
  const [open, shapes, forms, keyed] = ['/v2/hello', '/v2/shapes', '/v2/forms', '/v3/shapes'];
  /** @type {readonly [string, string, Case['headers'], number, string][]} */
  const rows = [
    ['anybody, on an open route', open, {}, 200, 'not judged'],
    ['a genuine app', shapes, withToken(t.genuine), 200, 'accepted'],
    ['a genuine app, the expiry with a fraction', shapes, withToken(t.fractional), 200, 'accepted'],
    ['a genuine app while the primary cloud is down (fail-over token)', shapes, withToken(t.failover), 200, 'accepted'],
    ['a test server with a long-lived token', shapes, withToken(t.longLived), 200, 'accepted'],
    ['a script without a token', shapes, {}, 400, 'token-missing'],
    ['an app whose SDK could not reach the service (empty header)', shapes, withToken(''), 400, 'token-missing'],
    ['an app whose SDK reports its status instead of a token', shapes, withToken('NO_NETWORK'), 401, 'token-sdk-status'],
    ['a tampered app (looks genuine, signed with another key)', shapes, withToken(t.lookalike), 401, 'token-signature-invalid'],
    ['an attacker who replays an old token (expired)', shapes, withToken(t.expired), 401, 'token-expired'],
    ['a token that never expires', shapes, withToken(t.endless), 401, 'token-expiry-missing'],
    ['a token whose expiry is an empty text', shapes, withToken(t.emptyExpiry), 401, 'token-expiry-missing'],
    ['a forger: algorithm none', shapes, withToken(t.none), 401, 'token-algorithm-not-allowed'],
    ['a forger: algorithm none and no signature', shapes, withToken(t.none.replace(/[^.]+$/, '')), 401, 'token-algorithm-not-allowed'],
    ['the right secret with another algorithm', shapes, withToken(t.otherAlgorithm), 401, 'token-algorithm-not-allowed'],
    ['something that is not a token', shapes, withToken('adasdasdsadasd'), 401, 'token-malformed'],
    ['two token headers, one of them genuine', shapes, withToken([t.lookalike, t.genuine]), 401, 'token-duplicated'],
    ['a genuine app, its user signed in', forms, withToken(t.bound, { Authorization: USER }), 200, 'accepted'],
    ['the same token under another user', forms, withToken(t.bound, { Authorization: OTHER_USER }), 401, 'binding-mismatch'],
    ['a token that was bound to another text', forms, withToken(t.misbound, { Authorization: USER }), 401, 'binding-mismatch'],
    ['the same token without Authorization', forms, withToken(t.bound), 400, 'binding-value-missing'],
    ['an unbound token where binding is asked for', forms, withToken(t.genuine, { Authorization: USER }), 400, 'binding-claim-missing'],
    ['a fail-over token where binding is asked for', forms, withToken(t.failover, { Authorization: USER }), 400, 'binding-claim-missing'],
    ['a genuine app with the API key', keyed, withToken(t.genuine, { 'Api-Key': API_KEY }), 200, 'accepted'],
    ['a genuine app without the API key (400 from the API)', keyed, withToken(t.genuine), 400, 'accepted'],
    ['a script that copied the API key', keyed, { 'Api-Key': API_KEY }, 400, 'token-missing'],
  ];
  const unsigned = rows.map(([title, path, headers, status, verdict]) => ({ title, path, headers, status, verdict }));
  return [...unsigned, ...signedCases({ secret, now, origin, apiKey: API_KEY })];
}
