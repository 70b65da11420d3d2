/** For platforms without a router. */
import type { Behaviour, RouteSetup } from '../adapters/adapter.ts';

/** The route that a target names, and an echo for every other. */
export function routeOf(routes: readonly RouteSetup[], target: string): RouteSetup {
  const path = target.split('?')[0] ?? '';
  return routes.find((route) => route.path === path) ?? { path, behaviour: 'echo' satisfies Behaviour, demands: 'none' };
}
