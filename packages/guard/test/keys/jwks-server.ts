/** A key server on a real socket that does as it is told. */
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo, Socket } from 'node:net';
import type { KeySourceEvent } from 'approov-guard';

/** What the server does with a request. */
export type Answer = (request: IncomingMessage, response: ServerResponse) => void;

/** A running server. */
export interface KeyServer {
  readonly url: string;
  /** How many requests arrived. */
  readonly requests: () => number;
  /** What it does from now on. */
  answer: Answer;
  /** Ends it and everything that hangs on it. */
  readonly stop: () => Promise<void>;
}

/** Starts a server on a free port of this machine. */
export async function startKeyServer(answer: Answer): Promise<KeyServer> {
  let requests = 0;
  const sockets = new Set<Socket>();
  const server = createServer((request, response) => {
    requests++;
    running.answer(request, response);
  });
  server.on('connection', (socket) => {
    sockets.add(socket);
    socket.on('close', () => sockets.delete(socket));
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const running: KeyServer = {
    // The cast holds: a server that listens on a port has an address.
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/jwks.json`,
    requests: () => requests,
    answer,
    stop: () =>
      new Promise((resolve) => {
        for (const socket of sockets) socket.destroy();
        server.close(() => resolve());
      }),
  };
  return running;
}

/** Answers with a JSON document. */
export function json(document: unknown, headers: { readonly [name: string]: string } = {}): Answer {
  return (_, response) => {
    response.writeHead(200, { 'content-type': 'application/json', ...headers });
    response.end(JSON.stringify(document));
  };
}

/** Answers with a status, a body and headers. */
export function plain(status: number, body: string, headers: { readonly [name: string]: string } = {}): Answer {
  return (_, response) => {
    response.writeHead(status, headers);
    response.end(body);
  };
}

/** Shortens events to what the tests compare: type, and failure or problem. */
export function shortEvent(event: KeySourceEvent): string {
  if (event.type === 'keys-refresh-failed') return `${event.type} ${event.failure}`;
  if (event.type === 'key-skipped') return `${event.type} ${event.index} ${event.problem}`;
  return event.type === 'keys-refreshed' ? `${event.type} ${event.keys}${event.changed ? ' changed' : ''}` : event.type;
}
