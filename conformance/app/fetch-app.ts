/** The app for web-standard fetch handlers. Runs on every runtime. */
import type { Decision, Guard } from 'approov-guard';
import { approov } from 'approov-guard/web';
import type { Behaviour, Setup } from '../adapters/adapter.ts';
import { answer, errorAnswer } from './behaviours.ts';
import { demandsOf } from './guard-setup.ts';
import { routeOf } from './routes.ts';

/** A fetch handler. */
export type Fetch = (request: Request) => Response | Promise<Response>;

function pathOf(request: Request): string {
  return new URL(request.url).pathname;
}

function handlerOf(behaviour: Behaviour): (request: Request & { readonly approov?: Decision }) => Promise<Response> {
  return (request) =>
    answer(behaviour, {
      decision: request.approov,
      method: request.method,
      target: request.url.slice(new URL(request.url).origin.length),
      readBody: async () => new Uint8Array(await request.arrayBuffer()),
    }).then((given) => new Response(given.body, given));
}

/** The app of a setup. */
export function fetchApp(setup: Setup, guard: Guard): Fetch {
  if (setup.scope === 'app') return approov(guard, (request) => handlerOf(routeOf(setup.routes, pathOf(request)).behaviour)(request));
  const handlers = new Map<string, Fetch>(
    setup.routes.map((route) => {
      const demands = demandsOf(route);
      const handler = handlerOf(route.behaviour);
      return [route.path, demands === null ? handler : approov(guard, handler, demands)];
    }),
  );
  return (request) => (handlers.get(pathOf(request)) ?? handlerOf('echo'))(request);
}

/** What the platform answers when a handler throws or rejects. */
export function errorResponse(error: unknown): Response {
  const given = errorAnswer(error);
  return new Response(given.body, given);
}
