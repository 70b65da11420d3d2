/**
 * Good traffic during a flood of bad tokens: 20 % good requests at a fixed pace, the rest each kind of bad token. The same load is offered to
 * an unprotected handler, which answers all of it alike, and it stays below what that handler can do with these very requests.
 */
import { randomBytes } from 'node:crypto';
import { badSignature, freshKeys, freshToken, many } from '../lib/inputs/tokens.mjs';
import { shuffled } from '../lib/measuring/measure.mjs';
import { medianOf, medianOfPairs, pairOf } from '../lib/measuring/pairs.mjs';
import { Generator } from '../lib/programs/generator.mjs';
import { startServer } from '../lib/programs/processes.mjs';
import { PLATFORMS } from '../servers/platforms.mjs';

/** @typedef {import('../lib/programs/generator.mjs').Paced} Paced */
/** @typedef {import('../lib/programs/processes.mjs').Server} Server */
/** @typedef {{ kind: string, generator: Generator, servers: Map<string, Server>, settings: import('../run.mjs').Settings }} Plan */
/** @typedef {{ perSecond: number, closed: number, seconds: number }} Offer - requests a second in all, or so many connections that flood as fast as they can */

const keys = freshKeys('HS256');
const good = many(1000, () => freshToken(keys));
const KINDS = {
  'bad signature': many(1000, () => badSignature(freshToken(keys))),
  malformed: good.map((token) => `${token.slice(0, 100)}!${token.slice(101)}`),
  expired: many(1000, () => freshToken(keys, { lifetimeSeconds: -60 })),
  oversized: many(20, () => randomBytes(7000).toString('base64url')),
};
const GOOD = 0.2;
/** What of an unprotected server's capacity is offered in all. */
const OFFERED = 0.5;
/** More than this the load program does not send on time. */
const MOST = 10_000;
/** A server whose queue grows is saturated: its median grows with it, whatever a disturbed machine does to the percentiles above. */
const CALM_P50_MS = 15;
const PEERS = ['fast-jwt', 'jsonwebtoken, KeyObject', 'jsonwebtoken, Buffer'];
/** Of the rounds, a peer takes part in one of so many. */
const PEERS_EVERY = 3;

/** @param {Plan} plan @param {string} name @param {Offer} offer */
function flooded({ kind, generator, servers }, name, { perSecond, closed, seconds }) {
  const port = servers.get(name)?.port ?? 0;
  return generator.paced({ port, good: 'good', bad: kind, goodPace: perSecond * GOOD, badPace: perSecond * (1 - GOOD), closed, seconds });
}

/**
 * What can be offered: a share of what the unprotected server does with good and bad requests as they are mixed, less if it is not calm then.
 * @param {Plan} plan
 */
async function offerOf(plan) {
  const { kind, generator, servers, settings } = plan;
  const { perSecond: capacity } = await generator.slice(/** @type {Server} */ (servers.get('unprotected')), `${kind}, mixed`, 1);
  let perSecond = Math.min(capacity * OFFERED, MOST);
  for (let attempt = 0; attempt < 4 && !settings.smoke; attempt++) {
    const { lost, bad, p50ms } = await flooded(plan, 'unprotected', { perSecond, closed: 0, seconds: 1 });
    if (lost === 0 && p50ms < CALM_P50_MS && bad > 0.95 * perSecond * (1 - GOOD)) break;
    perSecond *= 0.75;
  }
  return perSecond;
}

/** Pairs: the unprotected server, and each of the others directly beside it. @param {Plan} plan @param {Offer} offer */
async function measuredPairs(plan, offer) {
  const others = [...plan.servers.keys()].filter((name) => name !== 'unprotected');
  const pairs = new Map(others.map((name) => [name, /** @type {(readonly [Paced, Paced])[]} */ ([])]));
  for (let round = 0; round < plan.settings.flood.rounds; round++) {
    const present = others.filter((name) => name === 'guard' || round % PEERS_EVERY === 0);
    for (const name of /** @type {string[]} */ (shuffled(present))) {
      const found = pairs.get(name) ?? [];
      const bare = () => flooded(plan, 'unprotected', offer);
      const other = () => flooded(plan, name, offer);
      found.push(await pairOf(found.length, bare, other));
    }
  }
  return pairs;
}

