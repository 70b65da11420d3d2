/** Checks the options and compiles them into policies. Everything wrong is found here, at start. */

import { ConfigurationError } from '../../checks/configuration-error.ts';
import * as checks from '../../checks/option-checks.ts';
import { BINDING, CACHE, GUARD, MODE, REFUSAL, ROUTE, TOKEN } from '../../checks/option-table.ts';
import { type BindingPolicy, isAuthorization } from '../../core/binding/check-binding.ts';
import { isToken } from '../../core/bytes.ts';
import type { AskRules, Mode, Modes, Policy, SignaturePolicy, TokenPolicy } from '../../core/judge/policy.ts';
import { compilePattern, type PathPattern } from '../../http/plain-path.ts';
import type { RefusalPolicy } from '../../http/refusal.ts';
import type { RouteRow } from '../../http/route-table.ts';
import type { ModeOptions, ModeSource } from '../options.ts';
import { compileReplay } from './limits.ts';
import { compileSignature, type SignatureContext } from './signature.ts';

type Unchecked = checks.UncheckedOptions;

/** Compiles what a route demands. What it does not say is taken from `base`. */
export function compileRoute(options: unknown, path: string, base: Policy | null, context: RouteContext): Policy {
  const route = checks.checkedObject(options, path === '' ? 'options' : path, path === '' ? GUARD : ROUTE);
  const at = (name: string): string => (path === '' ? name : `${path}.${name}`);
  const token = compileToken(
    route.token,
    at('token'),
    base?.token ?? { ...DEFAULT_TOKEN, audiences: context.originHosts, refuseEmulated: context.production },
  );
  const binding = route.binding === undefined && base !== null ? base.binding : compileBinding(route.binding, at('binding'));
  const { modes, askModes } = compileMode(route.mode, at('mode'), base ?? { modes: ENFORCE, askModes: null });
  if (binding?.headers.includes(token.header)) {
    throw new ConfigurationError(
      'options-contradict',
      at('binding.headers'),
      `names the token header ${token.header}; a token cannot hold its own hash`,
    );
  }
  // The cast holds: the option was checked to be an object, or is absent.
  const { replay } = (route.token ?? {}) as Unchecked;
  const tokenReplay = replay === undefined ? (base?.tokenReplay ?? null) : compileReplay(replay, at('token.replay'));
  const signature =
    route.signature === undefined && base !== null
      ? withTokenHeader(base, token.header)
      : checks.isGiven(route.signature)
        ? compileSignature(route.signature, at('signature'), { ...context, tokenHeader: token.header })
        : null;
  return { token, rules: context.rules, tokenReplay, binding, signature, modes, askModes };
}

/** A route that takes the token from another header still demands that the signature covers it. */
function withTokenHeader(base: Policy, header: string): SignaturePolicy | null {
  if (base.signature === null || base.token.header === header) return base.signature;
  const required = base.signature.required.map((name) => (name === base.token.header ? header : name));
  return { ...base.signature, required };
}

/** What compiling a route depends on, beside its options. */
export interface RouteContext extends Omit<SignatureContext, 'tokenHeader'> {
  /** The deny and allow rules of the guard: they hold on every route. */
  readonly rules: AskRules | null;
  /** What the option `origin` says that this server is called: what `aud` may name where nobody said what it must. */
  readonly originHosts: readonly string[];
}

const DEFAULT_TOKEN: TokenPolicy = {
  header: 'approov-token',
  prefix: null,
  statusHeader: 'approov-status',
  maxBytes: TOKEN.maxBytes.fallback,
  clockToleranceSeconds: TOKEN.clockToleranceSeconds.fallback,
  maxLifetimeSeconds: null,
  issuers: null,
  audiences: [],
  audienceRequired: false,
  refuseEmulated: false,
};

