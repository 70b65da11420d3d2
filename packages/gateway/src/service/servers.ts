/** The listeners: HTTP/1.1 and HTTP/2, with and without TLS, with their limits and time-outs. */
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import { createSecureServer, type Http2SecureServer, type Http2Session, type Http2Stream } from 'node:http2';
import { Server as NetServer, type Socket } from 'node:net';
import type { Duplex } from 'node:stream';
import { allTaken, type ListenAddress, listenOn } from '../listen-address.ts';
import { answerText, ownAnswer } from '../proxy/answers.ts';
import { plainAddress } from '../proxy/forwarded.ts';
import type { Limits, Timeouts } from '../settings.ts';
import { followCertificate, readCertificate, type Tls } from './certificate.ts';
import { GatewayRequest, responseOf } from './messages.ts';

/** What serves the requests of a listener. */
export interface Handlers {
  readonly request: (request: IncomingMessage, response: ServerResponse, expects: boolean) => void;
  readonly upgrade: (request: IncomingMessage, socket: Duplex, head: Uint8Array) => void;
  readonly malformed: () => void;
  readonly refusedConnection: () => void;
  readonly certificateProblem: (error: Error) => void;
  readonly isTrustedPeer: (peer: string | null) => boolean;
}

/** One listener. */
export class Listener {
  readonly #server: Server | Http2SecureServer;
  readonly #sessions: Set<Http2Session> = new Set();
  readonly #sockets: Set<Socket> = new Set();
  readonly #stopWatching: () => void;
  #accepted = 0;

