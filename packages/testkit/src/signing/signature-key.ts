/** With what messages are signed: an installation's private key, or the account's message-signing key. */
import { createHmac, createPrivateKey, createPublicKey, randomBytes, sign } from 'node:crypto';
import { type SecretText, secretBytes } from '../secret.ts';
import type { InstallationKey } from '../signing-keys.ts';

/** The labels of the platform, which are also the kinds of keys. */
export type SignatureLabel = 'install' | 'account';

/** A key for {@link signMessage}. */
export type SignatureKey = { readonly install: InstallationKey } | { readonly account: SecretText };

/** What the parameter `alg` says for a label. */
export const ALGORITHM_OF: { readonly [Label in SignatureLabel]: string } = { install: 'ecdsa-p256-sha256', account: 'hmac-sha256' };

/** An account's message-signing key and its id. */
export interface AccountSigningKey {
  /** The claim `mskid`: the first six characters of the key's text. */
  readonly id: string;
  readonly base64url: string;
}

/** Makes an account's message-signing key. Fits the guard's `signature: { label: 'account', accountKeys: [key] }`. */
export function freshAccountKey(): AccountSigningKey {
  const base64url = randomBytes(64).toString('base64url');
  return { id: base64url.slice(0, 6), base64url };
}

/** Opens a given installation key: base64 of a private key in DER, SEC1 or PKCS #8. */
export function installationKeyFrom(base64: string): InstallationKey {
  const key = Buffer.from(base64, 'base64');
  // A PKCS #8 key names the algorithm after the version: 02 01 00 30.
  const type = key.includes(Buffer.from([0x02, 0x01, 0x00, 0x30])) ? 'pkcs8' : 'sec1';
  const privateKey = createPrivateKey({ key, format: 'der', type });
  return { ipk: createPublicKey(privateKey).export({ type: 'spki', format: 'der' }).toString('base64'), privateKey };
}

/**
 * Signs a signature base.
 * @param base - one byte a character
 * @param der - ECDSA as DER (what the SDK's primitive gives) instead of r‖s
 */
export function signBase(base: string, key: SignatureKey, der = false): Buffer {
  const bytes = Buffer.from(base, 'latin1');
  if ('account' in key) return createHmac('sha256', secretBytes(key.account)).update(bytes).digest();
  return sign('sha256', bytes, { key: key.install.privateKey, dsaEncoding: der ? 'der' : 'ieee-p1363' });
}
