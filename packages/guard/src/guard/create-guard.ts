/** How adapters get a guard: `createGuard` checks the options and assembles a guard of them. */
import { crypto as platformCrypto } from '#crypto';
import { ConfigurationError } from '../checks/configuration-error.ts';
import { isDebugged, isProduction } from '../checks/environment.ts';
import { checkedFlag, checkedFunction, checkedObject, checkedWord, type UncheckedOptions } from '../checks/option-checks.ts';
import type { Route } from '../core/judge/case.ts';
import type { Policy } from '../core/judge/policy.ts';
import type { CryptoPort } from '../core/ports.ts';
import type { RequestView } from '../core/request-view.ts';
import { rememberedInstallationKeys } from '../core/signature/signing-key.ts';
import { findOrigin, originOf } from '../http/origin.ts';
import { type GuardKeys, KeyRing } from '../keys/key-ring.ts';
import { compileKeys } from '../keys/key-source.ts';
import { memoryReplayStore } from '../replay/memory.ts';
import { compileChosenKeys } from './compile/key-choice.ts';
import { compileBodies, compileShare } from './compile/limits.ts';
import { compileCache, compileExempt, compileRefusal, compileRoute, GUARD_OPTION_NAMES } from './compile/options.ts';
import { compileOrigin, compileRoutes, hostsOf } from './compile/routes.ts';
import { compileRules } from './compile/rules.ts';
import { noteGuard, showWarning } from './gauges.ts';
import { assembleGuard, type Guard, systemClock } from './guard.ts';
import { HeldBodies } from './held-bodies.ts';
import { DEBUG_NAME, Hints } from './hints.ts';
import type { GuardOptions, RouteOptions } from './options.ts';
import type { OnVerdict } from './report.ts';
import { type Demands, routeOf, storesOf } from './route.ts';

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

/**
 * The same on a given crypto port: for tests that compare ports.
 * @param sharesOf - finds what signing keys have taken under these limits: for guards that follow each other. Default: nothing yet
 */
export function createGuardOn(crypto: CryptoPort, options: GuardOptions, sharesOf: typeof compileShare = compileShare): Guard {
  const given = checkedObject(options, 'options', GUARD_OPTION_NAMES);
  const now = checkedFunction<() => number>(given.now, 'now') ?? systemClock;
  const production = isProduction(given.environment);
  const origin = compileOrigin(given.origin);
  const bodyLimits = compileBodies(given.bodies);
  const bodies = new HeldBodies(bodyLimits);
  const warn = checkedFunction<NonNullable<GuardOptions['onWarning']>>(given.onWarning, 'onWarning') ?? showWarning;
  const context = {
    bodyLimits,
    crypto,
    production,
    originHosts: hostsOf(origin),
    rules: compileRules(given.rules, crypto.sha256Base64),
    defaultReplay: once(() => memoryReplayStore({ now })),
  };
  const policy = compileRoute(options, '', null, context);
  const allKeys: GuardKeys[] = [];
  const cached = compileCache(given.cache);
  const choice = { ...context, cacheTokens: cached.tokens, originOf: (request: RequestView) => originOf(request, origin) };
  const requestKeys = (keys: unknown, path: string): GuardKeys => {
    const compiled = isChoice(keys) ? compileChosenKeys(keys, path, choice) : new KeyRing(compileKeys(keys, path, context), cached.tokens);
    allKeys.push(compiled);
    return compiled;
  };
  const whole = routeOf(null, policy, requestKeys(given.keys, 'keys'));
  const compilePolicy = (route: UncheckedOptions, path: string): Policy => compileRoute(route, path, policy, context);
  const routes = compileRoutes(given.routes, { whole, compilePolicy, requestKeys });
  const rows = (routes ?? []).flatMap(({ leadsTo }) => (leadsTo === 'exempt' ? [] : [leadsTo]));
  const memoryStores = storesOf([whole, ...rows]).filter((store) => store.occupancy !== undefined);
  return assembleGuard({
    whole,
    routes,
    keys: allKeys,
    means: {
      hash: crypto.sha256Base64,
      decodeText: crypto.decodeText,
      digestBody: crypto.digest,
      originOf: choice.originOf,
      whyUnknown: (request) => {
        const found = findOrigin(request, origin);
        return typeof found === 'string' ? found : null;
      },
      openInstallationKey: rememberedInstallationKeys(crypto, cached.installationKeys),
      shares: sharesOf(given.share),
      bodies,
    },
    compileRoute: (route) => compileRoute(route, 'route', policy, context),
    exempt: compileExempt(given.exempt),
    judgePreflights: checkedWord(given.preflight, 'preflight', ['judge', 'pass'], 'judge') === 'judge',
    refusal: compileRefusal(given.refusal),
    onVerdict: compileHooks(given.onVerdict),
    lines: compileHints(given, production),
    now,
    bodies,
    life: noteGuard(given, memoryStores, warn),
  });
}

