/** How the flood sends its requests: each on a connection of its own. */
import { type IncomingMessage, request as send } from 'node:http';
import { type ClientHttp2Stream, connect as connectHttp2 } from 'node:http2';
import { connect, type Socket } from 'node:net';
import type { FloodForm } from './flood-server.ts';

/** A request as it goes out. */
export interface Signed {
  readonly target: string;
  readonly headers: readonly (readonly [string, string])[];
  readonly body: Buffer;
}

/** A connection that stays open. */
export interface Held {
  destroy(): unknown;
}

interface Client {
  /** Sends a request and answers its status. */
  answer(port: number, request: Signed): Promise<number>;
  /** Sends the head and the beginning of a body, and then nothing more. */
  holdBack(port: number, request: Signed, bytes: number): Held;
  /** Sends a body in pieces of five bytes, without saying its length. */
  inPieces(port: number, request: Signed): Held;
}

const http: Client = {
  answer(port, { target, headers, body }) {
    return new Promise((resolve, reject) => {
      const options = { port, method: 'POST', path: target, headers: [['Host', `127.0.0.1:${port}`], ...headers].flat(), agent: false };
      const outgoing = send(options, (response: IncomingMessage) => {
        response.resume().on('end', () => resolve(response.statusCode ?? 0));
      });
      outgoing.on('error', reject);
      outgoing.end(body);
    });
  },
  holdBack(port, request, bytes) {
    const socket = withHead(port, request, ['Content-Length', String(request.body.length)]);
    socket.write(request.body.subarray(0, bytes));
    return socket.resume();
  },
  inPieces(port, request) {
    const socket = withHead(port, request, ['Transfer-Encoding', 'chunked']);
    for (let at = 0; at < request.body.length; at += 5) socket.write(`5\r\n${request.body.toString('latin1', at, at + 5)}\r\n`);
    socket.write('0\r\n\r\n');
    return socket.resume();
  },
};

function withHead(port: number, { target, headers }: Signed, framing: readonly [string, string]): Socket {
  const lines = [...headers, framing, ['Host', `127.0.0.1:${port}`]].map((line) => line.join(': '));
  const socket = connect(port, '127.0.0.1').on('error', () => undefined);
  socket.write(`POST ${target} HTTP/1.1\r\n${lines.join('\r\n')}\r\n\r\n`);
  return socket;
}

const http2: Client = {
  answer(port, request) {
    return new Promise((resolve, reject) => {
      const { stream, session } = streamOf(port, request, { 'content-length': String(request.body.length) });
      session.on('error', reject);
      stream.on('error', reject).on('response', ({ ':status': status }) => {
        stream.resume().on('end', () => {
          session.close();
          resolve(status ?? 0);
        });
      });
      stream.end(request.body);
    });
  },
  holdBack(port, request, bytes) {
    const { stream, session } = streamOf(port, request, { 'content-length': String(request.body.length) });
    stream.on('error', () => undefined).resume();
    stream.write(request.body.subarray(0, bytes));
    return session.on('error', () => undefined);
  },
  inPieces(port, request) {
    const { stream, session } = streamOf(port, request, {});
    stream.on('error', () => undefined).resume();
    for (let at = 0; at < request.body.length; at += 5) stream.write(request.body.subarray(at, at + 5));
    stream.end();
    return session.on('error', () => undefined);
  },
};

function streamOf(port: number, { target, headers }: Signed, framing: { readonly [name: string]: string }): Http2Parts {
  const session = connectHttp2(`http://127.0.0.1:${port}`);
  const fields = Object.fromEntries(headers.map(([name, value]) => [name.toLowerCase(), value]));
  return { session, stream: session.request({ ...fields, ...framing, ':method': 'POST', ':path': target }) };
}

interface Http2Parts {
  readonly session: ReturnType<typeof connectHttp2>;
  readonly stream: ClientHttp2Stream;
}

/** The clients of each form of the server. */
export const clients: { readonly [form in FloodForm]: Client } = { http, fastify: http, http2 };
