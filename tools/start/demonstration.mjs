/** What `npm start` does once everything is installed and built. */
import { stop } from '../ready.mjs';
import { casesFor } from './cases.mjs';
import { introduce } from './introduce.mjs';
import { selfCheck } from './self-check.mjs';
import { APP, DOMAIN, startWorld } from './world.mjs';

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
