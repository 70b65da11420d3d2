/** A client that sends exactly the bytes it is told to: HTTP/1.1 over a plain socket, one request a connection. */
import { connect, Socket } from 'node:net';
import { connect as connectTls } from 'node:tls';
import { sendHalfHttp2, sendHttp2 } from './wire-http2.ts';

/** A header line. Each character of the value is one byte. */
export type HeaderLine = readonly [name: string, value: string];

/** A request on the wire. `Host` and `Connection: close` are added. */
export interface WireRequest {
  readonly method?: string;
  readonly target?: string;
  readonly headers?: readonly HeaderLine[];
  readonly body?: { readonly chunks: readonly Uint8Array[]; readonly framing: 'length' | 'chunked' };
}

/** A response as it came. */
export interface WireResponse {
  readonly status: number;
  /** Status line and header lines. */
  readonly head: string;
  /** The values of a field, in order. */
  field(name: string): readonly string[];
  readonly body: Buffer;
}

const HOST = 'api.example.com';
const TIMEOUT_MS = 60_000;

/** The bytes of a request's head. */
function headOf({ method = 'GET', target = '/', headers = [], body }: WireRequest): Buffer {
  const length = body?.chunks.reduce((sum, chunk) => sum + chunk.length, 0);
  const framing = body === undefined ? [] : body.framing === 'chunked' ? ['Transfer-Encoding: chunked'] : [`Content-Length: ${length}`];
  const named = headers.some(([name]) => name.toLowerCase() === 'host') ? [] : [`Host: ${HOST}`];
  const lines = [...named, ...headers.map(([name, value]) => `${name}: ${value}`), ...framing, 'Connection: close'];
  return Buffer.from(`${method} ${target} HTTP/1.1\r\n${lines.join('\r\n')}\r\n\r\n`, 'latin1');
}

/**
 * A server that refuses may close while the body is still under way. What it answered is there to be read all the same, so a write that
 * fails does not end the connection.
 */
function connectTo(origin: string): Socket {
  const port = Number(new URL(origin).port);
  if (origin.startsWith('https:')) return connectTls({ port, host: '127.0.0.1', rejectUnauthorized: false, ALPNProtocols: ['http/1.1'] });
  const socket = connect(port, '127.0.0.1');
  socket._write = (chunk, encoding, done) => Socket.prototype._write.call(socket, chunk, encoding, () => done());
  return socket;
}

/** Sends a request and reads the response to its end. An origin `http2://…` is spoken to in HTTP/2 over TLS. */
export function send(origin: string, request: WireRequest): Promise<WireResponse> {
  if (origin.startsWith('http2:')) return sendHttp2(origin, request, HOST);
  return new Promise((resolve, reject) => {
    const socket = connectTo(origin);
    const received: Buffer[] = [];
    const finish = (problem?: Error): void => {
      socket.destroy();
      const response = parse(Buffer.concat(received));
      if (response !== null) resolve(response);
      else reject(problem ?? new Error('the connection ended before a whole response had come'));
    };
    socket.setTimeout(TIMEOUT_MS, () => finish(new Error(`no answer in ${TIMEOUT_MS} ms`)));
    socket.on('data', (data) => {
      received.push(data);
      // Some servers keep a connection whose body they have not read, whatever the client asked.
      if (isWhole(Buffer.concat(received), request)) finish();
    });
    socket.on('end', () => finish());
    // A server that refuses may close while the body is still under way: what it answered counts.
    socket.on('error', finish);
    void writeWhile(() => received.length === 0 && !socket.destroyed, socket, [headOf(request), ...framed(request)]);
  });
}

const PIECE = 64 * 1024;
const PATIENCE_MS = 20;
/** Where servers decide about a large body: after its head, and when it outgrows what may be held. */
const PAUSES = [1, 2 + (1 << 20) / PIECE];

/**
 * Piece by piece, with a pause where a server may refuse a large body, so that its answer is seen: a write to a connection that the server
 * closed would destroy the socket before it is read.
 */
