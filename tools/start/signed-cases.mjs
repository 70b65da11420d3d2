/** The signed requests that `npm start` shows: each is good once, and for five minutes. */
import { exampleToken, freshInstallationKey, signExample } from '@approov-guard/testkit';

const PATH = '/v5/shapes';
const TEN_MINUTES_MS = 600_000;

/**
 * @param {{ secret: { base64: string }, now: number, origin: string, apiKey: string }} settings - `origin`: what the client sees, such as `http://127.0.0.1:8002`
 * @returns {readonly import('./cases.mjs').Case[]}
 */
export function signedCases({ secret, now, origin, apiKey }) {
  const [installation, another] = [freshInstallationKey(), freshInstallationKey()];
  const token = exampleToken({ secret, now, claims: { ipk: installation.ipk } });
  const key = { 'Api-Key': apiKey };
  /** @param {{ path?: string, at?: number, by?: typeof installation }} [made] */
  const signed = ({ path = PATH, at = now, by = installation } = {}) => {
    const request = { method: 'GET', url: origin + path };
    const { headers } = signExample({ installationKey: by, token, request, now: at });
    return { ...Object.fromEntries(headers), ...key };
  };
  const genuine = signed();
  /** @type {readonly [string, import('./cases.mjs').Case['headers'], number, string][]} */
  const rows = [
    ['a genuine app that signs its requests', genuine, 200, 'accepted'],
    ['an attacker who sends the same request again', genuine, 401, 'signature-replayed'],
    ['a signed request, moved to another URL', signed({ path: '/v5/hello' }), 401, 'signature-invalid'],
    [
      'a signed request, its token exchanged',
      { ...signed(), 'Approov-Token': tokenOf(secret, now, installation) },
      401,
      'signature-invalid',
    ],
    ['a stolen token, signed by another installation', signed({ by: another }), 401, 'signature-invalid'],
    ['a stolen token, not signed', { 'Approov-Token': token, ...key }, 400, 'signature-missing'],
    ['a signed request that is ten minutes old', signed({ at: now - TEN_MINUTES_MS }), 401, 'signature-too-old'],
    ['a genuine app whose token carries no key to sign with', { 'Approov-Token': exampleToken({ secret, now }), ...key }, 200, 'accepted'],
    ['a signed request without the API key (400 from the API)', { ...signed(), 'Api-Key': '' }, 400, 'not judged'],
  ];
  return rows.map(([title, headers, status, verdict]) => ({ title, path: PATH, headers, status, verdict }));
}

/** Another token of the same installation. @param {{ base64: string }} secret @param {number} now @param {{ ipk: string }} installation */
function tokenOf(secret, now, { ipk }) {
  return exampleToken({ secret, now, claims: { ipk }, lifetimeSeconds: 1800 });
}