/** @param {readonly Paced[]} samples */
function levels(samples) {
  const sum = (/** @type {(sample: Paced) => number} */ of) => samples.reduce((total, sample) => total + of(sample), 0);
  return {
    'bad/s': medianOf(samples, ({ bad }) => bad),
    'p50 ms': medianOf(samples, ({ p50ms }) => p50ms),
    'p99 ms': medianOf(samples, ({ p99ms }) => p99ms),
    'max ms': medianOf(samples, ({ maxMs }) => maxMs),
    sent: sum(({ asked }) => asked),
    lost: sum(({ lost }) => lost),
    'of which unanswered': sum(({ unanswered }) => unanswered),
    'broken off': sum(({ broken, badBroken }) => broken + badBroken),
    'generator late, p99 ms': medianOf(samples, ({ lateMs }) => lateMs),
    rounds: samples.length,
  };
}

/** @param {Plan} plan @param {string} group @param {Offer} offer @param {import('../run.mjs').Report} report */
async function runKind(plan, group, offer, report) {
  const pairs = await measuredPairs(plan, offer);
  const common = { suite: 'flood', group, unit: 'ms' };
  const pace = { 'good/s': offer.perSecond * GOOD };
  const bare = (pairs.get('guard') ?? []).map(([unprotected]) => unprotected);
  report({ ...common, name: 'unprotected', figures: { ...pace, ...levels(bare) } });
  for (const [name, found] of pairs) {
    const samples = found.map(([, other]) => other);
    if (name === 'guard' && samples.some(({ badPassed }) => badPassed > 0)) throw new Error(`the guard passed a bad token: ${group}`);
    const ratio = medianOfPairs(found.map(([unprotected, other]) => other.p99ms / unprotected.p99ms));
    const more = medianOfPairs(found.map(([unprotected, other]) => other.p99ms - unprotected.p99ms));
    report({ ...common, name, ratio, figures: { ...pace, ...levels(samples), 'p99 ratio': ratio, 'p99 ms more': more } });
  }
}

/** @param {Plan} plan @param {readonly string[]} bad */
async function prepare({ kind, generator, servers, settings }, bad) {
  await generator.tokens(kind, bad);
  const share = Math.round(1 / GOOD);
  await generator.tokens(
    `${kind}, mixed`,
    many(1000, (index) => (index % share === 0 ? good[index % good.length] : bad[index % bad.length]) ?? ''),
  );
  for (const server of servers.values()) await generator.slice(server, `${kind}, mixed`, settings.load.warmSeconds);
}

/** @param {import('../run.mjs').Settings} settings @param {import('../run.mjs').Report} report */
export async function run(settings, report) {
  const [platform] = PLATFORMS;
  if (platform === undefined) return;
  const generator = new Generator();
  const servers = /** @type {Map<string, Server>} */ (new Map());
  try {
    for (const protection of ['unprotected', 'guard', ...(settings.quick ? [] : PEERS)]) {
      servers.set(protection, await startServer(platform, protection, keys.secret.toString('base64')));
    }
    await generator.tokens('good', good);
    const { seconds } = settings.flood;
    for (const [kind, bad] of Object.entries(KINDS).slice(0, settings.quick ? 1 : undefined)) {
      const plan = { kind, generator, servers, settings };
      await prepare(plan, bad);
      const perSecond = await offerOf(plan);
      await runKind(plan, kind, { perSecond, closed: 0, seconds }, report);
      if (kind !== 'bad signature' || settings.quick) continue;
      // No comparison at the same load: whoever refuses faster is sent more.
      await runKind(plan, 'bad signature, 64 connections as fast as they can', { perSecond, closed: 64, seconds }, report);
    }
  } finally {
    for (const server of servers.values()) server.stop();
    generator.stop();
  }
}
