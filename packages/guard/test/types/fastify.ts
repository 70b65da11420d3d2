/** The hook fits Fastify 5's app, plugins and routes, and types `request.approov`. */
import { type Decision, type Guard, type GuardOptions, requireDecision } from 'approov-guard';
import { approov } from 'approov-guard/fastify';
import fastify, { type FastifyPluginAsync, type onRequestHookHandler } from 'fastify';
import { proves, type Same } from './same.ts';

declare const guard: Guard;
declare const options: GuardOptions;

export const hook: onRequestHookHandler = approov(guard);

const app = fastify();
app.addHook('onRequest', approov(options));
app.get('/shapes', async (request) => {
  proves<Same<typeof request.approov, Decision | undefined>>();
  // @ts-expect-error: claims may be absent
  requireDecision(request).claims.did;
  return { device: request.approov?.claims?.did satisfies string | undefined };
});
app.get('/pay', { onRequest: approov(guard, { binding: { headers: ['authorization'] } }) }, async (request) => requireDecision(request).id);
app.route({ method: 'GET', url: '/list', onRequest: [approov(guard), async () => undefined], handler: async () => 'ok' });
app.post<{ Body: { name: string } }>('/typed', { onRequest: approov(guard) }, async (request) => {
  proves<Same<typeof request.body.name, string>>();
  return requireDecision(request).action;
});
export const plugin: FastifyPluginAsync = async (scope) => {
  scope.addHook('onRequest', approov(guard));
};
const secured = fastify({ http2: true });
secured.addHook('onRequest', approov(guard));

// @ts-expect-error: it is a hook, no plugin
app.register(approov(guard));
// @ts-expect-error: no such mode
approov(guard, { mode: 'off' });
