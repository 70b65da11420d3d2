/** `node:http`. */
import { createServer, type IncomingMessage, type RequestListener, type ServerResponse } from 'node:http';
import type { Decision } from 'approov-guard';
import { approov } from 'approov-guard/node';
import { answer, errorAnswer } from '../../app/behaviours.ts';
import { demandsOf } from '../../app/guard-setup.ts';
import { nodeTraits, readBody, routeOf, startServer, writeAnswer } from '../../app/in-node.ts';
import type { AdapterUnderTest, Behaviour, Setup } from '../adapter.ts';

type Listener = (request: IncomingMessage & { approov?: Decision }, response: ServerResponse) => unknown;

function listenerOf(behaviour: Behaviour): Listener {
  return (request, response) =>
    answer(behaviour, {
      decision: request.approov,
      method: request.method ?? '',
      target: request.url ?? '',
      readBody: () => readBody(request),
    }).then((given) => writeAnswer(response, given));
}

/** There is no framework to meet a listener's error: whoever calls the listener does, as here. */
function withErrorPath(listener: Listener): RequestListener {
  return (request, response) => {
    const fail = (error: unknown): void => writeAnswer(response, errorAnswer(error));
    try {
      Promise.resolve(listener(request, response)).catch(fail);
    } catch (error) {
      fail(error);
    }
  };
}

export const node: AdapterUnderTest = {
  name: 'node:http',
  traits: nodeTraits,
  start: (setup: Setup) =>
    startServer(setup, (guard) => {
      const dispatch: Listener = (request, response) => listenerOf(routeOf(setup.routes, request.url ?? '').behaviour)(request, response);
      if (setup.scope === 'app') return createServer(withErrorPath(approov(guard, dispatch)));
      const listeners = new Map(
        setup.routes.map((route) => {
          const demands = demandsOf(route);
          const listener = listenerOf(route.behaviour);
          return [route.path, demands === null ? listener : approov(guard, listener, demands)] as const;
        }),
      );
      return createServer(
        withErrorPath((request, response) => {
          const listener = listeners.get(routeOf(setup.routes, request.url ?? '').path) ?? listenerOf('echo');
          return listener(request, response);
        }),
      );
    }),
};
