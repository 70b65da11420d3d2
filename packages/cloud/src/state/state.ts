/** What the cloud remembers: one JSON document. It holds secrets and private keys, of test accounts only. */

import { randomBytes } from 'node:crypto';
import { freshSecret, type PrivateKeyAlgorithm } from '@approov-guard/testkit';

/** The version that this program writes. It refuses newer ones and never overwrites them. */
export const STATE_VERSION = 1;

/** What stands at the head of a state file. */
export const STATE_FORMAT = 'approov-guard-cloud';

/** An API domain for which tokens are issued. */
export interface DomainState {
  /** The key of the account's key set that signs this domain's tokens; `null`: the account secret, HS256. */
  kid: string | null;
  /** Keys that signed before: they stay in the domain's key set, so that tokens which they signed verify until they expire. */
  formerKids: string[];
  /** Whether the domain is only pinned and gets no tokens (`-noApproovToken`). */
  pinsOnly: boolean;
  /** Whether web clients get tokens, too (`-allowWeb`). */
  web: boolean;
  /** base64(SHA-256(SPKI)). Empty: the managed trust roots count, where they are on. */
  pins: string[];
}

/** A key pair of the account's key set. */
export interface KeyState {
  algorithm: PrivateKeyAlgorithm;
  /** PKCS #8, PEM. */
  privateKey: string;
  /** Signs the tokens that must not verify: same kind of key, never published. */
  failKey: string;
  /** Milliseconds since the epoch. */
  createdAt: number;
}

/** An app that passes attestation. */
export interface AppState {
  package: string;
  /** base64 of the SHA-256 of the signing certificate or of the app's file; `null`: any. */
  certificate: string | null;
  /** `null`: any version. */
  version: string | null;
  /** Milliseconds since the epoch; `null`: never. */
  expiresAt: number | null;
}

/** What is known of a device beside what it says of itself. */
export interface DeviceState {
  properties: string[];
  /** `forcepass` and `forcefail`. */
  forced: 'pass' | 'fail' | null;
}

/** What tokens say, and when they are good. */
export interface PolicyState {
  audience: boolean;
  issuer: boolean;
  subject: boolean;
  installPubKey: boolean;
  rejectionReasons: boolean;
}

/** An account. */
export interface AccountState {
  secret: { base64: string; keyId: string | null };
  messageKey: { id: string; base64url: string } | null;
  wildcard: boolean;
  jwksUri: boolean;
  managedTrustRoots: boolean;
  /** How long tokens of apps live. */
  tokenSeconds: number;
  policy: PolicyState;
  domains: { [domain: string]: DomainState };
  keys: { [kid: string]: KeyState };
  apps: AppState[];
  devices: { [id: string]: DeviceState };
}

/** Everything. */
export interface CloudState {
  format: typeof STATE_FORMAT;
  version: typeof STATE_VERSION;
  /** Whoever can read the state may command the server that runs on it. */
  adminKey: string;
  defaultAccount: string;
  accounts: { [name: string]: AccountState };
}

/** A new account: a random secret, no domains. */
export function freshAccount(): AccountState {
  return {
    secret: { base64: freshSecret().base64, keyId: null },
    messageKey: null,
    wildcard: false,
    jwksUri: false,
    managedTrustRoots: true,
    tokenSeconds: 300,
    policy: { audience: false, issuer: false, subject: false, installPubKey: false, rejectionReasons: false },
    domains: {},
    keys: {},
    apps: [],
    devices: {},
  };
}

/** A new state with one account. */
export function freshState(account: string): CloudState {
  return {
    format: STATE_FORMAT,
    version: STATE_VERSION,
    adminKey: randomBytes(24).toString('base64url'),
    defaultAccount: account,
    accounts: { [account]: freshAccount() },
  };
}
