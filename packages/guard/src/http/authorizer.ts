/**
 * What API Gateway makes of an authoriser's answer. It may cache it, under the values of the identity sources alone; so an answer must be
 * right for every request with the same values, for as long as it is cached.
 */
import type { Policy } from '../core/route-policy.ts';
import type { Decision } from './decide.ts';
import { type LambdaEvent, LambdaRequestView } from './view-lambda.ts';

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

/** What a policy allows or denies: one method and path. */
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

/** Types of AWS leave the version open; but only payload 2.0 has a raw path, and no method's ARN. */
type Payload2 = { readonly version: '2.0' } | { readonly rawPath: string };
type PayloadOf1 = { readonly version: '1.0' } | { readonly methodArn: string };

/** The answer that an event asks for: `isAuthorized` for payload 2.0, a policy for all others, either where its type leaves that open. */
export type AnswerTo<Event> = Event extends Payload2 ? SimpleAnswer : Event extends PayloadOf1 ? PolicyAnswer : SimpleAnswer | PolicyAnswer;

/** The view of an authoriser, which never sees a body. */
export function authorizerView(event: AuthorizerEvent, policy: Policy): LambdaRequestView {
  return new LambdaRequestView(event, policy.token.header);
}

/**
 * Tells whether an answer may be cached: whether every header on which it depends is among the identity sources, and the route if the
 * policies differ by route. Where the event does not name them (REST APIs), the answer restricts itself to a method and a path, and the
 * headers are up to the configuration.
 * @param policies - those by which the request may be judged
 */
export function mayBeCached(event: AuthorizerEvent, view: LambdaRequestView, policies: readonly Policy[]): boolean {
  // A signature is good for one request, and so is a token that counts once: no answer holds for the next.
  if (policies.some(({ signature, tokenReplay }) => signature !== null || tokenReplay !== null)) return false;
  const known = identityOf(event);
  if (known === null) return true;
  const headers = new Set(policies.flatMap(({ token, binding }) => [token.header, ...(binding?.headers ?? [])]));
  const knowsHeaders = [...headers].every((name) => view.lines(name).every((value) => known.has(value.trim())));
  return knowsHeaders && (policies.length === 1 || namesRoute(event));
}

/** The values under which the answer may be cached, or `null` where the event does not say. */
function identityOf({ identitySource }: AuthorizerEvent): ReadonlySet<string> | null {
  if (identitySource === undefined || identitySource === null) return null;
  const sources = typeof identitySource === 'string' ? identitySource.split(',') : identitySource;
  return new Set(sources.map((text) => text.trim()));
}

/** A method and a path without parameters. */
const ONE_RESOURCE = /^(?!ANY )[A-Z]+ \/[^{]*$/;

/** Whether an answer holds for one method and path only: policies say so themselves, simple responses by their identity sources. */
export function namesRoute(event: AuthorizerEvent): boolean {
  if (event.version !== '2.0') return true;
  const { routeKey = '' } = event;
  return ONE_RESOURCE.test(routeKey) && identityOf(event)?.has(routeKey) === true;
}

/** What is thrown in place of an answer that must not be cached: API Gateway turns it into 500. */
export function uncachable(): Error {
  return new Error('approov: the identity sources must hold the token header, every bound header and the route, or caching must be off');
}

/**
 * The answer to a decision.
 * @throws Error `Unauthorized`, which a REST API turns into 401; another error for an outage of ours, which API Gateway turns into 500 and
 * does not cache
 */
export function authorizerAnswer(event: AuthorizerEvent, decision: Decision, { token }: Policy): PolicyAnswer | SimpleAnswer {
  if (decision.verdict?.outcome === 'unavailable' && decision.action === 'refuse') throw new Error('Service Unavailable');
  const context = contextOf(decision);
  const isAuthorized = decision.action === 'pass';
  if (event.version === '2.0') return { isAuthorized, context };
  if (!isAuthorized && event.version === undefined) throw new Error('Unauthorized');
  const Effect = isAuthorized ? 'Allow' : 'Deny';
  const { claims } = decision;
  // A cached policy dies with the token: its condition is looked at for every request.
  const dies = claims === null ? null : String(Math.ceil(claims.exp + token.clockToleranceSeconds));
  const Condition = dies === null ? {} : { Condition: { NumericLessThanIfExists: { 'aws:EpochTime': dies } } };
  const Resource = literal(event.methodArn ?? event.routeArn ?? '');
  const statement = { Action: 'execute-api:Invoke', Effect, Resource, ...Condition } as const;
  return { principalId: claims?.did ?? 'approov', policyDocument: { Version: '2012-10-17', Statement: [statement] }, context };
}

/** The ARN holds the path, which the client chose: what means something in IAM's patterns is written as the variable that stands for it. */
function literal(arn: string): string {
  return arn.replace(/[*?]|\$(?=\{)/g, (character) => `\${${character}}`);
}

function contextOf({ verdict, id, claims }: Decision): AuthorizerContext {
  return {
    approovVerdict: verdict?.outcome ?? 'unjudged',
    approovId: id,
    approovDid: claims?.did ?? '',
    approovExpires: claims === null ? '' : String(claims.exp),
  };
}
