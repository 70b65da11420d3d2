/** How adapters get a guard: `createGuard` checks the options and assembles a guard of them. */
import { crypto as platformCrypto } from '#crypto';
import { ConfigurationError } from '../checks/configuration-error.ts';
import {
  checkedFlag,
  checkedFunction,
  checkedObject,
  checkedWord,
  isDebugged,
  isGiven,
  isProduction,
  type UncheckedOptions,
} from '../checks/option-checks.ts';
import { GUARD } from '../checks/option-table.ts';
import type { Route } from '../core/judge/case.ts';
import { routeOf } from '../core/judge/order.ts';
import type { Policy } from '../core/judge/policy.ts';
import type { Shares } from '../core/judge/shares.ts';
import type { CryptoPort } from '../core/ports.ts';
import { KnownComponents } from '../core/signature/parse-signature.ts';
import { Habits, InstallationKeys } from '../core/signature/signing-key.ts';
import { AS_ARRIVED, findOrigin, type OriginPolicy, originOf } from '../http/origin.ts';
import { type GuardKeys, KeyRing } from '../keys/key-ring.ts';
import { compileKeys } from '../keys/key-source.ts';
import { memoryReplayStore } from '../replay/memory.ts';
import { compileChosenKeys } from './compile/key-choice.ts';
import { broughtTo, compileBodies, compileShare } from './compile/limits.ts';
import { compileCache, compileExempt, compileRefusal, compileRoute } from './compile/options.ts';
import { compileOrigin, compileRoutes, hostsOf } from './compile/routes.ts';
import { compileRules } from './compile/rules.ts';
import type { Demands } from './demands.ts';
import { type GuardLife, noteGuard } from './gauges.ts';
import { assembleGuard, type Guard, type GuardMeans, storesOf, systemClock } from './guard.ts';
import { type BodyLimits, HeldBodies } from './held-bodies.ts';
import { DEBUG_NAME, Hints } from './hints.ts';
import type { GuardOptions, RouteOptions } from './options.ts';
import type { OnVerdict } from './report.ts';

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
 * @param kept - what signing keys have taken, for a guard that follows another. Default: nothing yet
 */
export function createGuardOn(crypto: CryptoPort, options: GuardOptions, kept?: Shares | null): Guard {
  const given = checkedObject(options, 'options', GUARD);
  const now = checkedFunction<() => number>(given.now, 'now') ?? systemClock;
  const production = isProduction(given.environment);
  const origin = isGiven(given.origin) ? compileOrigin(given.origin) : AS_ARRIVED;
  const limits = compiled(given.bodies, compileBodies);
  const context = {
    bodyLimits: limits,
    crypto,
    production,
    originHosts: origin === AS_ARRIVED ? [] : hostsOf(origin),
    rules: isGiven(given.rules) ? compileRules(given.rules, crypto.sha256Base64) : null,
    defaultReplay: once(() => memoryReplayStore({ now })),
  };
  const policy = compileRoute(options, '', null, context);
  const cached = compileCache(given.cache);
  const means = meansOf({
    crypto,
    origin,
    limits,
    installationKeys: cached.installationKeys,
    shares: kept === undefined ? compiled(given.share, compileShare) : () => kept,
  });
  const allKeys: GuardKeys[] = [];
  const requestKeys = (keys: unknown, path: string): GuardKeys => {
    const choice = { ...context, cacheTokens: cached.tokens, originOf: means.originOf };
    const made = isChoice(keys) ? compileChosenKeys(keys, path, choice) : new KeyRing(compileKeys(keys, path, context), cached.tokens);
    allKeys.push(made);
    return made;
  };
  const whole = routeOf(null, policy, requestKeys(given.keys, 'keys'));
  const compilePolicy = (route: UncheckedOptions, path: string): Policy => compileRoute(route, path, policy, context);
  const routes = isGiven(given.routes) ? compileRoutes(given.routes, { whole, compilePolicy, requestKeys }) : [];
  return assembleGuard({
    whole,
    routes,
    keys: allKeys,
    means,
    compileRoute: (route) => compileRoute(route, 'route', policy, context),
    exempt: compileExempt(given.exempt),
    judgePreflights: checkedWord(given.preflight, 'preflight', GUARD.preflight) === 'judge',
    refusal: compileRefusal(given.refusal),
    onVerdict: compileHooks(given.onVerdict),
    lines: compileHints(given, production),
    now,
    life: compileLife(given, [whole, ...routes.flatMap(({ leadsTo }) => (leadsTo === 'exempt' ? [] : [leadsTo]))]),
  });
}

interface MeansParts {
  readonly crypto: CryptoPort;
  readonly origin: OriginPolicy;
  readonly limits: () => BodyLimits;
  readonly installationKeys: number;
  readonly shares: () => Shares | null;
}

/** What only signed messages and one-time tokens need is made for the first of them. */
function meansOf({ crypto, origin, limits, installationKeys, shares }: MeansParts): GuardMeans {
  const bodies = once(() => new HeldBodies(limits()));
  const known = once(() => new KnownComponents());
  const habits = once(() => new Habits(installationKeys));
  const opened = once(() => new InstallationKeys(crypto, installationKeys));
  return {
    hash: crypto.sha256Base64,
    decodeText: crypto.decodeText,
    digestBody: crypto.digest,
    originOf: (request) => originOf(request, origin),
    whyUnknown: (request) => {
      const found = findOrigin(request, origin);
      return typeof found === 'string' ? found : null;
    },
    openInstallationKey: (ipk) => opened().open(ipk),
    get installationKeys() {
      return opened();
    },
    get habits() {
      return habits();
    },
    get shares() {
      return shares();
    },
    get bodies() {
      return bodies();
    },
    get known() {
      return known();
    },
    broughtTo,
  };
}

/** An option that is given is checked at start; what is made of its default may wait until it is needed. */
function compiled<T>(option: unknown, compile: (option: unknown) => T): () => T {
  const make = once(() => compile(option));
  if (option !== undefined) make();
  return make;
}

/** A guard without a memory of its own loses nothing when it is made again. */
function compileLife(given: UncheckedOptions, routes: readonly Route[]): GuardLife | null {
  const warn = checkedFunction<NonNullable<GuardOptions['onWarning']>>(given.onWarning, 'onWarning');
  const stores = storesOf(routes).filter((store) => store.occupancy !== undefined);
  return stores.length === 0 ? null : noteGuard(given, stores, warn);
}

function compileHooks(options: unknown): readonly OnVerdict[] {
  const hooks = Array.isArray(options) ? options : [options];
  return hooks.flatMap(
    (hook: unknown, index) => checkedFunction<OnVerdict>(hook, hooks === options ? `onVerdict[${index}]` : 'onVerdict') ?? [],
  );
}

function compileHints({ hints, onVerdict }: UncheckedOptions, production: boolean): Hints | null {
  const remedies = checkedFlag(hints, 'hints', onVerdict === undefined) && !production;
  const every = isDebugged(DEBUG_NAME);
  return every || remedies ? new Hints({ every, remedies }) : null;
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
