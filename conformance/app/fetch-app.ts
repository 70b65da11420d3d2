/** The app for web-standard fetch handlers. Runs on every runtime. */
import type { Decision, Guard, GuardOptions, RouteOptions } from 'approov-guard';
import { approov } from 'approov-guard/web';
import type { Behaviour, Setup } from '../adapters/adapter.ts';
import { answer, errorAnswer } from './behaviours.ts';
import { demandsOf } from './guard-setup.ts';
import { routeOf } from './routes.ts';

/** A fetch handler. */
export type Fetch = (request: Request) => Response | Promise<Response>;

/** An adapter for fetch handlers. */
export type Protect = (
  guard: Guard | GuardOptions,
  handler: (request: Request & { readonly approov: Decision }) => Response | Promise<Response>,
  route?: RouteOptions,
) => Fetch;

/** How an app is made differently. */
export interface FetchParts {
  /** Another adapter than `approov-guard/web`. */
  readonly protect?: Protect;
  /** Other handlers than those that answer as their behaviour says. */
  readonly handlerFor?: (behaviour: Behaviour) => (request: JudgedRequest) => Response | Promise<Response>;
}

/** A request on which a guard may have put its decision. */
export type JudgedRequest = Request & { readonly approov?: Decision };

function pathOf(request: Request): string {
  return new URL(request.url).pathname;
}

/** A handler that answers as its behaviour says. */
export function handlerOf(behaviour: Behaviour): (request: JudgedRequest) => Promise<Response> {
  return (request) =>
    answer(behaviour, {
      decision: request.approov,
      method: request.method,
      target: request.url.slice(new URL(request.url).origin.length),
      readBody: async () => new Uint8Array(await request.arrayBuffer()),
    }).then((given) => new Response(given.body, given));
}

/**
 * The app of a setup.
 * @param setup - the setup
 * @param guard - its guard, or the options of one
 * @param parts - what is different
 */
export function fetchApp(setup: Setup, guard: Guard | GuardOptions, parts: FetchParts = {}): Fetch {
  const { protect = approov, handlerFor = handlerOf } = parts;
  if (setup.scope === 'app') return protect(guard, (request) => handlerFor(routeOf(setup.routes, pathOf(request)).behaviour)(request));
  const handlers = new Map<string, Fetch>(
    setup.routes.map((route) => {
      const demands = demandsOf(route);
      const handler = handlerFor(route.behaviour);
      return [route.path, demands === null ? handler : protect(guard, handler, demands)];
    }),
  );
  return (request) => (handlers.get(pathOf(request)) ?? handlerFor('echo'))(request);
}

/** What the platform answers when a handler throws or rejects. */
export function errorResponse(error: unknown): Response {
  const given = errorAnswer(error);
  return new Response(given.body, given);
}
