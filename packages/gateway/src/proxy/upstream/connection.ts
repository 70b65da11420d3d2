/** One connection to an HTTP/1.1 server: a request goes out as one text, its body as it comes, and the answer is read as it comes. */
import { connect, type NetConnectOpts, type Socket } from 'node:net';
import { connect as connectTls } from 'node:tls';
import type { Timeouts } from '../../settings.ts';
import { type AnswerHandler, type Flow, headOf, lastChunk, type Outbound, type OutboundBody, type ServerAddress } from './outbound.ts';
import { ResponseReader, type ResponseSink } from './response-reader.ts';

/** What a connection needs of the others. */
export interface Siblings {
  readonly address: ServerAddress;
  readonly timeouts: Timeouts;
  /** It waits for its next request. */
  release(connection: Connection): void;
  /** It is gone. */
  left(connection: Connection): void;
}

/**
 * How long an idle connection is used again, unless the server says. Shorter than what common servers keep (gunicorn 2 s, uvicorn and Node
 * 5 s): a request on a connection that the server is about to close would be lost.
 */
const IDLE_MS = 1500;
/** So much earlier than the server says. */
const EARLIER_MS = 1000;
const LONGEST_IDLE_MS = 600_000;

/** What one read of a plain socket fills. It is read before the next one, of whichever connection, begins. */
const SHARED = Buffer.allocUnsafeSlow(65_536);
/** What comes of a body at once goes on as text, with what stands before it. */
const MOST_TEXT = 16_384;

/** Of many, one. It serves one request at a time. */
export class Connection implements Flow, ResponseSink {
  readonly #all: Siblings;
  readonly #reader: ResponseReader = new ResponseReader(this);
  readonly #socket: Socket;
  /** Whether bytes come in the shared buffer. An upgraded connection is a stream, and so is TLS. */
  readonly #isShared: boolean;
  #isConnected = false;
  #outbound: Outbound | null = null;
  #handler: AnswerHandler | null = null;
  #stopUpload: (() => void) | null = null;
  /** Whether it waits for its next request once what was read is read. */
  #isFree = false;
  /** Whether nothing is read, since the client takes its time. */
  #isPaused = false;
  /** When time is over, for what is awaited or for being idle: milliseconds of `performance.now()`. */
  #until = 0;

