/** The middleware fits Express 5 and 4 wherever a handler goes, and types `request.approov`. */
import { type Claims, type Decision, type Guard, type GuardOptions, requireDecision } from 'approov-guard';
import { approov } from 'approov-guard/express';
import express, { type RequestHandler, Router } from 'express';
import express4, { type RequestHandler as RequestHandler4, Router as Router4 } from 'express4';
import { proves, type Same } from './same.ts';

declare const guard: Guard;
declare const options: GuardOptions;

export const handler: RequestHandler = approov(guard);
export const handler4: RequestHandler4 = approov(guard);

const app = express();
app.use(approov(options));
app.use('/api', approov(guard), Router().use(approov(guard, { mode: 'observe' })));
app.get('/shapes', (request, response) => {
  proves<Same<typeof request.approov, Decision | undefined>>();
  proves<Same<ReturnType<typeof requireDecision>['claims'], Claims | null>>();
  response.json({ device: request.approov?.claims?.did satisfies string | undefined });
  // @ts-expect-error: a route without a guard has no decision
  request.approov.claims;
  // @ts-expect-error: claims may be absent
  requireDecision(request).claims.did;
  // @ts-expect-error: no such member
  requireDecision(request).token;
});
// The types of parameters, bodies and queries survive a middleware before the handler.
app.post('/pay/:id', approov(guard, { binding: { headers: ['authorization'] } }), async (request, response) => {
  proves<Same<typeof request.params.id, string>>();
  response.send(requireDecision(request).id);
});
app.get('/typed', approov(guard), ((request, response) => {
  response.send(request.params.name);
}) satisfies RequestHandler<{ name: string }>);

const app4 = express4();
app4.use(approov(options));
app4.use('/api', approov(guard), Router4().use(approov(guard)));
app4.get('/pay/:id', approov(guard, { binding: null }), (request, response) => {
  proves<Same<typeof request.approov, Decision | undefined>>();
  response.json([request.params.id, request.approov?.claims?.did satisfies string | undefined]);
});

// @ts-expect-error: a middleware needs a guard or its options
approov();
// @ts-expect-error: a route has no keys
approov(guard, { keys: { secret: { base64: 'x' } } });
// @ts-expect-error: headers are a list
approov(guard, { binding: { headers: 'authorization' } });
// @ts-expect-error: no such option
approov({ keys: { secret: { base64: 'x' } }, route: {} });
