/** The app for Hono 4. Runs on every runtime. */
import type { Guard } from 'approov-guard';
import { approov } from 'approov-guard/hono';
import { type Handler, Hono } from 'hono';
import type { ContentfulStatusCode } from 'hono/utils/http-status';
import type { Behaviour, Setup } from '../adapters/adapter.ts';
import { answer, errorAnswer } from './behaviours.ts';
import { demandsOf } from './guard-setup.ts';

function handlerOf(behaviour: Behaviour): Handler {
  return (c) =>
    answer(behaviour, {
      decision: c.get('approov'),
      method: c.req.method,
      target: c.req.url.slice(new URL(c.req.url).origin.length),
      readBody: async () => new Uint8Array(await c.req.arrayBuffer()),
      // The cast holds: a handler answers with content.
    }).then(({ status, headers, body }) => c.body(body, status as ContentfulStatusCode, headers));
}

/** The app of a setup. */
export function honoApp(setup: Setup, guard: Guard): Hono {
  const app = new Hono();
  app.onError((error) => {
    const given = errorAnswer(error);
    return new Response(given.body, given);
  });
  if (setup.scope === 'app') app.use(approov(guard));
  for (const route of setup.routes) {
    const demands = demandsOf(route);
    if (setup.scope === 'app' || demands === null) app.all(route.path, handlerOf(route.behaviour));
    else app.all(route.path, approov(guard, demands), handlerOf(route.behaviour));
  }
  app.all('*', handlerOf('echo'));
  return app;
}