  constructor(all: Siblings, mayShare: boolean) {
    this.#all = all;
    const { address } = all;
    this.#isShared = mayShare && address.tls === null;
    this.#socket = this.#connect(address);
    this.#socket.setNoDelay(true);
    this.#socket.once(address.tls === null ? 'connect' : 'secureConnect', () => this.#connected());
    if (!this.#isShared) this.#socket.on('data', this.#onData);
    this.#socket.on('end', this.#onServerEnd);
    this.#socket.on('error', (error) => this.fail(error));
    this.#socket.once('close', () => {
      this.fail(new Error('the connection was closed'));
      all.left(this);
    });
  }

  #connect({ host, port, socketPath, tls }: ServerAddress): Socket {
    const where: NetConnectOpts = socketPath === null ? { host, port } : { path: socketPath };
    if (tls !== null) {
      // The name that the certificate must hold is that of the server's address, never that of the Host which a client chose.
      const name = /^[0-9.]+$|:/.test(host) ? {} : { servername: host };
      return connectTls({ ...where, ...name, ...(tls.ca === null ? {} : { ca: tls.ca }), ALPNProtocols: ['http/1.1'] });
    }
    const callback = (length: number): boolean => {
      this.#onData(SHARED.subarray(0, length));
      return true;
    };
    return connect(this.#isShared ? { ...where, onread: { buffer: SHARED, callback } } : where);
  }

  isFitAt(now: number): boolean {
    return this.#until > now && !this.#socket.destroyed;
  }

  send(outbound: Outbound, handler: AnswerHandler, now: number): void {
    this.#outbound = outbound;
    this.#handler = handler;
    if (this.#isConnected) this.#write(now);
    else this.#until = now + this.#all.timeouts.connectMs;
  }

  #connected(): void {
    this.#isConnected = true;
    if (this.#handler !== null) this.#write(performance.now());
  }

  #write(now: number): void {
    // The casts hold: both are there while a request is.
    const [outbound, handler] = [this.#outbound as Outbound, this.#handler as AnswerHandler];
    const head = headOf(outbound);
    if (head === null) return void this.fail(new Error('what is not HTTP is not sent'));
    handler.onSending(this);
    if (this.#handler === null) return;
    this.#until = now + (outbound.withinMs ?? this.#all.timeouts.upstreamMs);
    this.#reader.begin(outbound);
    if (outbound.body !== null) this.#upload(head, outbound.body);
    else this.#socket.write(head, 'latin1');
  }

  /** Sends a body as it comes, no faster than the server takes it. What of it is there already leaves with the head. */
  #upload(head: string, { source, length, trailers, most, onTooLarge }: OutboundBody): void {
    const socket = this.#socket;
    let held = head;
    let bytes = 0;
    let waits = false;
    const flush = (): void => {
      if (held !== '' && this.#stopUpload !== null) socket.write(held, 'latin1');
      held = '';
    };
    const onDrain = (): void => {
      waits = false;
      source.resume();
    };
    const onData = (chunk: Buffer): void => {
      bytes += chunk.length;
      if (most !== null && bytes > most) {
        onTooLarge();
        return void this.fail(new Error('the body is larger than the limit'));
      }
      this.#until = performance.now() + this.#all.timeouts.upstreamMs;
      const before = length === null ? `${held}${chunk.length.toString(16)}\r\n` : held;
      const after = length === null ? '\r\n' : '';
      held = '';
      if (before !== '' && chunk.length <= MOST_TEXT) socket.write(before + chunk.toString('latin1') + after, 'latin1');
      else {
        socket.cork();
        if (before !== '') socket.write(before, 'latin1');
        socket.write(chunk);
        if (after !== '') socket.write(after, 'latin1');
        socket.uncork();
      }
      if (!socket.writableNeedDrain || waits) return;
      waits = true;
      source.pause();
      socket.once('drain', onDrain);
    };
    const onEnd = (): void => {
      // The parser of the client's side vouches for it; a body of another length would begin the next request.
      if (length !== null && bytes !== length) return void this.fail(new Error('the body has another length'));
      if (length === null) socket.write(held + lastChunk(trailers()), 'latin1');
      else flush();
      held = '';
      this.#endUpload();
    };
    const onGone = (): void => this.fail(new Error('the client went away'));
    source.on('data', onData).on('end', onEnd).on('close', onGone).on('error', onGone);
    this.#stopUpload = () => {
      source.off('data', onData).off('end', onEnd).off('close', onGone).off('error', onGone);
      if (waits) socket.off('drain', onDrain);
      if (source.readableEnded) return;
      // Later nobody hears of it.
      source.on('error', () => undefined);
      // What still comes is dropped, within the time that a body may take.
      source.resume();
    };
    // A turn later everything has come that came with the head.
    process.nextTick(flush);
  }

  #endUpload(): boolean {
    const stop = this.#stopUpload;
    this.#stopUpload = null;
    stop?.();
    return stop !== null;
  }

  readonly #onData = (bytes: Buffer): void => {
    if (this.#handler === null) return void this.destroy();
    try {
      this.#reader.read(bytes);
    } catch (error) {
      // The cast holds: the reader throws errors. An answer that was whole before stays one; what came on top of it is nobody's.
      this.fail(error as Error);
      return void this.destroy();
    }
    // Not before: what is left of these bytes must not answer the next request.
    if (!this.#isFree) return;
    this.#isFree = false;
    this.#all.release(this);
  };

  readonly #onServerEnd = (): void => {
    if (this.#handler === null) return void this.destroy();
    if (!this.#isConnected || !this.#reader.end()) this.fail(new Error('the server ended the connection'));
  };

  onInformation(status: number, lines: readonly string[]): void {
    this.#handler?.onInformation(status, lines);
  }

  onHead(status: number, reason: string, lines: string[], alone: boolean): void {
    this.#until = performance.now() + this.#all.timeouts.upstreamIdleMs;
    this.#handler?.onHead(status, reason, lines, alone);
  }

  onContent(chunk: Buffer): void {
    this.#until = performance.now() + this.#all.timeouts.upstreamIdleMs;
    if (this.#handler?.onContent(chunk) !== false) return;
    // The client is the one that takes its time; it has as much as the server.
    this.#isPaused = true;
    this.#socket.pause();
  }

  onEnd(last: string | null, trailers: readonly string[]): void {
    const handler = this.#handler;
    this.#handler = null;
    this.#outbound = null;
    const isHalfSent = this.#endUpload();
    if (isHalfSent || !this.#reader.keeps || this.#socket.destroyed) this.destroy();
    else {
      const { keepsSeconds } = this.#reader;
      const idleMs = keepsSeconds === null ? IDLE_MS : Math.min(LONGEST_IDLE_MS, keepsSeconds * 1000 - EARLIER_MS);
      this.#until = performance.now() + idleMs;
      if (idleMs <= 0) this.destroy();
      else {
        // The end may have come with content that the client has yet to take: the next answer is not its matter.
        this.#read();
        this.#isFree = true;
      }
    }
    handler?.onEnd(last, trailers);
  }

  onUpgrade(lines: string[], first: Buffer): void {
    const handler = this.#handler;
    this.#handler = null;
    this.#until = Number.POSITIVE_INFINITY;
    this.#socket.off('data', this.#onData).off('end', this.#onServerEnd).pause();
    if (handler?.onUpgrade === undefined) return void this.destroy();
    handler.onUpgrade(lines, this.#socket, first);
  }

  resume(): void {
    if (this.#handler === null) return;
    this.#until = performance.now() + this.#all.timeouts.upstreamIdleMs;
    this.#read();
  }

  #read(): void {
    if (!this.#isPaused) return;
    this.#isPaused = false;
    this.#socket.resume();
  }

  abort(): void {
    this.#handler = null;
    this.#endUpload();
    this.destroy();
  }

  fail(error: Error): void {
    const handler = this.#handler;
    this.#handler = null;
    this.#endUpload();
    if (handler === null) return;
    this.destroy();
    handler.onError(error);
  }

  /** Ends what took too long. */
  expire(now: number): void {
    if (this.#until > now) return;
    if (this.#handler === null) this.destroy();
    else this.fail(Object.assign(new Error('the server took too long'), { code: 'ETIMEDOUT' }));
  }

  destroy(): void {
    this.#socket.destroy();
  }
}
