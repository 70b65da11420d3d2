/** Makes a guard from plain data, and keeps what its hook sees. Runs on every runtime. */
import {
  createGuard,
  type Guard,
  type GuardOptions,
  KeySet,
  type KeySource,
  memoryReplayStore,
  type RefusalFacts,
  type RouteOptions,
  type TokenOptions,
} from 'approov-guard';
import type { GuardSetup, KeysSetup, ObservedVerdict, RouteSetup, Setup, TokenSetup } from '../adapters/adapter.ts';

/** What a guard's hook saw. */
export interface Recorded {
  /** Hands the verdicts out and forgets them. */
  takeVerdicts(): readonly ObservedVerdict[];
}

/** A guard's options and the verdicts that its hook saw. */
export interface RecordedOptions extends Recorded {
  readonly options: GuardOptions;
}

/** A guard and the verdicts that its hook saw. */
export interface RecordedGuard extends Recorded {
  readonly guard: Guard;
}

/**
 * Makes the guard of a setup.
 * @param setup - the setup
 * @param create - another constructor than `createGuard`, for another crypto port
 */
export function recordedGuard(setup: Setup, create: (options: GuardOptions) => Guard = createGuard): RecordedGuard {
  const { options, takeVerdicts } = recordedOptions(setup);
  return { guard: create(options), takeVerdicts };
}

/** Makes the options of a setup's guard. */
export function recordedOptions(setup: Setup): RecordedOptions {
  let verdicts: ObservedVerdict[] = [];
  const { keys, nowMs, refusal, hook, token, ...rest } = setup.guard;
  const options: GuardOptions = {
    ...rest,
    ...(token === undefined ? {} : { token: tokenOf(token) }),
    keys: keysOf(keys),
    now: () => nowMs,
    environment: rest.environment ?? 'development',
    refusal: refusalOf(refusal),
    onVerdict: (verdict, { id, action, mode, method, path }) => {
      const code = verdict.outcome === 'accepted' ? 'accepted' : verdict.outcome === 'rejected' ? verdict.reason : verdict.fault;
      verdicts.push({ code, action, mode, id, method, path });
      if (hook === 'throwing') throw new Error('thrown by the hook');
    },
  };
  return {
    options,
    takeVerdicts: () => {
      const taken = verdicts;
      verdicts = [];
      return taken;
    },
  };
}

/** What a route demands, or `null` where it is not protected. */
export function demandsOf(route: RouteSetup): RouteOptions | undefined | null {
  if (route.demands === undefined || route.demands === 'none') return route.demands === 'none' ? null : undefined;
  const { token, ...rest } = route.demands;
  return { ...rest, ...(token === undefined ? {} : { token: tokenOf(token) }) };
}

/** The store's clock stands still before every time of the table, so that nothing is forgotten. */
function tokenOf({ replay, ...token }: TokenSetup): TokenOptions {
  return replay === undefined ? token : { ...token, replay: memoryReplayStore({ now: () => 0 }) };
}

function keysOf(keys: KeysSetup): GuardOptions['keys'] {
  if (typeof keys === 'object') return keys;
  const sources: { readonly [word in Extract<KeysSetup, string>]: KeySource } = {
    unavailable: { current: () => null },
    empty: { current: () => new KeySet([]) },
    failing: {
      current: () => {
        throw new Error('thrown by the key source');
      },
    },
  };
  return sources[keys];
}

function refusalOf(refusal: GuardSetup['refusal']): NonNullable<GuardOptions['refusal']> {
  if (refusal === undefined || !('render' in refusal)) return refusal ?? {};
  const renderers = {
    own: ({ id, standard }: RefusalFacts) => ({
      status: 418,
      headers: { 'content-type': 'text/plain', 'x-refusal-id': id },
      body: `standard: ${standard.status}`,
    }),
    throwing: () => {
      throw new Error('thrown by the renderer');
    },
    success: () => ({ status: 200, headers: {}, body: 'welcome' }),
  };
  return { render: renderers[refusal.render] };
}
