/** The middleware fits h3 2 and 1 (Nitro), and types `event.context.approov`. */
import { type Decision, type Guard, type GuardOptions, requireDecision } from 'approov-guard';
import { approov, judgeSockets } from 'approov-guard/h3';
import { defineHandler, H3, type Middleware } from 'h3';
import { createApp, createRouter, type EventHandler, eventHandler } from 'h31';
import { proves, type Same } from './same.ts';

declare const guard: Guard;
declare const options: GuardOptions;

export const middleware: Middleware = approov(guard);

const app = new H3();
app.use(approov(options));
app.use('/api/**', approov(guard, { mode: 'observe' }));
app.get('/pay/:id', (event) => {
  proves<Same<typeof event.context.approov, Decision | undefined>>();
  // @ts-expect-error: claims may be absent
  requireDecision(event.context).claims.did;
  return { device: event.context.approov?.claims?.did satisfies string | undefined };
});
app.post('/pay', defineHandler({ middleware: [approov(guard, { binding: { headers: ['authorization'] } })], handler: () => 'paid' }));

// A file in Nitro's `server/middleware`.
export const handler: EventHandler = eventHandler(approov(guard));
createApp()
  .use(eventHandler(approov(options)))
  .use(createRouter());

// @ts-expect-error: a middleware needs a guard or its options
approov();
// @ts-expect-error: a route has no keys
approov(guard, { keys: { secret: { base64: 'x' } } });
judgeSockets(guard, createApp());
judgeSockets(options, createApp(), { mode: 'observe' });
// @ts-expect-error: it needs an app
judgeSockets(guard);
