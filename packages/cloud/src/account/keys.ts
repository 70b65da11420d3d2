/** Key sets: the pairs that sign tokens of domains which do not use the account secret. */
import { createPrivateKey, createPublicKey, generateKeyPairSync, type KeyObject } from 'node:crypto';
import { freshSigningKey, PRIVATE_KEY_ALGORITHMS, type PrivateKeyAlgorithm } from '@approov-guard/testkit';
import { CloudError } from '../cloud-error.ts';
import type { AccountState, KeyState } from '../state/state.ts';
import { define, formerOf, ownMember, requireDomain, requireKey } from './domains.ts';

/** How a key is made. */
export interface KeySettings {
  /** Default: the lowest number that is free. */
  readonly kid?: string;
  /** RSA only, in bits. Default 2048. */
  readonly length?: number;
}

const KID = /^[\x21-\x7e]{1,64}$/;
const LENGTHS = [2048, 3072, 4096];

/**
 * Adds a key pair and answers its id.
 * @throws CloudError `key-malformed` for another algorithm, length or id
 */
export function addKey(account: AccountState, algorithm: string, now: number, settings: KeySettings = {}): string {
  const known = PRIVATE_KEY_ALGORITHMS.find((name) => name.toLowerCase() === algorithm.toLowerCase());
  if (known === undefined) throw malformed(`a key's algorithm is one of ${PRIVATE_KEY_ALGORITHMS.join(', ')}`);
  const kid = settings.kid ?? freeNumber(account);
  if (!KID.test(kid)) throw malformed('a key id has 1 to 64 printable ASCII characters and no spaces');
  if (ownMember(account.keys, kid) !== undefined) throw malformed('there is a key of this id already; choose another one');
  const make = (): string => privateKeyOf(known, settings.length);
  define(account.keys, kid, { algorithm: known, privateKey: make(), failKey: make(), createdAt: now } satisfies KeyState);
  return kid;
}

function freeNumber(account: AccountState): string {
  let number = 1;
  while (ownMember(account.keys, String(number)) !== undefined) number += 1;
  return String(number);
}

function privateKeyOf(algorithm: PrivateKeyAlgorithm, length: number | undefined): string {
  const isRsa = /^[RP]S/.test(algorithm);
  if (length !== undefined && !(isRsa && LENGTHS.includes(length)))
    throw malformed(isRsa ? `an RSA key has ${LENGTHS.join(', ')} bits` : `-keyLength belongs to RS and PS keys, not to ${algorithm}`);
  const modulusLength = length ?? 2048;
  const key: KeyObject =
    isRsa && modulusLength !== 2048 ? generateKeyPairSync('rsa', { modulusLength }).privateKey : freshSigningKey(algorithm).privateKey;
  return key.export({ type: 'pkcs8', format: 'pem' }).toString();
}

function malformed(message: string): CloudError {
  return new CloudError('key-malformed', message);
}

/** Removes a key that no domain uses. */
export function removeKey(account: AccountState, kid: string): void {
  requireKey(account, kid);
  const user = Object.entries(account.domains).find(([, domain]) => domain.kid === kid);
  if (user !== undefined)
    throw malformed(`${user[0]} signs with this key; give it another one first: approov api -keySetKID KID -add ${user[0]}`);
  delete account.keys[kid];
  for (const domain of Object.values(account.domains)) domain.formerKids = domain.formerKids.filter((former) => former !== kid);
}

/**
 * Gives a domain a new key of the same algorithm. The old one stays in the key set, so that tokens it signed verify until they expire.
 * @returns the new key's id
 */
export function rotateKey(account: AccountState, domain: string, now: number): string {
  const state = requireDomain(account, domain);
  if (state.kid === null) throw malformed('this domain signs with the account secret: approov secret -change rotates that');
  const kid = addKey(account, requireKey(account, state.kid).algorithm, now);
  state.formerKids = formerOf(state, kid);
  state.kid = kid;
  return kid;
}

/** The public half as PEM. */
export function publicPem(key: KeyState): string {
  return createPublicKey(privateKey(key.privateKey)).export({ type: 'spki', format: 'pem' }).toString();
}

/** The public half as a JWK (RFC 7517 §4). */
export function publicJwk(kid: string, key: KeyState): { readonly [member: string]: unknown } {
  const jwk = createPublicKey(privateKey(key.privateKey)).export({ format: 'jwk' });
  return { ...jwk, kid, alg: key.algorithm, use: 'sig' };
}

/** Opens a private key of the state. @throws CloudError `state-damaged` */
export function privateKey(pem: string): KeyObject {
  const known = opened.get(pem);
  if (known !== undefined) return known;
  try {
    const key = createPrivateKey(pem);
    if (opened.size >= MOST_OPENED) opened.clear();
    opened.set(pem, key);
    return key;
  } catch (cause) {
    throw new CloudError(
      'state-damaged',
      'a private key of the state is not PKCS #8 PEM. Restore a copy of the state file, or make a new one.',
      {
        cause,
      },
    );
  }
}

// Parsing a key costs more than signing with it.
const MOST_OPENED = 256;
const opened: Map<string, KeyObject> = new Map();
