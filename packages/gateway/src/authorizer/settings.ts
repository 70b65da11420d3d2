/** The settings of the authoriser: the section `authorizer` of a policy file. */
import { ConfigurationError } from 'approov-guard';
import { checkedFlag, checkedList, checkedSection, checkedText, invalid } from '../checks.ts';
import { addressFrom, type ListenAddress } from '../listen-address.ts';
import { compileLog, compilePrefix, compileTls, type GatewaySettings } from '../settings.ts';
import { DIALECTS, type DialectName } from './dialects/dialect.ts';

/** The settings, checked. */
export interface AuthorizerSettings {
  readonly for: DialectName;
  readonly listen: ListenAddress;
  readonly admin: ListenAddress | null;
  /** Who may ask: addresses or blocks. Peers on a Unix socket may. */
  readonly peers: readonly string[];
  readonly identityPrefix: string;
  readonly stripToken: boolean;
  /** `forwarded`: the proxy sends them along. `delegated`: they are not seen here, and whoever stands behind compares digests. */
  readonly bodies: 'forwarded' | 'delegated' | null;
  readonly log: GatewaySettings['log'];
}

const NAMES = ['for', 'listen', 'tls', 'admin', 'peers', 'identityPrefix', 'stripToken', 'bodies', 'log'];

/**
 * Checks the settings.
 * @param section - what the policy says under `authorizer`
 * @param folder - the folder in which relative paths begin
 * @throws ConfigurationError
 */
export function compileAuthorizer(section: unknown, folder: string): AuthorizerSettings {
  const given = checkedSection(section, 'authorizer', NAMES);
  const admin = given.admin === null ? null : checkedText(given.admin, 'authorizer.admin', '127.0.0.1:8005');
  const name = compileFor(given.for);
  const tls = compileTls(given.tls, folder, 'authorizer.tls');
  if (tls !== null && name !== 'envoy-grpc') {
    throw new ConfigurationError(
      'option-unavailable',
      'authorizer.tls',
      `is for envoy-grpc; ${name} asks over plain text: keep it on this machine, on a Unix socket, or in a private network`,
    );
  }
  return {
    for: name,
    listen: addressFrom(checkedText(given.listen, 'authorizer.listen', '127.0.0.1:8004'), 'authorizer.listen', tls),
    admin: admin === null ? null : addressFrom(admin, 'authorizer.admin', null),
    peers: checkedList(given.peers, 'authorizer.peers')?.map(checkedPeer) ?? ['loopback'],
    identityPrefix: compilePrefix(given.identityPrefix, 'authorizer.identityPrefix'),
    stripToken: checkedFlag(given.stripToken, 'authorizer.stripToken', false),
    bodies: compileBodies(given.bodies),
    log: compileLog(given.log, folder, 'authorizer.log'),
  };
}

function compileFor(value: unknown): DialectName {
  if (value === undefined) {
    throw new ConfigurationError('option-missing', 'authorizer.for', `must be the proxy that asks: ${DIALECTS.join(', ')}`);
  }
  return DIALECTS.find((name) => name === value) ?? invalid('authorizer.for', `must be one of ${DIALECTS.join(', ')}`);
}

function compileBodies(value: unknown): AuthorizerSettings['bodies'] {
  if (value === undefined || value === null) return null;
  if (value === 'forwarded' || value === 'delegated') return value;
  return invalid(
    'authorizer.bodies',
    "must be 'forwarded' if the proxy sends bodies along, or 'delegated' if the server behind compares digests",
  );
}

const PEER = /^(?:loopback|linklocal|uniquelocal|[0-9a-f.:]+(?:\/\d{1,3})?)$/i;

function checkedPeer(text: string): string {
  return PEER.test(text) ? text : invalid('authorizer.peers', 'must list addresses, CIDR blocks, or loopback, linklocal, uniquelocal');
}
