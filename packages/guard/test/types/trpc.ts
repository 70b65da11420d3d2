/** The context function and its middleware fit the servers of tRPC 11, and type `ctx.approov`. */
import { createServer } from 'node:http';
import { initTRPC } from '@trpc/server';
import { createExpressMiddleware } from '@trpc/server/adapters/express';
import { type FastifyTRPCPluginOptions, fastifyTRPCPlugin } from '@trpc/server/adapters/fastify';
import { fetchRequestHandler } from '@trpc/server/adapters/fetch';
import { createHTTPHandler, createHTTPServer } from '@trpc/server/adapters/standalone';
import { applyWSSHandler } from '@trpc/server/adapters/ws';
import type { Decision, Guard, GuardOptions } from 'approov-guard';
import { approov } from 'approov-guard/trpc';
import express from 'express';
import fastify from 'fastify';
import { WebSocketServer } from 'ws';
import { proves, type Same } from './same.ts';

declare const guard: Guard;
declare const options: GuardOptions;

const createContext = approov(options, { binding: { headers: ['authorization'] } });
const t = initTRPC.context<typeof createContext>().create();
const device = t.procedure.query(({ ctx }) => {
  proves<Same<typeof ctx.approov, Decision>>();
  // @ts-expect-error: claims may be absent
  ctx.approov.claims.did;
  // @ts-expect-error: the decision is not written to
  ctx.approov = null;
  return ctx.approov.claims?.did satisfies string | undefined;
});
const router = t.router({ device });
const { middleware } = createContext;

createHTTPServer({ router, createContext, middleware });
createServer(createHTTPHandler({ router, createContext, middleware }));
express().use('/trpc', createContext.middleware, createExpressMiddleware({ router, createContext }));
const trpcOptions: FastifyTRPCPluginOptions<typeof router>['trpcOptions'] = { router, createContext };
const app = fastify();
app.addHook('onRequest', (request, reply, done) => createContext.middleware(request.raw, reply.raw, done));
app.register(fastifyTRPCPlugin, { prefix: '/trpc', trpcOptions });
export const answer = (req: Request): Promise<Response> => fetchRequestHandler({ endpoint: '/', req, router, createContext });
applyWSSHandler({ wss: new WebSocketServer({ noServer: true }), router, createContext });

// A context of one's own around it.
const around = async (opts: Parameters<typeof createContext>[0]) => ({ ...(await createContext(opts)), user: 'a' });
createHTTPServer({ router: initTRPC.context<typeof around>().create().router({}), createContext: around });

// @ts-expect-error: a context needs a guard or its options
approov();
// @ts-expect-error: a route has no keys
approov(guard, { keys: { secret: { base64: 'x' } } });
// @ts-expect-error: it is a context, no middleware
createHTTPServer({ router, createContext, middleware: createContext });
