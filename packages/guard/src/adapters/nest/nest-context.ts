/** What NestJS hands to a guard: the request and response of HTTP, the context of GraphQL, the client of a gateway, the metadata of a call. */
import type { RequestBody, RequestView } from '../../core/request-view.ts';
import { readNodeBody } from '../../http/body-node.ts';
import type { Refuse } from '../../http/decide.ts';
import { answerFastify, answerNode, type FastifyReply, type NodeResponse, type Refusal } from '../../http/refusal.ts';
import { graphqlError } from '../../http/refusal-errors.ts';
import { isNodeRequest } from '../../http/view-either.ts';
import { type NodeRequest, NodeRequestView, viewShownBy } from '../../http/view-node.ts';
import { type GrpcCall, type GrpcMetadata, GrpcRequestView } from '../grpc/view-grpc.ts';
import { NO_REQUEST, OperationView, type Places, type Said, viewOfContext } from '../sockets/view-operation.ts';

/** What is needed of an execution context. */
export interface NestContext {
  getType(): string;
  getArgs(): readonly unknown[];
  getHandler(): object;
  getClass(): object;
}

/** A guard as Nest wants it. */
export interface NestGuard {
  canActivate(context: NestContext): Promise<boolean>;
}

/** Fastify wraps Node's request; with `rawBody: true` Nest keeps the bytes on the wrapper. */
type FastifyRequest = { readonly raw: NodeRequest; readonly rawBody?: unknown };
/** What a message of a gateway has of its connection: of socket.io, or what `handleConnection` kept of the package `ws`. */
type GatewayClient = { readonly request?: unknown; readonly upgradeReq?: unknown; readonly handshake?: { readonly auth?: Said } };
type Unknowns = { readonly [name in 'req' | 'request']?: unknown };

/** The object that keeps the decision: the request of HTTP and GraphQL, the client of a gateway, the context of a call. */
export function decisionKeeper(context: NestContext): { approov?: unknown } {
  const [first, second, third] = context.getArgs();
  const type = context.getType();
  // The cast holds: nothing is said of the members.
  const inContext = (third ?? {}) as Unknowns;
  const kept = type === 'graphql' ? (inContext.req ?? inContext.request ?? third) : type === 'rpc' ? second : first;
  return typeof kept === 'object' && kept !== null ? kept : {};
}

/**
 * The view of what a context is about. Messages of gateways are judged by their handshake, gRPC calls by their metadata; whatever else there
 * is has nothing to judge by, and everything is missing.
 */
export function nestView(context: NestContext, places: Places): RequestView {
  const args = context.getArgs();
  switch (context.getType()) {
    case 'http':
      return viewOfRequest(args[0]);
    case 'graphql':
      return viewOfGraphql(args[2] ?? {}, places);
    case 'ws':
      return viewOfClient(args[0] ?? {}, places);
    case 'rpc':
      return viewOfCall(args[1], args[2]);
    default:
      return NO_REQUEST;
  }
}

function viewOfRequest(request: unknown): RequestView {
  if (isFastify(request))
    return request.rawBody === undefined ? viewShownBy('Nest', request, request.raw) : new KeptBodyView(request.raw, request.rawBody);
  return isNodeRequest(request) ? viewShownBy('Nest', request, request) : NO_REQUEST;
}

function viewOfGraphql(context: object, places: Places): RequestView {
  // The cast holds: nothing is said of the members.
  const { req, request } = context as Unknowns;
  const fastify = [req, request].find(isFastify);
  return fastify === undefined ? viewOfContext(context, places) : viewOfRequest(fastify);
}

function viewOfClient({ request, upgradeReq, handshake }: GatewayClient, places: Places): RequestView {
  const opened = request ?? upgradeReq;
  return isNodeRequest(opened) ? new OperationView(opened, places, handshake?.auth) : NO_REQUEST;
}

function isFastify(request: unknown): request is FastifyRequest {
  return typeof request === 'object' && request !== null && 'raw' in request && isNodeRequest(request.raw);
}

function viewOfCall(metadata: unknown, call: unknown): RequestView {
  const isGrpc = typeof metadata === 'object' && typeof call === 'object' && call !== null && 'getPath' in call && 'getAuthContext' in call;
  if (!isGrpc) return NO_REQUEST;
  // The cast holds: handlers of gRPC get the metadata and the call, and no other transport has such a call.
  const ofGrpc = call as unknown as GrpcCall & { getPath(): string };
  return new GrpcRequestView(ofGrpc, ofGrpc.getPath(), metadata as GrpcMetadata);
}

/**
 * Refuses: an HTTP request is answered and goes no further, a GraphQL operation gets an error, and messages and calls what Nest says to those
 * that no guard lets through: `Forbidden resource`. For HTTP it never settles: Nest has no word for "answered already", and would answer again
 * whatever it is told.
 */
export async function refuseNest(
  context: NestContext,
  decision: Refuse,
  exception: ((refusal: Refusal) => unknown) | undefined,
): Promise<boolean> {
  if (exception !== undefined) throw exception(decision.refusal);
  if (context.getType() === 'graphql') throw graphqlError(decision);
  if (context.getType() !== 'http') return false;
  // The cast holds: the second argument of a handler is the response, of Express or of Fastify.
  const response = context.getArgs()[1] as NodeResponse | FastifyReply;
  if ('code' in response) answerFastify(response, decision.refusal);
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