  constructor(address: ListenAddress, handlers: Handlers, limits: Limits, timeouts: Timeouts) {
    const { tls } = address;
    const options = {
      maxHeaderSize: limits.headerBytes,
      headersTimeout: timeouts.headerMs,
      requestTimeout: timeouts.bodyMs,
      keepAliveTimeout: timeouts.idleMs,
      connectionsCheckingInterval: Math.min(1000, timeouts.headerMs),
      insecureHTTPParser: false,
      // The proxy says what is wrong with a request without one.
      requireHostHeader: false,
    };
    const ofRequests: typeof IncomingMessage = GatewayRequest;
    const ofResponses: typeof ServerResponse = responseOf(timeouts.idleMs);
    const server =
      tls === null
        ? createServer({ ...options, IncomingMessage: ofRequests, ServerResponse: ofResponses })
        : secureServer(tls, { ...options, Http1IncomingMessage: ofRequests, Http1ServerResponse: ofResponses }, limits, timeouts);
    this.#server = server;
    // Over TLS Node takes these of the server alone. It drops header lines past a count without a word; what the sizes allow is read whole.
    Object.assign(server, options, { maxHeadersCount: 0 });
    this.#stopWatching = tls === null ? () => undefined : followCertificate(server as Http2SecureServer, tls, handlers.certificateProblem);
    listenForRequests(server as Server, handlers, timeouts);
    (server as Http2SecureServer).on('session', (session) => {
      this.#sessions.add(session);
      session.once('close', () => this.#sessions.delete(session));
    });
    this.#limitConnections(handlers, limits);
  }

  /** How many connections are open. */
  get connections(): number {
    return this.#sockets.size;
  }

  /** Starts listening. Answers where: the port may have been 0. */
  listen(address: ListenAddress): Promise<string> {
    return listenOn(this.#server, address, 'gateway.listen');
  }

  /** Takes no more connections. What already waits to be taken is taken first: it would be reset. */
  async stop(): Promise<void> {
    await allTaken(() => this.#accepted);
    this.#stopWatching();
    // Not the server's own `close`: it would end connections on which a request may just be arriving.
    NetServer.prototype.close.call(this.#server);
    for (const session of this.#sessions) session.close();
  }

  /** Ends connections without a request; with `all`, every one. */
  end(all: boolean): void {
    if (all) for (const socket of this.#sockets) socket.destroy();
    else (this.#server as Server).closeIdleConnections?.();
  }

  #limitConnections({ refusedConnection, isTrustedPeer }: Handlers, { connections, connectionsPerAddress }: Limits): void {
    const perAddress = new Map<string, number>();
    this.#server.on('connection', (socket: Socket) => {
      this.#accepted++;
      const address = plainAddress(socket.remoteAddress ?? '');
      const count = (perAddress.get(address) ?? 0) + 1;
      const tooMany = connectionsPerAddress !== null && count > connectionsPerAddress && !isTrustedPeer(socket.remoteAddress ?? null);
      if (tooMany || (connections !== null && this.#sockets.size >= connections)) {
        refusedConnection();
        return void socket.destroy();
      }
      perAddress.set(address, count);
      this.#sockets.add(socket);
      socket.once('close', () => {
        this.#sockets.delete(socket);
        const left = (perAddress.get(address) ?? 1) - 1;
        if (left > 0) perAddress.set(address, left);
        else perAddress.delete(address);
      });
    });
  }
}

function listenForRequests(server: Server, handlers: Handlers, timeouts: Timeouts): void {
  const latest = new WeakMap<Duplex, ServerResponse>();
  const broken = new WeakSet<Duplex>();
  const listen =
    (expects: boolean) =>
    (request: IncomingMessage, response: ServerResponse): void => {
      limitHttp2Body(request, timeouts);
      if (request.httpVersionMajor === 1) latest.set(request.socket, response);
      handlers.request(request, response, expects);
    };
  server.on('request', listen(false));
  server.on('checkContinue', listen(true));
  server.on('checkExpectation', (_request, response) => {
    response.writeHead(417, { connection: 'close', 'content-length': '0' });
    response.end();
  });
  server.on('upgrade', handlers.upgrade);
  server.on('connect', (_request, socket: Duplex) => {
    socket.on('error', () => socket.destroy());
    socket.end(answerText(ownAnswer(405, { allow: 'GET, HEAD, POST, PUT, PATCH, DELETE, OPTIONS' })));
  });
  server.on('clientError', (error: NodeJS.ErrnoException, socket: Duplex) => {
    handlers.malformed();
    if (!socket.writable || error.code === 'ECONNRESET') return void socket.destroy();
    const status = error.code === 'HPE_HEADER_OVERFLOW' ? 431 : error.code === 'ERR_HTTP_REQUEST_TIMEOUT' ? 408 : 400;
    const answer = (): void => void socket.end(answerText(ownAnswer(status)), () => socket.destroy());
    const before = latest.get(socket);
    // It is told of each piece that comes.
    if (broken.has(socket)) return;
    broken.add(socket);
    if (before === undefined || before.writableFinished) return answer();
    // What is malformed came behind a whole request: its answer goes first, or the client would take ours for it.
    if (before.req.complete) return void before.once('finish', answer);
    if (before.headersSent) return void socket.destroy();
    answer();
  });
}

/** Over HTTP/1.1 Node itself bounds how long a request may take to arrive. */
function limitHttp2Body(request: IncomingMessage, { bodyMs }: Timeouts): void {
  const { stream } = request as { stream?: { endAfterHeaders?: boolean; close?: (code: number) => void } };
  if (stream?.endAfterHeaders !== false) return;
  const timer = setTimeout(() => stream.close?.(8), bodyMs).unref();
  const done = (): void => clearTimeout(timer);
  request.once('end', done);
  request.once('close', done);
}

function secureServer(tls: Tls, options: object, limits: Limits, timeouts: Timeouts): Http2SecureServer {
  const server = createSecureServer({
    ...options,
    ...readCertificate(tls),
    allowHTTP1: true,
    minVersion: 'TLSv1.2',
    handshakeTimeout: timeouts.headerMs,
    // A header list of HTTP/2 counts 32 bytes for each field on top of its text (RFC 9113 §6.5.2).
    maxHeaderListPairs: 2048,
    settings: { maxConcurrentStreams: 250, maxHeaderListSize: limits.headerBytes, enableConnectProtocol: false },
  });
  server.on('session', (session) => endWhenIdle(session, timeouts.idleMs));
  server.on('sessionError', () => undefined);
  return server;
}

/**
 * Ends a session on which nothing moves. One whose client broke the protocol never ends by itself once there is an answer that it cannot take:
 * only answers that are still being made, such as events that are rare, hold it open.
 */
function endWhenIdle(session: Http2Session, idleMs: number): void {
  const open = new Set<Http2Stream>();
  session.on('stream', (stream: Http2Stream) => {
    open.add(stream);
    stream.once('close', () => open.delete(stream));
  });
  const onIdle = (): void => {
    session.close();
    if ([...open].every(({ writableEnded, destroyed }) => writableEnded || destroyed)) session.destroy();
    else session.setTimeout(idleMs, onIdle);
  };
  session.setTimeout(idleMs, onIdle);
}
