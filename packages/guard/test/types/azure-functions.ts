/** The handler fits Azure Functions, programming model 4, and types `request.approov`. */
import { app, type HttpHandler, type HttpRequest, type HttpResponseInit, type InvocationContext } from '@azure/functions';
import type { Decision, Guard, GuardOptions } from 'approov-guard';
import { approov } from 'approov-guard/azure-functions';
import { proves, type Same } from './same.ts';

declare const guard: Guard;
declare const options: GuardOptions;

export const handler: HttpHandler = approov(options, () => ({ jsonBody: { message: 'Hello, World!' } }));
app.http('shapes', {
  methods: ['GET'],
  authLevel: 'anonymous',
  handler: approov(guard, (request, context) => {
    proves<Same<typeof request.approov, Decision>>();
    request.query.get('name') satisfies string | null;
    context.log(request.approov.id);
    // @ts-expect-error: claims may be absent
    request.approov.claims.did;
    return { jsonBody: { device: request.approov.claims?.did satisfies string | undefined } };
  }),
});
const pay = async (request: HttpRequest & { readonly approov: Decision }, context: InvocationContext): Promise<HttpResponseInit> => ({
  body: `${request.approov.id} ${context.invocationId}`,
});
app.post('pay', approov(guard, pay, { binding: { headers: ['authorization'] } }));

// @ts-expect-error: a handler is needed
approov(guard);
const wrong = approov(guard, () => 401);
// @ts-expect-error: a handler answers a response
app.get('wrong', wrong);
// @ts-expect-error: a route has no keys
approov(guard, pay, { keys: { secret: { base64: 'x' } } });
