/** The cloud over HTTP: one row a route. */
import { createHash, timingSafeEqual } from 'node:crypto';
import type { IncomingMessage } from 'node:http';
import { expandArc } from '../account/arc.ts';
import type { AttestRequest } from '../account/attest.ts';
import { loggableToken } from '../account/check-token.ts';
import { deviceProperties, setDevice } from '../account/devices.ts';
import { rotateKey } from '../account/keys.ts';
import type { Cloud } from '../cloud.ts';
import { CloudError } from '../cloud-error.ts';
import { runVerb } from '../verbs/run-verb.ts';
import type { VerbCall } from '../verbs/verb.ts';
import { MOST_FILE_BYTES, readJson } from './messages.ts';

/** What a route works with. */
export interface RouteContext {
  readonly cloud: Cloud;
  readonly request: IncomingMessage;
  readonly account: string | undefined;
  /** The parts of the path that vary. */
  readonly parts: readonly string[];
  /** Where the cloud is reached, such as `http://127.0.0.1:8004`. */
  readonly url: string;
}

interface Route {
  readonly method: 'GET' | 'POST' | 'PATCH' | 'PUT';
  readonly path: RegExp;
  /** Only for whoever knows the admin key. */
  readonly admin: boolean;
  /** Whether it is the service that apps and back ends see, which the fault `slowMs` slows. */
  readonly service: boolean;
  readonly answer: (context: RouteContext) => unknown;
}

const service = (method: Route['method'], path: RegExp, answer: Route['answer']): Route => ({
  method,
  path,
  answer,
  admin: false,
  service: true,
});
const admin = (method: Route['method'], path: RegExp, answer: Route['answer']): Route => ({
  method,
  path,
  answer,
  admin: true,
  service: false,
});

const ROUTES: readonly Route[] = [
  { method: 'GET', path: /^\/alive$/, admin: false, service: false, answer: () => ({ name: 'approov-guard cloud', alive: true }) },
  service('POST', /^\/attest$/, attested),
  service('GET', /^\/\.well-known\/jwks\.json$/, ({ cloud, account }) => cloud.keySet(null, account)),
  service('GET', /^\/domains\/([^/]{1,300})\/\.well-known\/jwks\.json$/, ({ cloud, account, parts }) => cloud.keySet(parts[0], account)),
  service('GET', /^\/pins$/, ({ cloud, account }) => ({ 'public-key-sha256': cloud.pins(account) })),
  admin('GET', /^\/arc-info\/?$/, ({ cloud, account, request }) => ({
    rejections: expandArc(cloud.account(account), String(request.headers.arc ?? '')),
  })),
  admin('GET', /^\/admin\/account$/, summary),
  admin('GET', /^\/admin\/faults$/, ({ cloud }) => cloud.faults),
  admin('PATCH', /^\/admin\/faults$/, async ({ cloud, request }) => cloud.setFaults(await readJson(request))),
  admin('PUT', /^\/admin\/devices\/([^/]{1,80})$/, noteDevice),
  admin('POST', /^\/admin\/domains\/([^/]{1,300})\/rotate$/, ({ cloud, account, parts }) => ({
    kid: cloud.change((state) => rotateKey(state, parts[0] ?? '', cloud.now()), account),
  })),
  admin('POST', /^\/admin\/verb$/, async ({ cloud, request, url }) =>
    // The cast holds: runVerb checks each member that it reads.
    runVerb((await readJson(request, 2 * MOST_FILE_BYTES)) as unknown as VerbCall, { cloud, url, running: true }),
  ),
];

/** Finds the route of a request. @throws CloudError `route-unknown`, `peer-refused` */
export function routeOf(method: string, path: string, authorization: string | undefined, adminKey: string): Found {
  const wanted = method === 'HEAD' ? 'GET' : method;
  for (const route of ROUTES) {
    const match = route.path.exec(path);
    if (match === null || route.method !== wanted) continue;
    if (route.admin && !isAdmin(authorization, adminKey))
      throw new CloudError(
        'peer-refused',
        'this needs `Authorization: Bearer` and the admin key of the state file: approov-guard cloud adminkey prints it',
      );
    return { route, parts: match.slice(1).map(decoded) };
  }
  throw new CloudError(
    'route-unknown',
    'no such route here: POST /attest, GET /.well-known/jwks.json, /domains/DOMAIN/.well-known/jwks.json, /pins',
  );
}

/** A route and the parts of its path that vary. */
export interface Found {
  readonly route: Route;
  readonly parts: readonly string[];
}

function decoded(part: string): string {
  try {
    return decodeURIComponent(part);
  } catch {
    return part;
  }
}

function isAdmin(authorization: string | undefined, adminKey: string): boolean {
  const hash = (text: string): Buffer => createHash('sha256').update(text).digest();
  return timingSafeEqual(hash(authorization ?? ''), hash(`Bearer ${adminKey}`));
}

async function attested({ cloud, request, account }: RouteContext): Promise<unknown> {
  const body = await readJson(request);
  const ip = request.socket.remoteAddress?.replace(/^::ffff:/, '') ?? '127.0.0.1';
  // The cast holds: each member is checked where it is read.
  const asked = { ip, ...(account === undefined ? {} : { account }), ...body } as unknown as AttestRequest;
  if (asked.account !== undefined && typeof asked.account !== 'string')
    throw new CloudError('input-malformed', 'account is the name of an account, such as local');
  const { token, rejections, expiresAt } = cloud.attest(asked);
  const { rejectionReasons } = cloud.account(asked.account).policy;
  return {
    status: 'SUCCESS',
    token,
    loggable: loggableToken(token),
    expiresAt,
    ...(rejectionReasons ? { rejectionReasons: rejections } : {}),
  };
}

async function noteDevice({ cloud, account, request, parts }: RouteContext): Promise<unknown> {
  const { properties = [], forced = null } = await readJson(request);
  if (forced !== null && forced !== 'pass' && forced !== 'fail')
    throw new CloudError('input-malformed', 'forced is "pass", "fail" or null');
  return cloud.change((state) => setDevice(state, parts[0] ?? '', { properties: deviceProperties(properties), forced }), account);
}

/** An account without its secrets. */
function summary({ cloud, account }: RouteContext): unknown {
  const { secret, messageKey, keys, domains, apps, devices, policy, wildcard, managedTrustRoots, tokenSeconds } = cloud.account(account);
  const publicKeys = Object.entries(keys).map(([kid, { algorithm, createdAt }]) => ({ kid, algorithm, createdAt }));
  const settings = { policy, wildcard, managedTrustRoots, tokenSeconds, secretKeyId: secret.keyId, messageKeyId: messageKey?.id ?? null };
  return { account: account ?? cloud.defaultAccount, accounts: cloud.accounts, ...settings, domains, keys: publicKeys, apps, devices };
}
