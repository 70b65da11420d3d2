/** `createGuard`: a guard with all its parts. */
import { crypto as platformCrypto } from '#crypto';
import type { CryptoPort } from '../core/ports.ts';
import { remoteKeySource } from '../keys/remote/keys-url.ts';
import { memoryReplayStore } from '../replay/memory.ts';
import { compileRules } from './compile/rules.ts';
import { compileSignature } from './compile/signature.ts';
import type { Guard } from './guard.ts';
import { HeldBodies } from './held-bodies.ts';
import { makeGuard } from './make-guard.ts';
import type { OptionalParts } from './optional-parts.ts';
import type { GuardOptions } from './options.ts';

const ALL_PARTS: OptionalParts = {
  compileSignature,
  remoteKeySource,
  compileRules,
  memoryReplayStore,
  holdBodies: (limits) => new HeldBodies(limits),
};

/**
 * Makes a guard: it decides for each request whether it carries a valid attestation token and, if `binding` is configured, whether the
 * token was bound to the values the request carries.
 *
 * It does **not** check who the user is, whether an access token in `Authorization` is valid, or whether a request was sent before:
 * attestation says that the genuine app asked, not for whom.
 *
 * @param options - see {@link GuardOptions} for each option's unit, range and default
 * @returns a guard, for all routes and all adapters of one API
 * @throws ConfigurationError for any mistake in the options, with the option's path and a remedy
 * @see RFC 7519 §7.2, RFC 8725 §3
 *
 * @example
 * ```ts
 * import { createGuard } from 'approov-guard';
 * const guard = createGuard({ keys: { secret: { base64: process.env.APPROOV_BASE64_SECRET } } });
 * const verdict = await guard.verifyToken('adasdasdsadasd');
 * if (verdict.outcome === 'rejected') console.log(verdict.reason); // token-malformed
 * ```
 */
export function createGuard(options: GuardOptions): Guard {
  return createGuardOn(platformCrypto, options);
}

/** The same on a given crypto port: for tests that compare ports. */
export function createGuardOn(crypto: CryptoPort, options: GuardOptions): Guard {
  return makeGuard(ALL_PARTS, crypto, options);
}
