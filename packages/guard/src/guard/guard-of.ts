/** What most adapters make of a guard or of the options of one. */
import { createGuard } from './create-guard.ts';
import type { Guard } from './guard.ts';
import { type GuardedRoute, guardBy } from './guarded-route.ts';
import type { GuardOptions, RouteOptions } from './options.ts';

export type { GuardedRoute } from './guarded-route.ts';

/** Makes the guard, with all its parts, if options were given, and compiles the route if one was described. */
export function guardOf(guardOrOptions: Guard | GuardOptions, options: RouteOptions | undefined): GuardedRoute {
  return guardBy(createGuard, guardOrOptions, options);
}