function compileHooks(options: unknown): readonly OnVerdict[] {
  const hooks = Array.isArray(options) ? options : [options];
  return hooks.flatMap(
    (hook: unknown, index) => checkedFunction<OnVerdict>(hook, hooks === options ? `onVerdict[${index}]` : 'onVerdict') ?? [],
  );
}

function compileHints({ hints, onVerdict }: UncheckedOptions, production: boolean): Hints {
  const asked = checkedFlag(hints, 'hints', onVerdict === undefined);
  return new Hints({ every: isDebugged(DEBUG_NAME), remedies: asked && !production });
}

function isChoice(keys: unknown): boolean {
  return typeof keys === 'object' && keys !== null && 'choose' in keys;
}

/** Makes a thing on first use and once. */
function once<T>(make: () => T): () => T {
  let made: { readonly thing: T } | null = null;
  return () => {
    made ??= { thing: make() };
    return made.thing;
  };
}

/** A guard and the route that an adapter protects with it. */
export interface GuardedRoute {
  readonly guard: Guard;
  readonly route: Route | undefined;
}

/** Makes the guard if options were given, and compiles the route if one was described. */
export function guardOf(guardOrOptions: Guard | GuardOptions, options: RouteOptions | undefined): GuardedRoute {
  const guard = isGuard(guardOrOptions) ? guardOrOptions : createGuard(guardOrOptions);
  return { guard, route: options === undefined ? undefined : guard.route(options) };
}

/**
 * As {@link guardOf}: at once, or when it is first asked if a function was given. Builds run modules, without the secrets of the server that
 * they build.
 */
export function guardWhenAsked(
  given: Guard | GuardOptions | (() => Guard | GuardOptions),
  options: RouteOptions | undefined,
): () => GuardedRoute {
  if (typeof given === 'function') return once(() => guardOf(given(), options));
  const guarded = guardOf(given, options);
  return () => guarded;
}

/** Tells a guard from the options of one. */
export function isGuard(value: Guard | GuardOptions): value is Guard {
  return typeof value === 'object' && value !== null && 'decide' in value && typeof value.decide === 'function';
}

/** A platform that shows the guard less than a request. */
export type Platform = 'gRPC' | 'a Lambda authoriser';

interface Limit {
  /** The option, as a path within a route. */
  readonly option: string;
  readonly asks: (demands: Demands) => boolean;
  /** Where it cannot be held, and why not. */
  readonly platforms: { readonly [Name in Platform]?: string };
  readonly remedy: string;
}

const LIMITS: readonly Limit[] = [
  {
    option: 'signature.digest',
    asks: ({ digest }) => digest === 'required',
    platforms: { gRPC: 'messages are a stream that begins later', 'a Lambda authoriser': 'it is shown no body' },
    remedy: "say 'delegated' if what stands behind it compares the digest with the body, or leave it out",
  },
];

/**
 * Refuses what a platform cannot hold, wherever it is demanded: in the guard's own policy, its option `routes`, or the adapter's route.
 * @returns what was given
 * @throws ConfigurationError
 */
export function refuseUnheld(guarded: GuardedRoute, platform: Platform): GuardedRoute {
  for (const demands of guarded.guard.demands(guarded.route)) {
    for (const { option, asks, platforms, remedy } of LIMITS) {
      const why = platforms[platform];
      if (why === undefined || !asks(demands)) continue;
      throw new ConfigurationError('option-unavailable', `${demands.path}${option}`, `cannot be held by ${platform}: ${why}; ${remedy}`);
    }
  }
  return guarded;
}
