/** The authoriser fits REST APIs (`REQUEST`, `TOKEN`) and HTTP APIs (payload 2.0 and 1.0). */
import type { Guard, GuardOptions } from 'approov-guard';
import { type AnswerTo, approov } from 'approov-guard/lambda-authorizer';
import type {
  APIGatewayAuthorizerHandler,
  APIGatewayAuthorizerWithContextHandler,
  APIGatewayRequestAuthorizerEvent,
  APIGatewayRequestAuthorizerEventV2,
  APIGatewayRequestAuthorizerHandler,
  APIGatewayRequestAuthorizerWithContextHandler,
  APIGatewayRequestIAMAuthorizerHandlerV2,
  APIGatewayRequestSimpleAuthorizerHandlerV2,
  APIGatewayRequestSimpleAuthorizerHandlerV2WithContext,
  APIGatewayTokenAuthorizerEvent,
  APIGatewayTokenAuthorizerHandler,
  APIGatewayTokenAuthorizerWithContextHandler,
} from 'aws-lambda';
import { proves, type Same } from './same.ts';

declare const guard: Guard;
declare const options: GuardOptions;
interface Context extends Record<string, string> {
  approovDid: string;
}

const handler = approov(options, { binding: { headers: ['authorization'] } });
approov(guard, undefined, 'off');

// Every kind of handler, as AWS's own types write it.
export const token: APIGatewayTokenAuthorizerHandler = approov(guard);
export const request: APIGatewayRequestAuthorizerHandler = approov(options, { binding: { headers: ['authorization'] } });
export const either: APIGatewayAuthorizerHandler = approov(guard);
export const simple: APIGatewayRequestSimpleAuthorizerHandlerV2 = approov(guard, undefined, 'off');
export const tokenWithContext: APIGatewayTokenAuthorizerWithContextHandler<Context> = handler;
export const requestWithContext: APIGatewayRequestAuthorizerWithContextHandler<Context> = handler;
export const eitherWithContext: APIGatewayAuthorizerWithContextHandler<Context> = handler;
export const simpleWithContext: APIGatewayRequestSimpleAuthorizerHandlerV2WithContext<{ approovDid: string }> = handler;
// @ts-expect-error: payload 2.0 is answered simply
export const policy2: APIGatewayRequestIAMAuthorizerHandlerV2 = handler;
// @ts-expect-error: the context says nothing of users
export const unknownContext: APIGatewayRequestSimpleAuthorizerHandlerV2WithContext<{ user: number }> = handler;

export async function answers(
  rest: APIGatewayRequestAuthorizerEvent | APIGatewayTokenAuthorizerEvent,
  http: APIGatewayRequestAuthorizerEventV2,
  versions: { one: APIGatewayRequestAuthorizerEvent & { version: string }; two: { version: '2.0' } },
): Promise<void> {
  const policy = await handler(rest);
  policy.policyDocument.Statement[0].Effect satisfies 'Allow' | 'Deny';
  policy.context.approovDid satisfies string;
  (await handler(versions.one)).policyDocument.Version satisfies '2012-10-17';
  const { isAuthorized, context } = await handler(http);
  isAuthorized satisfies boolean;
  context.approovVerdict satisfies string;
  proves<Same<AnswerTo<typeof http>, AnswerTo<typeof versions.two>>>();
  // @ts-expect-error: payload 2.0 gets no policy
  (await handler(http)).policyDocument;
  // @ts-expect-error: a policy says its effect
  policy.isAuthorized;
  // @ts-expect-error: a version alone may be either
  (await handler({ version: String(rest) })).policyDocument;
}

// @ts-expect-error: an authoriser needs a guard or its options
approov();
// @ts-expect-error: no such word
approov(guard, undefined, false);
// @ts-expect-error: a route has no keys
approov(guard, { keys: { secret: { base64: 'x' } } });
