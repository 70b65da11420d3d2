/** Koa 3 and, since the API that is used here is the same, Koa 2. */
import { createServer } from 'node:http';
import { approov } from 'approov-guard/koa';
import Koa3, { type Middleware } from 'koa';
import Koa2 from 'koa2';
import { answer, errorAnswer } from '../../app/behaviours.ts';
import { demandsOf } from '../../app/guard-setup.ts';
import { awaitingTraits, readBody, routeOf, startServer } from '../../app/in-node.ts';
import type { AdapterUnderTest, Behaviour, Setup } from '../adapter.ts';

function handlerOf(behaviour: Behaviour): Middleware {
  return (context) =>
    answer(behaviour, {
      decision: context.approov,
      method: context.method,
      target: context.originalUrl,
      readBody: () => readBody(context.req),
    }).then(({ status, headers, body }) => {
      context.set(headers);
      context.status = status;
      context.body = body;
    });
}

const errorPath: Middleware = async (context, next) => {
  try {
    await next();
  } catch (error) {
    const { status, headers, body } = errorAnswer(error);
    context.set(headers);
    context.status = status;
    context.body = body;
  }
};

function koaAdapter(name: string, Koa: typeof Koa3): AdapterUnderTest {
  return {
    name,
    traits: awaitingTraits,
    start: (setup: Setup) =>
      startServer(setup, (guard) => {
        const app = new Koa();
        app.use(errorPath);
        if (setup.scope === 'app') app.use(approov(guard));
        for (const route of setup.routes) {
          const demands = demandsOf(route);
          const protection: Middleware | null = setup.scope === 'app' || demands === null ? null : approov(guard, demands);
          const handler = handlerOf(route.behaviour);
          const isRoute = (target: string): boolean => routeOf([route], target) === route;
          // Koa has no router of its own.
          if (protection !== null) app.use((context, next) => (isRoute(context.originalUrl) ? protection(context, next) : next()));
          app.use((context, next) => (isRoute(context.originalUrl) ? handler(context, next) : next()));
        }
        app.use(handlerOf('echo'));
        return createServer(app.callback());
      }),
  };
}

export const koaThree: AdapterUnderTest = koaAdapter('koa 3', Koa3);
// The cast holds for what is used here: `use` and `callback`.
export const koaTwo: AdapterUnderTest = koaAdapter('koa 2', Koa2 as unknown as typeof Koa3);
