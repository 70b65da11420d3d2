/**
 * A soak: new tokens, bad ones of every kind and signed requests, as fast as they go, at a clock that runs faster than time, so that tokens
 * expire, keys of installations change and replay entries are forgotten many times over. Memory is flat once everything is full.
 */
import { performance } from 'node:perf_hooks';
import { setTimeout as pause } from 'node:timers/promises';
import { freshInstallationKey, requestView, signRequest } from '@approov-guard/testkit';
import { createGuard, memoryReplayStore } from 'approov-guard';
import { countingHook, MinimalView } from '../lib/guards.mjs';
import { distinctTokens } from '../lib/inputs/distinct-tokens.mjs';
import { badSignature, freshKeys, guardKeys } from '../lib/inputs/tokens.mjs';
import { median } from '../lib/measuring/pairs.mjs';

const ORIGIN = 'https://api.example.com';
/** How far the clock goes at each turn, whatever the machine does meanwhile: a token's life of five minutes passes in 10,000 turns. */
const MILLISECONDS_A_TURN = 30;
/** One turn of so many has a signed request. */
const SIGNED_EVERY = 4;
const SAMPLES = 120;

/** @typedef {{ minutes: number, rss: number, heap: number }} Sample */

function setUp() {
  const keys = freshKeys('HS256');
  const clock = { at: Date.now() };
  const now = () => clock.at;
  const common = { keys: guardKeys(keys), onVerdict: countingHook, now, cache: { maxTokens: 5000 } };
  return {
    clock,
    now,
    mint: distinctTokens(keys.secret),
    plain: createGuard(/** @type {any} */ (common)),
    once: createGuard(/** @type {any} */ ({ ...common, token: { replay: memoryReplayStore({ now }) } })),
    signing: createGuard(/** @type {any} */ ({ ...common, origin: ORIGIN, signature: { replay: memoryReplayStore({ now }) } })),
  };
}

/** One turn: a new token, bad ones, and now and then a request that a new installation signed. @param {ReturnType<typeof setUp>} given @param {number} index */
async function turn({ clock, now, mint, plain, once, signing }, index) {
  clock.at += MILLISECONDS_A_TURN;
  const token = mint(index, now());
  // Some tokens are held from their second request on.
  await plain.decide(new MinimalView(token));
  await plain.decide(new MinimalView(token));
  await once.decide(new MinimalView(token));
  await plain.decide(new MinimalView(badSignature(token)));
  await plain.decide(new MinimalView(mint(index, now() - 600_000)));
  await plain.decide(new MinimalView('x'.repeat(index % 9000)));
  if (index % SIGNED_EVERY !== 0) return;
  const installationKey = freshInstallationKey();
  const signed = signRequest({
    client: 'okhttp-3.8',
    sign: 'install',
    request: { method: 'GET', url: `${ORIGIN}/shapes?n=${index}`, headers: [] },
    token: mint(index, now(), `,"ipk":${JSON.stringify(installationKey.ipk)}`),
    installationKey,
    now: now(),
  });
  await signing.decide(requestView({ target: signed.target, headers: signed.headers }));
}

/** @param {number} minutes @returns {Sample} */
function sampled(minutes) {
  globalThis.gc?.();
  const { rss, heapUsed } = process.memoryUsage();
  return { minutes, rss: rss / 2 ** 20, heap: heapUsed / 2 ** 20 };
}

/** @param {number} seconds */
async function soak(seconds) {
  const given = setUp();
  const samples = /** @type {Sample[]} */ ([]);
  const start = performance.now();
  let index = 0;
  for (; performance.now() - start < seconds * 1000; index++) {
    await turn(given, index);
    if (index % 100 !== 0) continue;
    await pause(0);
    const passed = (performance.now() - start) / 1000;
    if (passed >= (samples.length * seconds) / SAMPLES) samples.push(sampled(passed / 60));
  }
  const accepted = [given.plain, given.once, given.signing].map((guard) => guard.counters().accepted).join();
  if (accepted !== [2 * index, index, Math.ceil(index / SIGNED_EVERY)].join())
    throw new Error(`of ${index} good tokens, accepted: ${accepted}`);
  return { samples, index };
}

/** The slope of a straight line through the samples, per minute. @param {readonly Sample[]} samples @param {'rss' | 'heap'} of */
function slope(samples, of) {
  const mean = (/** @type {number[]} */ values) => values.reduce((sum, value) => sum + value, 0) / Math.max(1, values.length);
  const [at, level] = [mean(samples.map(({ minutes }) => minutes)), mean(samples.map((sample) => sample[of]))];
  const covariance = mean(samples.map((sample) => (sample.minutes - at) * (sample[of] - level)));
  return covariance / Math.max(1e-9, mean(samples.map(({ minutes }) => (minutes - at) ** 2)));
}

/** After a third everything is full; then the first quarter of the rest is compared with the last. @param {readonly Sample[]} samples @param {'rss' | 'heap'} of */
function flatness(samples, of) {
  const warm = samples.slice(Math.floor(samples.length / 3));
  const quarter = Math.max(1, Math.floor(warm.length / 4));
  const [first, last] = [warm.slice(0, quarter), warm.slice(-quarter)].map((part) => median(part.map((sample) => sample[of])));
  return { first: first ?? Number.NaN, growth: (last ?? Number.NaN) - (first ?? Number.NaN), perMinute: slope(warm, of) };
}

/** @param {import('../run.mjs').Settings} settings @param {import('../run.mjs').Report} report */
export async function run({ soakSeconds }, report) {
  const { samples, index } = await soak(soakSeconds);
  const [rss, heap] = [flatness(samples, 'rss'), flatness(samples, 'heap')];
  const figures = {
    turns: index,
    'RSS MiB after warm-up': rss.first,
    'RSS growth MiB': rss.growth,
    'RSS MiB per minute': rss.perMinute,
    'highest RSS MiB': Math.max(...samples.map((sample) => sample.rss)),
    'heap MiB after warm-up': heap.first,
    'heap growth MiB': heap.growth,
    'heap MiB per minute': heap.perMinute,
  };
  report({ suite: 'soak', group: 'new tokens, bad tokens, signed requests', name: `${soakSeconds} s`, unit: 'MiB', figures });
}
