/** The authoriser fits REST APIs (`REQUEST`, `TOKEN`) and HTTP APIs (payload 2.0 and 1.0). */
import type { Guard, GuardOptions } from 'approov-guard';
import { approov } from 'approov-guard/lambda-authorizer';
import type {
  APIGatewayRequestAuthorizerEvent,
  APIGatewayRequestAuthorizerEventV2,
  APIGatewayRequestSimpleAuthorizerHandlerV2,
  APIGatewayRequestSimpleAuthorizerHandlerV2WithContext,
  APIGatewayTokenAuthorizerEvent,
} from 'aws-lambda';

declare const guard: Guard;
declare const options: GuardOptions;

const handler = approov(options, { binding: { headers: ['authorization'] } });
approov(guard, undefined, 'off');
// The types of AWS leave the version open, and the answer goes by it.
export const simple: APIGatewayRequestSimpleAuthorizerHandlerV2 = (event) => handler({ ...event, version: '2.0' as const });
export const withContext: APIGatewayRequestSimpleAuthorizerHandlerV2WithContext<{ approovDid: string }> = (event) =>
  handler({ ...event, version: '2.0' as const });

export async function answers(
  rest: APIGatewayRequestAuthorizerEvent | APIGatewayTokenAuthorizerEvent,
  http: APIGatewayRequestAuthorizerEventV2 & { version: '2.0' },
): Promise<void> {
  const policy = await handler(rest);
  policy.policyDocument.Statement[0].Effect satisfies 'Allow' | 'Deny';
  policy.context.approovDid satisfies string;
  const { isAuthorized, context } = await handler(http);
  isAuthorized satisfies boolean;
  context.approovVerdict satisfies string;
  // @ts-expect-error: payload 2.0 gets no policy
  (await handler(http)).policyDocument;
  // @ts-expect-error: a policy says its effect
  policy.isAuthorized;
}

// @ts-expect-error: an authoriser needs a guard or its options
approov();
// @ts-expect-error: no such word
approov(guard, undefined, false);
// @ts-expect-error: a route has no keys
approov(guard, { keys: { secret: { base64: 'x' } } });
