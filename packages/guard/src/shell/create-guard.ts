/** `createGuard`: checks the options and assembles the guard. */
import { crypto as platformCrypto } from '#crypto';
import type { CryptoPort } from '../core/ports.ts';
import type { Policy } from '../core/route-policy.ts';
import { originOf } from '../http/origin.ts';
import { compileCache, compileExempt, compileRefusal, compileRoute, GUARD_OPTION_NAMES } from './compile-options.ts';
import { compileOrigin } from './compile-origin.ts';
import { compileRoutes } from './compile-routes.ts';
import { isProduction } from './environment.ts';
import { assembleGuard, type Guard } from './guard.ts';
import { rememberedInstallationKeys } from './installation-keys.ts';
import { KeyRing } from './key-ring.ts';
import { compileKeys } from './key-source.ts';
import { checkedFunction, checkedObject, checkedWord, type UncheckedOptions } from './option-checks.ts';
import type { GuardOptions } from './options.ts';
import { memoryReplayStore } from './replay-memory.ts';
import { compileRules } from './rules.ts';

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
  const now = checkedFunction<() => number>(given.now, 'now') ?? Date.now;
  const context = { crypto, production: isProduction(given.environment), defaultReplay: once(() => memoryReplayStore({ now })) };
  const policy = compileRoute(options, '', null, context);
  const rings: KeyRing[] = [];
  const cacheTokens = compileCache(given.cache);
  const origin = compileOrigin(given.origin);
  const keyRing = (keys: unknown, path: string): KeyRing => {
    const ring = new KeyRing(compileKeys(keys, path, context), cacheTokens);
    rings.push(ring);
    return ring;
  };
  const whole = { name: null, policy, keys: keyRing(given.keys, 'keys') };
  const compilePolicy = (route: UncheckedOptions, path: string): Policy => compileRoute(route, path, policy, context);
  return assembleGuard({
    crypto,
    whole,
    routes: compileRoutes(given.routes, { whole, compilePolicy, keyRing }),
    rings,
    rules: compileRules(given.rules, crypto.sha256Base64),
    message: { originOf: (request) => originOf(request, origin), openInstallationKey: rememberedInstallationKeys(crypto) },
    compileRoute: (route) => compileRoute(route, 'route', policy, context),
    exempt: compileExempt(given.exempt),
    judgePreflights: checkedWord(given.preflight, 'preflight', ['pass', 'judge'], 'pass') === 'judge',
    refusal: compileRefusal(given.refusal),
    onVerdict: checkedFunction<NonNullable<GuardOptions['onVerdict']>>(given.onVerdict, 'onVerdict') ?? null,
    now,
  });
}

/** Makes a thing on first use and once. */
function once<T>(make: () => T): () => T {
  let made: { readonly thing: T } | null = null;
  return () => {
    made ??= { thing: make() };
    return made.thing;
  };
}
