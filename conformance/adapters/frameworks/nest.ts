/** NestJS 12, on Express and on Fastify. */
import 'reflect-metadata';
import type { Server } from 'node:http';
import {
  All,
  type ArgumentsHost,
  Catch,
  Controller,
  HttpException,
  type INestApplication,
  Module,
  Req,
  Res,
  type Type,
  UseGuards,
} from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import { FastifyAdapter } from '@nestjs/platform-fastify';
import type { Decision, Guard } from 'approov-guard';
import { approov } from 'approov-guard/nest';
import type { Request, Response } from 'express';
import fastify, { type FastifyReply, type FastifyRequest } from 'fastify';
import { type Answer, answer, errorAnswer } from '../../app/behaviours.ts';
import { demandsOf } from '../../app/guard-setup.ts';
import { awaitingTraits, readBody, startServer } from '../../app/in-node.ts';
import type { AdapterUnderTest, Behaviour, RouteSetup, Setup, Traits } from '../adapter.ts';

type AnyRequest = (Request | FastifyRequest) & { readonly approov?: Decision };

function write(response: Response | FastifyReply, { status, headers, body }: Answer): void {
  if ('raw' in response) response.code(status).headers(headers).send(body);
  else response.status(status).set(headers).end(body);
}

function handlerOf(behaviour: Behaviour): (request: AnyRequest, response: Response | FastifyReply) => Promise<void> {
  return (request, response) =>
    answer(behaviour, {
      decision: request.approov,
      method: request.method,
      target: request.originalUrl,
      readBody: async () => ('raw' in request ? new Uint8Array((request.body as Buffer | undefined) ?? []) : readBody(request)),
    }).then((given) => write(response, given));
}

/** A controller with one handler. Decorators are functions: what `@All(path)` does is done here by hand, for as many routes as there are. */
function controllerOf(path: string, behaviour: Behaviour, protection: ReturnType<typeof approov> | null): Type {
  class OneRoute {}
  const member = { value: handlerOf(behaviour), writable: true, configurable: true, enumerable: false };
  Object.defineProperty(OneRoute.prototype, 'handler', member);
  Controller()(OneRoute);
  Req()(OneRoute.prototype, 'handler', 0);
  Res()(OneRoute.prototype, 'handler', 1);
  All(path)(OneRoute.prototype, 'handler', member);
  if (protection !== null) UseGuards(protection)(OneRoute.prototype, 'handler', member);
  return OneRoute;
}

class ErrorPath {
  catch(error: unknown, host: ArgumentsHost): void {
    // What Nest itself refuses, such as a path that cannot be decoded, comes here too.
    const given = error instanceof HttpException ? { ...errorAnswer(error), status: error.getStatus() } : errorAnswer(error);
    write(host.switchToHttp().getResponse(), given);
  }
}
Catch()(ErrorPath);

function moduleOf(setup: Setup, guard: Guard, everyPath: string): Type {
  class App {}
  const protectionOf = (route: RouteSetup): ReturnType<typeof approov> | null => {
    const demands = demandsOf(route);
    return setup.scope === 'app' || demands === null ? null : approov(guard, demands);
  };
  const routes = setup.routes.map((route) => controllerOf(route.path, route.behaviour, protectionOf(route)));
  Module({ controllers: [...routes, controllerOf(everyPath, 'echo', null)] })(App);
  return App;
}

function nestAdapter(
  { name, everyPath, traits }: { name: string; everyPath: string; traits: Traits },
  create: (App: Type) => Promise<INestApplication>,
): AdapterUnderTest {
  return {
    name,
    traits,
    start: (setup) =>
      startServer(setup, async (guard) => {
        const app = await create(moduleOf(setup, guard, everyPath));
        app.useGlobalFilters(new ErrorPath());
        if (setup.scope === 'app') app.useGlobalGuards(approov(guard));
        await app.init();
        await app.getHttpAdapter().getInstance().ready?.();
        return app.getHttpServer() as Server;
      }),
  };
}

const quiet = { logger: false, bodyParser: false } as const;

export const nestOnExpress: AdapterUnderTest = nestAdapter(
  { name: 'nest 12, express', everyPath: '{*path}', traits: awaitingTraits },
  (App) => NestFactory.create(App, quiet),
);
export const nestOnFastify: AdapterUnderTest = nestAdapter(
  { name: 'nest 12, fastify', everyPath: '*', traits: { ...awaitingTraits, readsBodiesFirst: true } },
  (App) => {
    const instance = fastify({ bodyLimit: 16 * 1024 * 1024 });
    instance.removeAllContentTypeParsers();
    instance.addContentTypeParser('*', { parseAs: 'buffer' }, (request, body, done) => {
      // As Nest's option rawBody does: its guards come after the parsers.
      done(null, Object.assign(request, { rawBody: body }).rawBody);
    });
    // The cast holds: Nest brings the same major version of Fastify.
    return NestFactory.create(App, new FastifyAdapter(instance as never), quiet);
  },
);
