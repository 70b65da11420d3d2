/**
 * Real servers on loopback: unprotected, with the guard (hook and counters on), and with their usual peers. Each is compared with the
 * unprotected one by pairs of short slices of the same load, one directly after the other; `unprotected again` is a second process of the
 * same, whose ratio would be 1 on a quiet machine. Two pairs more tell what is the adapter's own: the guard beside a middleware that does nothing,
 * and a refused request beside an answered one.
 */

import { badSignature, freshKeys, freshToken, many } from '../lib/inputs/tokens.mjs';
import { shuffled } from '../lib/measuring/measure.mjs';
import { medianOf, medianOfPairs, pairOf } from '../lib/measuring/pairs.mjs';
import { Generator } from '../lib/programs/generator.mjs';
import { startServer } from '../lib/programs/processes.mjs';
import { IDLE } from '../servers/given.mjs';
import { commandOf, PLATFORMS } from '../servers/platforms.mjs';

/** @typedef {Awaited<ReturnType<Generator['slice']>>} Slice */
/** @typedef {readonly [Slice, Slice]} Pair - what it is compared with, and what is compared */
/** @typedef {import('../lib/programs/processes.mjs').Server} Server */
/** @typedef {'valid' | 'bad'} Tokens */
/** @typedef {{ name: string, protection: string, tokens: Tokens, every: number, beside: { protection: string, tokens: Tokens }, pairs: Pair[] }} Cell */
/** @typedef {{ cells: readonly Cell[], settings: import('../run.mjs').Settings, generator: Generator }} Plan */

const keys = freshKeys('HS256');
const AGAIN = 'unprotected again';
const OVER_IDLE = `guard, over ${IDLE}`;
const OVER_ANSWERED = 'guard, refused over answered';
/** Of the rounds, a peer takes part in one of so many: its distance is larger than the noise. */
const PEERS_EVERY = 3;

/** @param {import('../servers/platforms.mjs').Platform} platform @param {import('../run.mjs').Settings} settings @returns {Cell[]} */
function cellsOf(platform, settings) {
  const peers = settings.quick ? platform.peers.slice(0, 1) : platform.peers;
  const cell = (/** @type {string} */ protection, /** @type {'valid' | 'bad'} */ tokens, every = 1) => {
    const kind = tokens === 'bad' ? 'bad signature' : tokens;
    const beside = { protection: 'unprotected', tokens };
    return { name: `${protection}, ${kind}`, protection, tokens, every, beside, pairs: /** @type {Pair[]} */ ([]) };
  };
  return [
    cell(AGAIN, 'valid'),
    cell('guard', 'valid'),
    cell('guard', 'bad'),
    { ...cell('guard', 'valid'), name: OVER_IDLE, beside: { protection: IDLE, tokens: 'valid' } },
    { ...cell('guard', 'bad'), name: OVER_ANSWERED, beside: { protection: 'guard', tokens: 'valid' } },
    ...peers.map((peer) => cell(peer, 'valid', PEERS_EVERY)),
    ...(settings.quick ? [] : peers.map((peer) => cell(peer, 'bad', PEERS_EVERY))),
  ];
}

/** @typedef {Pick<Cell, 'name' | 'protection' | 'tokens'>} Load */

/** A slice of which every answer was as it must be. @param {Generator} generator @param {Server} server @param {Load} load @param {number} seconds */
async function checkedSlice(generator, server, { name, protection, tokens }, seconds) {
  const slice = await generator.slice(server, tokens, seconds);
  const refusing = tokens === 'bad' && !protection.startsWith('unprotected') && protection !== IDLE;
  if (slice.requests === 0 || slice.broken > 0 || slice.refused !== (refusing ? slice.requests : 0)) {
    throw new Error(`${name}: of ${slice.requests} requests ${slice.refused} were refused and ${slice.broken} broken off`);
  }
  return slice;
}

/**
 * Long enough for the compiler, and as long for each: a server that was started just now needs several times the CPU. A disturbed machine gives
 * it less time, so that requests are counted, too.
 * @param {Generator} generator @param {Server} server @param {string} protection @param {import('../run.mjs').Settings} settings
 */
async function warm(generator, server, protection, { load: { warmSeconds, warmRequests } }) {
  for (const tokens of /** @type {const} */ (['valid', 'bad'])) {
    const cell = { name: protection, protection, tokens };
    let requests = 0;
    for (let slices = 0; slices < 5 && (slices === 0 || requests < warmRequests); slices++) {
      requests += (await checkedSlice(generator, server, cell, warmSeconds)).requests;
    }
  }
}

/** Starts each server once more and measures pairs. @param {import('../servers/platforms.mjs').Platform} platform @param {Plan} plan */
async function launch(platform, { cells, settings, generator }) {
  const servers = /** @type {Map<string, Server>} */ (new Map());
  try {
    const protections = /** @type {string[]} */ (
      shuffled([...new Set(cells.flatMap(({ protection, beside }) => [protection, beside.protection]))])
    );
    for (const protection of protections) {
      const started = protection === AGAIN ? 'unprotected' : protection;
      servers.set(protection, await startServer(platform, started, keys.secret.toString('base64')));
    }
    const serverOf = (/** @type {string} */ protection) => /** @type {Server} */ (servers.get(protection));
    const { rounds, seconds } = settings.load;
    for (const [protection, server] of servers) await warm(generator, server, protection, settings);
    for (let round = 0; round < rounds; round++) {
      for (const cell of /** @type {Cell[]} */ (shuffled(cells.filter(({ every }) => round % every === 0)))) {
        const { beside } = cell;
        const bare = () => checkedSlice(generator, serverOf(beside.protection), { ...beside, name: beside.protection }, seconds);
        const other = () => checkedSlice(generator, serverOf(cell.protection), cell, seconds);
        cell.pairs.push(await pairOf(cell.pairs.length, bare, other));
      }
    }
  } finally {
    for (const server of servers.values()) server.stop();
  }
}

