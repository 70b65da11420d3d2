/** NestJS 11: the decorator for demands, the parameter, exceptions. The table runs on NestJS 12. */
import 'reflect-metadata';
import { deepStrictEqual, rejects, strictEqual, throws } from 'node:assert';
import type { Server } from 'node:http';
import { describe, it, type TestContext } from 'node:test';
import { devSecret } from '@approov-guard/testkit';
import { Controller, createParamDecorator, Get, HttpException, Module, type Type, UseGuards } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import { ConfigurationError, type Decision, type Guard, type GuardOptions, type RouteOptions } from 'approov-guard';
import { APPROOV_GUARD, ApproovModule, approov, Demands, decisionOf, type NestModule } from 'approov-guard/nest';
import { guard, listening, NOW, withToken } from './serving.ts';

type Handler = (decision: Decision | null) => unknown;
interface OneRoute {
  readonly path: string;
  readonly demands?: RouteOptions | null;
  readonly guard?: ReturnType<typeof approov>;
  readonly handler?: Handler;
}

const ApproovDecision = createParamDecorator(decisionOf);

/** Decorators are functions: they are called here as the compiler would. */
function controllerOf(routes: readonly OneRoute[], demands?: RouteOptions | null): Type {
  class Routes {}
  for (const [index, { path, handler = () => 'ok', ...route }] of routes.entries()) {
    const name = `route${index}`;
    const member = { value: (decision: Decision | null) => handler(decision), writable: true, configurable: true };
    Object.defineProperty(Routes.prototype, name, member);
    Get(path)(Routes.prototype, name, member);
    ApproovDecision()(Routes.prototype, name, 0);
    if (route.demands !== undefined) Demands(route.demands)(Routes.prototype, name, member);
    if (route.guard !== undefined) UseGuards(route.guard)(Routes.prototype, name, member);
  }
  if (demands !== undefined) Demands(demands)(Routes);
  Controller()(Routes);
  return Routes;
}

async function served(
  context: TestContext,
  controller: Type,
  global?: ReturnType<typeof approov>,
): Promise<(path: string, headers?: object) => Promise<Response>> {
  class App {}
  Module({ controllers: [controller] })(App);
  const app = await NestFactory.create(App, { logger: false });
  if (global !== undefined) app.useGlobalGuards(global);
  await app.init();
  const port = await listening(context, app.getHttpServer() as Server);
  return (path, headers = {}) => fetch(`http://127.0.0.1:${port}${path}`, { headers: headers as Record<string, string> });
}

describe('the module of nest 11', () => {
  async function started(context: TestContext, module: NestModule, controller: Type, others: readonly Type[] = []) {
    class App {}
    Module({ imports: [module, ...others], controllers: [controller] })(App);
    const app = await NestFactory.create(App, { logger: false, abortOnError: false });
    await app.init();
    const port = await listening(context, app.getHttpServer() as Server);
    const statusOf = async (headers: object = {}): Promise<number> =>
      (await fetch(`http://127.0.0.1:${port}/shapes`, { headers: headers as Record<string, string> })).status;
    return { app, statusOf, injected: app.get<Guard>(APPROOV_GUARD) };
  }
  const options = { keys: { secret: devSecret }, now: () => NOW };
  const shapes = (): Type => controllerOf([{ path: 'shapes' }]);
  const closings = (of: Guard): (() => number) => {
    let count = 0;
    const close = of.close.bind(of);
    of.close = () => {
      count += 1;
      close();
    };
    return () => count;
  };

  it('forRoot guards every handler, and hands out the guard', async (context) => {
    const { app, statusOf, injected } = await started(context, ApproovModule.forRoot(options), shapes());
    deepStrictEqual([await statusOf(), await statusOf(withToken())], [401, 200]);
    deepStrictEqual([injected.counters().rejected['token-missing'], injected.counters().accepted], [1, 1]);
    const closed = closings(injected);
    await app.close();
    strictEqual(closed(), 1);
  });

  it('forRoot takes a guard of yours, and leaves it open', async (context) => {
    const own = guard();
    const { app, injected } = await started(context, ApproovModule.forRoot(own), shapes());
    strictEqual(injected, own);
    const closed = closings(own);
    await app.close();
    strictEqual(closed(), 0);
  });

  it('forRootAsync gets its options from a provider of another module', async (context) => {
    class Settings {}
    Module({ providers: [{ provide: 'SECRET', useValue: devSecret }], exports: ['SECRET'] })(Settings);
    const useFactory = async (found: { base64: string }): Promise<GuardOptions> => ({ ...options, keys: { secret: found } });
    const module = ApproovModule.forRootAsync({ imports: [Settings], inject: ['SECRET'], useFactory });
    const { app, statusOf, injected } = await started(context, module, shapes());
    deepStrictEqual([await statusOf(), await statusOf(withToken())], [401, 200]);
    const closed = closings(injected);
    await app.close();
    strictEqual(closed(), 1);
  });

  it('obeys what decorators demand', async (context) => {
    const controller = controllerOf([{ path: 'shapes', demands: { binding: { headers: ['authorization'] } } }]);
    const { statusOf } = await started(context, ApproovModule.forRoot(options), controller);
    deepStrictEqual([await statusOf(withToken()), await statusOf({ ...withToken({ bind: 'a' }), authorization: 'a' })], [401, 200]);
  });

  it('throws the exception that it is told to make', async (context) => {
    const teapot = (): HttpException => new HttpException({}, 418);
    const { statusOf } = await started(context, ApproovModule.forRoot(options, teapot), shapes());
    strictEqual(await statusOf(), 418);
  });

  it('stops the start for mistakes in the options', async (context) => {
    throws(() => ApproovModule.forRoot({ keys: { secret: { base64: '' } } }), ConfigurationError);
    const module = ApproovModule.forRootAsync({ useFactory: () => ({ keys: { secret: { base64: '' } } }) });
    await rejects(started(context, module, shapes()), ConfigurationError);
  });
});

