/** What `npm start` prints: the page, and five requests to try. */
import { exampleToken, longLivedToken, lookalikeToken } from '@approov-guard/testkit';

const YEAR_SECONDS = 31_536_000;

/**
 * Five requests, by a secret. Their tokens outlive every run.
 * @param {{ base64: string }} secret
 * @returns {readonly [who: string, expected: string, path: string, headers: readonly string[]][]}
 */
function fiveRequests(secret) {
  const options = { secret, lifetimeSeconds: YEAR_SECONDS };
  const token = (/** @type {string} */ text) => `Approov-Token: ${text}`;
  return [
    ['no token: a script', '400 token-missing', '/v2/shapes', []],
    ['a genuine app', '200', '/v2/shapes', [token(longLivedToken({ secret, issuer: 'npm-start', duration: '1y' }))]],
    ['a tampered app', '401 token-signature-invalid', '/v2/shapes', [token(lookalikeToken(options))]],
    ['an expired token', '401 token-expired', '/v2/shapes', [token(exampleToken({ secret, lifetimeSeconds: -60 }))]],
    [
      'a stolen token, bound to another user',
      '401 binding-mismatch',
      '/v2/forms',
      [token(exampleToken({ ...options, bind: 'Bearer alice' })), 'Authorization: Bearer mallory'],
    ],
  ];
}

/** @param {Awaited<ReturnType<typeof import('./world.mjs').startWorld>>} world */
export function introduce({ api, page, cloudUrl, secret }) {
  console.log(`
  Open this page and press a button:   ${page}

  the protected API   ${api}
  the local cloud     ${cloudUrl}   (issues tokens to simulated apps)

Or from another terminal. These tokens work as long as this runs:`);
  for (const [who, expected, path, headers] of fiveRequests(secret)) {
    const flags = headers.map((line) => `-H '${line}'`);
    console.log(`# ${who}: expect ${expected}\n${['curl -i', ...flags, api + path].join(' ')}`);
  }
  console.log(`
The client never learns the reason; the page shows it. Stop with Ctrl-C.
Next: docs/quickstart has a page for your framework, docs/console.md says more about this one.`);
}
