/** What `npm start` starts, all in one process: the cloud, the protected Shapes API behind a watched guard, and the console. */
import { once } from 'node:events';
import { connect } from 'node:net';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { startCloud } from '@approov-guard/cloud';
import { startConsole } from '@approov-guard/console';
import { root } from '../ready.mjs';
import { portOf } from './port-of.mjs';

/** The API domain of the demonstration, and its app. */
export const DOMAIN = 'localhost';
export const APP = 'com.example.shapes';
const LOOPBACK = '127.0.0.1';
const API_KEY = process.env.API_KEY ?? 'yXClypapWNHIifHUWmBIyPFAm';

// What the demonstration promises must not depend on what the environment says.
const SETTINGS = {
  APPROOV_ABORT_REQUEST_ON_INVALID_TOKEN: 'true',
  APPROOV_ABORT_REQUEST_ON_INVALID_TOKEN_BINDING: 'true',
  APPROOV_ABORT_REQUEST_ON_INVALID_MESSAGE_SIGNATURE: 'true',
  APPROOV_MISSING_STATUS: '400',
  APPROOV_CONSOLE: 'true',
};

/** A cloud with one account, one domain with a key set, and one app. */
async function cloudOnDesk() {
  const listen = await portOf('CLOUD_PORT', 8004, LOOPBACK);
  const started = await startCloud({ state: process.env.APPROOV_CLOUD_STATE || null, listen });
  const { cloud, url } = started;
  const given = process.env.APPROOV_BASE64_SECRET?.trim();
  cloud.change((account) => {
    if (given) account.secret.base64 = given;
    account.policy.installPubKey = true;
  });
  const headers = { authorization: `Bearer ${cloud.adminKey}`, 'content-type': 'application/json' };
  const verb = { verb: 'keyset', options: { add: 'ES256' }, words: [], files: {}, role: `admin:${cloud.defaultAccount}` };
  if (!Object.hasOwn(cloud.account().domains, DOMAIN)) {
    await fetch(`${url}/admin/verb`, { method: 'POST', headers, body: JSON.stringify(verb) });
    cloud.addDomain(DOMAIN, { kid: Object.keys(cloud.account().keys)[0] ?? null });
    cloud.addApp({ package: APP });
  }
  return started;
}

/** The Shapes API, as a reader would copy it. @param {string} secret @param {string} jwksUrl */
async function shapesApi(secret, jwksUrl) {
  const host = process.env.SERVER_HOSTNAME || LOOPBACK;
  const port = await portOf('HTTP_PORT', 8002, host);
  const shown = { APPROOV_LOGGING_ENABLED: process.env.APPROOV_LOGGING_ENABLED || 'false', HTTP_PORT: String(port), SERVER_HOSTNAME: host };
  Object.assign(process.env, SETTINGS, shown, { APPROOV_BASE64_SECRET: secret, APPROOV_JWKS_URL: jwksUrl });
  const load = (/** @type {string} */ file) => import(pathToFileURL(join(root, 'examples/shapes-api', file)).href);
  const { guard } = await load('guard.js');
  await load('express/protected.js');
  const socket = connect(port, host);
  await once(socket, 'connect');
  socket.destroy();
  return { guard, host, url: `http://${host.includes(':') ? `[${host}]` : host}:${port}` };
}

/** Starts everything. */
export async function startWorld() {
  const { cloud, url, close } = await cloudOnDesk();
  const secret = { base64: cloud.account().secret.base64 };
  const api = await shapesApi(secret.base64, `${url}/.well-known/jwks.json`);
  const paths = { token: '/v2/shapes', binding: '/v2/forms', signature: '/v5/shapes' };
  const page = await startConsole({
    port: await portOf('CONSOLE_PORT', 8003, LOOPBACK),
    api: { origin: api.url, secret, apiKey: API_KEY, paths },
    cloud: { url, adminKey: cloud.adminKey, domain: DOMAIN, app: APP },
  });
  const end = async () => {
    await Promise.all([page.close(), close()]);
  };
  return { cloud, cloudUrl: url, guard: api.guard, api: api.url, page: page.url, secret, end };
}