function compileToken(options: unknown, path: string, from: TokenPolicy): TokenPolicy {
  if (options === undefined) return from;
  const token = checks.checkedObject(options, path, TOKEN);
  const given = (name: string): boolean => token[name] !== undefined;
  const number = (name: 'maxBytes' | 'clockToleranceSeconds'): number =>
    checks.checkedNumber(token[name], `${path}.${name}`, { ...TOKEN[name], fallback: from[name] });
  return {
    header: given('header') ? checks.checkedHeader(token.header, `${path}.header`) : from.header,
    ...(given('prefix')
      ? compilePrefix(token.prefix, `${path}.prefix`)
      : { prefix: from.prefix, prefixOptional: from.prefixOptional === true }),
    statusHeader: nullable(token, 'statusHeader', from.statusHeader ?? null, (value) =>
      checks.checkedHeader(value, `${path}.statusHeader`),
    ),
    maxBytes: number('maxBytes'),
    clockToleranceSeconds: number('clockToleranceSeconds'),
    maxLifetimeSeconds: nullable(token, 'maxLifetimeSeconds', from.maxLifetimeSeconds, (value) =>
      checks.checkedNumber(value, `${path}.maxLifetimeSeconds`, TOKEN.maxLifetimeSeconds),
    ),
    issuers: given('issuer') ? checks.checkedTexts(token.issuer, `${path}.issuer`) : from.issuers,
    audiences: given('audience') ? checks.checkedTexts(token.audience, `${path}.audience`) : from.audiences,
    audienceRequired: given('audience') || from.audienceRequired,
    refuseEmulated: from.refuseEmulated,
  };
}

function nullable<T>(options: Unchecked, name: string, fallback: T | null, check: (value: unknown) => T): T | null {
  const value = options[name];
  if (value === undefined) return fallback;
  return value === null ? null : check(value);
}

function compilePrefix(value: unknown, path: string): { readonly prefix: string | null; readonly prefixOptional: boolean } {
  const prefixOptional = checks.isPlainObject(value);
  const word = prefixOptional ? checks.checkedObject(value, path, ['optional']).optional : value;
  if (!prefixOptional && (word === null || word === '')) return { prefix: null, prefixOptional };
  const scheme = typeof word === 'string' ? word.trim() : '';
  if (isToken(scheme)) return { prefix: scheme.toLowerCase(), prefixOptional };
  const remedy = "must be one word such as `Bearer`, `{ optional: 'Bearer' }` for tokens with and without it, or null for a bare token";
  throw new ConfigurationError('option-invalid', prefixOptional ? `${path}.optional` : path, remedy);
}

function compileBinding(options: unknown, path: string): BindingPolicy | null {
  if (options === undefined || options === null) return null;
  const binding = checks.checkedObject(options, path, BINDING);
  const { headers } = binding;
  if (!Array.isArray(headers) || headers.length === 0 || headers.length > 8) {
    throw new ConfigurationError(
      'option-invalid',
      `${path}.headers`,
      'must list 1 to 8 header names; write `binding: null` to switch binding off',
    );
  }
  const names = headers.map((name: unknown, index) => checks.checkedHeader(name, `${path}.headers[${index}]`));
  if (new Set(names).size < names.length) throw new ConfigurationError('options-contradict', `${path}.headers`, 'names a header twice');
  const value = checks.checkedWord(binding.value, `${path}.value`, BINDING.value);
  if (value === 'without-bearer' && !names.some(isAuthorization)) {
    throw new ConfigurationError(
      'options-contradict',
      `${path}.value`,
      '`without-bearer` concerns the authorization header, or one such as `x-forwarded-authorization`, and none is bound',
    );
  }
  return { headers: names, missing: checks.checkedWord(binding.missing, `${path}.missing`, BINDING.missing), value };
}

/** Everything. */
export const ENFORCE: Modes = { token: 'enforce', binding: 'enforce', signature: 'enforce' };
const OBSERVE: Modes = { token: 'observe', binding: 'observe', signature: 'observe' };

