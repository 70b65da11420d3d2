/** Web-standard fetch handlers. */
import type { Decision } from 'approov-guard';
import { approov } from 'approov-guard/web';
import { answer, errorAnswer } from '../app/behaviours.ts';
import { demandsOf } from '../app/guard-setup.ts';
import { routeOf, startServer } from '../app/in-node.ts';
import { type Fetch, serveFetch } from '../app/web-bridge.ts';
import type { AdapterUnderTest, Behaviour, Setup } from './adapter.ts';

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

export const web: AdapterUnderTest = {
  name: 'fetch',
  traits: { joinsLines: true, normalisesTargets: true, crypto: ['platform', 'web'] },
  start: (setup: Setup) =>
    startServer(setup, (guard) => {
      const onError = (error: unknown): Response => {
        const given = errorAnswer(error);
        return new Response(given.body, given);
      };
      if (setup.scope === 'app') {
        const dispatch: Fetch = (request) => handlerOf(routeOf(setup.routes, pathOf(request)).behaviour)(request);
        return serveFetch(approov(guard, dispatch), onError);
      }
      const handlers = new Map<string, Fetch>(
        setup.routes.map((route) => {
          const demands = demandsOf(route);
          const handler = handlerOf(route.behaviour);
          return [route.path, demands === null ? handler : approov(guard, handler, demands)];
        }),
      );
      return serveFetch((request) => (handlers.get(pathOf(request)) ?? handlerOf('echo'))(request), onError);
    }),
};