async function writeWhile(wanted: () => boolean, socket: Socket, bytes: readonly Uint8Array[]): Promise<void> {
  const pieces = bytes.flatMap((given) =>
    Array.from({ length: Math.ceil(given.length / PIECE) }, (_, index) => given.subarray(index * PIECE, (index + 1) * PIECE)),
  );
  const isLarge = pieces.length > Math.max(...PAUSES);
  for (const [index, piece] of pieces.entries()) {
    if (isLarge && PAUSES.includes(index)) await new Promise((resolve) => setTimeout(resolve, PATIENCE_MS));
    if (!wanted()) return;
    await new Promise((resolve) => socket.write(piece, resolve));
    await new Promise(setImmediate);
  }
}

/** Sends the head and half of the body, then drops the connection: 20 ms after the last byte left, so that the server has read the head. */
export function sendHalf(origin: string, request: WireRequest): Promise<void> {
  if (origin.startsWith('http2:')) return sendHalfHttp2(origin, request, HOST);
  return new Promise((resolve) => {
    const socket = connectTo(origin);
    socket.on('error', () => undefined);
    socket.on('close', () => resolve());
    const halves = (request.body?.chunks ?? []).map((chunk) => chunk.subarray(0, chunk.length / 2));
    socket.write(Buffer.concat([headOf(request), ...halves]), () => setTimeout(() => socket.destroy(), 20));
  });
}

function framed({ body }: WireRequest): readonly Uint8Array[] {
  if (body === undefined) return [];
  if (body.framing === 'length') return body.chunks;
  const pieces = body.chunks.flatMap((chunk) => [Buffer.from(`${chunk.length.toString(16)}\r\n`), chunk, Buffer.from('\r\n')]);
  return [...pieces, Buffer.from('0\r\n\r\n')];
}

function parse(bytes: Buffer): WireResponse | null {
  const end = bytes.indexOf('\r\n\r\n');
  if (end < 0) return null;
  const head = bytes.subarray(0, end).toString('latin1');
  const rest = bytes.subarray(end + 4);
  const status = Number(head.split(' ')[1]);
  if (status >= 100 && status < 200) return parse(rest);
  const field = (name: string): readonly string[] => fieldOf(head, name);
  const body = field('transfer-encoding').includes('chunked') ? unchunked(rest) : rest;
  const length = field('content-length')[0];
  // An answer to HEAD has a length and no body.
  if (body === null || (length !== undefined && body.length > 0 && body.length !== Number(length))) return null;
  return { status, head, field, body };
}

const LAST_CHUNK = Buffer.from('0\r\n\r\n');

/** A response that tells its own end, and has reached it. */
function isWhole(bytes: Buffer, { method }: WireRequest): boolean {
  const response = parse(bytes);
  if (response === null) return false;
  if (method === 'HEAD' || response.status === 204) return true;
  if (response.field('transfer-encoding').includes('chunked')) return bytes.subarray(-5).equals(LAST_CHUNK);
  return response.field('content-length')[0] === String(response.body.length);
}

function fieldOf(head: string, name: string): readonly string[] {
  const lines = head.split('\r\n').slice(1);
  return lines.filter((line) => line.toLowerCase().startsWith(`${name}:`)).map((line) => line.slice(name.length + 1).trim());
}

function unchunked(bytes: Buffer): Buffer | null {
  const chunks: Buffer[] = [];
  let rest = bytes;
  // An answer to HEAD names a framing and has no body.
  if (rest.length === 0) return rest;
  for (;;) {
    const end = rest.indexOf('\r\n');
    if (end < 0) return null;
    const size = Number.parseInt(rest.subarray(0, end).toString('latin1'), 16);
    if (size === 0) return Buffer.concat(chunks);
    chunks.push(rest.subarray(end + 2, end + 2 + size));
    rest = rest.subarray(end + 2 + size + 2);
  }
}
