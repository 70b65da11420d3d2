/** The function fits the hooks of Elysia 1, for an app and for a route. */
import type { Decision, Guard, GuardOptions } from 'approov-guard';
import { approov, decisionOf } from 'approov-guard/elysia';
import { Elysia } from 'elysia';
import { proves, type Same } from './same.ts';

declare const guard: Guard;
declare const options: GuardOptions;

new Elysia()
  .onRequest(approov(options))
  .derive(({ request }) => ({ approov: decisionOf(request) }))
  .get('/shapes/:id', ({ approov: decision, params }) => {
    proves<Same<typeof decision, Decision | null>>();
    proves<Same<typeof params.id, string>>();
    // @ts-expect-error: no guard may have stood before it
    decision.claims;
    return { device: decision?.claims?.did satisfies string | undefined };
  })
  .post('/pay', () => 'paid', { beforeHandle: approov(guard, { binding: { headers: ['authorization'] } }) })
  .guard({ beforeHandle: [approov(guard, { mode: 'observe' })] }, (app) => app.get('/list', () => []));

// @ts-expect-error: a hook needs a guard or its options
approov();
// @ts-expect-error: a route has no keys
approov(guard, { keys: { secret: { base64: 'x' } } });
// @ts-expect-error: it is a hook, no plugin
new Elysia().use(approov(guard));