const didOf: Handler = (decision) => decision?.claims?.did ?? 'none';

describe('nest 11', () => {
  it('protects every handler as a global guard, and hands the decision to a parameter', async (context) => {
    const get = await served(context, controllerOf([{ path: 'shapes', handler: didOf }]), approov(guard()));
    const refused = await get('/shapes');
    deepStrictEqual([refused.status, refused.headers.get('www-authenticate'), await refused.text()], [401, 'Approov', '{}']);
    const passed = await get('/shapes', withToken());
    deepStrictEqual([passed.status, await passed.text()], [200, 'ExampleApproovTokenDID==']);
  });

  it('demands of a handler what its decorator says, before what its controller says', async (context) => {
    const bound = { binding: { headers: ['authorization'] } };
    const routes = [
      { path: 'bound' },
      { path: 'unbound', demands: { binding: null } },
      { path: 'open', demands: null, handler: (decision: unknown) => String(decision) },
    ];
    const get = await served(context, controllerOf(routes, bound), approov(guard()));
    strictEqual((await get('/bound', withToken())).status, 401);
    strictEqual((await get('/bound', { ...withToken({ bind: 'a' }), authorization: 'a' })).status, 200);
    strictEqual((await get('/unbound', withToken())).status, 200);
    strictEqual((await get('/unbound')).status, 401);
    const open = await get('/open');
    deepStrictEqual([open.status, await open.text()], [200, 'null']);
  });

  it('opens a controller by its decorator', async (context) => {
    const get = await served(context, controllerOf([{ path: 'open' }], null), approov(guard()));
    strictEqual((await get('/open')).status, 200);
  });

  it('protects the handlers that use it, and no others', async (context) => {
    const routes = [{ path: 'guarded', guard: approov(guard()) }, { path: 'other' }];
    const get = await served(context, controllerOf(routes));
    deepStrictEqual([(await get('/guarded')).status, (await get('/other')).status], [401, 200]);
  });

  it('throws the exception that it is told to make, for exception filters', async (context) => {
    const exception = ({ status }: { readonly status: number }): HttpException => new HttpException({ own: true }, status);
    const get = await served(context, controllerOf([{ path: 'shapes' }]), approov(guard(), undefined, exception));
    const refused = await get('/shapes');
    deepStrictEqual([refused.status, await refused.json()], [401, { own: true }]);
  });

  it('passes nothing of a context without a request', async () => {
    const context = { getType: () => 'rpc', getArgs: () => [{}], getHandler: () => didOf, getClass: () => Object };
    const inner = guard();
    strictEqual(await approov(inner).canActivate(context), false);
    strictEqual(inner.counters().rejected['token-missing'], 1);
  });

  // The last: what it decorates wrongly stays, and no later guard of this process could be made.
  it('throws at start for mistakes in the options, those of decorators included', () => {
    throws(() => approov({ keys: { secret: { base64: undefined } } }), ConfigurationError);
    controllerOf([{ path: 'wrong', demands: { binding: { headers: [] } } }]);
    throws(() => approov(guard()), ConfigurationError);
  });
});
