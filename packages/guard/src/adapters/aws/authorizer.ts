/**
 * What API Gateway makes of an authoriser's answer. It may cache it, under the values of the identity sources alone; so an answer must be
 * right for every request with the same values, for as long as it is cached.
 */

import { stageOf } from '../../core/reasons/codes.ts';
import type { RequestBody } from '../../core/request-view.ts';
import { LATEST_MOMENT, type Seconds } from '../../core/time.ts';
import type { Claims } from '../../core/token/verified.ts';
import type { Verdict } from '../../core/verdict.ts';
import type { Demands } from '../../guard/demands.ts';
import type { Decision } from '../../http/decide.ts';
import { type LambdaEvent, LambdaRequestView, unseenBody } from './view-lambda.ts';

/** What is needed of an authoriser's event. */
export interface AuthorizerEvent extends LambdaEvent {
  /** `2.0`, `1.0`, or absent for REST APIs. */
  readonly version?: string;
  /** The values of the identity sources: a list in payload 2.0, joined by commas in 1.0. REST APIs do not say. */
  readonly identitySource?: readonly string[] | string | null;
  readonly methodArn?: string;
  readonly routeArn?: string;
  /** Of HTTP APIs: the method and the path, `$default`, or a pattern. */
  readonly routeKey?: string;
}

/** What the back end and the access log find in the authoriser's context: always all of it, empty where it is unknown. */
export interface AuthorizerContext {
  readonly [name: string]: string;
  readonly approovVerdict: string;
  readonly approovId: string;
  readonly approovDid: string;
  readonly approovExpires: string;
}

/** What a policy allows or denies: one method and path, or a stage. */
interface PolicyStatement {
  readonly Action: 'execute-api:Invoke';
  readonly Effect: 'Allow' | 'Deny';
  readonly Resource: string;
  readonly Condition?: { readonly NumericLessThanIfExists: { readonly 'aws:EpochTime': string } };
}

/** An IAM policy, which REST APIs and payload 1.0 demand. */
export interface PolicyAnswer {
  readonly principalId: string;
  readonly policyDocument: {
    readonly Version: '2012-10-17';
    /** Not a readonly list: AWS's types take none. */
    readonly Statement: [PolicyStatement];
  };
  readonly context: AuthorizerContext;
}

/** A simple response, of payload 2.0. */
export interface SimpleAnswer {
  readonly isAuthorized: boolean;
  readonly context: AuthorizerContext;
}

/** The answer to AppSync. Resolvers find the context at `$ctx.identity.resolverContext`. */
export interface AppSyncAnswer {
  readonly isAuthorized: boolean;
  readonly resolverContext: AuthorizerContext;
  /** For how many seconds AppSync may give the same answer to the same authorisation token. */
  readonly ttlOverride: Seconds;
}

/** Types of AWS leave the version open; but only payload 2.0 has a raw path, and no method's ARN. */
type Payload2 = { readonly version: '2.0' } | { readonly rawPath: string };
type PayloadOf1 = { readonly version: '1.0' } | { readonly methodArn: string };

/** AppSync tells the operation, and nothing of a method or route. */
type OfAppSync = { readonly requestContext: { readonly queryString: string } };

/** The answer that an event asks for: `isAuthorized` for AppSync and payload 2.0, a policy for all others, either where its type leaves that open. */
export type AnswerTo<Event> = Event extends OfAppSync
  ? AppSyncAnswer
  : Event extends Payload2
    ? SimpleAnswer
    : Event extends PayloadOf1
      ? PolicyAnswer
      : SimpleAnswer | PolicyAnswer;

/** The view of an authoriser, which never sees a body. */
export function authorizerView(event: AuthorizerEvent, { token }: Demands): LambdaRequestView {
  return new AuthorizedRequestView(event, token.header);
}

/** What passes goes on to whatever API Gateway has behind it, and so does the body, which no authoriser is shown. */
export class AuthorizedRequestView extends LambdaRequestView {
  readonly leadsOn = true;

  override get body(): RequestBody {
    return unseenBody(this, "an authoriser is shown no body: say `digest: 'delegated'`, and compare it behind");
  }
}

/**
 * Demands that an answer may be cached: that every header on which it depends is among the identity sources, and the route if the policies
 * differ by route. Where the event does not name them (REST APIs), the answer restricts itself to what it holds for, and the headers are up to
 * the configuration.
 * @throws Error if it may not
 */
export function demandCachable(event: AuthorizerEvent, view: LambdaRequestView, demands: readonly Demands[]): void {
  if (!mayBeCached(event, view, demands)) throw uncachable();
}

function mayBeCached(event: AuthorizerEvent, view: LambdaRequestView, demands: readonly Demands[]): boolean {
  // A signature is good for one request, and so is a token that counts once: no answer holds for the next.
  if (demands.some(({ signed, onceOnly }) => signed || onceOnly)) return false;
  const known = identityOf(event);
  if (known === null) return true;
  const headers = new Set(demands.flatMap(({ token, boundHeaders }) => [token.header, ...boundHeaders]));
  if (demands.some(({ byHost }) => byHost)) headers.add('host');
  const knowsHeaders = [...headers].every((name) => view.lines(name).every((value) => known.has(value.trim())));
  return knowsHeaders && (demands.length === 1 || namesRoute(event));
}

/** The values under which the answer may be cached, or `null` where the event does not say. */
function identityOf({ identitySource }: AuthorizerEvent): ReadonlySet<string> | null {
  if (identitySource === undefined || identitySource === null) return null;
  const sources = typeof identitySource === 'string' ? identitySource.split(',') : identitySource;
  return new Set(sources.filter((text) => typeof text === 'string').map((text) => text.trim()));
}

