/** A request view over what tRPC hands to `createContext`: Node's request, itself or as Fastify keeps it, or a Fetch request. */
import type { BodyRead, RequestBody, RequestView } from '../core/request-view.ts';
import { chain } from '../core/result.ts';
import { isNodeRequest, viewOfEither } from './view-either.ts';
import { type NodeRequest, NodeRequestView } from './view-node.ts';
import type { WebRequest } from './view-web.ts';

/** What is needed of what tRPC hands to `createContext`. */
export interface TrpcContextOptions {
  readonly req: NodeRequest | WebRequest | { readonly raw: NodeRequest };
}

/** The platform's own request. */
export function requestOf({ req }: TrpcContextOptions): NodeRequest | WebRequest {
  // What Node's request is must be seen first: body parsers may keep bytes at `raw`.
  return !isNodeRequest(req) && 'raw' in req ? req.raw : req;
}

/** A view for `createContext`: by then tRPC has begun to take the body of Node's request, though not that of a Fetch request. */
export function viewInContext(request: NodeRequest | WebRequest): RequestView {
  return isNodeRequest(request) ? new TakenRequestView(request) : viewOfEither(request);
}

const GONE: BodyRead = { outcome: 'gone', remedy: 'tRPC took the body before the guard: put createContext.middleware in front of tRPC' };

/** Reads bodies only from where a guard in front, or a framework, kept them. */
class TakenRequestView extends NodeRequestView {
  readonly #listened: boolean;

  constructor(request: NodeRequest & { listenerCount?(event: string): number }) {
    super(request);
    // Who reads a stream for whose data tRPC listens, and puts back what was read, gives it to tRPC twice.
    this.#listened = request.readableDidRead !== true && (request.listenerCount?.('data') ?? 0) > 0;
  }

  override get body(): RequestBody {
    const { present, read } = super.body;
    return {
      present,
      read: (maxBytes, allowance) =>
        this.#listened ? GONE : chain(read(maxBytes, allowance), (body) => (body.outcome === 'gone' ? GONE : body)),
    };
  }
}
