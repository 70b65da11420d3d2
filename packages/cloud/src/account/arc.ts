/** Attestation response codes: opaque to apps and back ends, readable with the account's secret. Nothing is remembered for them. */
import { createHmac, randomBytes } from 'node:crypto';
import { CloudError } from '../cloud-error.ts';
import type { AccountState } from '../state/state.ts';
import { REJECTIONS, type Rejection } from './devices.ts';

const ALPHABET = 'ABCDEFGHIJKLMNOPQRSTUVWXYZ234567';
const CODE = /^[A-Z2-7]{16}$/;

// Ten bytes are sixteen characters: two of noise, two of flags, six of proof.
const [NOISE, FLAGS, PROOF] = [2, 2, 6];

/** Makes the code of an attestation. */
export function arcOf(account: AccountState, rejections: readonly Rejection[]): string {
  const noise = randomBytes(NOISE);
  const bits = rejections.reduce((sum, rejection) => sum | (1 << REJECTIONS.indexOf(rejection)), 0);
  const flags = Buffer.from([bits >> 8, bits & 0xff]);
  return base32(Buffer.concat([noise, masked(account, noise, flags), proof(account, noise, flags)]));
}

/**
 * What a code says: why the attestation failed; empty where it passed.
 * @throws CloudError `arc-unknown` where the account did not make it
 */
export function expandArc(account: AccountState, code: string): readonly Rejection[] {
  if (!CODE.test(code)) throw unknown('an attestation response code has 16 characters, A to Z and 2 to 7, as the claim `arc` holds it');
  const bytes = bytesOf(code);
  const noise = bytes.subarray(0, NOISE);
  const flags = masked(account, noise, bytes.subarray(NOISE, NOISE + FLAGS));
  if (!proof(account, noise, flags).equals(bytes.subarray(NOISE + FLAGS)))
    throw unknown('this account did not make the code, or its secret was changed since');
  const bits = flags.readUInt16BE(0);
  return REJECTIONS.filter((_, index) => (bits & (1 << index)) !== 0);
}

function unknown(message: string): CloudError {
  return new CloudError('arc-unknown', message);
}

function keyed(account: AccountState, purpose: string, ...parts: readonly Uint8Array[]): Buffer {
  const mac = createHmac('sha256', Buffer.from(account.secret.base64, 'base64')).update(purpose);
  for (const part of parts) mac.update(part);
  return mac.digest();
}

function masked(account: AccountState, noise: Uint8Array, flags: Uint8Array): Buffer {
  const mask = keyed(account, 'arc mask', noise);
  return Buffer.from(flags.map((byte, index) => byte ^ (mask[index] ?? 0)));
}

function proof(account: AccountState, noise: Uint8Array, flags: Uint8Array): Buffer {
  return keyed(account, 'arc proof', noise, flags).subarray(0, PROOF);
}

function base32(bytes: Uint8Array): string {
  const bits = [...bytes].map((byte) => byte.toString(2).padStart(8, '0')).join('');
  return bits.replace(/.{5}/g, (group) => ALPHABET[Number.parseInt(group, 2)] ?? '');
}

function bytesOf(code: string): Buffer {
  const bits = [...code].map((character) => ALPHABET.indexOf(character).toString(2).padStart(5, '0')).join('');
  return Buffer.from((bits.match(/.{8}/g) ?? []).map((group) => Number.parseInt(group, 2)));
}
