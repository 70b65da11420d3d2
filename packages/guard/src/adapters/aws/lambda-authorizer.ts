/** AWS: a Lambda authoriser for REST APIs (`REQUEST`, `TOKEN`), HTTP APIs (payload 1.0, and 2.0 with simple responses) and AppSync. */
import type { RequestView } from '../../core/request-view.ts';
import { guardOf, refuseUnheld } from '../../guard/create-guard.ts';
import { secondsUntil } from '../../guard/expiry.ts';
import type { Guard } from '../../guard/guard.ts';
import type { GuardOptions, RouteOptions } from '../../guard/options.ts';
import {
  type AnswerTo,
  type AuthorizerEvent,
  authorizerAnswer,
  authorizerView,
  demandCachable,
  type LeftToShow,
  restsOn,
} from './authorizer.ts';
import { type AppSyncEvent, appSyncAnswer, isAppSync } from './authorizer-appsync.ts';

export type { AnswerTo } from './authorizer.ts';

/**
 * A Lambda authoriser. API Gateway answers the client itself: 401 (REST) or 403 (HTTP APIs) for requests that do not pass, 500 in an outage
 * on our side. The back end finds `approovVerdict`, `approovId`, `approovDid` and `approovExpires` in the authoriser's context. API Gateway may cache answers under the identity sources alone (REST APIs do so for 300 s unless told otherwise): list among them the token
 * header, every bound header, `Host` if the guard has routes by host, and `$context.routeKey` if it has routes or exempt paths. HTTP APIs name
 * them: what must not be cached is then an error, unless you say that caching is off. A policy covers the stage where the token alone counts, else
 * the method and path that were judged; a simple response outlives its token by the rest of the time to live, and AppSync is told how long.
 * Message signatures and tokens that count once need caching to be off. No body is seen.
 *
 * @param guard - a guard, or the options of one
 * @param route - what is demanded here differently
 * @param caching - `off` if the authoriser's time to live is 0; default `on`
 * @throws ConfigurationError for any mistake in the options
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
): <Event extends AuthorizerEvent | AppSyncEvent>(event: Event) => Promise<AnswerTo<Event>> {
  const guarded = refuseUnheld(guardOf(guard, route), 'a Lambda authoriser');
  const demands = guarded.guard.demands(guarded.route);
  const tokenAlone = guarded.guard.route({ ...route, binding: null });
  return async <Event extends AuthorizerEvent | AppSyncEvent>(given: Event) => {
    // The console's tests send what they like. The cast holds: every member of an event is optional.
    const event = given ?? ({} as Event);
    const decide = (view: RequestView) => guarded.guard.decide(view, guarded.route);
    // The casts hold: the answer goes by the event.
    if (isAppSync(event)) return (await appSyncAnswer(event, demands, decide, secondsUntil)) as AnswerTo<Event>;
    const view = authorizerView(event, demands[0]);
    if (caching === 'on') demandCachable(event, view, demands);
    const decision = await decide(view);
    const judge = (left: LeftToShow) => guarded.guard.judge(view, left === 'token' ? tokenAlone : guarded.route);
    const claims = caching === 'on' ? await restsOn(event, decision, demands, judge) : decision.claims;
    return authorizerAnswer(event, decision, claims, demands) as AnswerTo<Event>;
  };
}
