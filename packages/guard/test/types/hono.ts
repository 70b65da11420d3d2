/** The middleware fits Hono 4, and types the variable `approov`. */
import { type Decision, type Guard, type GuardOptions, requireDecision } from 'approov-guard';
import { approov } from 'approov-guard/hono';
import { Hono, type MiddlewareHandler } from 'hono';
import { proves, type Same } from './same.ts';

declare const guard: Guard;
declare const options: GuardOptions;

export const middleware: MiddlewareHandler = approov(guard);

const app = new Hono();
app.use(approov(options));
app.use('/api/*', approov(guard, { mode: 'observe' }));
app.get('/pay/:id', approov(guard, { binding: { headers: ['authorization'] } }), (c) => {
  proves<Same<typeof c.var.approov, Decision | undefined>>();
  const decision = c.get('approov');
  proves<Same<typeof decision, Decision | undefined>>();
  c.req.param('id') satisfies string;
  // @ts-expect-error: claims may be absent
  requireDecision(c.var).claims.did;
  // @ts-expect-error: the variable is a decision
  c.set('approov', true);
  return c.json({ device: c.var.approov?.claims?.did satisfies string | undefined });
});
// Bindings and variables of an application survive.
new Hono<{ Bindings: { SECRET: string }; Variables: { user: string } }>().use(approov(guard)).get('/', (c) => {
  proves<Same<typeof c.env.SECRET, string>>();
  return c.text(c.var.user + requireDecision(c.var).id);
});

// @ts-expect-error: a middleware needs a guard or its options
approov();
// @ts-expect-error: a route has no keys
approov(guard, { keys: { secret: { base64: 'x' } } });
// @ts-expect-error: no such mode
approov(guard, { mode: 'off' });
