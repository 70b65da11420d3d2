/** NestJS 11 and 12: a guard for HTTP, GraphQL, gateways and calls, a decorator for demands, and what a parameter decorator needs. */

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
