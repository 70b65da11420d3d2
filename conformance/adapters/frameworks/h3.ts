/** h3 2 and h3 1 (Nitro 3 and 2). */
import { createServer } from 'node:http';
import type { Guard } from 'approov-guard';
import { approov } from 'approov-guard/h3';
import { type EventHandler, H3, type HTTPError } from 'h3';
import { toNodeHandler } from 'h3/node';
import * as h31 from 'h31';
import { type Answer, answer, errorAnswer } from '../../app/behaviours.ts';
import { demandsOf } from '../../app/guard-setup.ts';
import { awaitingTraits, startServer } from '../../app/in-node.ts';
import type { AdapterUnderTest, Behaviour, Setup } from '../adapter.ts';

const toResponse = (given: Answer): Response => new Response(given.body, given);

function handlerOf(behaviour: Behaviour): EventHandler {
  return (event) =>
    answer(behaviour, {
      decision: event.context.approov,
      method: event.req.method,
      target: event.req.url.slice(new URL(event.req.url).origin.length),
      readBody: async () => new Uint8Array(await event.req.arrayBuffer()),
    }).then(toResponse);
}

function appTwo(setup: Setup, guard: Guard): H3 {
  // What h3 itself refuses, such as a path that cannot be decoded, comes here too. It is answered here, since Hono's server for Node, in
  // the same process, replaces the global Response, with which h3's own answer to an error loses its status.
  const onError = (error: HTTPError): Response => {
    const given = errorAnswer(error.cause ?? error);
    return toResponse(error.unhandled ? given : { ...given, status: error.status });
  };
  const app = new H3({ onError });
  if (setup.scope === 'app') app.use(approov(guard));
  for (const route of setup.routes) {
    const demands = demandsOf(route);
    const middleware = setup.scope === 'app' || demands === null ? [] : [approov(guard, demands)];
    app.all(route.path, handlerOf(route.behaviour), { middleware });
  }
  app.all('/**', handlerOf('echo'));
  return app;
}

/** Of these, h3 1 refuses to read a body. */
const WITHOUT_BODY: ReadonlySet<string> = new Set(['GET', 'HEAD', 'OPTIONS']);

function handlerOfOne(behaviour: Behaviour): h31.EventHandler {
  return h31.eventHandler((event) =>
    answer(behaviour, {
      decision: event.context.approov,
      method: event.method,
      target: event.node.req.url ?? '',
      readBody: async () => new Uint8Array((WITHOUT_BODY.has(event.method) ? null : await h31.readRawBody(event, false)) ?? []),
    }).then(toResponse),
  );
}

function appOne(setup: Setup, guard: Guard): h31.App {
  const app = h31.createApp({ onError: (error, event) => h31.sendWebResponse(event, toResponse(errorAnswer(error.cause ?? error))) });
  const router = h31.createRouter();
  if (setup.scope === 'app') app.use(h31.eventHandler(approov(guard)));
  for (const route of setup.routes) {
    const demands = demandsOf(route);
    const handler = handlerOfOne(route.behaviour);
    const onRequest = setup.scope === 'app' || demands === null ? null : approov(guard, demands);
    // The chain of a route in h3 1: the first answer counts.
    router.use(route.path, onRequest === null ? handler : h31.eventHandler(async (event) => (await onRequest(event)) ?? handler(event)));
  }
  return app.use(router).use(handlerOfOne('echo'));
}

export const h3Two: AdapterUnderTest = {
  name: 'h3 2',
  traits: awaitingTraits,
  start: (setup) => startServer(setup, (guard) => createServer(toNodeHandler(appTwo(setup, guard)))),
};
export const h3One: AdapterUnderTest = {
  name: 'h3 1',
  traits: awaitingTraits,
  start: (setup) => startServer(setup, (guard) => createServer(h31.toNodeListener(appOne(setup, guard)))),
};
