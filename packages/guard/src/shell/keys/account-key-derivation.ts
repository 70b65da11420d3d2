/**
 * The derivation of account keys from `did` and `exp`. Found only in checkpoints of approov/quickstart-asp.net-token-check from November
 * 2025 (ae9f6da) and taken out again there (1690738); no official text confirms it, so it is off by default.
 */
import { decodeBase64 } from '../../core/bytes/base64.ts';
import { isNumericDate } from '../../core/time.ts';
import type { Claims } from '../../core/token/claims.ts';

/** What is put through HMAC-SHA-256 with the account key: the device id's bytes, then `exp` as a 64-bit big-endian number. `null` without `did`. */
export function derivationInput(claims: Claims): Uint8Array | null {
  const { did, exp } = claims;
  // Explanations derive from what an unverified token says of itself.
  if (typeof did !== 'string' || did === '' || !isNumericDate(exp)) return null;
  const device = decodeBase64(did, 'base64') ?? new TextEncoder().encode(did);
  const input = new Uint8Array(device.length + 8);
  input.set(device);
  new DataView(input.buffer).setBigInt64(device.length, BigInt(Math.trunc(exp)));
  return input;
}
