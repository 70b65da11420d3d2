/** Lambda@Edge: a function for viewer requests of CloudFront. */

import { guardOf } from '../../guard/create-guard.ts';
import type { Guard } from '../../guard/guard.ts';
import type { GuardOptions, RouteOptions } from '../../guard/options.ts';
import { type EdgeRefusal, edgeRefusal } from './answer-lambda.ts';
import { type EdgeRequest, EdgeRequestView } from './view-lambda.ts';

/** What is needed of a viewer-request event. */
export interface EdgeEvent<Request extends EdgeRequest> {
  readonly Records: readonly { readonly cf: { readonly request: Request } }[];
}

const NO_REQUEST: EdgeRequest = { method: '', uri: '', querystring: '', headers: null };

/**
 * A viewer-request function: requests that pass go on to the cache and the origin, all others are answered (`401`, `{}`). Not for origin
 * requests: what the cache holds would be served to everybody. Functions at the edge have no environment variables: bring the keys along.
 *
 * @param guard - a guard, or the options of one
 * @param route - what is demanded here differently
 * @throws ConfigurationError for any mistake in the options
 *
 * @example
 * ```ts
 * import { approov } from 'approov-guard/lambda-edge';
 * export const handler = approov({ keys: { secret: { base64: process.env.APPROOV_BASE64_SECRET } } });
 * ```
 */
export function approov(
  guard: Guard | GuardOptions,
  route?: RouteOptions,
): <Request extends EdgeRequest>(event: EdgeEvent<Request>) => Promise<Request | EdgeRefusal> {
  const guarded = guardOf(guard, route);
  return async <Request extends EdgeRequest>(event: EdgeEvent<Request>) => {
    // CloudFront sends one record; the console's tests send what they like. The cast holds: what has no token does not pass.
    const request = event?.Records?.[0]?.cf?.request ?? ({ ...NO_REQUEST } as Request);
    const decision = await guarded.guard.decide(new EdgeRequestView(request), guarded.route);
    return decision.action === 'refuse' ? edgeRefusal(decision.refusal) : request;
  };
}
