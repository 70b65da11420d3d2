/** Token verification in process: every algorithm, every kind of token, fresh strings. */
import { randomBytes } from 'node:crypto';
import { coreCandidate, guardCandidate } from '../lib/guards.mjs';
import { badSignature, deliver, freshKeys, freshToken, many } from '../lib/inputs/tokens.mjs';
import { measure } from '../lib/measuring/measure.mjs';
import { peers, rawLimit, subtleLimit } from '../lib/peers.mjs';

/** @typedef {import('../lib/inputs/tokens.mjs').Keys} Keys */
/** @typedef {{ kind: string, accepted: boolean, texts: readonly (string | null)[] }} Kind */

/** @param {Keys} keys @param {{ many: number, missed: number }} counts @returns {Kind[]} */
function kindsOf(keys, counts) {
  const tokens = many(counts.many, () => freshToken(keys));
  const dead = many(counts.many, () => freshToken(keys, { lifetimeSeconds: -60 }));
  const malformed = tokens.slice(0, 100).map((token) => token.replace(/.(?=[^.]*\.[^.]*$)/, '!'));
  const [first = ''] = tokens;
  return [
    { kind: 'same token', accepted: true, texts: [first] },
    { kind: `${counts.many} in rotation`, accepted: true, texts: tokens },
    { kind: NEVER_SEEN, accepted: true, texts: many(counts.missed, () => freshToken(keys)) },
    { kind: 'bad signature', accepted: false, texts: tokens.map(badSignature) },
    { kind: 'malformed', accepted: false, texts: malformed },
    { kind: 'expired', accepted: false, texts: dead },
    { kind: '8 KiB garbage', accepted: false, texts: many(50, () => randomBytes(6144).toString('base64url')) },
    { kind: 'oversized', accepted: false, texts: many(50, () => randomBytes(7000).toString('base64url')) },
    { kind: 'missing', accepted: false, texts: [null] },
  ];
}

const NEVER_SEEN = 'never seen before';

/** @param {Pick<Kind, 'kind' | 'texts'>} kind */
function delivered({ kind, texts }) {
  if (texts[0] === null) return () => null;
  return deliver(/** @type {string[]} */ (texts), { once: kind === NEVER_SEEN });
}

/** What remembers tokens is warm before it is measured. */
const CACHES = new Set(['approov-guard', 'core only', 'fast-jwt, cache']);

/** @param {Kind} kind @param {Keys} keys */
async function candidatesOf(kind, keys) {
  const ours = [
    { name: 'approov-guard', verify: guardCandidate(keys) },
    { name: 'approov-guard, no cache', verify: guardCandidate(keys, { cache: null }) },
  ];
  const others = await peers(keys);
  return withLimits(kind, keys, [...ours, ...others]);
}

/**
 * The parts of ours. Measured by themselves, after all else: with other callers the same functions would be compiled for both, and be slower.
 * @param {Kind} kind @param {Keys} keys
 */
async function partsOf(kind, keys) {
  return withLimits(kind, keys, [
    { name: 'core only', verify: /** @type {any} */ (await coreCandidate(keys, true)) },
    { name: 'core only, no cache', verify: /** @type {any} */ (await coreCandidate(keys, false)) },
  ]);
}

/** @param {Kind} kind @param {Keys} keys @param {readonly { name: string, verify: (token: any) => unknown }[]} candidates */
async function withLimits(kind, keys, candidates) {
  const { texts, accepted } = kind;
  const sample = freshToken(keys);
  const next = delivered({ ...kind, kind: '' });
  const limits = [rawLimit(keys, sample), await subtleLimit(keys, sample)];
  for (const { name, verify } of candidates) await mustAnswer(name, verify, next(), accepted);
  // A limit does its work on a good token whatever the kind: refusals are compared with the cost of one verification.
  const good = deliver([sample]);
  return [
    ...limits.map(({ name, verify }) => ({ name, once: verify, next: good })),
    ...candidates.map(({ name, verify }) => ({
      name,
      once: verify,
      // Each has its own place in the rotation: shared, a cache would see a part of the tokens only.
      next: delivered(kind),
      like: next,
      // Twice: the guard holds a token with a MAC from its second request on.
      warm: accepted && kind.kind !== NEVER_SEEN && CACHES.has(name) ? 2 * texts.length : 0,
    })),
  ];
}

/** @param {string} name @param {(token: any) => unknown} verify @param {unknown} input @param {boolean} accepted */
async function mustAnswer(name, verify, input, accepted) {
  if ((await verify(input)) !== accepted)
    throw new Error(`${name} answers wrongly: ${accepted ? 'refuses a good' : 'accepts a bad'} token`);
}

/** @param {import('../run.mjs').Settings} settings @param {import('../run.mjs').Report} report */
export async function run(settings, report) {
  const counts = settings.smoke
    ? { many: 50, missed: 5000 }
    : settings.quick
      ? { many: 2000, missed: 40_000 }
      : { many: 10_000, missed: 150_000 };
  const later = /** @type {(() => Promise<void>)[]} */ ([]);
  for (const algorithm of /** @type {const} */ (['HS256', 'RS256', 'ES256', 'EdDSA'])) {
    const keys = freshKeys(algorithm);
    const slow = algorithm !== 'HS256';
    if (settings.smoke && algorithm === 'RS256') continue;
    // Signing is slow: where nothing depends on their number, fewer tokens rotate.
    const kinds = kindsOf(keys, slow ? { many: settings.quick ? 200 : 10_000, missed: settings.quick ? 50 : 500 } : counts);
    for (const kind of kinds) {
      if (slow && (kind.kind === 'never seen before' || (settings.smoke && kind.kind !== 'same token'))) continue;
      const group = `${algorithm}, ${kind.kind}`;
      const measured = await measure(await candidatesOf(kind, keys), settings.effort);
      for (const row of measured) report({ suite: 'token', group, unit: 'µs', ...row });
      if (kind.texts[0] === null) continue;
      later.push(async () => {
        const parts = (await measure(await partsOf(kind, keys), settings.effort)).filter(({ name }) => name.startsWith('core'));
        for (const row of parts) report({ suite: 'token', group, unit: 'µs', ...row });
      });
    }
  }
  for (const measureParts of later) await measureParts();
}
