/**
 * Fetch frameworks that run on Node keep Node's own request beside the Fetch one. It is the better witness: its lines are not joined and
 * its target is as it was sent.
 */
import type { RequestBody, RequestView } from '../core/request-view.ts';
import { readWebBody } from './body-web.ts';
import { type NodeRequest, NodeRequestView } from './view-node.ts';
import { type WebRequest, WebRequestView } from './view-web.ts';

/**
 * A view over Node's request if there is one, else over the Fetch request.
 * @param request - the request that the framework shows
 * @param node - where else it may keep Node's request; by default where the servers of the srvx family keep it
 */
export function viewOfEither(request: WebRequest | NodeRequest, node: unknown = nodeBehind(request)): RequestView {
  if (isNodeRequest(request)) return new NodeRequestView(request);
  return isNodeRequest(node) ? new ServedRequestView(node, request) : new WebRequestView(request);
}

/**
 * The same for fetch handlers and Hono. A request that was rewritten on its way (mounted apps, overridden methods) speaks for itself: its handler
 * is chosen by it, and so must be the route.
 * @param second - what the platform passes after the request: Hono's server for Node passes Node's request in it, elsewhere it may be anything
 */
export function viewOfFetch(request: WebRequest, second: unknown): RequestView {
  const besides = typeof second === 'object' && second !== null && 'incoming' in second ? second.incoming : undefined;
  const node = besides ?? nodeBehind(request);
  if (!isNodeRequest(node)) return new WebRequestView(request);
  const rewritten = new RewrittenRequestView(node, request);
  return isServed(rewritten, node) ? new ServedRequestView(node, request) : rewritten;
}

/** Whether a Fetch request names what Node's request does: the same, or what URLs make of it. */
function isServed(request: RequestView, { method, url = '' }: NodeRequest): boolean {
  const { target } = request;
  if (request.method !== method) return false;
  if (target === url) return true;
  const absolute = url.startsWith('/') ? `http://host${url}` : url;
  if (!URL.canParse(absolute)) return false;
  const { pathname, search } = new URL(absolute);
  return target === pathname + search;
}

/** The Fetch request, which came with Node's all the same: a guard that stands in front judged the same message. */
class RewrittenRequestView extends WebRequestView {
  override readonly message: object;

  constructor(node: NodeRequest, request: WebRequest) {
    super(request);
    this.message = node;
  }
}

/** Node's request, but for the body: the Fetch request has the stream. */
class ServedRequestView extends NodeRequestView {
  readonly #request: WebRequest;

  constructor(node: NodeRequest, request: WebRequest) {
    super(node);
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

/** Tells Node's request, and what stands in for it, from a Fetch request: that is no emitter of events. */
export function isNodeRequest(value: unknown): value is NodeRequest {
  if (typeof value !== 'object' || value === null) return false;
  return 'rawHeaders' in value ? Array.isArray(value.rawHeaders) : 'on' in value && typeof value.on === 'function' && 'headers' in value;
}
