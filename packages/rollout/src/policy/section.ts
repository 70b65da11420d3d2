/** The section `rollout` of a policy file: checked, and turned into the options of a roll-out. */
import { resolve } from 'node:path';
import { ConfigurationError, type ModeOptions, type RedisClientLike } from 'approov-guard';
import { keyText } from '../settings.ts';
import type { RolloutOptions, RolloutPlan } from '../switching/options.ts';
import { createRollout } from '../switching/rollout.ts';

/** What the section says. */
export interface RolloutSection {
  readonly options: Omit<RolloutOptions, 'onEvent' | 'now' | 'shared'>;
  /** Where and how it is shared; `null`: nowhere. */
  readonly shared: { readonly url: string; readonly prefix?: string; readonly intervalSeconds?: number } | null;
  /** What orders over HTTP must show; `null`: none are taken. */
  readonly token: string | null;
  /** The plan of a route; `null` is the guard's own policy. */
  readonly planOf: (route: string | null, enforce: ModeOptions) => RolloutPlan;
  /** What cannot change while it runs, as a text. */
  readonly fixed: string;
}

type Unchecked = { readonly [name: string]: unknown };

const NAMES = ['instance', 'cohortKey', 'share', 'versions', 'routes', 'breaker', 'switch', 'exemptions', 'shared'];

/**
 * Checks the section.
 * @param section - what the policy says under `rollout`, references resolved
 * @param folder - the folder in which relative paths begin
 * @param env - where the variable of the switch is looked up
 * @throws ConfigurationError
 */
export function compileRolloutSection(
  section: unknown,
  folder: string,
  env: { readonly [name: string]: string | undefined },
): RolloutSection {
  const given = sectionOf(section, 'rollout', NAMES);
  const { token, switchOptions } = switchOf(given.switch, folder, env);
  const { instance, cohortKey, breaker, exemptions } = given as RolloutOptions & Unchecked;
  const options = {
    ...(instance === undefined ? {} : { instance }),
    ...(cohortKey === undefined ? {} : { cohortKey }),
    ...(breaker === undefined ? {} : { breaker }),
    ...(exemptions === undefined ? {} : { exemptions }),
    switch: switchOptions,
  };
  const shared = sharedOf(given.shared);
  const routes = sectionOf(given.routes, 'rollout.routes', null);
  const plans = new Map(Object.entries(routes).map(([name, plan]) => [name, planFrom(plan, `rollout.routes.${name}`)] as const));
  const whole = planFrom({ share: given.share, versions: given.versions }, 'rollout');
  const planOf = (route: string | null, enforce: ModeOptions): RolloutPlan => ({
    ...whole,
    ...(route === null ? {} : { route, ...plans.get(route) }),
    enforce,
  });
  tried({ options, planOf }, [...plans.keys()]);
  return { options, shared, token, planOf, fixed: JSON.stringify([instance, cohortKey, given.switch, given.shared]) };
}

/** Makes it once, without anything that runs on: whatever is wrong is found here. */
function tried({ options, planOf }: Pick<RolloutSection, 'options' | 'planOf'>, routes: readonly string[]): void {
  const { file: _file, signal: _signal, ...quiet } = options.switch ?? {};
  const trial = under('rollout', () => createRollout({ ...options, switch: quiet }));
  try {
    under('rollout', () => trial.mode(planOf(null, 'enforce')));
    for (const route of routes) under(`rollout.routes.${route}`, () => trial.mode(planOf(route, 'enforce')));
  } finally {
    trial.close();
  }
}

function planFrom(value: unknown, path: string): Pick<RolloutPlan, 'share' | 'versions'> {
  const { share, versions } = sectionOf(value, path, ['share', 'versions']);
  return {
    ...(share === undefined
      ? {}
      : {
          share: Array.isArray(share)
            ? share.map((step, index) => stepFrom(step, `${path}.share[${index}]`))
            : numberFrom(share, `${path}.share`),
        }),
    // The cast holds once the roll-out has looked.
    ...(versions === undefined ? {} : { versions: versions as RolloutPlan['versions'] }),
  } as Pick<RolloutPlan, 'share' | 'versions'>;
}

