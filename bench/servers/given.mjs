/** What every server of the benchmarks is given, and what it answers with. */
import { createSecretKey } from 'node:crypto';
import { createGuard } from 'approov-guard';

/**
 * @typedef {object} Given
 * @property {Buffer} secret
 * @property {import('node:crypto').KeyObject} key - the same, prepared
 * @property {import('approov-guard').Guard} guard - the full product: hook and counters on
 */

export const BODY = '{"shape":"circle"}';
export const HEADER = 'approov-token';
/** What a framework charges for having a middleware at all, in the form that its adapter has. */
export const IDLE = 'a middleware that does nothing';

let told = 0;

/** @param {string} base64 @returns {Given} */
export function given(base64) {
  const secret = Buffer.from(base64, 'base64');
  const onVerdict = () => {
    told++;
  };
  return { secret, key: createSecretKey(secret), guard: createGuard({ keys: { secret: { base64 } }, onVerdict }) };
}

/** The key as WebCrypto wants it. @param {Buffer} secret */
export const hmacKey = (secret) =>
  globalThis.crypto.subtle.importKey('raw', new Uint8Array(secret), { name: 'HMAC', hash: 'SHA-256' }, false, ['verify']);

/** How often the hook was told. */
export const hookCalls = () => told;
