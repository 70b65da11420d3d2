/** The name under which a token stands in a deny list: nobody can make a token of it. */
import { crypto } from '#crypto';
import { chain, type MaybePromise } from '../core/result.ts';

/** SHA-256 as padded base64. */
export type HashText = (text: string) => MaybePromise<string>;

/** What a fingerprint looks like. A token does not. */
export const FINGERPRINT: RegExp = /^[A-Za-z0-9_-]{43}$/;

/**
 * The fingerprint of a token, for the rule `denyTokens`: base64url, without padding, of SHA-256 over its header and payload segments. The
 * signature is left out: who holds an ECDSA-signed token can write a second signature that verifies as well.
 *
 * @param token - the token's text; nothing of it is verified
 *
 * @example
 * ```ts
 * import { tokenFingerprint } from 'approov-guard';
 * console.log(await tokenFingerprint('a.b.c')); // LnM23I66h-9HLfVow1SCq_JXXcPl6sDFxiuP-urCyTQ
 * ```
 */
export async function tokenFingerprint(token: string): Promise<string> {
  return fingerprintOf(token, crypto.sha256Base64);
}

/** The same with a given hash, at once where the hash answers at once. */
export function fingerprintOf(token: string, hash: HashText): MaybePromise<string> {
  return chain(hash(token.slice(0, token.lastIndexOf('.'))), (digest) => digest.slice(0, 43).replaceAll('+', '-').replaceAll('/', '_'));
}
