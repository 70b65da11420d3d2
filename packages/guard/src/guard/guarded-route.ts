/** Adapters take a guard, or the options of one. */
import { createGuard } from './create-guard.ts';
import type { Guard } from './guard.ts';
import type { Route } from './judging.ts';
import type { GuardOptions, RouteOptions } from './options.ts';

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

/** Tells a guard from the options of one. */
export function isGuard(value: Guard | GuardOptions): value is Guard {
  return typeof value === 'object' && value !== null && 'decide' in value && typeof value.decide === 'function';
}
