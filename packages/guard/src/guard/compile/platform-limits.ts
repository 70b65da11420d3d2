/** Demands that a platform cannot hold: one table. Such a demand would be met by every request, so it stops the start. */

import { ConfigurationError } from '../../checks/configuration-error.ts';
import type { Policy } from '../../core/judge/policy.ts';
import type { GuardedRoute } from '../create-guard.ts';
import { routesOf } from '../route-policies.ts';

export { demandsOf } from '../route-policies.ts';

/** A platform that shows the guard less than a request. */
export type Platform = 'gRPC' | 'a Lambda authoriser';

interface Limit {
  /** The option, as a path within a route. */
  readonly option: string;
  readonly asks: (policy: Policy) => boolean;
  /** Where it cannot be held, and why not. */
  readonly platforms: { readonly [Name in Platform]?: string };
  readonly remedy: string;
}

const LIMITS: readonly Limit[] = [
  {
    option: 'signature.digest',
    asks: ({ signature }) => signature?.digest === 'required',
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
  for (const { path, policy } of routesOf(guarded.guard, guarded.route)) {
    for (const { option, asks, platforms, remedy } of LIMITS) {
      const why = platforms[platform];
      if (why === undefined || !asks(policy)) continue;
      throw new ConfigurationError('option-unavailable', `${path}${option}`, `cannot be held by ${platform}: ${why}; ${remedy}`);
    }
  }
  return guarded;
}
