/**
 * `node bench/adapters.mjs [SERVER]`: what an adapter costs over a middleware that does nothing, and a refused request over an answered one, CPU µs.
 * Both servers and their clients are in one process, on sockets, and take turns of some hundred requests: this tells differences that are lost
 * between two processes. Each framework has a process of its own, since Express makes Node's own code slower for all.
 */
import { spawnSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { badSignature, freshKeys, freshToken, many } from './lib/inputs/tokens.mjs';
import { medianOf, medianOfPairs, pairOf } from './lib/measuring/pairs.mjs';
import { markdown, short } from './lib/measuring/table.mjs';
import { Connection, requestOf } from './load/connection.mjs';
import { given, IDLE } from './servers/given.mjs';
import { PLATFORMS } from './servers/platforms.mjs';

/** @typedef {{ status: number, connections: readonly Connection[], next: () => Buffer }} Load */

const [CONNECTIONS, REQUESTS, PAIRS] = [8, 300, Number(process.env.PAIRS ?? 60)];
const keys = freshKeys('HS256');
const known = many(16, () => freshToken(keys));

/** Opens connections that stay open. @param {number} port @returns {Promise<readonly Connection[]>} */
async function connected(port) {
  const nothing = { answered: () => {}, broken: () => {} };
  const open = () => new Promise((resolve) => new Connection(port, { ...nothing, open: resolve }));
  return Promise.all(Array.from({ length: CONNECTIONS }, open));
}

/** CPU µs for each request of a turn. @param {Load} load @returns {Promise<number>} */
function turn({ status, connections, next }) {
  const requests = Array.from({ length: REQUESTS }, next);
  return new Promise((resolve, reject) => {
    let answers = 0;
    const before = process.cpuUsage();
    const send = (/** @type {Connection} */ connection) => {
      const request = requests.pop();
      if (request !== undefined) connection.send(request, 0);
    };
    const answered = (/** @type {Connection} */ connection, /** @type {number} */ found) => {
      if (found !== status) reject(new Error(`${found} instead of ${status}`));
      send(connection);
      if (++answers < REQUESTS) return;
      const { user, system } = process.cpuUsage(before);
      resolve((user + system) / REQUESTS);
    };
    const broken = () => reject(new Error('a connection broke'));
    for (const connection of connections) connection.told = { open: () => {}, answered, broken };
    connections.forEach(send);
  });
}

/** @param {readonly string[]} texts */
const inTurn = (texts) => {
  const requests = texts.map(requestOf);
  let at = 0;
  return () => /** @type {Buffer} */ (requests[at++ % requests.length]);
};

/** @param {import('./servers/platforms.mjs').Platform} platform */
async function measure({ name, file }) {
  const { start } = await import(new URL(`servers/${file}`, import.meta.url).href);
  const serve = async (/** @type {string} */ protection) => connected(await start(given(keys.secret.toString('base64')), protection));
  const [idle, guard] = [await serve(IDLE), await serve('guard')];
  const nothing = { status: 200, connections: idle, next: inTurn(known) };
  const answered = { status: 200, connections: guard, next: inTurn(known) };
  const refused = { status: 401, connections: guard, next: inTurn(known.map(badSignature)) };
  const answeredNew = { ...answered, next: () => requestOf(freshToken(keys)) };
  const refusedNew = { ...refused, next: () => requestOf(badSignature(freshToken(keys))) };
  for (let round = 0; round < 20; round++) for (const load of [nothing, answered, refused, answeredNew, refusedNew]) await turn(load);
  const figures = [];
  for (const [one, other] of /** @type {const} */ ([
    [nothing, answered],
    [answered, refused],
    [answeredNew, refusedNew],
  ])) {
    const pairs = [];
    for (let pair = 0; pair < PAIRS; pair++)
      pairs.push(
        await pairOf(
          pair,
          () => turn(one),
          () => turn(other),
        ),
      );
    if (one === nothing) figures.push(short(medianOf(pairs, ([bare]) => bare)));
    const { median, low, high } = medianOfPairs(pairs.map(([bare, more]) => more - bare));
    figures.push(`${short(median)} (${short(low)} to ${short(high)})`);
  }
  console.log(`| ${[name, ...figures].join(' | ')} |`);
}

process.env.NODE_ENV = 'production';
const chosen = PLATFORMS.find(({ name }) => name === process.argv[2]);
const head = ['server', IDLE, 'the adapter over it', 'refused over answered, tokens known', 'refused over answered, new tokens'];
if (chosen !== undefined) await measure(chosen);
else {
  process.stdout.write(markdown(head, []));
  const names = PLATFORMS.flatMap(({ name, runtime }) => (runtime === 'node' ? [name] : []));
  for (const name of names) spawnSync(process.execPath, [fileURLToPath(import.meta.url), name], { stdio: 'inherit' });
}
process.exit();
