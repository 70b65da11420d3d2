/** What handlers and controllers demand, for frameworks in which decorators say so before there is a guard. */

import type { GuardedRoute } from './guard-of.ts';
import type { Route } from './judging.ts';
import type { RouteOptions } from './options.ts';

/** A collection of demands. */
export class HandlerDemands {
  readonly #options: Map<object, RouteOptions | null> = new Map();

  /** Remembers what a handler or a controller demands; `null` opens it. */
  add(target: object, route: RouteOptions | null): void {
    this.#options.set(target, route);
  }

  /**
   * Compiles what is known by now, so that mistakes show at start, and answers a function that finds the route of a request.
   * @param guarded - the guard, and the route where nothing else is demanded
   */
  compiledFor({ guard, route }: GuardedRoute): (handler: object, controller: object) => Route | undefined | 'open' {
    const compile = (options: RouteOptions | null): Route | 'open' => (options === null ? 'open' : guard.route(options));
    const compiled = new Map([...this.#options].map(([target, options]) => [target, compile(options)]));
    const find = (target: object): Route | 'open' | undefined => {
      const options = this.#options.get(target);
      // Decorated after the guard was made.
      if (options !== undefined && !compiled.has(target)) compiled.set(target, compile(options));
      return compiled.get(target);
    };
    return (handler, controller) => find(handler) ?? find(controller) ?? route;
  }
}
