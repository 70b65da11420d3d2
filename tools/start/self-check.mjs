/** Sends every case over HTTP and prints expected beside actual. */
import { once } from 'node:events';
import { request } from 'node:http';

/** @typedef {import('./cases.mjs').Case} Case */

/** @param {string} url @param {Case['headers']} headers @returns {Promise<{ status: number, body: string }>} */
async function send(url, headers) {
  const outgoing = request(url, { headers: /** @type {import('node:http').OutgoingHttpHeaders} */ (headers), agent: false });
  outgoing.end();
  const [response] = await once(outgoing, 'response');
  let body = '';
  for await (const chunk of response) body += chunk;
  return { status: response.statusCode, body };
}

/**
 * What was judged between two readings of the counters: `accepted`, the code, or that nothing was.
 * @param {import('approov-guard').GuardCounters} before @param {import('approov-guard').GuardCounters} after
 */
function verdictBetween(before, after) {
  if (after.accepted > before.accepted) return 'accepted';
  const counts = Object.entries({ ...after.rejected, ...after.unavailable });
  const earlier = new Map(Object.entries({ ...before.rejected, ...before.unavailable }));
  return counts.find(([code, count]) => count > (earlier.get(code) ?? 0))?.[0] ?? 'not judged';
}

/** The refusals must be the same bytes for every reason. @param {Case} wanted @param {string} body */
function bodyFits(wanted, body) {
  return wanted.verdict === 'accepted' || wanted.verdict === 'not judged' ? body !== '{}' : body === '{}';
}

/**
 * @param {string} url - the server's origin
 * @param {readonly Case[]} cases
 * @param {import('approov-guard').Guard} guard - it judges nothing else meanwhile
 * @returns {Promise<boolean>} whether all agree
 */
export async function selfCheck(url, cases, guard) {
  const width = Math.max(...cases.map(({ title }) => title.length));
  console.log(`\n    ${'case'.padEnd(width)}  ${'expected'.padEnd(33)}actual`);
  let differing = 0;
  for (const wanted of cases) {
    const before = guard.counters();
    const { status, body } = await send(url + wanted.path, wanted.headers);
    const verdict = verdictBetween(before, guard.counters());
    const [expected, actual] = [`${wanted.status} ${wanted.verdict}`, `${status} ${verdict}`];
    const agrees = expected === actual && bodyFits(wanted, body);
    if (!agrees) differing += 1;
    console.log(`${agrees ? 'ok ' : 'NOT'} ${wanted.title.padEnd(width)}  ${expected.padEnd(33)}${actual}${agrees ? '' : ` ${body}`}`);
  }
  console.log(differing === 0 ? `\nAll ${cases.length} cases agree.` : `\n${differing} of ${cases.length} cases differ.`);
  return differing === 0;
}
