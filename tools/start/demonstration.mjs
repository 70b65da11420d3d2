/** What `npm start` does once everything is installed and built. */
import { freshSecret } from '@approov-guard/testkit';
import { casesFor } from './cases.mjs';
import { freePort } from './free-port.mjs';
import { logQueue, selfCheck } from './self-check.mjs';
import { startServer } from './server.mjs';

/** @param {import('./cases.mjs').Case} shown @param {string} url */
function curl({ path, headers }, url) {
  const lines = Object.entries(headers).flatMap(([name, values]) => [values].flat().map((value) => ({ name, value })));
  // curl drops a header without a value unless it is written with a semicolon.
  const flags = lines.map(({ name, value }) => (value === '' ? `-H '${name};'` : `-H '${name}: ${value}'`));
  return ['curl -i', ...flags, url + path].join(' ');
}

/** @param {readonly import('./cases.mjs').Case[]} cases @param {string} url */
function show(cases, url) {
  console.log('\nRequests to paste into another terminal, each with the answer to expect. The tokens live for one hour,');
  console.log('signatures for five minutes, and a signed request is accepted once.\n');
  cases.forEach((shown, index) => {
    console.log(`${String(index + 1).padStart(2)}. ${shown.title}: expect ${shown.status} (${shown.verdict})`);
    console.log(`${curl(shown, url)}\n`);
  });
  console.log('The client sees the status and {}, never the reason. That is written here, a line for each verdict. Stop with Ctrl-C.\n');
}

/** @param {string} url @param {string | null} fresh - the secret that was generated, if none was given */
function introduce(url, fresh) {
  console.log(`\nThe protected Shapes API listens on ${url}`);
  if (fresh === null) console.log('It checks tokens with the secret from APPROOV_BASE64_SECRET.');
  else console.log(`It checks tokens with a secret made for this run only:\n  export APPROOV_BASE64_SECRET='${fresh}'`);
}

/** @param {import('./server.mjs').Server} server */
function stopOnSignal(server) {
  for (const signal of /** @type {const} */ (['SIGINT', 'SIGTERM'])) process.once(signal, server.stop);
  void server.ended.then((code) => {
    console.log(code === 0 ? '\nStopped.' : `\nThe server ended with exit code ${code}.`);
    process.exit(code);
  });
}

/** @param {{ checkOnly: boolean }} options */
export async function demonstrate({ checkOnly }) {
  const given = process.env.APPROOV_BASE64_SECRET;
  const secret = given ? given.trim() : freshSecret().base64;
  const host = process.env.SERVER_HOSTNAME || '127.0.0.1';
  const port = process.env.HTTP_PORT ? Number(process.env.HTTP_PORT) : await freePort(host);
  const log = logQueue();
  const server = await startServer({ secret, port, host, onLine: checkOnly ? log.push : (line) => console.log(line) });
  if ('failed' in server) {
    process.exitCode = server.failed || 1;
    return;
  }
  introduce(server.url, given ? null : secret);
  const cases = casesFor({ base64: secret }, Date.now(), server.url);
  if (checkOnly) {
    process.exitCode = (await selfCheck(server.url, cases, log)) ? 0 : 1;
    await server.stop();
  } else {
    show(cases, server.url);
    stopOnSignal(server);
  }
}
