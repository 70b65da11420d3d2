/** What NestJS hands to a guard: Express's or Fastify's request and response, for HTTP or inside a GraphQL context. */
import type { RequestBody, RequestView } from '../core/request-view.ts';
import { answerNode, type NodeResponse } from './answer-node.ts';
import { readNodeBody } from './body-node.ts';
import type { Refuse } from './decide.ts';
import { graphqlError } from './refusal-errors.ts';
import { type NodeRequest, NodeRequestView } from './view-node.ts';

/** What is needed of an execution context. */
export interface NestContext {
  getType(): string;
  getArgs(): readonly unknown[];
  getHandler(): object;
  getClass(): object;
}

/** Fastify wraps Node's request; with `rawBody: true` Nest keeps the bytes on the wrapper. */
type FastifyRequest = { readonly raw: NodeRequest; readonly rawBody?: unknown };
/** A request of either platform. */
export type NestRequest = NodeRequest | FastifyRequest;
interface FastifyReply {
  code(status: number): { headers(values: { readonly [name: string]: string }): { send(body: Uint8Array): unknown } };
}

/**
 * The request of a context. GraphQL servers put it into their own context, the third argument of a resolver.
 * @throws TypeError where there is none, so that nothing passes unjudged
 */
export function nestRequest(context: NestContext): NestRequest {
  const [first, , third] = context.getArgs() as readonly [unknown, unknown, { readonly req?: unknown; readonly request?: unknown }?];
  const request = context.getType() === 'http' ? first : (third?.req ?? third?.request);
  if (typeof request === 'object' && request !== null && ('headers' in request || 'raw' in request)) return request as NestRequest;
  throw new TypeError(`no HTTP request in this ${context.getType()} context: put it into the context as req`);
}

/** A view over a request of either platform. */
export function nestView(request: NestRequest): RequestView {
  if (!('raw' in request)) return new NodeRequestView(request);
  return request.rawBody === undefined ? new NodeRequestView(request.raw) : new KeptBodyView(request.raw, request.rawBody);
}

/**
 * Refuses: an HTTP request is answered and goes no further, a GraphQL operation gets an error. Never settles with a value: Nest has no
 * word for "answered already", and would answer again whatever it is told.
 */
export function refuseNest(context: NestContext, decision: Refuse): Promise<never> {
  if (context.getType() !== 'http') return Promise.reject(graphqlError(decision));
  const { status, headers, body } = decision.refusal;
  // The cast holds: the second argument of a handler is the response, of Express or of Fastify.
  const response = context.getArgs()[1] as NodeResponse | FastifyReply;
  if ('code' in response) response.code(status).headers(headers).send(new TextEncoder().encode(body));
  else answerNode(response, decision.refusal);
  return new Promise(() => undefined);
}

class KeptBodyView extends NodeRequestView {
  readonly #rawBody: unknown;

  constructor(request: NodeRequest, rawBody: unknown) {
    super(request);
    this.#rawBody = rawBody;
  }

  override get body(): RequestBody {
    return { present: super.body.present, read: (maxBytes) => readNodeBody({ rawBody: this.#rawBody }, maxBytes) };
  }
}
