/**
 * The guard, the decorator and the parameter fit NestJS 11. For NestJS 12, with Express and with Fastify, the servers of `conformance` and
 * `examples` are type-checked.
 */
import { type CanActivate, createParamDecorator, HttpException, Module, type Provider, UseGuards } from '@nestjs/common';
import { APP_GUARD, NestFactory } from '@nestjs/core';
import type { Decision, Guard, GuardOptions } from 'approov-guard';
import { approov, Demands, decisionOf } from 'approov-guard/nest';
import { proves, type Same } from './same.ts';

declare const guard: Guard;
declare const options: GuardOptions;

export const activate: CanActivate = approov(guard);
export const provider: Provider = { provide: APP_GUARD, useValue: approov(options) };
export const forHandler: MethodDecorator & ClassDecorator = UseGuards(approov(guard, { mode: 'observe' }));
export const demanding: MethodDecorator = Demands({ binding: { headers: ['authorization'] } });
export const open: ClassDecorator = Demands(null);
export const throwing: CanActivate = approov(guard, undefined, ({ status }) => {
  proves<Same<typeof status, number>>();
  return new HttpException({}, status);
});

/** A parameter decorator. */
export const Attestation: () => ParameterDecorator = createParamDecorator(decisionOf);
proves<Same<ReturnType<typeof decisionOf>, Decision | null>>();

class AppModule {}
Module({ providers: [provider] })(AppModule);
(await NestFactory.create(AppModule)).useGlobalGuards(approov(guard));

// @ts-expect-error: a guard of Nest's needs a guard or its options
approov();
// @ts-expect-error: a demand is a route, or null
Demands();
// @ts-expect-error: a demand has no keys
Demands({ keys: { secret: { base64: 'x' } } });
// @ts-expect-error: headers are a list
approov(guard, { binding: { headers: 'authorization' } });
