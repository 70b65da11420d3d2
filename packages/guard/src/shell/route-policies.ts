/** What the routes of a guard demand, for adapters whose answers outlive the request. */
import type { Policy } from '../core/route-policy.ts';
import type { RouteRow } from '../http/route-table.ts';
import type { Guard, Route } from './guard.ts';

const POLICIES: WeakMap<Guard, readonly Policy[]> = new WeakMap();

/** Remembers the policies of the option `routes`. */
export function noteRoutes(guard: Guard, routes: readonly RouteRow<Route>[] | null): Guard {
  const policies = routes?.flatMap(({ leadsTo }) => (leadsTo === 'exempt' ? [] : [leadsTo.policy])) ?? [];
  POLICIES.set(guard, policies);
  return guard;
}

/** The policies by which a guard may judge a request: that of the given route alone, else its own and those of its option `routes`. */
export function policiesOf(guard: Guard, route: Route | undefined): readonly [Policy, ...Policy[]] {
  return route === undefined ? [guard.route({}).policy, ...(POLICIES.get(guard) ?? [])] : [route.policy];
}
