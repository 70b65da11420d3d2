/** A request view over Node's `IncomingMessage` (HTTP/1.1 and the HTTP/2 compatibility API). */
import type { BodyRead, RequestBody, RequestView } from '../core/request-view.ts';
import type { MaybePromise } from '../core/result.ts';
import { normaliseAuthority } from '../core/signature/target.ts';
import { type NodeBody, readNodeBody } from './body-node.ts';

/** What the view needs of a request: satisfied by `http.IncomingMessage`, `http2.Http2ServerRequest` and what frameworks make of them. */
export interface NodeRequest extends NodeBody {
  readonly method?: string | undefined;
  readonly url?: string | undefined;
  /** Express keeps the whole target here while routers shorten `url`. */
  readonly originalUrl?: string | undefined;
  readonly rawHeaders: readonly string[];
  /** HTTP/2 streams say whether the headers ended them. */
  readonly stream?: object | null | undefined;
  /** A TLS socket says `encrypted`. */
  readonly socket?: object | null | undefined;
}

/** Reads from `rawHeaders`: `headers` would drop or join repeated lines, each name by its own rule. */
export class NodeRequestView implements RequestView {
  readonly #request: NodeRequest;

  constructor(request: NodeRequest) {
    this.#request = request;
  }

  get message(): object {
    return this.#request;
  }

  get method(): string {
    return this.#request.method ?? '';
  }

  get scheme(): string {
    const { socket } = this.#request;
    return typeof socket === 'object' && socket !== null && 'encrypted' in socket && socket.encrypted === true ? 'https' : 'http';
  }

  get authority(): string | null {
    const [host] = this.lines('host');
    const [named] = this.lines(':authority');
    if (host === undefined || named === undefined) return host ?? named ?? null;
    // RFC 9113 §8.3.1: Host may not contradict the pseudo-header, normalised; servers differ in whom they believe.
    const authority = normaliseAuthority(named, this.scheme);
    return authority !== null && authority === normaliseAuthority(host, this.scheme) ? named : null;
  }

  get target(): string {
    return this.#request.originalUrl ?? this.#request.url ?? '';
  }

  get peer(): string | null {
    const { socket } = this.#request;
    return typeof socket === 'object' && socket !== null && 'remoteAddress' in socket && typeof socket.remoteAddress === 'string'
      ? socket.remoteAddress
      : null;
  }

  get body(): RequestBody {
    const request = this.#request;
    const [length = '0'] = this.lines('content-length');
    // RFC 9112 §6.3: a request has content if it states a length above zero, or a transfer coding.
    const present = this.lines('transfer-encoding').length > 0 || length !== '0' || isOpenStream(request.stream);
    return {
      present,
      read: (maxBytes): MaybePromise<BodyRead> => {
        if (!present) return { outcome: 'read', chunks: [] };
        // What is known to be too large is left to the platform, untouched.
        return Number(length) > maxBytes ? { outcome: 'too-large' } : readNodeBody(request, maxBytes);
      },
      discard: () => void request.resume?.(),
    };
  }

  lines(name: string): readonly string[] {
    const raw = this.#request.rawHeaders;
    const found: string[] = [];
    for (let index = 0; index + 1 < raw.length; index += 2) {
      const field = raw[index] as string;
      if (field.length === name.length && (field === name || field.toLowerCase() === name)) found.push(raw[index + 1] as string);
    }
    // RFC 9113 §8.2.3: crumbs of a cookie are one field again outside HTTP/2, whose pseudo-headers come first.
    return found.length > 1 && name === 'cookie' && raw[0]?.startsWith(':') === true ? [found.join('; ')] : found;
  }
}

/** RFC 9113 §8.1: HTTP/2 has no transfer coding; content is announced by not ending the stream with the headers. */
function isOpenStream(stream: object | null | undefined): boolean {
  return typeof stream === 'object' && stream !== null && 'endAfterHeaders' in stream && stream.endAfterHeaders === false;
}
