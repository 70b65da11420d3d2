/** AWS AppSync's Lambda authorisers: one answer for an operation, kept under the authorisation token alone. */
import type { RequestView } from '../../core/request-view.ts';
import type { MaybePromise } from '../../core/result.ts';
import type { Seconds } from '../../core/time.ts';
import type { Demands } from '../../guard/demands.ts';
import type { Decision } from '../../http/decide.ts';
import { type AppSyncAnswer, AuthorizedRequestView, contextOf, coversStage } from './authorizer.ts';
import type { LambdaEvent } from './view-lambda.ts';

/** The longest time for which AppSync keeps an answer. */
const LONGEST_TTL: Seconds = 3600;

/** What is needed of AppSync's event. */
export interface AppSyncEvent {
  readonly authorizationToken?: string | null;
  readonly requestContext: { readonly queryString: string };
  readonly requestHeaders?: LambdaEvent['headers'];
}

/** Tells AppSync's events from those of API Gateway. */
export function isAppSync(event: object): event is AppSyncEvent {
  // The cast holds: a member of whatever type is looked at before it is used.
  const { requestContext } = event as { readonly requestContext?: object | null };
  return !('methodArn' in event) && !('routeArn' in event) && typeof requestContext === 'object' && 'queryString' in (requestContext ?? {});
}

/** AppSync always serves `POST /graphql`. The token is in its header, or is the authorisation token. */
function appSyncView({ authorizationToken, requestHeaders }: AppSyncEvent, tokenHeader: string): RequestView {
  const event = { httpMethod: 'POST', path: '/graphql', headers: requestHeaders ?? {}, authorizationToken: authorizationToken ?? null };
  return new AuthorizedRequestView(event, tokenHeader);
}

/**
 * The answer, which is kept only where the authorisation token is all that counts, and no longer than the attestation token lives.
 * @param decide - asks the guard
 * @param secondsUntil - how long it is until a moment, seconds since the epoch
 * @throws Error for an outage on our side, which AppSync keeps for nobody
 */
export async function appSyncAnswer(
  event: AppSyncEvent,
  demands: readonly [Demands, ...Demands[]],
  decide: (view: RequestView) => MaybePromise<Decision>,
  secondsUntil: (moment: Seconds) => Seconds,
): Promise<AppSyncAnswer> {
  const { header } = demands[0].token;
  const view = appSyncView(event, header);
  const decision = await decide(view);
  if (decision.verdict?.outcome === 'unavailable' && decision.action === 'refuse') throw new Error('Service Unavailable');
  const isKept = coversStage(decision, demands) && view.lines(header)[0] === event.authorizationToken;
  const left = isKept ? Math.floor(secondsUntil(decision.claims?.exp ?? 0)) : 0;
  const ttlOverride = Math.max(0, Math.min(left, LONGEST_TTL));
  return { isAuthorized: decision.action === 'pass', resolverContext: contextOf(decision), ttlOverride };
}
