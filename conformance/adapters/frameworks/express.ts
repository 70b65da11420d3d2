/** Express 5 and, since the API that is used here is the same, Express 4. */
import { createServer } from 'node:http';
import { approov } from 'approov-guard/express';
import express5, { type ErrorRequestHandler, type Express, type RequestHandler } from 'express';
import express4 from 'express4';
import { answer, errorAnswer } from '../../app/behaviours.ts';
import { demandsOf } from '../../app/guard-setup.ts';
import { nodeTraits, readBody, startServer } from '../../app/in-node.ts';
import type { AdapterUnderTest, Behaviour, Setup } from '../adapter.ts';

/** Express 5 meets rejected promises by itself; in Express 4 a handler passes them on. */
function handlerOf(behaviour: Behaviour, version: 4 | 5): RequestHandler {
  return (request, response, next) => {
    const answered = answer(behaviour, {
      decision: request.approov,
      method: request.method,
      target: request.originalUrl,
      readBody: () => readBody(request),
    }).then(({ status, headers, body }) => {
      response.status(status).set(headers).send(body);
    });
    return version === 5 ? answered : answered.catch(next);
  };
}

const errorPath: ErrorRequestHandler = (error, _request, response, _next) => {
  const { status, headers, body } = errorAnswer(error);
  response.status(status).set(headers).send(body);
};

function expressAdapter(name: string, version: 4 | 5, create: () => Express): AdapterUnderTest {
  return {
    name,
    traits: nodeTraits,
    start: (setup: Setup) =>
      startServer(setup, (guard) => {
        const app = create();
        if (setup.scope === 'app') app.use(approov(guard));
        for (const route of setup.routes) {
          const demands = demandsOf(route);
          const protection = setup.scope === 'app' || demands === null ? [] : [approov(guard, demands)];
          app.all(route.path, ...protection, handlerOf(route.behaviour, version));
        }
        app.use(handlerOf('echo', version));
        app.use(errorPath);
        return createServer(app);
      }),
  };
}

export const expressFive: AdapterUnderTest = expressAdapter('express 5', 5, express5);
// The cast holds for what is used here: `use`, `all`, and being a request listener.
export const expressFour: AdapterUnderTest = expressAdapter('express 4', 4, express4 as unknown as () => Express);
