/** AWS API Gateway: a Lambda authoriser for REST APIs (`REQUEST`, `TOKEN`) and HTTP APIs (payload 1.0, and 2.0 with simple responses). */
import {
  type AnswerTo,
  type AuthorizerEvent,
  authorizerAnswer,
  authorizerView,
  mayBeCached,
  namesRoute,
  uncachable,
} from '../http/authorizer.ts';
import type { Guard } from '../shell/guard.ts';
import { guardOf } from '../shell/guard-of.ts';
import type { GuardOptions, RouteOptions } from '../shell/options.ts';
import { policiesOf } from '../shell/route-policies.ts';

export type { AnswerTo } from '../http/authorizer.ts';

/**
 * A Lambda authoriser. API Gateway answers the client itself: 401 (REST) or 403 (HTTP APIs) for requests that do not pass, 500 in an outage
 * of ours. The back end finds `approovVerdict`, `approovId`, `approovDid` and `approovExpires` in the authoriser's context.
 *
 * API Gateway may cache answers under the identity sources alone (REST APIs do so for 300 s unless told otherwise), so list among them the
 * token header and every bound header, and `$context.routeKey` if the guard has routes or exempt paths. HTTP APIs name them in the event: an answer that
 * must not be cached is then an error, unless you say that caching is off. REST APIs do not: there the answer is for one method and resource,
 * until the token expires. Message signatures and tokens that count once always need caching to be off. No body is seen.
 *
 * @param guard - a guard, or the options of one
 * @param route - what is demanded here differently
 * @param caching - `off` if the authoriser's time to live is 0; default `on`
 * @throws ConfigurationError for any mistake in the options
 *
 * @example
 * ```ts
 * import { approov } from 'approov-guard/lambda-authorizer';
 * const keys = { secret: { base64: process.env.APPROOV_BASE64_SECRET } };
 * export const handler = approov({ keys, binding: { headers: ['authorization'] } });
 * ```
 */
export function approov(
  guard: Guard | GuardOptions,
  route?: RouteOptions,
  caching: 'on' | 'off' = 'on',
): <Event extends AuthorizerEvent>(event: Event) => Promise<AnswerTo<Event>> {
  const guarded = guardOf(guard, route);
  const policies = policiesOf(guarded.guard, guarded.route);
  const [policy] = policies;
  return async <Event extends AuthorizerEvent>(event: Event) => {
    const view = authorizerView(event, policy);
    if (caching === 'on' && !mayBeCached(event, view, policies)) throw uncachable();
    const decision = await guarded.guard.decide(view, guarded.route);
    // Exempt paths and preflights pass whatever their token: from a cache, that would open every other path to it.
    const hidesMore = caching === 'on' && decision.verdict === null && !namesRoute(event);
    if (hidesMore && (await guarded.guard.judge(view, guarded.route)).outcome !== 'accepted') throw uncachable();
    // The cast holds: the answer goes by the event's version.
    return authorizerAnswer(event, decision, policy) as AnswerTo<Event>;
  };
}
