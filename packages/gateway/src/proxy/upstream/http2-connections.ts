/** Connections to a server that is offered HTTP/2: through undici, which speaks it, and HTTP/1.1 with servers that decline. */
import { type Duplex, PassThrough } from 'node:stream';
import { buildConnector, type Dispatcher, Pool } from 'undici';
import type { Timeouts } from '../../settings.ts';
import type { AnswerHandler, Flow, Outbound, OutboundBody, ServerAddress } from './outbound.ts';

/**
 * undici takes the name that the certificate must hold, and that TLS sends, from the Host of each request, which the client chooses. Here it is
 * always that of the server's address, and this word keeps undici from opening another connection for each Host.
 */
const SAME_NAME = { servername: 'upstream' } as const;

/** What {@link Connections} does, for HTTP/2. */
export class Http2Connections {
  readonly #pool: Pool;

  constructor({ host, port, tls }: ServerAddress, { connectMs, upstreamMs, upstreamIdleMs }: Timeouts) {
    const connect = buildConnector({ timeout: connectMs, allowH2: true, ...(tls === null || tls.ca === null ? {} : { ca: tls.ca }) });
    this.#pool = new Pool(`https://${host.includes(':') ? `[${host}]` : host}:${port}`, {
      connections: null,
      pipelining: 1,
      keepAliveTimeout: 1500,
      keepAliveMaxTimeout: 600_000,
      headersTimeout: upstreamMs,
      bodyTimeout: upstreamIdleMs,
      allowH2: true,
      maxHeaderSize: 65_536,
      connect: ({ servername: _ofHost, ...options }, callback) => connect(options, callback),
    });
  }

  dispatch({ method, path, fields, body, upgrade, takesTrailers, withinMs }: Outbound, handler: AnswerHandler): void {
    const counted = body === null ? null : new CountedBody(body);
    const length = body === null || body.length === null ? [] : ['content-length', String(body.length)];
    const request = {
      method: method as Dispatcher.HttpMethod,
      path,
      // undici has no way to send trailers.
      headers: [...fields, ...length, ...(takesTrailers ? ['te', 'trailers'] : [])],
      body: counted,
      ...(upgrade === '' ? {} : { upgrade }),
      ...(withinMs === undefined ? {} : { headersTimeout: withinMs }),
      ...SAME_NAME,
    };
    this.#pool.dispatch(request, new Answer(handler, () => counted?.leave()));
  }

  close(): Promise<void> {
    return this.#pool.close();
  }

  async destroy(): Promise<void> {
    await this.#pool.destroy();
  }
}

/** Tells a handler what undici tells. */
class Answer implements Dispatcher.DispatchHandler, Flow {
  readonly #handler: AnswerHandler;
  readonly #leaveBody: () => void;
  #abort: ((error?: Error) => void) | null = null;
  #resume: () => void = () => undefined;
  #over = false;

  constructor(handler: AnswerHandler, leaveBody: () => void) {
    this.#handler = handler;
    this.#leaveBody = leaveBody;
  }

  abort(): void {
    this.#end();
    this.#abort?.(new Error('the client went away'));
  }

  resume(): void {
    this.#resume();
  }

  /** Called just before the first byte is written. */
  onConnect(abort: (error?: Error) => void): void {
    this.#abort = abort;
    this.#handler.onSending(this);
  }

  onHeaders(status: number, raw: readonly Buffer[], resume: () => void, reason: string): boolean {
    this.#resume = resume;
    if (status < 200) this.#handler.onInformation(status, textsOf(raw));
    else this.#handler.onHead(status, reason, textsOf(raw), true);
    return true;
  }

  onData(chunk: Buffer): boolean {
    return this.#over || this.#handler.onContent(chunk);
  }

  /** undici's types know the lines of HTTP/1.1 only; of HTTP/2 there is an object. */
  onComplete(trailers: readonly string[] | readonly Buffer[] | { readonly [name: string]: string } | null): void {
    const lines = Array.isArray(trailers)
      ? textsOf(trailers)
      : Object.entries(trailers ?? {})
          .flat()
          .map(String);
    if (this.#end()) this.#handler.onEnd(null, lines);
  }

  onError(error: Error): void {
    if (this.#end()) this.#handler.onError(error);
  }

  onUpgrade(_status: number, raw: readonly Buffer[] | readonly string[] | null, socket: Duplex): void {
    if (this.#end()) this.#handler.onUpgrade?.(textsOf(raw ?? []), socket, Buffer.alloc(0));
  }

  /** Answers whether it was not over before. */
  #end(): boolean {
    if (this.#over) return false;
    this.#over = true;
    this.#leaveBody();
    return true;
  }
}

function textsOf(raw: readonly (string | Buffer)[]): string[] {
  return raw.map((text) => (typeof text === 'string' ? text : text.toString('latin1')));
}

/** A body on its way, counted. */
class CountedBody extends PassThrough {
  readonly #body: OutboundBody;
  #bytes = 0;

  constructor(body: OutboundBody) {
    super();
    this.#body = body;
    // undici hears of it while it reads; later nobody does.
    this.on('error', () => undefined);
    body.source.pipe(this);
  }

  override _transform(chunk: Buffer, _encoding: BufferEncoding, done: (error?: Error | null, chunk?: unknown) => void): void {
    const { most, onTooLarge } = this.#body;
    this.#bytes += chunk.length;
    if (most === null || this.#bytes <= most) {
      done(null, chunk);
      return;
    }
    onTooLarge();
    done(new Error('the body is larger than the limit'));
  }

  /** What still comes of it is dropped, within the time that a body may take. */
  leave(): void {
    const { source } = this.#body;
    source.unpipe(this);
    this.destroy();
    source.resume();
  }
}
