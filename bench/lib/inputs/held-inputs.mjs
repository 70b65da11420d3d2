/** What `held.mjs` is given: made in another process, so that making it leaves no traces in the memory that is measured. */
import { freshInstallationKey, signRequest } from '@approov-guard/testkit';
import { freshKeys, freshToken, many, publicJwk } from './tokens.mjs';

/**
 * @typedef {object} Held
 * @property {object} options - of the guard, as JSON
 * @property {'token' | 'signature' | null} replay - of what replays are remembered, in this process's memory
 * @property {number} nowMilliseconds
 * @property {number} times - how often each request comes until something is held for it
 * @property {readonly { target: string, headers: readonly (readonly [string, string])[] }[]} requests
 */

const ORIGIN = 'https://api.example.com';

/** @param {import('./tokens.mjs').Keys} keys */
const keysOption = (keys) =>
  keys.publicKey === null ? { secret: { base64: keys.secret.toString('base64') } } : { jwks: { keys: [publicJwk(keys)] } };

/** Distinct tokens with the claims of an app's token. @param {import('./tokens.mjs').Algorithm} algorithm @param {number} count */
function tokens(algorithm, count) {
  const keys = freshKeys(algorithm);
  const requests = many(count, () => freshToken(keys)).map((token) => ({
    target: '/shapes',
    headers: [/** @type {const} */ (['approov-token', token])],
  }));
  return { options: { keys: keysOption(keys) }, requests, nowMilliseconds: Date.now() };
}

/** @param {import('./tokens.mjs').Algorithm} algorithm @returns {(count: number) => Held} */
const remembered = (algorithm) => (count) => {
  const { options, ...rest } = tokens(algorithm, count);
  // Some tokens are held from their second request on.
  return { ...rest, options: { ...options, cache: { maxTokens: count } }, replay: null, times: 2 };
};

/** Requests that are signed with the keys of few or many installations. @param {number} count @param {number} installations */
function signed(count, installations) {
  const keys = freshKeys('HS256');
  const nowMilliseconds = Date.now();
  const devices = Array.from({ length: installations }, () => {
    const installationKey = freshInstallationKey();
    return { installationKey, token: freshToken(keys, { claims: { ipk: installationKey.ipk } }) };
  });
  const requests = Array.from({ length: count }, (_, index) => {
    const device = /** @type {typeof devices[number]} */ (devices[index % devices.length]);
    const request = { method: 'GET', url: `${ORIGIN}/shapes?n=${index}`, headers: [] };
    const { target, headers } = signRequest({ client: 'okhttp-3.8', sign: 'install', request, now: nowMilliseconds, ...device });
    return { target, headers };
  });
  return { options: { keys: keysOption(keys), origin: ORIGIN, cache: null }, requests, nowMilliseconds, times: 1 };
}

/** @type {{ [kind: string]: (count: number) => Held }} */
export const HELD = {
  'remembered token, HS256': remembered('HS256'),
  'remembered token, RS256': remembered('RS256'),
  'remembered token, ES256': remembered('ES256'),
  'opened installation key': (count) => {
    const { options, ...rest } = signed(count, count);
    return {
      ...rest,
      options: { ...options, cache: { maxTokens: 2, maxInstallationKeys: count }, signature: { replay: null } },
      replay: null,
    };
  },
  'replay entry of a signature': (count) => ({ ...signed(count, 1), replay: 'signature' }),
  'replay entry of a token': (count) => {
    const { options, ...rest } = tokens('HS256', count);
    return { ...rest, options: { ...options, cache: null }, replay: 'token', times: 1 };
  },
};
