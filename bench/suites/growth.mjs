/** How the cost of a decision grows: with the token's size, the keys, the bound headers, the covered components, the body. */
import { createHash, randomBytes } from 'node:crypto';
import { bindingHash, freshInstallationKey, requestView, signRequest } from '@approov-guard/testkit';
import { createGuard } from 'approov-guard';
import { countingHook, MinimalView } from '../lib/guards.mjs';
import { deliver, freshKeys, freshToken, guardKeys } from '../lib/inputs/tokens.mjs';
import { measure } from '../lib/measuring/measure.mjs';

const keys = freshKeys('HS256');

/** @param {{ [option: string]: any }} [options] */
const guardWith = (options = {}) =>
  createGuard(/** @type {any} */ ({ keys: guardKeys(keys), onVerdict: countingHook, cache: null, ...options }));

/** @param {string} name @param {import('approov-guard').Guard} guard @param {() => import('approov-guard').RequestView} next */
const candidate = (name, guard, next) => ({
  name,
  next,
  once: (/** @type {any} */ view) => {
    const decision = guard.decide(view);
    return decision instanceof Promise ? decision.then(passed) : passed(decision);
  },
});

/** @param {import('approov-guard').Decision} decision */
function passed({ action, verdict }) {
  if (action !== 'pass') throw new Error(`refused: ${JSON.stringify(verdict)}`);
  return true;
}

function byTokenSize() {
  return [340, 512, 1024, 2048, 4096, 8000].map((size) => {
    const text = freshToken(keys, { claims: { note: 'x'.repeat(Math.max(0, Math.floor(((size - 340) * 3) / 4))) } });
    const next = deliver([text]);
    return candidate(`${text.length} characters`, guardWith(), () => new MinimalView(next()));
  });
}

/** The worst case: the last key of those that are tried signed the token. */
function byKeys() {
  return [1, 2, 4, 8].map((count) => {
    const others = Array.from({ length: count - 1 }, () => ({ bytes: randomBytes(64) }));
    const next = deliver([freshToken(keys)]);
    return candidate(`${count} keys`, guardWith({ keys: { secrets: [...others, { bytes: keys.secret }] } }), () => new MinimalView(next()));
  });
}

function byBoundHeaders() {
  return [0, 1, 2, 4].map((count) => {
    const headers = Array.from(
      { length: count },
      (_, index) => /** @type {const} */ ([`x-bound-${index}`, randomBytes(30).toString('hex')]),
    );
    const text = freshToken(keys, { claims: count === 0 ? {} : { pay: bindingHash(headers.map(([, value]) => value).join('')) } });
    const binding = count === 0 ? null : { headers: headers.map(([name]) => name) };
    const view = requestView({ headers: [['approov-token', text], ...headers] });
    return candidate(`${count} bound headers`, guardWith({ binding }), () => view);
  });
}

/** @param {number} components @param {string | null} body @param {boolean} cache */
function signedBy(components, body, cache) {
  const installationKey = freshInstallationKey();
  const token = freshToken(keys, { claims: { ipk: installationKey.ipk } });
  const headers = Array.from({ length: Math.max(0, components - 3) }, (_, index) => /** @type {const} */ ([`x-field-${index}`, 'value']));
  const request = { method: 'POST', url: 'https://api.example.com/shapes', headers, body };
  const covered = ['@method', '@target-uri', ...headers.map(([name]) => name)];
  const now = Date.now();
  const signed = signRequest({ client: 'okhttp-3.8', sign: 'install', request, token, installationKey, now, components: covered });
  const view = requestView({ method: 'POST', target: signed.target, headers: signed.headers, body: signed.body });
  const options = { origin: 'https://api.example.com', signature: { replay: null, maxBodyBytes: 2 ** 24 }, now: () => now };
  return { view, guard: guardWith(cache ? { ...options, cache: {} } : options) };
}

function byComponents() {
  return [3, 6, 12, 24].map((count) => {
    const { view, guard } = signedBy(count, null, true);
    return candidate(`${count} covered components`, guard, () => view);
  });
}

function byBodySize() {
  return [0, 1024, 16_384, 131_072, 1_048_576].map((size) => {
    const { view, guard } = signedBy(3, size === 0 ? null : randomBytes(size / 2).toString('hex'), true);
    return candidate(`body of ${size} bytes`, guard, () => view);
  });
}

/** @param {import('../run.mjs').Settings} settings @param {import('../run.mjs').Report} report */
export async function run(settings, report) {
  const groups = {
    'token size (no cache)': byTokenSize(),
    'keys tried (no cache)': byKeys(),
    'bound headers (no cache)': byBoundHeaders(),
    'covered components': byComponents(),
    'body with Content-Digest': byBodySize(),
  };
  const bare = Buffer.alloc(1_048_576, 1);
  groups['body with Content-Digest'].push({
    name: 'raw SHA-256 of 1 MiB',
    next: () => /** @type {any} */ (null),
    once: () => createHash('sha256').update(bare).digest('base64') !== '',
  });
  for (const [group, candidates] of Object.entries(groups)) {
    for (const row of await measure(candidates, settings.effort)) report({ suite: 'growth', group, unit: 'µs', ...row });
  }
}
