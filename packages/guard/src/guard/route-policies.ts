/** What the routes of a guard demand, for adapters whose answers outlive the request. */
import type { Policy } from '../core/judge/policy.ts';
import type { RouteRow } from '../http/route-table.ts';
import type { Guard } from './guard.ts';
import type { Route } from './judging.ts';

/** By what a guard may judge a request. */
export interface Demands {
  /** The policy of the guard as a whole or of the one route comes first. */
  readonly policies: readonly [Policy, ...Policy[]];
  /** Whether the host decides which of them it is. */
  readonly byHost: boolean;
}

/** A policy and where it stands in the options: empty, or a path with its final dot. */
interface PlacedPolicy {
  readonly path: string;
  readonly policy: Policy;
}

interface OfRoutes {
  readonly policies: readonly PlacedPolicy[];
  readonly byHost: boolean;
}
const NO_ROUTES: OfRoutes = { policies: [], byHost: false };
const NOTED: WeakMap<Guard, OfRoutes> = new WeakMap();

/** Remembers what the option `routes` demands. */
export function noteRoutes(guard: Guard, routes: readonly RouteRow<Route>[]): Guard {
  if (routes.length === 0) return guard;
  const policies = routes.flatMap(({ leadsTo }, index) =>
    leadsTo === 'exempt' ? [] : [{ path: `routes[${index}].`, policy: leadsTo.policy }],
  );
  NOTED.set(guard, { policies, byHost: routes.some(({ match }) => match.hosts !== null) });
  return guard;
}

/** The policies by which a guard may judge a request: that of the given route alone, else its own and those of its option `routes`. */
export function demandsOf(guard: Guard, route: Route | undefined): Demands {
  if (route !== undefined) return { policies: [route.policy], byHost: false };
  const { policies, byHost } = NOTED.get(guard) ?? NO_ROUTES;
  return { policies: [guard.route({}).policy, ...policies.map(({ policy }) => policy)], byHost };
}

/** The same policies, each with its place. */
export function routesOf(guard: Guard, route: Route | undefined): readonly PlacedPolicy[] {
  if (route !== undefined) return [{ path: 'route.', policy: route.policy }];
  return [{ path: '', policy: guard.route({}).policy }, ...(NOTED.get(guard) ?? NO_ROUTES).policies];
}
