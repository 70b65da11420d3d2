/** API Gateway in front of an authoriser: it keeps answers under the values of the identity sources, and applies them to whatever comes. */
import type { AuthorizerEvent, PolicyAnswer, SimpleAnswer } from '../../src/adapters/aws/authorizer.ts';
import { allows } from './iam-policy.ts';

/** A request as the gateway gets it. Names of headers are in lower case. */
export interface GatewayRequest {
  readonly method: string;
  readonly path: string;
  readonly headers: { readonly [name: string]: string };
  readonly seconds: number;
}

/** How a kind of authoriser is asked. */
export type Dialect = 'REST' | 'payload 1.0' | 'payload 2.0';

export interface GatewayOptions {
  readonly dialect: Dialect;
  /** Headers, and `routeKey`. */
  readonly identitySources: readonly string[];
  readonly routeKey: (request: GatewayRequest) => string;
  readonly ttlSeconds: number;
}

type Authorizer = (event: AuthorizerEvent) => Promise<PolicyAnswer | SimpleAnswer>;
interface Kept {
  readonly answer: PolicyAnswer | SimpleAnswer;
  readonly until: number;
}

const STAGE = 'arn:aws:execute-api:eu-west-1:123456789012:abcdef/prod';
const arnOf = ({ method, path }: GatewayRequest): string => `${STAGE}/${method}${path}`;

export class CachingGateway {
  readonly #authorizer: Authorizer;
  readonly #options: GatewayOptions;
  readonly #kept = new Map<string, Kept>();

  constructor(authorizer: Authorizer, options: GatewayOptions) {
    this.#authorizer = authorizer;
    this.#options = options;
  }

  /** Whether the request goes on to the back end, and whether the authoriser was asked. An error of the authoriser is kept by no gateway. */
  async ask(request: GatewayRequest): Promise<{ readonly granted: boolean; readonly fromCache: boolean }> {
    const { identitySources, routeKey, ttlSeconds } = this.#options;
    const values = identitySources.map((name) => (name === 'routeKey' ? routeKey(request) : (request.headers[name] ?? '')));
    // A request without one of its identity sources is refused unasked.
    if (values.includes('')) return { granted: false, fromCache: false };
    const key = JSON.stringify(values);
    const kept = this.#kept.get(key);
    if (kept !== undefined && request.seconds < kept.until) return { granted: this.#grants(kept.answer, request), fromCache: true };
    const answer = await this.#authorizer(eventOf(request, values, this.#options)).catch(() => null);
    if (answer === null) return { granted: false, fromCache: false };
    this.#kept.set(key, { answer, until: request.seconds + ttlSeconds });
    return { granted: this.#grants(answer, request), fromCache: false };
  }

  #grants(answer: PolicyAnswer | SimpleAnswer, request: GatewayRequest): boolean {
    if ('isAuthorized' in answer) return answer.isAuthorized;
    const question = { action: 'execute-api:Invoke', resource: arnOf(request), epochTime: Math.floor(request.seconds) };
    return allows(answer.policyDocument, question);
  }
}

/** The event by which the gateway asks about a request. */
export function eventOf(request: GatewayRequest, values: readonly string[], { dialect, routeKey }: GatewayOptions): AuthorizerEvent {
  const { method, path, headers } = request;
  if (dialect === 'payload 2.0') {
    const requestContext = { http: { method, path, sourceIp: '192.0.2.1' } };
    const fixed = { version: '2.0', rawPath: path, rawQueryString: '', routeArn: arnOf(request), requestContext };
    return { ...fixed, headers, routeKey: routeKey(request), identitySource: values };
  }
  const multiValueHeaders = Object.fromEntries(Object.entries(headers).map(([name, value]) => [name, [value]]));
  const requestContext = { path, httpMethod: method, identity: { sourceIp: '192.0.2.1' } };
  const event = { path, httpMethod: method, headers, multiValueHeaders, methodArn: arnOf(request), requestContext };
  return dialect === 'REST' ? event : { ...event, version: '1.0', identitySource: values.join(',') };
}
