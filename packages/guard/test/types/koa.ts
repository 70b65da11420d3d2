/** The middleware fits Koa 3 and 2, their routers included, and types `context.approov`. */
import Router from '@koa/router';
import { type Decision, type Guard, type GuardOptions, requireDecision } from 'approov-guard';
import { approov } from 'approov-guard/koa';
import Koa, { type Middleware } from 'koa';
import Koa2, { type Middleware as Middleware2 } from 'koa2';
import { proves, type Same } from './same.ts';

declare const guard: Guard;
declare const options: GuardOptions;

export const middleware: Middleware = approov(guard);
export const middleware2: Middleware2 = approov(guard);

const app = new Koa();
app.use(approov(options));
app.use(approov(guard, { mode: 'observe' }));
app.use(async (context, next) => {
  proves<Same<typeof context.approov, Decision | undefined>>();
  context.body = { device: context.approov?.claims?.did satisfies string | undefined };
  // @ts-expect-error: claims may be absent
  requireDecision(context).claims.did;
  // @ts-expect-error: no such member
  requireDecision(context).token;
  await next();
});
const router = new Router();
router.use(approov(guard));
router.get('/pay/:id', approov(guard, { binding: { headers: ['authorization'] } }), (context) => {
  proves<Same<typeof context.approov, Decision | undefined>>();
  context.body = context.params.id satisfies string | undefined;
});
app.use(router.routes());
// The state and the context that an application declares survive.
new Koa<{ user: string }, { log(text: string): void }>().use(approov(guard)).use((context) => {
  context.log(context.state.user + requireDecision(context).id);
});

new Koa2().use(approov(options)).use(approov(guard, { binding: null }));

// @ts-expect-error: a middleware needs a guard or its options
approov();
// @ts-expect-error: a route has no keys
approov(guard, { keys: { secret: { base64: 'x' } } });
// @ts-expect-error: no such option
approov({ keys: { secret: { base64: 'x' } }, route: {} });
