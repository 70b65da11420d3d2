/** NestJS 11 and 12, on Express and Fastify, for HTTP and GraphQL: a guard, a decorator for demands, and what a parameter decorator needs. */
import type { Decision } from '../http/decide.ts';
import { type NestContext, nestRequest, nestView, refuseNest } from '../http/nest-context.ts';
import type { Refusal } from '../http/refusal.ts';
import type { Guard } from '../shell/guard.ts';
import { guardOf } from '../shell/guard-of.ts';
import { HandlerDemands } from '../shell/handler-demands.ts';
import type { GuardOptions, RouteOptions } from '../shell/options.ts';

const demands: HandlerDemands = new HandlerDemands();

/** Says what a handler or a controller demands differently: `@Demands({ binding: … })`; `@Demands(null)` opens it to everybody. */
export function Demands(route: RouteOptions | null): (target: object, name?: string | symbol, member?: PropertyDescriptor) => void {
  return (target, _name, member) => demands.add(member === undefined ? target : member.value, route);
}

/** The decision about the current request, `null` if it is open. `createParamDecorator(decisionOf)` makes it a parameter. */
export function decisionOf(_data: unknown, context: NestContext): Decision | null {
  return (nestRequest(context) as { approov?: Decision }).approov ?? null;
}

/** A guard as Nest wants it. */
export type NestGuard = { canActivate(context: NestContext): Promise<boolean> };

/**
 * A guard for `useGlobalGuards`, `APP_GUARD` or `@UseGuards`: requests that pass go on with `request.approov`, all others are answered
 * (`401`, `{}`), past interceptors and exception filters. GraphQL operations are answered with an error, code `UNAUTHENTICATED`.
 *
 * @param guard - a guard, or the options of one
 * @param route - what is demanded here differently; `@Demands` counts more
 * @param exception - throws for your exception filters instead: `({ status }) => new HttpException({}, status)`
 * @throws ConfigurationError for any mistake in the options
 *
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
  const routeOf = demands.compiledFor(guarded);
  return {
    async canActivate(context) {
      const found = routeOf(context.getHandler(), context.getClass());
      if (found === 'open') return true;
      const request = nestRequest(context);
      const decision = await guarded.guard.decide(nestView(request), found);
      Object.assign(request, { approov: decision });
      if (decision.action === 'refuse' && exception !== undefined) throw exception(decision.refusal);
      return decision.action === 'pass' || refuseNest(context, decision);
    },
  };
}