function numberFrom(value: unknown, path: string): number {
  if (typeof value === 'number') return value;
  throw new ConfigurationError('option-invalid', path, 'must be a number from 0 to 1, or a list of { from, share }');
}

/** YAML readers make dates of what looks like one. */
function stepFrom(value: unknown, path: string): { readonly from: number; readonly share: unknown } {
  const { from, share } = sectionOf(value, path, ['from', 'share']);
  const text = from instanceof Date ? from.toISOString() : from;
  const at = typeof text === 'string' && /^\d{4}-\d\d-\d\d(?:[T ]|$)/.test(text) ? Date.parse(text) : Number.NaN;
  if (Number.isFinite(at)) return { from: at, share };
  throw new ConfigurationError('option-invalid', `${path}.from`, 'must be a moment such as 2026-12-01T08:00:00Z');
}

function switchOf(
  section: unknown,
  folder: string,
  env: { readonly [name: string]: string | undefined },
): { readonly token: string | null; readonly switchOptions: NonNullable<RolloutOptions['switch']> } {
  const names = ['file', 'variable', 'signal', 'signalMinutes', 'maxMinutes', 'token'];
  const { file, variable, token, ...rest } = sectionOf(section, 'rollout.switch', names);
  const named = (value: unknown, name: string): string | null => {
    if (value === undefined || value === null) return null;
    if (typeof value === 'string' && value !== '') return value;
    throw new ConfigurationError('option-invalid', `rollout.switch.${name}`, 'must be a text that is not empty');
  };
  const [path, name] = [named(file, 'file'), named(variable, 'variable')];
  if (rest.signal !== undefined && typeof rest.signal !== 'boolean')
    throw new ConfigurationError('option-invalid', 'rollout.switch.signal', 'must be true or false');
  return {
    token: token === undefined ? null : keyText(token, 'rollout.switch.token').trim(),
    switchOptions: {
      ...rest,
      ...(path === null ? {} : { file: resolve(folder, path) }),
      ...(name === null ? {} : { text: env[name] }),
    },
  };
}

function sharedOf(section: unknown): RolloutSection['shared'] {
  if (section === undefined || section === null) return null;
  const { url, prefix, intervalSeconds } = sectionOf(section, 'rollout.shared', ['url', 'prefix', 'intervalSeconds']);
  if (typeof url !== 'string' || !/^rediss?:\/\//.test(url))
    throw new ConfigurationError('option-invalid', 'rollout.shared.url', 'must be a URL that begins with redis:// or rediss://');
  // The casts hold once the roll-out has looked.
  const settings = {
    ...(prefix === undefined ? {} : { prefix: prefix as string }),
    ...(intervalSeconds === undefined ? {} : { intervalSeconds: intervalSeconds as number }),
  };
  const nobody: RedisClientLike = () => Promise.reject(new Error('a trial'));
  under('rollout', () => createRollout({ shared: { ...settings, client: nobody } }).close());
  return { url, ...settings };
}

/** Names the options as the file does. */
function under<T>(section: string, make: () => T): T {
  try {
    return make();
  } catch (error) {
    if (!(error instanceof ConfigurationError)) throw error;
    const path = error.path === 'options' ? section : `${section}.${error.path}`;
    throw new ConfigurationError(error.code, path, error.remedy);
  }
}

function sectionOf(value: unknown, path: string, names: readonly string[] | null): Unchecked {
  if (value === undefined) return {};
  if (typeof value !== 'object' || value === null || Array.isArray(value))
    throw new ConfigurationError('option-invalid', path, 'must be an object');
  const unknown = names === null ? undefined : Object.keys(value).find((name) => !names.includes(name));
  if (unknown === undefined) return value as Unchecked;
  throw new ConfigurationError('option-unknown', `${path}.${unknown}`, `is not a setting; known here: ${names?.join(', ')}`);
}

/**
 * The header in which a policy takes exemptions, lower case. It goes no further than the guard, also where none is taken.
 * @param section - what the policy says under `rollout`, or nothing
 */
export function exemptionHeaderOf(section: unknown): string {
  const member = (value: unknown, name: string): unknown =>
    typeof value === 'object' && value !== null ? (value as Unchecked)[name] : undefined;
  const header = member(member(section, 'exemptions'), 'header');
  return typeof header === 'string' ? header.toLowerCase() : 'approov-exemption';
}
