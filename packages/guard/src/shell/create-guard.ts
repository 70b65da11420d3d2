/** `createGuard`: checks the options and assembles the guard. */
import { crypto as platformCrypto } from '#crypto';
import type { CryptoPort, KeySource } from '../core/ports.ts';
import { compileCache, compileExempt, compileRefusal, compileRoute, GUARD_OPTION_NAMES } from './compile-options.ts';
import { ConfigurationError } from './configuration-error.ts';
import { isProduction } from './environment.ts';
import { assembleGuard, type Guard } from './guard.ts';
import { staticKeySource } from './keys-static.ts';
import { checkedFunction, checkedObject, checkedWord } from './option-checks.ts';
import type { GuardOptions } from './options.ts';

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
  const given = checkedObject(options, 'options', GUARD_OPTION_NAMES);
  const policy = compileRoute(options, '', null);
  return assembleGuard({
    crypto,
    keys: keySource(given.keys, crypto, isProduction(given.environment)),
    policy,
    compileRoute: (route) => compileRoute(route, 'route', policy),
    exempt: compileExempt(given.exempt),
    judgePreflights: checkedWord(given.preflight, 'preflight', ['pass', 'judge'], 'pass') === 'judge',
    refusal: compileRefusal(given.refusal),
    cacheTokens: compileCache(given.cache),
    onVerdict: checkedFunction<NonNullable<GuardOptions['onVerdict']>>(given.onVerdict, 'onVerdict') ?? null,
    now: checkedFunction<() => number>(given.now, 'now') ?? Date.now,
  });
}

function keySource(keys: unknown, crypto: CryptoPort, production: boolean): KeySource {
  if (keys === undefined || keys === null) {
    throw new ConfigurationError('option-missing', 'keys', 'is required, for instance `{ secret: { base64: … } }`');
  }
  // The cast holds as far as the call goes: whatever has a function `current` is asked through it.
  if (typeof (keys as KeySource).current === 'function') return keys as KeySource;
  return staticKeySource(keys, 'keys', { crypto, production });
}
