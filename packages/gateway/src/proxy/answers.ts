/** Answers that the gateway gives itself. */
import { type ServerResponse, STATUS_CODES } from 'node:http';
import type { Refusal } from 'approov-guard';
import { hasNoContent } from './fields.ts';

/** What is needed of a response: HTTP/1.1, or the compatibility API of HTTP/2. */
export type OutgoingResponse = Pick<
  ServerResponse,
  | 'writeHead'
  | 'write'
  | 'end'
  | 'headersSent'
  | 'writableEnded'
  | 'destroyed'
  | 'destroy'
  | 'once'
  | 'on'
  | 'off'
  | 'addTrailers'
  | 'writeContinue'
  | 'writeEarlyHints'
  | 'flushHeaders'
> & {
  readonly stream?: object;
  /** Sends head and content as one, where it can; else it answers no, and nothing was done. */
  readonly writeWhole?: (status: number, reason: string, lines: readonly string[], content: string) => boolean;
};

/** The status of each trouble on our side or of the upstream's. Its words give nothing away. */
export function ownAnswer(status: number, more: { readonly [name: string]: string } = {}): Refusal {
  const retry = status === 503 ? { 'retry-after': '5' } : {};
  return { status, headers: { 'content-type': 'application/json', 'cache-control': 'no-store', ...retry, ...more }, body: '{}' };
}

/** Writes an answer. `close` ends the connection after it, where the rest of the request cannot be told from the next. */
export function writeAnswer(response: OutgoingResponse, { status, headers, body }: Refusal, close: boolean = false): void {
  if (response.headersSent || response.destroyed) return void response.destroy();
  if (!close && response.writeWhole !== undefined && PLAIN.test(body)) {
    const lines = plainLines(headers);
    if (!hasNoContent(status)) lines?.push('content-length', String(body.length));
    if (lines !== null && response.writeWhole(status, '', lines, body)) return;
  }
  const length = { 'content-length': String(Buffer.byteLength(body)) };
  // HTTP/2 has no such field.
  const connection = close && response.stream === undefined ? { connection: 'close' } : {};
  const noBody = hasNoContent(status);
  response.writeHead(status, { ...headers, ...(noBody ? {} : length), ...connection });
  response.end(noBody ? undefined : body);
}

/** One byte for each character, and no line break. */
export const PLAIN: RegExp = /^[\t\x20-\x7e]*$/;

/** Names and values; `null` where one of them is not plain. */
function plainLines(headers: Refusal['headers']): string[] | null {
  const lines: string[] = [];
  for (const name in headers) {
    const value = headers[name] ?? '';
    if (!PLAIN.test(value) || !PLAIN.test(name)) return null;
    lines.push(name, value);
  }
  return lines;
}

/** The same on a bare socket, as text. */
export function answerText({ status, headers, body }: Refusal): string {
  const fields = { ...headers, 'content-length': String(Buffer.byteLength(body)), connection: 'close' };
  const lines = Object.entries(fields).map(([name, value]) => `${name}: ${value}\r\n`);
  return `HTTP/1.1 ${status} ${STATUS_CODES[status] ?? ''}\r\n${lines.join('')}\r\n${body}`;
}
