/** The app for Elysia 1. Runs on Bun and Node. */
import type { Guard } from 'approov-guard';
import { approov, decisionOf } from 'approov-guard/elysia';
import { Elysia, type ElysiaConfig } from 'elysia';
import type { Behaviour, Setup } from '../adapters/adapter.ts';
import { type Answer, answer, errorAnswer } from './behaviours.ts';
import { demandsOf } from './guard-setup.ts';

const toResponse = (given: Answer): Response => new Response(given.body, given);

function handlerOf(behaviour: Behaviour): (context: { readonly request: Request }) => Promise<Response> {
  return ({ request }) =>
    answer(behaviour, {
      decision: decisionOf(request) ?? undefined,
      method: request.method,
      target: request.url.slice(new URL(request.url).origin.length),
      readBody: async () => new Uint8Array(await request.arrayBuffer()),
    }).then(toResponse);
}

/**
 * The app of a setup.
 * @param setup - the setup
 * @param guard - its guard
 * @param platform - Elysia's adapter for a platform other than Bun
 */
export function elysiaApp(setup: Setup, guard: Guard, platform: Pick<ElysiaConfig<''>, 'adapter'> = {}): Elysia {
  const app = new Elysia(platform).onError(({ error }) => toResponse(errorAnswer(error)));
  if (setup.scope === 'app') app.onRequest(approov(guard));
  for (const route of setup.routes) {
    const demands = demandsOf(route);
    const hooks = setup.scope === 'app' || demands === null ? {} : { beforeHandle: approov(guard, demands) };
    app.all(route.path, handlerOf(route.behaviour), { parse: 'none', ...hooks });
  }
  // The last route for a path replaces the others.
  if (!setup.routes.some(({ path }) => path === '/')) app.all('/', handlerOf('echo'), { parse: 'none' });
  app.all('/*', handlerOf('echo'), { parse: 'none' });
  // The cast holds: adding routes changes the type of the app, not what is used of it here.
  return app as unknown as Elysia;
}