function compileMode(options: unknown, path: string, base: Pick<Policy, 'modes' | 'askModes'>): Pick<Policy, 'modes' | 'askModes'> {
  if (options === undefined) return base;
  if (typeof options !== 'function') return { modes: compileModes(options, path, base.modes), askModes: null };
  // The cast holds as far as anybody can tell of a function: what it answers is checked at each call.
  const source = options as ModeSource;
  return { modes: ENFORCE, askModes: (request, claims, at) => answeredModes(() => source({ request, claims, at: at * 1000 })) };
}

/** What a source answers. What throws, or answers anything else, enforces: a mistake in it must not open the API. */
function answeredModes(ask: () => ModeOptions): Modes {
  try {
    const answer: unknown = ask();
    if (answer === 'enforce') return ENFORCE;
    if (answer === 'observe') return OBSERVE;
    return compileModes(answer, 'mode', ENFORCE);
  } catch {
    return ENFORCE;
  }
}

/** Compiles the modes of the parts; what is not said is as in `base`. */
export function compileModes(options: unknown, path: string, base: Modes): Modes {
  if (typeof options !== 'object' || options === null) {
    const mode: Mode = checks.checkedWord(options, path, MODE.token);
    return { token: mode, binding: mode, signature: mode };
  }
  const modes = checks.checkedObject(options, path, MODE);
  const token = checks.checkedWord(modes.token, `${path}.token`, MODE.token, base.token);
  const binding = checks.checkedWord(modes.binding, `${path}.binding`, MODE.binding, token === 'observe' ? 'observe' : base.binding);
  const signature = checks.checkedWord(
    modes.signature,
    `${path}.signature`,
    MODE.signature,
    token === 'observe' ? 'observe' : base.signature,
  );
  if (token === 'observe' && (binding === 'enforce' || signature === 'enforce')) {
    throw new ConfigurationError(
      'options-contradict',
      path,
      'binding and signature cannot be enforced while the token they rest on is only observed',
    );
  }
  return { token, binding, signature };
}

/** Compiles the list of exempt paths. */
export function compileExempt(options: unknown): readonly RouteRow<never>[] {
  const paths = checks.checkedTexts(options, 'exempt');
  return paths === null ? [] : [{ match: { hosts: null, paths: compilePaths(paths, 'exempt'), methods: null }, leadsTo: 'exempt' }];
}

/** Compiles the paths of a row. */
export function compilePaths(paths: readonly string[], option: string): readonly PathPattern[] {
  return paths.map((path) => {
    const pattern = compilePattern(path);
    if (pattern !== null) return pattern;
    const remedy =
      'each must be a plain path as clients send it, percent-encoded, such as `/pay`, or everything below one, such as `/pay/*`';
    throw new ConfigurationError('option-invalid', option, remedy);
  });
}

/** Compiles what the client sees of a refusal. */
export function compileRefusal(options: unknown): RefusalPolicy {
  const refusal = checks.checkedObject(options ?? {}, 'refusal', REFUSAL);
  const render = checks.checkedFunction<NonNullable<RefusalPolicy['render']>>(refusal.render, 'refusal.render') ?? null;
  if (render !== null && Object.keys(refusal).length > 1) {
    throw new ConfigurationError('options-contradict', 'refusal', 'give either `render`, or `status` and `format`');
  }
  const status = checks.checkedNumber(refusal.status, 'refusal.status', REFUSAL.status);
  if (!Number.isInteger(status)) throw new ConfigurationError('option-invalid', 'refusal.status', 'must be a whole number');
  return { status, format: checks.checkedWord(refusal.format, 'refusal.format', REFUSAL.format), render };
}

/** How much is remembered. */
export interface CacheSizes {
  /** Verified tokens, of each key source; 0 for none. */
  readonly tokens: number;
  readonly installationKeys: number;
}

/** Compiles the sizes of the caches. */
export function compileCache(options: unknown): CacheSizes {
  const cache = checks.checkedObject(options ?? {}, 'cache', CACHE);
  const size = (name: keyof typeof CACHE): number => Math.floor(checks.checkedNumber(cache[name], `cache.${name}`, CACHE[name]));
  const tokens = size('maxTokens');
  return { tokens: options === null ? 0 : tokens, installationKeys: size('maxInstallationKeys') };
}
