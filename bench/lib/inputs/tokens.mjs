/** Tokens as HTTP delivers them, and the keys that signed them. */
import { generateKeyPairSync, randomBytes } from 'node:crypto';
import { mintToken } from '@approov-guard/testkit';

/** @typedef {'HS256' | 'RS256' | 'ES256' | 'EdDSA'} Algorithm */

/**
 * @typedef {object} Keys
 * @property {Algorithm} algorithm
 * @property {string} kid
 * @property {string} issuer
 * @property {Buffer} secret - for HS256
 * @property {import('node:crypto').KeyObject | null} privateKey
 * @property {import('node:crypto').KeyObject | null} publicKey
 */

/** @type {{ [name: string]: () => import('node:crypto').KeyPairKeyObjectResult }} */
const GENERATE = {
  RS256: () => generateKeyPairSync('rsa', { modulusLength: 2048 }),
  ES256: () => generateKeyPairSync('ec', { namedCurve: 'P-256' }),
  EdDSA: () => generateKeyPairSync('ed25519'),
};

/** @param {Algorithm} algorithm @returns {Keys} */
export function freshKeys(algorithm) {
  const pair = GENERATE[algorithm]?.() ?? null;
  const secret = randomBytes(64);
  const kid = 'bench-key';
  return { algorithm, kid, issuer: 'bench.example', secret, privateKey: pair?.privateKey ?? null, publicKey: pair?.publicKey ?? null };
}

/** @param {Keys} keys @returns {any} */
export function publicJwk({ publicKey, kid, algorithm }) {
  return { ...publicKey?.export({ format: 'jwk' }), kid, alg: algorithm, use: 'sig' };
}

/** The option `keys` of the guard. @param {Keys} keys @returns {any} */
export function guardKeys(keys) {
  return keys.publicKey === null ? { secret: { bytes: keys.secret } } : { jwks: { keys: [publicJwk(keys)] } };
}

/**
 * A token of about 340 characters (HS256), with the claims of an app's token.
 * @param {Keys} keys
 * @param {{ lifetimeSeconds?: number, claims?: { [claim: string]: unknown } }} [options]
 */
export function freshToken(keys, { lifetimeSeconds = 86_400, claims = {} } = {}) {
  const { algorithm, kid, issuer, secret, privateKey } = keys;
  const content = {
    lifetimeSeconds,
    claims: {
      ip: '203.0.113.7',
      did: randomBytes(16).toString('base64'),
      iss: issuer,
      arc: randomBytes(30).toString('hex'),
      sub: 'shapes',
      ...claims,
    },
    ...(privateKey === null ? {} : { kid }),
  };
  if (privateKey === null) return mintToken({ ...content, secret: { base64: secret.toString('base64') }, algorithm: 'HS256' });
  return mintToken({ ...content, key: privateKey, algorithm: /** @type {'RS256'} */ (algorithm) });
}

/** The same token with another signature that has the right form. @param {string} token */
export function badSignature(token) {
  const dot = token.lastIndexOf('.');
  const bytes = randomBytes(Buffer.from(token.slice(dot + 1), 'base64url').length);
  return `${token.slice(0, dot + 1)}${bytes.toString('base64url')}`;
}

/** The bytes of texts that are delivered to several candidates. @type {WeakMap<readonly string[], readonly Buffer[]>} */
const BYTES = new WeakMap();

/**
 * Delivers texts one after the other, each as a string made from bytes just now: not interned, not sliced, its hash not known yet.
 * @param {readonly string[]} texts
 * @param {{ once?: boolean }} [options] - `once`: no text comes again; it throws when there are no more
 * @returns {() => string}
 */
export function deliver(texts, { once = false } = {}) {
  const buffers = BYTES.get(texts) ?? texts.map((text) => Buffer.from(text, 'latin1'));
  BYTES.set(texts, buffers);
  let index = -1;
  let delivered = 0;
  return () => {
    index = index + 1 === buffers.length ? 0 : index + 1;
    if (once && index === 0 && delivered++ > 0) throw new Error(`more than ${texts.length} texts are needed`);
    return /** @type {any} */ (buffers[index]).latin1Slice();
  };
}

/** @param {number} count @param {(index: number) => string} make */
export const many = (count, make) => Array.from({ length: count }, (_, index) => make(index));
