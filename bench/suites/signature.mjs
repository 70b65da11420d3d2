/** Message signatures (RFC 9421) as the client libraries make them: 1,000 installations in rotation. */
import { createHmac, createSecretKey, randomBytes, timingSafeEqual, verify } from 'node:crypto';
import { createGuard } from 'approov-guard';
import { verifySignature } from 'http-message-sig';
import { createVerifier, httpbis } from 'http-message-signatures';
import { countingHook } from '../lib/guards.mjs';
import { prepare, SignedRequestMessage, URL_TEXT } from '../lib/inputs/signed.mjs';
import { freshKeys, guardKeys, many } from '../lib/inputs/tokens.mjs';
import { internal } from '../lib/internals.mjs';
import { measure } from '../lib/measuring/measure.mjs';

/** @typedef {import('../lib/inputs/signed.mjs').Prepared} Prepared */

const { NodeRequestView } = await internal('http/view-node.js');
const OPTIONS = /** @type {any} */ ({ dsaEncoding: 'ieee-p1363' });

/** The guard over the view that its adapter makes. @param {import('../lib/inputs/tokens.mjs').Keys} keys @param {'install' | 'account'} label @param {Buffer} accountKey @param {number} now */
function guardOf(keys, label, accountKey, now) {
  const account = label === 'account' ? { label, accountKeys: [{ bytes: accountKey }] } : { label };
  const guard = createGuard({
    keys: guardKeys(keys),
    origin: 'https://api.example.com',
    signature: /** @type {any} */ ({ ...account, replay: null }),
    onVerdict: countingHook,
    now: () => now,
  });
  return (/** @type {SignedRequestMessage} */ view) =>
    /** @type {import('approov-guard').Decision} */ (guard.decide(new NodeRequestView(view))).action === 'pass';
}

/** @param {(view: SignedRequestMessage) => Promise<unknown>} call */
const rejecting = (call) => (/** @type {SignedRequestMessage} */ view) =>
  call(view).then(
    (found) => found !== false && found !== null,
    () => false,
  );

/** http-message-signatures, with the key that belongs to the request. @param {'install' | 'account'} label @param {Buffer} accountKey */
function dhensby(label, accountKey) {
  const alg = label === 'install' ? 'ecdsa-p256-sha256' : 'hmac-sha256';
  const account = createVerifier(createSecretKey(accountKey), alg);
  const verifiers = new Map();
  return rejecting((view) => {
    const { key } = view.prepared;
    if (!verifiers.has(key)) verifiers.set(key, createVerifier(key, alg));
    const found = { algs: [alg], verify: label === 'account' ? account : verifiers.get(key) };
    const message = { method: view.method, url: URL_TEXT, headers: Object.fromEntries(view.headers) };
    return httpbis.verifyMessage(
      { keyLookup: async () => found, tolerance: 60, maxAge: 300, requiredFields: ['@method', 'approov-token'] },
      message,
    );
  });
}

/** http-message-sig, with a synchronous verifier of node:crypto. @param {'install' | 'account'} label @param {Buffer} accountKey @param {number} now */
function cloudflare(label, accountKey, now) {
  const algorithm = label === 'install' ? 'ecdsa-p256-sha256' : 'hmac-sha256';
  const secret = createSecretKey(accountKey);
  return rejecting((view) => {
    const { key } = view.prepared;
    const verifier = {
      algorithm,
      verify: (/** @type {Uint8Array} */ data, /** @type {Uint8Array} */ signature) =>
        label === 'install'
          ? verify('sha256', data, { key, ...OPTIONS }, signature)
          : timingSafeEqual(createHmac('sha256', secret).update(data).digest(), signature),
    };
    const fields = view.headers.map(([name, value]) => ({ name, value }));
    const message = {
      kind: /** @type {const} */ ('request'),
      method: view.method,
      targetUri: URL_TEXT,
      requestTarget: view.url,
      fields,
    };
    const policy = {
      algorithms: [algorithm],
      requiredComponents: ['@method', '@target-uri', 'approov-token'],
      requiredParameters: ['created'],
      maxAge: 300,
      clockSkew: 60,
      now: Math.floor(now / 1000),
    };
    return verifySignature(message, { label, policy, resolveVerifier: () => verifier });
  });
}

/** The limit: the cryptography over a base that is ready. @param {'install' | 'account'} label @param {Buffer} accountKey */
function rawLimit(label, accountKey) {
  const secret = createSecretKey(accountKey);
  return (/** @type {SignedRequestMessage} */ { prepared }) =>
    label === 'install'
      ? verify('sha256', prepared.base, { key: prepared.key, ...OPTIONS }, prepared.signature)
      : timingSafeEqual(createHmac('sha256', secret).update(prepared.base).digest(), prepared.signature);
}

/** @param {import('../run.mjs').Settings} settings @param {import('../run.mjs').Report} report */
export async function run(settings, report) {
  const keys = freshKeys('HS256');
  const accountKey = randomBytes(64);
  // Few candidates, and much code in each: it is warm only after some thousand calls.
  const effort = settings.smoke ? settings.effort : { ...settings.effort, batchMs: Math.max(5, settings.effort.batchMs) };
  for (const label of /** @type {const} */ (['install', 'account'])) {
    const now = Date.now();
    const prepared = many(settings.quick ? 100 : 1000, () => '').map(() => prepare(keys, label, accountKey, now));
    let index = -1;
    const next = () => {
      index = index + 1 === prepared.length ? 0 : index + 1;
      return new SignedRequestMessage(/** @type {Prepared} */ (prepared[index]));
    };
    const candidates = [
      { name: 'raw node:crypto', once: rawLimit(label, accountKey), next },
      { name: 'approov-guard', once: guardOf(keys, label, accountKey, now), next, warm: settings.smoke ? 10 : 5000 },
      { name: 'http-message-signatures', once: dhensby(label, accountKey), next },
      { name: 'http-message-sig', once: cloudflare(label, accountKey, now), next },
    ];
    for (const { name, once } of candidates) if ((await once(next())) !== true) throw new Error(`${name} refuses a good signature`);
    const group = label === 'install' ? 'ecdsa-p256-sha256' : 'hmac-sha256';
    for (const row of await measure(candidates, effort)) report({ suite: 'signature', group, unit: 'µs', ...row });
  }
}
