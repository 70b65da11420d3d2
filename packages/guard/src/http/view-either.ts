/**
 * Fetch frameworks that run on Node keep Node's own request beside the Fetch one. It is the better witness: its lines are not joined and
 * its target is as it was sent.
 */
import type { RequestBody, RequestView } from '../core/request-view.ts';
import { readWebBody } from './body-web.ts';
import { mayBeCut, type NodeRequest, NodeRequestView, notedOn } from './view-node.ts';
import { type WebRequest, WebRequestView } from './view-web.ts';

/** The request that a framework shows: Node's own, or a Fetch request. */
export type EitherRequest = WebRequest | NodeRequest;

/**
 * A view over Node's request if there is one, else over the Fetch request. A Fetch request that was rewritten on its way (mounted apps,
 * overridden methods) speaks for itself, and Node's tells what its target was.
 * @param request - the request that the framework shows
 * @param node - where else it may keep Node's request; by default where the servers of the srvx family keep it
 * @param pathRead - the path by which the framework chooses the handler, where it is not that of the request
 */
export function viewOfEither(
  request: EitherRequest,
  node: unknown = nodeBehind(request),
  pathRead: string | undefined = undefined,
): RequestView {
  if (isNodeRequest(request)) return new NodeRequestView(request, pathRead);
  if (!isNodeRequest(node)) return new WebRequestView(request, pathRead);
  const rewritten = new RewrittenRequestView(node, request, pathRead);
  return isServed(rewritten, node) ? new ServedRequestView(node, request, pathRead) : rewritten;
}

/**
 * The same for fetch handlers, Hono and Elysia, as `#fetch-view`.
 * @param second - what the platform passes after the request: Hono's server for Node passes Node's request in it, elsewhere it may be anything
 */
export function viewOfFetch(request: WebRequest, second: unknown, pathRead?: string): RequestView {
  const node = typeof second === 'object' && second !== null && 'incoming' in second ? second.incoming : undefined;
  return viewOfEither(request, node ?? nodeBehind(request), pathRead);
}

/** Whether a Fetch request names what Node's request does: the same, or what URLs make of it. */
function isServed(request: RewrittenRequestView, { method, url = '' }: NodeRequest): boolean {
  const { urlTarget } = request;
  if (request.method !== method) return false;
  if (urlTarget === url) return true;
  const absolute = url.startsWith('/') ? `http://host${url}` : url;
  if (!URL.canParse(absolute)) return false;
  const { pathname, search } = new URL(absolute);
  return urlTarget === pathname + search;
}

/** The Fetch request, which came with Node's all the same: a guard that stands in front judged the same message, with its target. */
class RewrittenRequestView extends WebRequestView {
  override readonly message: object;
  readonly #node: NodeRequest;

  constructor(node: NodeRequest, request: WebRequest, pathRead: string | undefined) {
    super(request, pathRead);
    this.message = node;
    this.#node = node;
  }

  get noted(): object {
    return notedOn(this.#node);
  }

  get mayBeCut(): boolean {
    return mayBeCut(this.#node);
  }

  override get target(): string {
    return this.#node.originalUrl ?? this.#node.url ?? '';
  }

  override get currentTarget(): string {
    return (this.#node.baseUrl ?? '') + super.currentTarget;
  }
}

/** Node's request, except for the body: the Fetch request has the stream. */
class ServedRequestView extends NodeRequestView {
  readonly #request: WebRequest;

  constructor(node: NodeRequest, request: WebRequest, pathRead: string | undefined) {
    super(node, pathRead);
    this.#request = request;
  }

  override get body(): RequestBody {
    const { present } = super.body;
    const stated = Number(this.lines('content-length')[0] ?? 0);
    return {
      present,
      read: (maxBytes, allowance) => {
        if (!present) return { outcome: 'read', chunks: [] };
        return stated > maxBytes ? { outcome: 'too-large' } : readWebBody(this.#request, maxBytes, allowance);
      },
      discard: () => drain(this.#request.body),
    };
  }
}

/** Reads a stream to its end, for nobody. */
function drain(body: unknown): void {
  if (body instanceof ReadableStream && !body.locked) body.pipeTo(new WritableStream()).catch(() => undefined);
}

function nodeBehind(request: { readonly runtime?: { readonly node?: { readonly req?: unknown } } } | object): unknown {
  return 'runtime' in request ? request.runtime?.node?.req : undefined;
}

/** Tells Node's request, and what stands in for it, from a Fetch request: that is not an emitter of events. */
export function isNodeRequest(value: unknown): value is NodeRequest {
  if (typeof value !== 'object' || value === null) return false;
  return (
    ('rawHeaders' in value && Array.isArray(value.rawHeaders)) || ('on' in value && typeof value.on === 'function' && 'headers' in value)
  );
}
