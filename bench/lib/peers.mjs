/** The peers: how each one verifies a token when it is used as well as its documentation allows. Each answers whether it accepted. */
import { createHmac, createSecretKey, timingSafeEqual, verify, webcrypto } from 'node:crypto';
import { JwtVerifier } from 'aws-jwt-verify';
import { createVerifier } from 'fast-jwt';
import { verify as honoVerify } from 'hono/jwt';
import { jwtVerify } from 'jose';
import jsonwebtoken from 'jsonwebtoken';
import { publicJwk } from './inputs/tokens.mjs';

/** @typedef {import('./inputs/tokens.mjs').Keys} Keys */
/** @typedef {{ name: string, verify: (token: string) => boolean | Promise<boolean>, slow?: boolean }} Peer */

/**
 * The platform's own limit: the cryptography and nothing else, with what to compare prepared beforehand.
 * @param {Keys} keys @param {string} sample - a token; all measured tokens have dots at the same places
 * @returns {Peer}
 */
export function rawLimit(keys, sample) {
  const dot = sample.lastIndexOf('.');
  if (keys.publicKey === null) {
    const key = createSecretKey(keys.secret);
    const expected = Buffer.alloc(32);
    const raw = (/** @type {string} */ token) => timingSafeEqual(createHmac('sha256', key).update(token.slice(0, dot)).digest(), expected);
    return { name: 'raw node:crypto', verify: raw };
  }
  const options = /** @type {any} */ ({ key: keys.publicKey, dsaEncoding: 'ieee-p1363' });
  const hash = keys.algorithm === 'EdDSA' ? null : 'sha256';
  const signature = Buffer.from(sample.slice(dot + 1), 'base64url');
  return { name: 'raw node:crypto', verify: (token) => verify(hash, Buffer.from(token.slice(0, dot), 'latin1'), options, signature) };
}

const SUBTLE = /** @type {{ [name: string]: any }} */ ({
  HS256: { name: 'HMAC', hash: 'SHA-256' },
  RS256: { name: 'RSASSA-PKCS1-v1_5', hash: 'SHA-256' },
  ES256: { name: 'ECDSA', hash: 'SHA-256', namedCurve: 'P-256' },
  EdDSA: { name: 'Ed25519' },
});

/** @param {Keys} keys */
function cryptoKey(keys) {
  const parameters = SUBTLE[keys.algorithm];
  if (keys.publicKey === null) return webcrypto.subtle.importKey('raw', keys.secret, parameters, false, ['verify']);
  return webcrypto.subtle.importKey('spki', keys.publicKey.export({ type: 'spki', format: 'der' }), parameters, true, ['verify']);
}

/** The limit of WebCrypto. @param {Keys} keys @param {string} sample @returns {Promise<Peer>} */
export async function subtleLimit(keys, sample) {
  const dot = sample.lastIndexOf('.');
  const signature = Buffer.from(sample.slice(dot + 1), 'base64url');
  const key = await cryptoKey(keys);
  const parameters = SUBTLE[keys.algorithm];
  return {
    name: 'raw WebCrypto',
    verify: (token) => webcrypto.subtle.verify(parameters, key, signature, Buffer.from(token.slice(0, dot), 'latin1')),
  };
}

/** Turns a call that throws for what it refuses into an answer. @param {(token: string) => unknown} call */
const throwing = (call) => (/** @type {string} */ token) => {
  try {
    call(token);
    return true;
  } catch {
    return false;
  }
};

/** @param {(token: string) => Promise<unknown>} call */
const rejecting = (call) => (/** @type {string} */ token) =>
  call(token).then(
    () => true,
    () => false,
  );

/** @param {Keys} keys @returns {Promise<Peer[]>} */
export async function peers(keys) {
  const { algorithm } = keys;
  const algorithms = /** @type {any} */ ([algorithm]);
  const object = keys.publicKey ?? createSecretKey(keys.secret);
  const pem = keys.publicKey?.export({ type: 'spki', format: 'pem' }).toString() ?? keys.secret;
  const imported = await cryptoKey(keys);
  const fast = createVerifier({ key: pem, algorithms, cache: false });
  const cached = createVerifier({ key: pem, algorithms, cache: true });
  const found = /** @type {Peer[]} */ ([
    { name: 'fast-jwt', verify: throwing((token) => fast(token)) },
    { name: 'fast-jwt, cache', verify: throwing((token) => cached(token)) },
    { name: 'jose, KeyObject', verify: rejecting((token) => jwtVerify(token, object, { algorithms })) },
    { name: 'jose, CryptoKey', verify: rejecting((token) => jwtVerify(token, imported, { algorithms })) },
    { name: 'hono/jwt', verify: rejecting((token) => honoVerify(token, imported, algorithm)) },
  ]);
  if (algorithm !== 'EdDSA') found.push(...jsonWebTokenPeers(keys, object, pem));
  if (algorithm !== 'HS256') found.push(awsPeer(keys));
  return found;
}

/** @param {Keys} keys @param {import('node:crypto').KeyObject} object @param {string | Buffer} text @returns {Peer[]} */
function jsonWebTokenPeers({ algorithm }, object, text) {
  const algorithms = [algorithm];
  const form = typeof text === 'string' ? 'PEM' : 'Buffer';
  return [
    { name: 'jsonwebtoken, KeyObject', verify: throwing((token) => jsonwebtoken.verify(token, object, { algorithms })) },
    { name: `jsonwebtoken, ${form}`, verify: throwing((token) => jsonwebtoken.verify(token, text, { algorithms })), slow: true },
  ];
}

/** @param {Keys} keys @returns {Peer} */
function awsPeer(keys) {
  const verifier = JwtVerifier.create({ issuer: keys.issuer, audience: null, jwksUri: 'https://bench.example/jwks' });
  verifier.cacheJwks({ keys: [publicJwk(keys)] });
  return { name: 'aws-jwt-verify', verify: throwing((token) => verifier.verifySync(token)) };
}