/** A method and a path without parameters. */
const ONE_RESOURCE = /^(?!ANY )[A-Z]+ \/[^{]*$/;

/** Whether an answer holds for one method and path only: policies say so themselves, simple responses by their identity sources. */
function namesRoute(event: AuthorizerEvent): boolean {
  if (event.version !== '2.0') return true;
  const { routeKey = '' } = event;
  return ONE_RESOURCE.test(routeKey) && identityOf(event)?.has(routeKey) === true;
}

/** What a request that passed still has to show before its answer may be cached: everything, or that its token is valid. */
export type LeftToShow = 'all' | 'token';

/**
 * The claims on which an answer rests that may be cached: it must not be given to requests that would have to show more than this one.
 * @param judge - judges what the request still has to show
 * @throws Error if it does not show that
 */
export async function restsOn(
  event: AuthorizerEvent,
  decision: Decision,
  demands: readonly Demands[],
  judge: (left: LeftToShow) => Promise<Verdict>,
): Promise<Claims | null> {
  const left = leftToShow(event, decision, demands);
  if (left === null) return decision.claims;
  const shown = await judge(left);
  if (shown.outcome !== 'accepted') throw uncachable();
  return shown.attestation.claims;
}

function leftToShow(event: AuthorizerEvent, decision: Decision, demands: readonly Demands[]): LeftToShow | null {
  const { action, verdict } = decision;
  if (action === 'refuse' || verdict?.outcome === 'accepted') return null;
  // Exempt paths and preflights pass whatever their token, which must not open other paths and methods to it.
  if (verdict === null) return decision.skipped === 'exempt' && namesRoute(event) ? null : 'all';
  const isTokenObserved = verdict.outcome === 'unavailable' || ['request', 'token'].includes(stageOf(verdict.reason));
  // Only the binding failed, which is observed: when the token expires, it is to be refused all the same.
  return isTokenObserved || demands.every(({ modes }) => modes.token === 'observe') ? null : 'token';
}

/**
 * When a cached answer ends: with its token, by the strictest of the policies. Whole seconds, as API Gateway's clock has.
 * @param claims - those on which the answer rests, or `null` if it rests on none
 */
function endOf(claims: Claims | null, demands: readonly Demands[]): Seconds | null {
  if (claims === null) return null;
  return Math.floor(Math.min(claims.exp + Math.min(...demands.map(({ token }) => token.clockToleranceSeconds)), LATEST_MOMENT));
}

/** What is thrown in place of an answer that must not be cached: API Gateway turns it into 500. */
function uncachable(): Error {
  return new Error(
    'approov: the identity sources must hold the token header, every bound header, the host and the route if they matter, or caching must be off',
  );
}

/**
 * The answer to a decision.
 * @param claims - those on which the answer rests, with which a cached policy ends; a simple response cannot say it
 * @throws Error `Unauthorized`, which a REST API turns into 401; another error for an outage on our side, which API Gateway turns into 500 and
 * does not cache
 */
export function authorizerAnswer(
  event: AuthorizerEvent,
  decision: Decision,
  claims: Claims | null,
  demands: readonly Demands[],
): PolicyAnswer | SimpleAnswer {
  if (decision.verdict?.outcome === 'unavailable' && decision.action === 'refuse') throw new Error('Service Unavailable');
  const context = contextOf(decision);
  const isAuthorized = decision.action === 'pass';
  if (event.version === '2.0') return { isAuthorized, context };
  if (!isAuthorized && event.version === undefined) throw new Error('Unauthorized');
  const Effect = isAuthorized ? 'Allow' : 'Deny';
  // The condition is looked at for every request.
  const end = endOf(claims, demands);
  const Condition = end === null ? {} : { Condition: { NumericLessThanIfExists: { 'aws:EpochTime': String(end) } } };
  const arn = event.methodArn ?? event.routeArn ?? '';
  const Resource = isAuthorized && coversStage(decision, demands) ? stageOfArn(arn) : literal(arn);
  const statement = { Action: 'execute-api:Invoke', Effect, Resource, ...Condition } as const;
  return { principalId: decision.claims?.did ?? 'approov', policyDocument: { Version: '2012-10-17', Statement: [statement] }, context };
}

/**
 * Tells whether a request that was accepted shows all that any other request would have to show: one policy for all of them, which asks for the
 * token and nothing else. API Gateway applies a cached policy to other methods and paths; where that does not hold, they are not covered.
 */
export function coversStage({ verdict }: Decision, demands: readonly Demands[]): boolean {
  const [only, ...others] = demands;
  if (verdict?.outcome !== 'accepted' || only === undefined || others.length > 0 || only.byHost) return false;
  return only.boundHeaders.length === 0 && !only.signed && !only.onceOnly;
}

/** `arn:…:api/stage/METHOD/path`: IAM's `*` crosses slashes. */
function stageOfArn(arn: string): string {
  const parts = arn.split('/');
  return parts.length < 3 ? literal(arn) : `${literal(parts.slice(0, 2).join('/'))}/*`;
}

/** The ARN holds the path, which the client chose: what means something in IAM's patterns is written as the variable that stands for it. */
function literal(arn: string): string {
  return arn.replace(/[*?]|\$(?=\{)/g, (character) => `\${${character}}`);
}

export function contextOf({ verdict, id, claims }: Decision): AuthorizerContext {
  return {
    approovVerdict: verdict?.outcome ?? 'unjudged',
    approovId: id,
    approovDid: claims?.did ?? '',
    approovExpires: claims === null ? '' : String(claims.exp),
  };
}
