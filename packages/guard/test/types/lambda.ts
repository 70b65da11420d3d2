/** The handler fits API Gateway (payload 2.0 and 1.0), function URLs and load balancers, and types `event.approov`. */
import type { Decision, Guard, GuardOptions } from 'approov-guard';
import { approov } from 'approov-guard/lambda';
import type {
  ALBEvent,
  ALBHandler,
  APIGatewayProxyEvent,
  APIGatewayProxyEventV2,
  APIGatewayProxyHandler,
  APIGatewayProxyHandlerV2,
  Context,
  LambdaFunctionURLEvent,
  LambdaFunctionURLHandler,
} from 'aws-lambda';
import { proves, type Same } from './same.ts';

declare const guard: Guard;
declare const options: GuardOptions;

export const http: APIGatewayProxyHandlerV2 = approov(options, async (event: APIGatewayProxyEventV2 & { readonly approov: Decision }) => {
  proves<Same<typeof event.approov, Decision>>();
  // @ts-expect-error: claims may be absent
  event.approov.claims.did;
  return { statusCode: 200, body: event.approov.claims?.did ?? event.rawPath };
});
export const rest: APIGatewayProxyHandler = approov(
  guard,
  async (event: APIGatewayProxyEvent & { readonly approov: Decision }, context: Context) => ({
    statusCode: 200,
    body: event.resource + event.approov.id + context.awsRequestId,
  }),
  { binding: { headers: ['authorization'] } },
);
export const url: LambdaFunctionURLHandler = approov<LambdaFunctionURLEvent, [], string>(guard, (event) => event.approov.id);
export const balanced: ALBHandler = approov<ALBEvent, [], { statusCode: number }>(guard, () => ({ statusCode: 200 }));

// An event of no stated kind has what all of them have.
approov(guard, (event) => {
  proves<Same<typeof event.approov, Decision>>();
  // @ts-expect-error: who sent it was not said
  event.rawPath.length;
});

// @ts-expect-error: a handler is needed
approov(guard);
// @ts-expect-error: a handler's first argument is the event
approov(guard, (event: number) => event);
// @ts-expect-error: a route has no keys
approov(guard, async () => ({ statusCode: 200 }), { keys: { secret: { base64: 'x' } } });
