/**
 * Good traffic during a flood of bad tokens: 20 % good requests at a fixed pace, the rest each kind of bad token. The same offered load goes
 * to an unprotected handler, which answers all of it alike.
 */
import { randomBytes } from 'node:crypto';
import { fileURLToPath } from 'node:url';
import { shuffled, spread } from '../lib/measure.mjs';
import { LOAD_CORE, runOn, startServer } from '../lib/processes.mjs';
import { badSignature, freshKeys, freshToken, many } from '../lib/tokens.mjs';
import { closedLoad } from '../load/closed.mjs';
import { PLATFORMS } from '../servers/platforms.mjs';

/** @typedef {{ asked: number, lost: number, bad: number, badWrong: number, p50: number, p99: number, p999: number }} Flooded */

const keys = freshKeys('HS256');
const program = fileURLToPath(new URL('../load/paced.mjs', import.meta.url));
const good = many(1000, () => freshToken(keys));
const KINDS = {
  'bad signature': many(1000, () => badSignature(freshToken(keys))),
  malformed: good.map((token) => `${token.slice(0, 100)}!${token.slice(101)}`),
  expired: many(1000, () => freshToken(keys, { lifetimeSeconds: -60 })),
  oversized: many(20, () => randomBytes(7000).toString('base64url')),
};
/** What of an unprotected server's capacity is offered in all. */
const OFFERED = 0.6;
const GOOD = 0.2;

/** @param {number} port @param {readonly string[]} bad @param {{ pace: number, seconds: number, closed: number }} how @returns {Promise<Flooded>} */
async function flooded(port, bad, { pace, seconds, closed }) {
  const paces = [pace * GOOD, closed > 0 ? 0 : pace * (1 - GOOD), seconds];
  const input = JSON.stringify({ good, bad });
  const command = [process.execPath, program, String(port), ...paces.map(String)];
  return JSON.parse(await runOn(command, LOAD_CORE, { CLOSED: String(closed) }, input));
}

/** @param {import('../run.mjs').Settings} settings @param {import('../run.mjs').Report} report */
export async function run(settings, report) {
  const [platform] = PLATFORMS;
  if (platform === undefined) return;
  const secret = keys.secret.toString('base64');
  const protections = ['unprotected', 'guard', ...(settings.quick ? [] : ['fast-jwt', 'jsonwebtoken, KeyObject', 'jsonwebtoken, Buffer'])];
  const servers = new Map();
  for (const protection of protections) servers.set(protection, await startServer(platform, protection, secret));
  try {
    const { perSecond } = await closedLoad(servers.get('unprotected').port, good, { seconds: settings.quick ? 1 : 3 });
    // The load program shares its core with nobody but has limits of its own.
    const pace = Math.min(perSecond * OFFERED, 12_000);
    const seconds = settings.smoke ? 0.5 : settings.quick ? 1 : 3 * settings.load.seconds;
    for (const [kind, bad] of Object.entries(KINDS)) {
      await runKind(kind, { bad, servers, how: { pace, seconds, closed: 0 }, rounds: settings.load.rounds }, report);
      if (settings.quick) return;
    }
    const closed = { pace, seconds, closed: 64 };
    await runKind(
      'bad signature, 64 connections as fast as they can',
      { bad: KINDS['bad signature'], servers, how: closed, rounds: settings.load.rounds },
      report,
    );
  } finally {
    for (const server of servers.values()) server.stop();
  }
}

/**
 * @param {string} kind
 * @param {{ bad: readonly string[], servers: Map<string, import('../lib/processes.mjs').Server>, how: { pace: number, seconds: number, closed: number }, rounds: number }} given
 * @param {import('../run.mjs').Report} report
 */
async function runKind(kind, { bad, servers, how, rounds }, report) {
  const found = new Map([...servers.keys()].map((name) => [name, /** @type {Flooded[]} */ ([])]));
  for (let round = 0; round < rounds; round++) {
    for (const name of /** @type {string[]} */ (shuffled([...servers.keys()]))) {
      found.get(name)?.push(await flooded(servers.get(name)?.port ?? 0, bad, how));
    }
  }
  const bare = found.get('unprotected') ?? [];
  for (const [name, samples] of found) {
    const median = (/** @type {keyof Flooded} */ of) => spread(samples.map((sample) => sample[of])).median;
    const ratio = spread(samples.map(({ p99 }, round) => p99 / (bare[round]?.p99 ?? Number.NaN)));
    if (name === 'guard' && samples.some(({ badWrong }) => badWrong > 0)) throw new Error(`the guard passed a bad token: ${kind}`);
    const figures = {
      'good/s': how.pace * GOOD,
      'bad/s': median('bad') / how.seconds,
      'p50 ms': median('p50'),
      'p99 ms': median('p99'),
      'p99.9 ms': median('p999'),
      'p99 ratio': ratio.median,
      low: ratio.low,
      high: ratio.high,
      lost: samples.reduce((sum, { lost }) => sum + lost, 0),
    };
    report({ suite: 'flood', group: kind, name, unit: 'ms', figures });
  }
}
