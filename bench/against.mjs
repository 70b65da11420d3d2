/**
 * `node bench/against.mjs CHECKOUT [row …]`: the guard of this checkout against that of another, both built, for one decision of each kind. Prints
 * the CPU time of both and their ratio.
 *
 * Each kind has processes of its own, one after the other, bound to one core where the platform can; in each, both guards take turns at the same
 * tokens, in slices of a millisecond and an order that alternates, and the ratio is the median over all pairs. What the compiler makes of the same code
 * differs from process to process by more than the pairs do: hence many processes, in every other of which the other guard comes first.
 */
import { spawnSync } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { existsSync } from 'node:fs';
import { createRequire } from 'node:module';
import { resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { countingHook, MinimalView } from './lib/guards.mjs';
import { prepare, SignedRequestMessage } from './lib/inputs/signed.mjs';
import { badSignature, deliver, freshKeys, freshToken, guardKeys, many } from './lib/inputs/tokens.mjs';
import { spread } from './lib/measuring/measure.mjs';
import { median, medianOfPairs, pairOf } from './lib/measuring/pairs.mjs';

/** @typedef {{ createGuard: typeof import('approov-guard').createGuard, NodeRequestView: new (message: any) => any }} Library */
/** @typedef {{ accepted: boolean, options?: object, inputs: (keys: import('./lib/inputs/tokens.mjs').Keys) => () => any, views?: true }} Row */

const LAUNCHES = 20;
const PAIRS = 50;
const SLICE_MS = 1;
const WARM_CALLS = 30_000;
const SEEN_ONCE = 4000;

const tokens = (/** @type {import('./lib/inputs/tokens.mjs').Keys} */ keys, count = 1000) => many(count, () => freshToken(keys));
const ofTokens = (/** @type {(keys: import('./lib/inputs/tokens.mjs').Keys) => readonly string[]} */ make) => {
  return (/** @type {import('./lib/inputs/tokens.mjs').Keys} */ keys) => {
    const next = deliver(make(keys));
    return () => new MinimalView(next());
  };
};
const signed = (/** @type {'install' | 'account'} */ label) => {
  const accountKey = randomBytes(64);
  const account = label === 'account' ? { accountKeys: [{ bytes: accountKey }] } : {};
  return {
    accepted: true,
    views: /** @type {const} */ (true),
    options: { origin: 'https://api.example.com', signature: { label, ...account, replay: null } },
    inputs: (/** @type {import('./lib/inputs/tokens.mjs').Keys} */ keys) => {
      const prepared = many(500, () => '').map(() => prepare(keys, label, accountKey, Date.now()));
      let index = -1;
      return () => {
        index = (index + 1) % prepared.length;
        return new SignedRequestMessage(/** @type {import('./lib/inputs/signed.mjs').Prepared} */ (prepared[index]));
      };
    },
  };
};

/** @type {{ [name: string]: Row }} */
const ROWS = {
  'same token': { accepted: true, inputs: ofTokens((keys) => tokens(keys, 1)) },
  'same token, no hook': { accepted: true, options: { onVerdict: undefined }, inputs: ofTokens((keys) => tokens(keys, 1)) },
  'tokens in rotation': { accepted: true, inputs: ofTokens(tokens) },
  // So few places that none is found again, and so many tokens that the place where it was seen once is taken.
  'new token': { accepted: true, options: { cache: { maxTokens: 8 } }, inputs: ofTokens((keys) => tokens(keys, SEEN_ONCE)) },
  'new token, no cache': { accepted: true, options: { cache: null }, inputs: ofTokens(tokens) },
  'bad signature': { accepted: false, inputs: ofTokens((keys) => tokens(keys).map(badSignature)) },
  'bad signature, no cache': { accepted: false, options: { cache: null }, inputs: ofTokens((keys) => tokens(keys).map(badSignature)) },
  malformed: { accepted: false, inputs: ofTokens((keys) => tokens(keys).map((token) => token.replace(/.(?=[^.]*\.[^.]*$)/, '!'))) },
  expired: { accepted: false, inputs: ofTokens((keys) => many(1000, () => freshToken(keys, { lifetimeSeconds: -60 }))) },
  'RFC 9421, ecdsa-p256-sha256': signed('install'),
  'RFC 9421, hmac-sha256': signed('account'),
};

/** What a checkout has built, as `require` finds it there. @param {string} checkout @returns {Library} */
function libraryOf(checkout) {
  const load = createRequire(resolve(checkout, 'packages/guard/package.json'));
  return { ...load('approov-guard'), ...load('approov-guard/views') };
}

/** Microseconds of CPU for one call. @param {() => unknown} once @param {number} calls */
function timed(once, calls) {
  const before = process.cpuUsage();
  for (let call = 0; call < calls; call++) once();
  const { user, system } = process.cpuUsage(before);
  return (user + system) / calls;
}

/** @param {Library} library @param {Row} row @param {import('./lib/inputs/tokens.mjs').Keys} keys @param {() => any} next */
function candidateOf({ createGuard, NodeRequestView }, { options = {}, accepted, views }, keys, next) {
  const guard = createGuard(/** @type {any} */ ({ keys: guardKeys(keys), onVerdict: countingHook, ...options }));
  // Written twice: one function for both would be compiled for the views of both.
  const decide = views ? () => guard.decide(new NodeRequestView(next())) : () => guard.decide(next());
  const action = accepted ? 'pass' : 'refuse';
  return () => {
    if (/** @type {any} */ (decide()).action !== action) throw new Error('answered wrongly');
  };
}

/**
 * One process: the microseconds of both in each pair, net of what making the request takes.
 * @param {string} other @param {string} name
 * @param {boolean} otherFirst - which guard is made and warmed up first: what both run is compiled for that one, and again for both
 */
async function measureRow(other, name, otherFirst) {
  const row = /** @type {Row} */ (ROWS[name]);
  const keys = freshKeys('HS256');
  const here = fileURLToPath(new URL('..', import.meta.url));
  const next = row.inputs(keys);
  const made = (otherFirst ? [other, here] : [here, other]).map((checkout) => candidateOf(libraryOf(checkout), row, keys, next));
  const warm = (row.views ? WARM_CALLS / 10 : WARM_CALLS) / 10;
  for (let turn = 0; turn < 10; turn++) for (const once of [...made, next]) timed(once, warm);
  // The cast holds: there are two.
  const [ours, theirs] = /** @type {[() => void, () => void]} */ (otherFirst ? made.reverse() : made);
  const calls = Math.max(8, Math.round((SLICE_MS * 1000) / timed(ours, 1000)));
  const pairs = /** @type {(readonly [number, number])[]} */ ([]);
  const empty = [];
  for (let turn = 0; turn < PAIRS; turn++) {
    empty.push(timed(next, calls));
    pairs.push(
      await pairOf(
        turn,
        async () => timed(ours, calls),
        async () => timed(theirs, calls),
      ),
    );
  }
  const control = median(empty);
  console.log(JSON.stringify(pairs.map((pair) => pair.map((microseconds) => microseconds - control))));
}

/** @param {string} other @param {string} name */
function printRow(other, name) {
  const program = [process.execPath, fileURLToPath(import.meta.url), other, '--row', name];
  const bound = existsSync('/usr/bin/taskset') ? ['taskset', '-c', '1', ...program] : program;
  const pairs = /** @type {[number, number][]} */ ([]);
  for (let launch = 0; launch < LAUNCHES; launch++) {
    const [command = '', ...words] = launch % 2 === 0 ? bound : [...bound, '--other-first'];
    const { status, stdout } = spawnSync(command, words, { encoding: 'utf8', stdio: ['ignore', 'pipe', 'inherit'] });
    if (status !== 0) throw new Error(`${name}: exit code ${status}`);
    pairs.push(...JSON.parse(stdout));
  }
  const ratio = medianOfPairs(pairs.map(([ours, theirs]) => ours / theirs));
  const column = (/** @type {0 | 1} */ at) => `${Math.round(1000 * median(pairs.map((pair) => pair[at])))} ns`;
  const best = [0, 1].map((at) => spread(pairs.map((pair) => pair[at] ?? Number.NaN)).low);
  const shown = [ratio.median, ratio.low, ratio.high].map((value) => value.toFixed(3));
  console.log(
    `${name.padEnd(30)} ${column(0).padStart(10)} ${column(1).padStart(10)}   ${shown[0]} (${shown[1]}–${shown[2]})   ${((best[0] ?? 0) / (best[1] ?? 0)).toFixed(3)} of ${Math.round(1000 * (best[1] ?? 0))} ns`,
  );
}

const [other, ...words] = process.argv.slice(2);
if (other === undefined) throw new Error('which checkout? node bench/against.mjs CHECKOUT [row …]');
if (words[0] === '--row') await measureRow(other, words[1] ?? '', words[2] === '--other-first');
else {
  const unknown = words.filter((word) => !(word in ROWS));
  if (unknown.length > 0) throw new Error(`unknown: ${unknown.join(', ')}. Rows: ${Object.keys(ROWS).join(', ')}.`);
  console.log(
    `${'CPU of one decision'.padEnd(30)} ${'here'.padStart(10)} ${'there'.padStart(10)}   ratio (95 %)           of the best tenths`,
  );
  for (const name of words.length > 0 ? words : Object.keys(ROWS)) printRow(other, name);
}
