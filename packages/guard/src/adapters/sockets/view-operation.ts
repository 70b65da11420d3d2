/**
 * Views for operations that arrive otherwise than as one HTTP request each: over a WebSocket, or in a context that a program made. They are
 * judged by the request that opened their connection, and refused where there is none.
 */
import type { RequestBody, RequestView } from '../../core/request-view.ts';
import { isNodeRequest, viewOfEither } from '../../http/view-either.ts';
import type { NodeRequest } from '../../http/view-node.ts';
import { type WebRequest, WebRequestView } from '../../http/view-web.ts';
import { HandshakeView, type TokenPlace } from './view-handshake.ts';

/** Where a connection's first message may say what the handshake of a browser cannot. */
export interface Places {
  readonly token: TokenPlace;
  /** The token header and every bound header, lower case: nothing else is believed. */
  readonly headers: ReadonlySet<string>;
}

/** What a client said once its connection was open: `connectionParams` of graphql-ws, `auth` of socket.io. Names in any case. */
export type Said = object | null | undefined;

const NOT_COVERED: RequestBody = {
  present: true,
  read: () => ({ outcome: 'gone', remedy: 'no signature covers what a connection carries: send operations that need a digest by HTTP' }),
};
const NONE: readonly string[] = [];

/** The handshake of a connection, and an operation as its body, which no digest of the handshake covers. */
export class OperationView extends HandshakeView {
  readonly #said: Said;
  readonly #headers: ReadonlySet<string>;

  constructor(request: NodeRequest, { token, headers }: Places, said: Said) {
    super(request, token);
    this.#said = said;
    this.#headers = headers;
  }

  override get body(): RequestBody {
    return NOT_COVERED;
  }

  /** What is said in both places is there twice. */
  override lines(name: string): readonly string[] {
    const lines = super.lines(name);
    if (!this.#headers.has(name)) return lines;
    const said = Object.entries(this.#said ?? {}).flatMap(([field, value]: [string, unknown]) =>
      field.toLowerCase() === name && typeof value === 'string' ? [value] : NONE,
    );
    return said.length === 0 ? lines : [...lines, ...said];
  }
}

/** The view of an operation for which there is no request: whatever is demanded is missing. */
export const NO_REQUEST: RequestView = { method: '', scheme: null, authority: null, target: '', lines: () => NONE };

/**
 * The view of what stands in a GraphQL context: its HTTP request, or the handshake of its connection.
 * @param context - as GraphQL servers make it: `req` or `request`, or `extra.request` and `connectionParams` of graphql-ws
 */
export function viewOfContext(context: object, places: Places): RequestView {
  // The casts hold: each member is looked at before it is used, and what a client said may be anything.
  const { req, request, extra, connectionParams } = context as {
    readonly [name in 'req' | 'request' | 'connectionParams']?: unknown;
  } & { readonly extra?: { readonly request?: unknown } };
  const candidates = [req, request, extra?.request];
  const node = candidates.find(isNodeRequest);
  if (node !== undefined && isUpgrade(node)) return new OperationView(node, places, connectionParams as Said);
  const fetched = candidates.find(isWebRequest);
  if (node !== undefined) return viewOfEither(fetched ?? node, node);
  return fetched === undefined ? NO_REQUEST : new WebRequestView(fetched);
}

/** Whether Node handed a request to the listener for upgrades. */
export function isUpgrade(request: NodeRequest & { readonly upgrade?: unknown }): boolean {
  return request.upgrade === true;
}

function isWebRequest(value: unknown): value is WebRequest {
  if (typeof value !== 'object' || value === null || isNodeRequest(value) || !('headers' in value && 'url' in value)) return false;
  const { headers } = value;
  return typeof headers === 'object' && headers !== null && 'get' in headers && typeof headers.get === 'function';
}
