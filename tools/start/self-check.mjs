/** Sends every case over HTTP and prints expected beside actual. */
import { once } from 'node:events';
import { request } from 'node:http';

/** @typedef {import('./cases.mjs').Case} Case */

// The log's line usually comes before the answer; a busy machine may deliver it later.
const LOG_PATIENCE_MS = 30_000;
const SILENCE_MS = 30;

/** The server's log as a queue: whoever has sent a request takes the line that it caused. */
export function logQueue() {
  const lines = /** @type {string[]} */ ([]);
  /** @param {number} patienceMs @returns {Promise<string | null>} */
  const take = async (patienceMs) => {
    const until = performance.now() + patienceMs;
    while (lines.length === 0 && performance.now() < until) await new Promise((resolve) => setTimeout(resolve, 2));
    return lines.shift() ?? null;
  };
  return { push: (/** @type {string} */ line) => void lines.push(line), take };
}

/** @param {string} url @param {Case['headers']} headers @returns {Promise<{ status: number, body: string }>} */
async function send(url, headers) {
  const outgoing = request(url, { headers: /** @type {import('node:http').OutgoingHttpHeaders} */ (headers), agent: false });
  outgoing.end();
  const [response] = await once(outgoing, 'response');
  let body = '';
  for await (const chunk of response) body += chunk;
  return { status: response.statusCode, body };
}

/** The verdict in a line of the server's log: `accepted`, or the code. @param {string | null} line */
function verdictOf(line) {
  if (line === null) return 'not judged';
  const [, outcome, code] = /^\S+ \S+ \S+ (\w+) (\S+) /.exec(line) ?? [];
  return (outcome === 'accepted' ? outcome : code) ?? 'no verdict';
}

/** The refusals must be the same bytes for every reason. @param {Case} wanted @param {string} body */
function bodyFits(wanted, body) {
  return wanted.verdict === 'accepted' || wanted.verdict === 'not judged' ? body !== '{}' : body === '{}';
}

/**
 * @param {string} url - the server's origin
 * @param {readonly Case[]} cases
 * @param {ReturnType<typeof logQueue>} log
 * @returns {Promise<boolean>} whether all agree
 */
export async function selfCheck(url, cases, log) {
  const width = Math.max(...cases.map(({ title }) => title.length));
  console.log(`\n    ${'case'.padEnd(width)}  ${'expected'.padEnd(33)}actual`);
  let differing = 0;
  for (const wanted of cases) {
    const { status, body } = await send(url + wanted.path, wanted.headers);
    const verdict = verdictOf(await log.take(wanted.verdict === 'not judged' ? SILENCE_MS : LOG_PATIENCE_MS));
    const [expected, actual] = [`${wanted.status} ${wanted.verdict}`, `${status} ${verdict}`];
    const agrees = expected === actual && bodyFits(wanted, body);
    if (!agrees) differing += 1;
    console.log(`${agrees ? 'ok ' : 'NOT'} ${wanted.title.padEnd(width)}  ${expected.padEnd(33)}${actual}${agrees ? '' : ` ${body}`}`);
  }
  console.log(differing === 0 ? `\nAll ${cases.length} cases agree.` : `\n${differing} of ${cases.length} cases differ.`);
  return differing === 0;
}
