/** Calls an API as the app on a device does. */
import { freshInstallationKey, type HeaderLine, type SigningKeys, signRequest } from '@approov-guard/testkit';
import type { AttestRequest } from '../account/attest.ts';
import { freshDeviceId } from '../account/devices.ts';
import { BEHAVIOURS, type BehaviourRow } from './behaviours.ts';
import type { Device } from './device.ts';
import type { Fetched, FetchStatus } from './issuer.ts';
import { PinError, type SentRequest, send } from './transport.ts';

/** What the app itself sets. */
export interface AppRequestInit {
  /** Default `GET`. */
  readonly method?: string;
  readonly headers?: readonly HeaderLine[] | { readonly [name: string]: string };
  /** Text is sent as UTF-8. */
  readonly body?: string | Uint8Array | null;
}

/** What came of a call. */
export interface AppAnswer {
  /** What the SDK said of the token; `null` for an app without it. `MITM_DETECTED`: the certificate was not the pinned one, and nothing was sent. */
  readonly sdkStatus: FetchStatus | null;
  /** The request as it went out, token and signature included; `null` if nothing was sent. */
  readonly sent: SentRequest | null;
  /** The HTTP status; `null` if nothing was sent. */
  readonly status: number | null;
  readonly headers: { readonly [name: string]: string | readonly string[] | undefined };
  readonly text: string;
}

/**
 * Calls an API as the app on this device does: fetches a token from the cloud and keeps it until shortly before it expires, binds it, signs the
 * request as the client library signs, holds the server's certificate against the pins, and misbehaves as its behaviour says.
 * @param device - made by `createDevice`
 * @param url - absolute, as the app would write it
 * @throws what the network throws where the API does not answer
 * @example
 * ```ts
 * import { once } from 'node:events';
 * import { createServer } from 'node:http';
 * import type { AddressInfo } from 'node:net';
 * import { createGuard } from 'approov-guard';
 * import { approov } from 'approov-guard/node';
 * import { appFetch, createCloud, createDevice } from '@approov-guard/cloud';
 *
 * const cloud = createCloud();
 * cloud.addDomain('localhost');
 * cloud.addApp({ package: 'com.example.app' });
 * const guard = createGuard({ keys: { secret: { base64: cloud.account().secret.base64 } } });
 * const server = createServer(approov(guard, (_, response) => response.end('hello'))).listen(0);
 * await once(server, 'listening');
 *
 * const device = createDevice({ cloud, behaviour: 'rooted' });
 * const { port } = server.address() as AddressInfo;
 * const { status } = await appFetch(device, `http://localhost:${port}/`);
 * console.log(status); // 401
 * device.close();
 * server.close();
 * ```
 */
export async function appFetch(device: Device, url: string, init: AppRequestInit = {}): Promise<AppAnswer> {
  const row = BEHAVIOURS[device.behaviour];
  const request = plainRequest(url, init);
  if (!row.sdk) return answered(device, request, null, null);
  if (row.replays && device.memory.captured !== null) return answered(device, { ...device.memory.captured, url }, 'SUCCESS', null);
  const fetched = row.online ? await fetchToken(device, row, request) : NO_NETWORK;
  if (fetched.token === null && device.withoutToken === 'fail') return notSent(fetched.status);
  const outgoing = fetched.token === null ? withStatus(device, request, fetched.status) : attested(device, row, request, fetched.token);
  if (row.replays) device.memory.captured = outgoing;
  return answered(device, outgoing, fetched.status, await pinsFor(device, row, url));
}

const NO_NETWORK: Fetched = { status: 'NO_NETWORK', token: null, expiresAt: 0 };

function plainRequest(url: string, { method = 'GET', headers = {}, body = null }: AppRequestInit): SentRequest {
  const lines = Array.isArray(headers) ? (headers as readonly HeaderLine[]) : Object.entries(headers as { [name: string]: string });
  return { method, url, headers: lines, body: body === null ? null : Buffer.from(body) };
}

function notSent(sdkStatus: FetchStatus): AppAnswer {
  return { sdkStatus, sent: null, status: null, headers: {}, text: '' };
}

