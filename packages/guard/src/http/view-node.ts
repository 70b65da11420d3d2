/** A request view over Node's `IncomingMessage` (HTTP/1.1 and the HTTP/2 compatibility API). */
import type { RequestView } from '../core/request-view.ts';

/** What the view needs of a request: satisfied by `http.IncomingMessage`, `http2.Http2ServerRequest` and what frameworks make of them. */
export interface NodeRequest {
  readonly method?: string | undefined;
  readonly url?: string | undefined;
  /** Express keeps the whole target here while routers shorten `url`. */
  readonly originalUrl?: string | undefined;
  readonly rawHeaders: readonly string[];
  /** A TLS socket says `encrypted`. */
  readonly socket?: object | null | undefined;
}

/** Reads from `rawHeaders`: `headers` would drop or join repeated lines, each name by its own rule. */
export class NodeRequestView implements RequestView {
  readonly #request: NodeRequest;

  constructor(request: NodeRequest) {
    this.#request = request;
  }

  get method(): string {
    return this.#request.method ?? '';
  }

  get scheme(): string {
    const { socket } = this.#request;
    return typeof socket === 'object' && socket !== null && 'encrypted' in socket && socket.encrypted === true ? 'https' : 'http';
  }

  get authority(): string | null {
    return this.lines('host')[0] ?? this.lines(':authority')[0] ?? null;
  }

  get target(): string {
    return this.#request.originalUrl ?? this.#request.url ?? '';
  }

  lines(name: string): readonly string[] {
    const raw = this.#request.rawHeaders;
    const found: string[] = [];
    for (let index = 0; index + 1 < raw.length; index += 2) {
      const field = raw[index] as string;
      if (field.length === name.length && (field === name || field.toLowerCase() === name)) found.push(raw[index + 1] as string);
    }
    return found;
  }
}
