/** NestJS 12, on the platform it is given. */
import 'reflect-metadata';
import { Controller, Get, Header, Module, UnauthorizedException } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import { JwtService } from '@nestjs/jwt';
import { approov } from 'approov-guard/nest';
import { BODY, HEADER, IDLE } from '../given.mjs';

class Shapes {
  shapes() {
    return BODY;
  }
}
const member = /** @type {PropertyDescriptor} */ (Object.getOwnPropertyDescriptor(Shapes.prototype, 'shapes'));
Controller()(Shapes);
Get('shapes')(Shapes.prototype, 'shapes', member);
Header('content-type', 'application/json')(Shapes.prototype, 'shapes', member);
class App {}
Module({ controllers: [Shapes] })(App);

/** The guard of Nest's manual. @param {import('../given.mjs').Given} given */
function jwtGuard({ secret }) {
  const service = new JwtService({ secret, verifyOptions: { algorithms: ['HS256'] } });
  return {
    /** @param {import('@nestjs/common').ExecutionContext} context */
    async canActivate(context) {
      try {
        await service.verifyAsync(context.switchToHttp().getRequest().headers[HEADER]);
        return true;
      } catch {
        throw new UnauthorizedException();
      }
    },
  };
}

/**
 * @param {import('@nestjs/common').HttpServer | undefined} adapter @param {import('../given.mjs').Given} given @param {string} protection
 * @returns {Promise<number>}
 */
export async function startNest(adapter, given, protection) {
  const options = { logger: /** @type {const} */ (false) };
  const app = await (adapter === undefined
    ? NestFactory.create(App, options)
    : NestFactory.create(App, /** @type {any} */ (adapter), options));
  if (protection === IDLE) app.useGlobalGuards({ canActivate: async () => true });
  if (protection === 'guard') app.useGlobalGuards(approov(given.guard));
  if (protection === '@nestjs/jwt') app.useGlobalGuards(jwtGuard(given));
  await app.listen(0, '127.0.0.1');
  return app.getHttpServer().address().port;
}