/** An accepted request is answered with the same bytes, protected or not. @param {Cell} cell @param {string} platform */
function mustAnswerAlike({ name, protection, tokens, pairs }, platform) {
  const differs = pairs.find(([bare, other]) => bare.bytes !== other.bytes);
  if (tokens === 'valid' && protection === 'guard' && differs !== undefined) {
    throw new Error(`${platform}, ${name}: answers of ${differs[1].bytes} bytes instead of ${differs[0].bytes}`);
  }
}

/** @param {readonly Slice[]} slices */
const levels = (slices) => ({
  'requests/s': medianOf(slices, ({ perSecond }) => perSecond),
  'CPU µs': medianOf(slices, ({ cpu }) => cpu),
  'server busy': medianOf(slices, ({ busy }) => busy),
  'p50 ms': medianOf(slices, ({ p50ms }) => p50ms),
  'p99 ms': medianOf(slices, ({ p99ms }) => p99ms),
  'RSS MiB': medianOf(slices, ({ rss }) => rss / 2 ** 20),
});

/** @param {readonly Pair[]} pairs */
function compared(pairs) {
  const total = (/** @type {0 | 1} */ which) =>
    pairs.reduce((sum, pair) => sum + pair[which].cpu * pair[which].requests, 0) /
    pairs.reduce((sum, pair) => sum + pair[which].requests, 0);
  const ratio = medianOfPairs(pairs.map(([bare, other]) => other.perSecond / bare.perSecond));
  const { 'requests/s': perSecond, 'CPU µs': cpu, ...rest } = levels(pairs.map(([, other]) => other));
  const figures = {
    'requests/s': perSecond,
    '÷ unprotected': ratio,
    'CPU µs': cpu,
    '÷ unprotected, by CPU': medianOfPairs(pairs.map(([bare, other]) => bare.cpu / other.cpu)),
    'by CPU in all': total(0) / total(1),
    'guard CPU µs': medianOfPairs(pairs.map(([bare, other]) => other.cpu - bare.cpu)),
    ...rest,
    pairs: pairs.length,
  };
  return { ratio, figures };
}

/** What is the adapter's own. @param {readonly Pair[]} pairs */
function besides(pairs) {
  const figures = {
    'CPU µs': medianOf(pairs, ([, other]) => other.cpu),
    'CPU µs more': medianOfPairs(pairs.map(([beside, other]) => other.cpu - beside.cpu)),
    pairs: pairs.length,
  };
  return { ratio: medianOfPairs(pairs.map(([beside, other]) => other.cpu / beside.cpu)), figures };
}

/** @param {import('../servers/platforms.mjs').Platform} platform @param {Generator} generator @param {import('../run.mjs').Settings} settings @param {import('../run.mjs').Report} report */
async function runPlatform(platform, generator, settings, report) {
  const cells = cellsOf(platform, settings);
  for (let count = 0; count < settings.load.launches; count++) await launch(platform, { cells, settings, generator });
  const common = { suite: 'http', group: platform.name, unit: '1/s' };
  const bare = levels(
    cells
      .filter(({ tokens }) => tokens === 'valid')
      .filter(({ beside }) => beside.protection === 'unprotected')
      .flatMap(({ pairs }) => pairs.map(([slice]) => slice)),
  );
  report({ ...common, name: 'unprotected, valid', figures: bare });
  for (const cell of cells) {
    mustAnswerAlike(cell, platform.name);
    report({ ...common, name: cell.name, ...(cell.beside.protection === 'unprotected' ? compared(cell.pairs) : besides(cell.pairs)) });
  }
}

/** @param {import('../run.mjs').Settings} settings */
function platformsOf(settings) {
  const named = process.env.PLATFORMS?.split(',');
  if (named !== undefined) return PLATFORMS.filter(({ name }) => named.includes(name));
  const chosen = settings.smoke ? PLATFORMS.slice(0, 1) : settings.quick ? PLATFORMS.filter(({ quick }) => quick) : PLATFORMS;
  return chosen.filter((platform) => {
    const present = commandOf(platform.runtime) !== null;
    if (!present) console.error(`http: ${platform.name} left out, ${platform.runtime} is absent`);
    return present;
  });
}

/** @param {import('../run.mjs').Settings} settings @param {import('../run.mjs').Report} report */
export async function run(settings, report) {
  const generator = new Generator();
  const valid = many(1000, () => freshToken(keys));
  await generator.tokens('valid', valid);
  await generator.tokens('bad', valid.map(badSignature));
  try {
    for (const platform of platformsOf(settings)) await runPlatform(platform, generator, settings, report);
  } finally {
    generator.stop();
  }
}