async function answered(
  device: Device,
  sent: SentRequest,
  sdkStatus: FetchStatus | null,
  pins: readonly string[] | null,
): Promise<AppAnswer> {
  try {
    const { memory, ca = null } = device;
    const { status, headers, body } = await (device.send?.(sent) ?? send(sent, { agents: memory.agents, ca, pins }));
    return { sdkStatus, sent, status, headers, text: Buffer.from(body).toString('utf8') };
  } catch (error) {
    if (error instanceof PinError) return notSent('MITM_DETECTED');
    throw error;
  }
}

/** The SDK fetches again when so little of a token's life is left. */
const RENEW_SECONDS = 10;
/** The SDK keeps few tokens; a device that is called with many users forgets the oldest. */
const MOST_TOKENS = 16;

async function fetchToken(device: Device, row: BehaviourRow, request: SentRequest): Promise<Fetched> {
  const { tokens, issuer } = device.memory;
  const attestation = attestationOf(device, row, request);
  const key = `${device.behaviour} ${attestation.domain} ${attestation.binding ?? ''}`;
  const kept = tokens.get(key);
  // The issuer's clock and the device's may differ: a device that is ahead fetches more often, as real ones do.
  if (kept !== undefined && (device.now ?? Date.now)() / 1000 < kept.expiresAt - RENEW_SECONDS) return kept;
  const fetched = await issuer.attest(attestation);
  if (fetched.token === null) return fetched;
  if (tokens.size >= MOST_TOKENS) tokens.clear();
  tokens.set(key, fetched);
  return fetched;
}

function attestationOf(device: Device, row: BehaviourRow, request: SentRequest): AttestRequest {
  const { app = 'com.example.app', domain = new URL(request.url).hostname, account, sign = null } = device;
  const bound = boundText(device, request);
  // A thief's token was made on another device, for another user.
  const binding = bound === null || !row.stolen ? bound : `not ${bound}`;
  const key = sign === null ? null : row.stolen ? victimKey() : device.memory.installationKey().ipk;
  return {
    ...(account === undefined ? {} : { account }),
    app: row.registered ? app : { package: 'com.example.unknown' },
    device: row.stolen ? freshDeviceId() : device.id,
    domain,
    binding,
    installationKey: key,
    properties: row.properties,
  };
}

/** An installation's public key whose private half stays with its owner. */
function victimKey(): string {
  victim ??= freshInstallationKey().ipk;
  return victim;
}

let victim: string | null = null;

function boundText({ bindingHeader = null }: Device, { headers }: SentRequest): string | null {
  if (bindingHeader === null) return null;
  // Client libraries take the last of repeated lines.
  return headers.findLast(([name]) => name.toLowerCase() === bindingHeader.toLowerCase())?.[1] ?? null;
}

function withStatus(
  { withoutToken, tokenHeader = 'Approov-Token', tokenPrefix = '' }: Device,
  request: SentRequest,
  status: FetchStatus,
): SentRequest {
  if (withoutToken !== 'status') return request;
  return { ...request, headers: [...request.headers, [tokenHeader, `${tokenPrefix}${status}`]] };
}

function attested(device: Device, row: BehaviourRow, request: SentRequest, token: string): SentRequest {
  const { sign = null, client = 'okhttp-3.8', tokenHeader = 'Approov-Token', tokenPrefix = '', digest = false } = device;
  if (sign === null) return { ...request, headers: [...request.headers, [tokenHeader, `${tokenPrefix}${token}`]] };
  const now = (device.now ?? Date.now)() + row.clockSeconds * 1000;
  const settings = {
    client,
    sign,
    tokenHeader,
    tokenPrefix,
    token,
    now,
    ...keysOf(device),
    ...(digest ? { digest: { required: true } } : {}),
  };
  const { method, headers, body } = signRequest({ ...settings, request });
  return { method, url: request.url, headers, body };
}

function keysOf({ memory, accountKey }: Device): SigningKeys {
  return { installationKey: memory.installationKey(), ...(accountKey === undefined ? {} : { accountKey }) };
}

/** No certificate in the world has the pin of nothing. */
const UNMATCHED = ['AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA='];

async function pinsFor(device: Device, row: BehaviourRow, url: string): Promise<readonly string[] | null> {
  const { hostname, protocol } = new URL(url);
  if (protocol !== 'https:' || device.pinning === false) return null;
  if (row.intercepted) return UNMATCHED;
  device.memory.pins ??= await device.memory.issuer.pins();
  const pins = device.memory.pins[device.domain ?? hostname] ?? [];
  return pins.length > 0 ? pins : (device.memory.pins['*'] ?? null);
}
