/** Views over the request that opens a connection, and over the same request with another token. */
import type { RequestBody, RequestView } from '../../core/request-view.ts';
import { type NodeRequest, NodeRequestView } from '../../http/view-node.ts';

/** Where the token is expected. */
export interface TokenPlace {
  /** The header, lower case. */
  readonly header: string;
  /** The scheme before the token, or `null`. */
  readonly prefix: string | null;
}

/** Clients that cannot name headers freely: `x-approov-token`, or the subprotocol `approov-token.<token>` (browsers). */
const OTHER_HEADER = 'x-approov-token';
const SUBPROTOCOL = 'approov-token.';
const SUBPROTOCOLS = 'sec-websocket-protocol';

/**
 * Node's request for an upgrade. The token may be in the configured header, in `x-approov-token`, or in a subprotocol; in several places it
 * is a duplicate. Never in the query: URLs are logged.
 */
export class HandshakeView extends NodeRequestView {
  readonly leadsOn = true;
  readonly #place: TokenPlace;

  /**
   * @param request - Node's request
   * @param place - where the token is expected
   * @param pathRead - the path by which the framework finds who answers, where it is not that of `url`
   */
  constructor(request: NodeRequest, place: TokenPlace, pathRead?: string) {
    super(request, pathRead);
    this.#place = place;
  }

  override lines(name: string): readonly string[] {
    const lines = super.lines(name);
    if (name !== this.#place.header) return lines;
    const others = name === OTHER_HEADER ? [] : super.lines(OTHER_HEADER);
    const offered = super.lines(SUBPROTOCOLS).flatMap(subprotocolsOf);
    const tokens = offered.filter((text) => text.startsWith(SUBPROTOCOL)).map((text) => text.slice(SUBPROTOCOL.length));
    return [...lines, ...[...others, ...tokens].map((token) => withPrefix(token, this.#place))];
  }
}

/** A request with another token in its token header, and no body. */
export class TokenReplacedView implements RequestView {
  readonly #request: RequestView;
  readonly #place: TokenPlace;
  readonly #token: string;
  readonly method: string;
  readonly scheme: string | null;
  readonly authority: string | null;
  readonly target: string;
  readonly currentTarget: string;
  readonly otherTargets: readonly string[];
  readonly peer: string | null;
  readonly joinsLines: boolean;
  readonly body: RequestBody = { present: false, read: () => ({ outcome: 'read', chunks: [] }) };

  constructor(request: RequestView, place: TokenPlace, token: string) {
    this.#request = request;
    this.#place = place;
    this.#token = token;
    this.method = request.method;
    this.scheme = request.scheme;
    this.authority = request.authority;
    this.target = request.target;
    this.currentTarget = request.currentTarget ?? request.target;
    this.otherTargets = request.otherTargets ?? [];
    this.peer = request.peer ?? null;
    this.joinsLines = request.joinsLines ?? false;
  }

  lines(name: string): readonly string[] {
    return name === this.#place.header ? [withPrefix(this.#token, this.#place)] : this.#request.lines(name);
  }
}

/** Takes tokens out of the subprotocols that a client offers, so that no server selects one and sends it back. */
export function hideOfferedToken(headers: { [SUBPROTOCOLS]?: string | undefined }): void {
  const offered = headers[SUBPROTOCOLS];
  if (offered === undefined) return;
  const others = subprotocolsOf(offered).filter((text) => !text.startsWith(SUBPROTOCOL));
  if (others.length > 0) headers[SUBPROTOCOLS] = others.join(', ');
  else delete headers[SUBPROTOCOLS];
}

function subprotocolsOf(line: string): readonly string[] {
  return line.split(',').map((text) => text.trim());
}

function withPrefix(token: string, { prefix }: TokenPlace): string {
  return prefix === null ? token : `${prefix} ${token}`;
}
