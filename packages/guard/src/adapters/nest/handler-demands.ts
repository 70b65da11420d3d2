/** What handlers and controllers demand, for frameworks in which decorators say so before there is a guard. */

import type { Route } from '../../core/judge/case.ts';
import type { GuardedRoute } from '../../guard/create-guard.ts';
import type { RouteOptions } from '../../guard/options.ts';

/** What one decorator said; `null` opens. */
type Demand = { readonly route: RouteOptions | null };
type Member = { readonly of: object; readonly demand: Demand };

/** What the package `reflect-metadata` adds to `Reflect`. It walks prototypes, and decorators that wrap a method copy it. */
interface Metadata {
  defineMetadata(key: string, value: Demand, target: object, name?: string | symbol): void;
  getMetadata(key: string, target: object, name?: string | symbol): Demand | undefined;
  getOwnMetadata(key: string, target: object, name?: string | symbol): Demand | undefined;
}
const KEY = 'approov:demands';

function metadata(): Metadata {
  // The cast holds: the package adds all three or none.
  if ('getOwnMetadata' in Reflect) return Reflect as unknown as Metadata;
  throw new TypeError('@Demands needs metadata: import "reflect-metadata" before it, as NestJS itself demands');
}

/** A collection of demands. */
export class HandlerDemands {
  readonly #all: Demand[] = [];
  readonly #members: Member[] = [];

  /**
   * Remembers what a handler or a controller demands; `null` opens it.
   * @param target - the class, or the object that has the handler
   * @param name - of the handler, or `undefined` for the class
   */
  add(route: RouteOptions | null, target: object, name: string | symbol | undefined, handler: unknown): void {
    const demand: Demand = { route };
    this.#all.push(demand);
    metadata().defineMetadata(KEY, demand, target, ...(name === undefined ? [] : [name]));
    if (name === undefined) return;
    this.#members.push({ of: target, demand });
    if (typeof handler === 'function') metadata().defineMetadata(KEY, demand, handler);
  }

  /**
   * Compiles what is known by now, so that mistakes show at start, and answers a function that finds the routes of a request: all of them
   * must be satisfied, and none opens it.
   * @param guarded - the guard, and the route where nothing else is demanded
   */
  compiledFor({ guard, route }: GuardedRoute): (handler: object, controller: object) => readonly (Route | undefined)[] {
    const compile = ({ route: options }: Demand): Route | null => (options === null ? null : guard.route(options));
    const compiled = new Map(this.#all.map((demand) => [demand, compile(demand)]));
    return (handler, controller) => {
      const found = this.#find(handler, controller);
      if (found.length === 0) return [route];
      return found.flatMap((demand) => {
        // Decorated after the guard was made.
        if (!compiled.has(demand)) compiled.set(demand, compile(demand));
        return compiled.get(demand) ?? [];
      });
    };
  }

  /** The handler's own demands, else those of the nearest class. A demand is inherited; an opening is not. */
  #find(handler: object, controller: object): readonly Demand[] {
    if (this.#all.length === 0) return [];
    const own = metadata().getOwnMetadata(KEY, handler);
    if (own !== undefined) return [own];
    // The cast holds: the prototype of a class is an object.
    const prototype = 'prototype' in controller ? (controller.prototype as object | undefined) : undefined;
    const named = prototype === undefined ? [] : this.#ofMember(handler, prototype);
    if (named.length > 0) return named;
    const ofClass = metadata().getOwnMetadata(KEY, controller) ?? demanding(metadata().getMetadata(KEY, controller));
    return ofClass === undefined ? [] : [ofClass];
  }

  /** For a handler that something wrapped: by its name, and where no name leads to it, whatever a handler of its class demands. */
  #ofMember(handler: object, prototype: object): readonly Demand[] {
    const place = placeOf(handler, prototype);
    if (place === null) {
      return this.#members.flatMap(({ of, demand }) => (demand.route !== null && inherits(prototype, of) ? [demand] : []));
    }
    const found = metadata().getOwnMetadata(KEY, place.of, place.name) ?? demanding(metadata().getMetadata(KEY, prototype, place.name));
    return found === undefined ? [] : [found];
  }
}

function demanding(demand: Demand | undefined): Demand | undefined {
  return demand?.route === null ? undefined : demand;
}

/** Where among an object and its prototypes a function is a member. */
function placeOf(member: object, start: object): { readonly of: object; readonly name: string | symbol } | null {
  // The cast holds: what is above an object is an object or nothing (ECMA-262 §20.1.2.12).
  for (let of: object | null = start; of !== null && of !== Object.prototype; of = Object.getPrototypeOf(of) as object | null) {
    for (const name of Reflect.ownKeys(of)) {
      if (Object.getOwnPropertyDescriptor(of, name)?.value === member) return { of, name };
    }
  }
  return null;
}

function inherits(from: object, ancestor: object): boolean {
  return from === ancestor || Object.prototype.isPrototypeOf.call(ancestor, from);
}
