/** An attestation: who asks, whether it passes, and the token either way. */
import { createPublicKey } from 'node:crypto';
import { CloudError } from '../cloud-error.ts';
import type { AccountState } from '../state/state.ts';
import { type AppIdentity, appIdentity, rejectionOfApp } from './apps.ts';
import { arcOf } from './arc.ts';
import { deviceId, deviceProperties, type Rejection } from './devices.ts';
import { domainName, ownMember } from './domains.ts';
import { issueToken } from './tokens.ts';

/** What an app's SDK sends. */
export interface AttestRequest {
  /** Default: the default account. */
  readonly account?: string;
  readonly app: AppIdentity | string;
  /** base64 of 16 bytes. */
  readonly device: string;
  /** The API domain for which a token is wanted. */
  readonly domain: string;
  /** The text to which the token is to be bound, such as the value of `Authorization`. At most 16 KiB. */
  readonly binding?: string | null;
  /** The installation's public key for message signing: base64 of the DER SubjectPublicKeyInfo, EC P-256. */
  readonly installationKey?: string | null;
  /** What the measurement finds on the device. Genuine devices have none. */
  readonly properties?: readonly string[];
  /** The address that becomes the claim `ip`. Default: the documentation's `1.2.3.4`, over HTTP the peer's. */
  readonly ip?: string;
}

/** What comes of it. An app sees the token alone, which looks the same either way. */
export interface Attested {
  readonly token: string;
  /** Whether it passed. Never sent to an app. */
  readonly passed: boolean;
  /** Why not. Sent to an app only if the policy has rejection reasons on. */
  readonly rejections: readonly Rejection[];
  readonly arc: string;
  /** Seconds since the epoch, by the issuer's clock. */
  readonly expiresAt: number;
}

/** The issuer's clock, and whether the fail-over service answers. */
export interface AttestConditions {
  /** Milliseconds since the epoch. */
  readonly now: number;
  readonly failover: boolean;
}

/**
 * Attests.
 * @throws CloudError for malformed input and for an unknown domain: mistakes, not failed attestations
 */
export function attest(account: AccountState, name: string, request: AttestRequest, conditions: AttestConditions): Attested {
  const { now, failover } = conditions;
  const given = checked(request);
  const rejections = rejectionsOf(account, given, now);
  const passed = rejections.length === 0;
  const arc = arcOf(account, rejections);
  const token = issueToken(account, name, {
    domain: given.domain,
    type: failover && passed ? 'failover' : passed ? 'valid' : 'invalid',
    now,
    lifetimeSeconds: account.tokenSeconds,
    device: given.device,
    app: given.app.package,
    arc,
    ip: request.ip ?? '1.2.3.4',
    ...(given.binding === null || failover ? {} : { bind: given.binding }),
    ...(given.installationKey === null || failover ? {} : { installationKey: given.installationKey }),
  });
  return { token, passed, rejections, arc, expiresAt: Math.floor(now / 1000) + account.tokenSeconds };
}

interface Checked {
  readonly app: ReturnType<typeof appIdentity>;
  readonly device: string;
  readonly domain: string;
  readonly binding: string | null;
  readonly installationKey: string | null;
  readonly properties: readonly Rejection[];
}

const MOST_BINDING = 16_384;

function checked(request: AttestRequest): Checked {
  const { binding = null, installationKey = null, ip } = request;
  if (binding !== null && (typeof binding !== 'string' || binding.length > MOST_BINDING))
    throw new CloudError('input-malformed', `binding is a text of at most ${MOST_BINDING} characters`);
  if (ip !== undefined && (typeof ip !== 'string' || ip.length > 64))
    throw new CloudError('input-malformed', 'ip is the text of an address');
  return {
    app: appIdentity(request.app),
    device: deviceId(request.device),
    domain: domainName(request.domain),
    binding: binding === '' ? null : binding,
    installationKey: installationKey === null ? null : installKey(installationKey),
    properties: deviceProperties(request.properties ?? []),
  };
}

function installKey(text: unknown): string {
  const message = 'installationKey is the base64 of a DER SubjectPublicKeyInfo, EC P-256: 91 bytes, 124 characters';
  if (typeof text !== 'string' || !/^[A-Za-z0-9+/]{122}==$/.test(text)) throw new CloudError('key-malformed', message);
  if (knownKeys.has(text)) return text;
  try {
    const key = createPublicKey({ key: Buffer.from(text, 'base64'), format: 'der', type: 'spki' });
    if (key.asymmetricKeyDetails?.namedCurve !== 'prime256v1') throw new TypeError('another curve');
  } catch (cause) {
    throw new CloudError('key-malformed', message, { cause });
  }
  if (knownKeys.size >= MOST_KNOWN_KEYS) knownKeys.clear();
  knownKeys.add(text);
  return text;
}

// Devices come again and again with the same key.
const MOST_KNOWN_KEYS = 4096;
const knownKeys: Set<string> = new Set();

function rejectionsOf(account: AccountState, given: Checked, now: number): readonly Rejection[] {
  const noted = ownMember(account.devices, given.device);
  const isStranger = account.wildcard && ownMember(account.domains, given.domain) === undefined;
  // In wildcard mode tokens go to every domain, and those of domains that were not added are never valid.
  if (isStranger) return ['wildcard'];
  if (noted?.forced === 'pass') return [];
  if (noted?.forced === 'fail') return ['forced-fail'];
  const app = rejectionOfApp(account, given.app, now);
  return [...new Set([...given.properties, ...((noted?.properties ?? []) as Rejection[]), ...(app === null ? [] : [app])])];
}
