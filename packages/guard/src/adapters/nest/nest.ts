/** NestJS 11 and 12: a module, a guard for HTTP, GraphQL, gateways and calls, a decorator for demands, and what a parameter decorator needs. */
// biome-ignore-all lint/complexity/noStaticOnlyClass: Nest names a module by its class.

import { guardOf } from '../../guard/create-guard.ts';
import type { Guard } from '../../guard/guard.ts';
import type { GuardOptions, RouteOptions } from '../../guard/options.ts';
import type { Decision } from '../../http/decide.ts';
import type { Refusal } from '../../http/refusal.ts';
import { placesOf } from '../sockets/connection.ts';
import { HandlerDemands } from './handler-demands.ts';
import { decisionKeeper, type NestContext, type NestGuard, nestView, refuseNest } from './nest-context.ts';

export type { NestGuard } from './nest-context.ts';

const demands: HandlerDemands = new HandlerDemands();
/** Says what a handler or a controller, and what derives from it, demands differently; `@Demands(null)` opens it alone to everybody. */
export function Demands(route: RouteOptions | null): (target: object, name?: string | symbol, member?: PropertyDescriptor) => void {
  return (target, name, member) => demands.add(route, target, name, member?.value);
}

/** The decision about the current request, `null` if it is open. `createParamDecorator(decisionOf)` makes it a parameter. */
export function decisionOf(_data: unknown, context: NestContext): Decision | null {
  // The cast holds: nobody but the guard writes this member.
  return (decisionKeeper(context) as { approov?: Decision }).approov ?? null;
}

/**
 * A guard for `useGlobalGuards`, `APP_GUARD` or `@UseGuards`: requests that pass go on with `request.approov`, all others are answered
 * (`401`, `{}`), past interceptors and exception filters. Messages of gateways, which global guards do not reach, are judged by their handshake,
 * RPC calls by gRPC metadata; what is refused gets Nest's `Forbidden resource`, and GraphQL operations an error, code `UNAUTHENTICATED`.
 *
 * @param guard - a guard, or the options of one
 * @param route - what is demanded here differently; `@Demands` counts more
 * @param exception - throws for your exception filters instead: `({ status }) => new HttpException({}, status)`
 * @throws ConfigurationError for any mistake in the options
 * @example
 * ```ts
 * import { Module } from '@nestjs/common';
 * import { NestFactory } from '@nestjs/core';
 * import { approov } from 'approov-guard/nest';
 * class AppModule {}
 * Module({})(AppModule); // as a decorator: @Module({ … })
 * const app = await NestFactory.create(AppModule, { logger: false });
 * app.useGlobalGuards(approov({ keys: { secret: { base64: process.env.APPROOV_BASE64_SECRET } } }));
 * ```
 */
export function approov(guard: Guard | GuardOptions, route?: RouteOptions, exception?: (refusal: Refusal) => unknown): NestGuard {
  const guarded = guardOf(guard, route);
  const routesOf = demands.compiledFor(guarded);
  const places = placesOf(guarded);
  return {
    async canActivate(context) {
      for (const found of routesOf(context.getHandler(), context.getClass())) {
        const view = nestView(context, found === guarded.route ? places : placesOf({ guard: guarded.guard, route: found }));
        const decision = await guarded.guard.decide(view, found);
        decisionKeeper(context).approov = decision;
        if (decision.action === 'refuse') return refuseNest(context, decision, exception);
      }
      return true;
    },
  };
}

/** What the guard of {@link ApproovModule} is injected by: `@Inject(APPROOV_GUARD) guard: Guard`. */
export const APPROOV_GUARD = 'APPROOV_GUARD';
/** Nest's own token, a constant of `@nestjs/core`: a provider of this name guards every handler of the application. */
const APP_GUARD = 'APP_GUARD';

/** Where the options come from if they are not there yet when the module is named. */
export interface NestAsyncOptions {
  /** Modules whose providers are injected. */
  readonly imports?: unknown[];
  /** What `useFactory` is called with. */
  readonly inject?: unknown[];
  /** Answers the options, or a guard. */
  // biome-ignore lint/suspicious/noExplicitAny: Nest injects what `inject` names, which no type here can know.
  readonly useFactory: (...injected: any[]) => Guard | GuardOptions | Promise<Guard | GuardOptions>;
  /** As the third argument of {@link approov}. */
  readonly exception?: (refusal: Refusal) => unknown;
}

/** A module as Nest's `imports` take it. */
export interface NestModule {
  readonly module: typeof ApproovModule;
  readonly global: true;
  // biome-ignore lint/suspicious/noExplicitAny: the types of Nest's modules and providers are not ours to import.
  readonly imports: any[];
  // biome-ignore lint/suspicious/noExplicitAny: as above.
  readonly providers: any[];
  readonly exports: string[];
}

/**
 * The guard as a module of the application: every handler is guarded, the guard can be injected everywhere by {@link APPROOV_GUARD}, and it is
 * closed when the application is (`enableShutdownHooks` or `app.close()`), unless it was made by you.
 *
 * @example
 * ```ts
 * import { Module } from '@nestjs/common';
 * import { ApproovModule } from 'approov-guard/nest';
 * const keys = { secret: { base64: process.env.APPROOV_BASE64_SECRET } };
 * class AppModule {}
 * Module({ imports: [ApproovModule.forRoot({ keys })] })(AppModule); // as a decorator: @Module({ … })
 * ```
 */
export class ApproovModule {
  /**
   * @param guard - a guard, or the options of one
   * @param exception - as the third argument of {@link approov}
   * @throws ConfigurationError for any mistake in the options
   */
  static forRoot(guard: Guard | GuardOptions, exception?: (refusal: Refusal) => unknown): NestModule {
    const { guard: made } = guardOf(guard, undefined);
    return moduleOf({ useFactory: () => made, ...(exception && { exception }) }, made === guard ? null : made);
  }

  /**
   * For options that another provider knows, such as `ConfigService`. A mistake in them stops the start of the application.
   * @param options - where they come from
   */
  static forRootAsync(options: NestAsyncOptions): NestModule {
    return moduleOf(options, null);
  }
}

function moduleOf({ imports = [], inject = [], useFactory, exception }: NestAsyncOptions, made: Guard | null): NestModule {
  /** Those that were made here: nobody else closes them. */
  const own = new WeakSet<Guard>();
  const make = async (...injected: unknown[]): Promise<Guard> => {
    const given = await useFactory(...injected);
    const { guard } = guardOf(given, undefined);
    if (guard === made || guard !== given) own.add(guard);
    return guard;
  };
  const closing = (guard: Guard): object => ({ onApplicationShutdown: () => (own.has(guard) ? guard.close() : undefined) });
  const providers = [
    { provide: APPROOV_GUARD, useFactory: make, inject },
    { provide: APP_GUARD, useFactory: (guard: Guard) => approov(guard, undefined, exception), inject: [APPROOV_GUARD] },
    { provide: 'APPROOV_GUARD_CLOSING', useFactory: closing, inject: [APPROOV_GUARD] },
  ];
  return { module: ApproovModule, global: true, imports, providers, exports: [APPROOV_GUARD] };
}
