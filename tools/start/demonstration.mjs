/** What `npm start` does once everything is installed and built. */
import { exampleToken, longLivedToken, lookalikeToken } from '@approov-guard/testkit';
import { stop } from '../ready.mjs';
import { casesFor } from './cases.mjs';
import { selfCheck } from './self-check.mjs';
import { APP, DOMAIN, startWorld } from './world.mjs';

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

/** @param {Awaited<ReturnType<typeof startWorld>>} world */
function introduce({ api, page, cloudUrl, secret }) {
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

/** Cases that the cloud's own tokens make. @param {Awaited<ReturnType<typeof startWorld>>} world @returns {import('./cases.mjs').Case[]} */
function casesOfCloud({ cloud }) {
  const device = 'daIvmEWBA2gvZny7a/RC/w==';
  const attested = (/** @type {string} */ app, /** @type {object} */ more = {}) => ({
    'Approov-Token': cloud.attest({ app, device, domain: DOMAIN, ...more }).token,
  });
  const path = '/v2/shapes';
  return [
    { title: 'an app that the local cloud attested', path, headers: attested(APP), status: 200, verdict: 'accepted' },
    {
      title: 'an app that the local cloud does not know',
      path,
      headers: attested('com.example.copy'),
      status: 401,
      verdict: 'token-signature-invalid',
    },
  ];
}

/** @param {() => Promise<void>} end */
function stopOnSignal(end) {
  const stopped = async () => {
    await end();
    console.log('\nStopped.');
    process.exit(0);
  };
  for (const signal of /** @type {const} */ (['SIGINT', 'SIGTERM'])) process.once(signal, stopped);
}

/** @param {{ checkOnly: boolean }} options */
export async function demonstrate({ checkOnly }) {
  const world = await startWorld().catch((/** @type {Error} */ error) =>
    ['ConfigurationError', 'CloudError', 'ConsoleError'].includes(error.name) ? stop(error.message) : Promise.reject(error),
  );
  if (!checkOnly) {
    introduce(world);
    stopOnSignal(world.end);
    return;
  }
  const cases = [...casesFor(world.secret, Date.now(), world.api), ...casesOfCloud(world)];
  const agree = await selfCheck(world.api, cases, world.guard);
  await world.end();
  process.exit(agree ? 0 : 1);
}
