/** AWS Lambda behind API Gateway (REST and HTTP APIs), function URLs and load balancers: a handler around yours. */

import { guardOf } from '../../guard/create-guard.ts';
import type { Guard } from '../../guard/guard.ts';
import type { GuardOptions, RouteOptions } from '../../guard/options.ts';
import type { Decision } from '../../http/decide.ts';
import { type LambdaRefusal, lambdaRefusal, refuseStream, streamIn } from './answer-lambda.ts';
import { type LambdaEvent, LambdaRequestView } from './view-lambda.ts';

/**
 * Protects a handler: it is called, with `event.approov`, for requests that pass; all others are answered (`401`, `{}`).
 *
 * With `awslambda.streamifyResponse(approov(guard, handler))` the handler streams its answer, and a refusal is written to the same stream.
 *
 * Message signatures cover the target as the client sent it. Function URLs have it; HTTP APIs have the path decoded, payload 1.0 the query as
 * well, and load balancers lose repeated parameters: there, what cannot be put together again as it was fails.
 *
 * @param guard - a guard, or the options of one
 * @param handler - your handler
 * @param route - what is demanded here differently
 * @throws ConfigurationError for any mistake in the options
 *
 * @example
 * ```ts
 * import { approov } from 'approov-guard/lambda';
 * const keys = { secret: { base64: process.env.APPROOV_BASE64_SECRET } };
 * export const handler = approov({ keys }, async (event) => ({ statusCode: 200, body: `hello ${event.approov.claims?.did}` }));
 * ```
 */
export function approov<Event extends LambdaEvent = LambdaEvent, Rest extends readonly unknown[] = readonly unknown[], Result = unknown>(
  guard: Guard | GuardOptions,
  handler: (event: Event & { readonly approov: Decision }, ...rest: Rest) => Result | Promise<Result>,
  route?: RouteOptions,
): (event: Event, ...rest: Rest) => Promise<Result | LambdaRefusal> {
  const guarded = guardOf(guard, route);
  const judged = async (given: Event, ...rest: Rest): Promise<Result | LambdaRefusal> => {
    // Test events may be anything.
    const event: Event = Object(given ?? {});
    const decision = await guarded.guard.decide(new LambdaRequestView(event), guarded.route);
    if (decision.action === 'pass') return handler(Object.assign(event, { approov: decision }), ...rest);
    const stream = streamIn(rest);
    if (stream !== null) refuseStream(stream, decision.refusal);
    return lambdaRefusal(decision.refusal);
  };
  // What `streamifyResponse` notes on a function holds for the one around it.
  return Object.assign(judged, handler);
}
