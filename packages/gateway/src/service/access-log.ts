/** One line for each request: JSON, or the Common Log Format. No token, no secret, no query: URLs carry both. */
import { createWriteStream, type WriteStream } from 'node:fs';
import { printable } from '../printable.ts';
import type { IncomingRequest } from '../proxy/inbound.ts';
import type { Outcome } from '../proxy/proxy.ts';

/** Where lines go. */
export interface LineSink {
  write(text: string): unknown;
}

/** More than this is not kept for a reader that does not read. */
const MAX_WAITING = 1024 ** 2;

/** Writes lines, and drops them where they pile up: a log must not hold requests up. */
export class AccessLog {
  readonly #format: 'json' | 'common' | null;
  readonly #sink: LineSink;
  readonly #file: WriteStream | null;
  #waiting = '';
  #dropped = 0;

  readonly #instance: string;

  constructor(format: 'json' | 'common' | null, file: string | null, standard: LineSink, instance: string) {
    this.#format = format;
    this.#instance = instance;
    this.#file = file === null || format === null ? null : createWriteStream(file, { flags: 'a', mode: 0o640 });
    this.#file?.on('error', () => undefined);
    this.#sink = this.#file ?? standard;
  }

  /** Whether anybody wants lines. */
  get writes(): boolean {
    return this.#format !== null;
  }

  /** How many lines were dropped. */
  get dropped(): number {
    return this.#dropped;
  }

  write(request: IncomingRequest, outcome: Outcome, peer: string | null): void {
    if (this.#format === null) return;
    this.#append(this.#format === 'json' ? jsonLine(request, outcome, peer, this.#instance) : commonLine(request, outcome, peer));
  }

  /** Writes a line of JSON, its line feed included. Answers whether such lines belong into this log. */
  add(line: string): boolean {
    if (this.#format !== 'json') return false;
    this.#append(line);
    return true;
  }

  #append(line: string): void {
    const backlog = this.#waiting.length + (this.#file?.writableLength ?? 0);
    if (backlog > MAX_WAITING) {
      this.#dropped++;
      return;
    }
    // Lines of one turn of the event loop are written at once.
    if (this.#waiting === '') setImmediate(() => this.flush());
    this.#waiting += line;
  }

  flush(): void {
    const text = this.#waiting;
    this.#waiting = '';
    if (text !== '') this.#sink.write(text);
  }

  close(): Promise<void> {
    this.flush();
    return new Promise((resolve) => (this.#file === null ? resolve() : this.#file.end(resolve)));
  }
}

function jsonLine(
  request: IncomingRequest,
  { status, verdict, id, upstream, trouble }: Outcome,
  peer: string | null,
  instance: string,
): string {
  const time = new Date().toISOString();
  const { method = '' } = request;
  return `${JSON.stringify({ time, instance, peer, method: clean(method), path: pathOf(request), status, verdict, id, upstream, trouble })}\n`;
}

const MONTHS = ['Jan', 'Feb', 'Mar', 'Apr', 'May', 'Jun', 'Jul', 'Aug', 'Sep', 'Oct', 'Nov', 'Dec'];

function commonLine(request: IncomingRequest, { status }: Outcome, peer: string | null): string {
  const at = new Date();
  const [year = '', month = '', day = ''] = at.toISOString().slice(0, 10).split('-');
  const date = `${day}/${MONTHS[Number(month) - 1]}/${year}:${at.toISOString().slice(11, 19)} +0000`;
  return `${peer ?? '-'} - - [${date}] "${clean(request.method ?? '')} ${pathOf(request)} HTTP/${request.httpVersion}" ${status} -\n`;
}

/** The path without query, at most 256 characters, nothing in it that a reader of lines would take for more than text. */
function pathOf({ url = '' }: IncomingRequest): string {
  const withoutAuthority = url.replace(/^https?:\/\/[^/?#]*/i, '');
  return clean(withoutAuthority.replace(/[?#].*$/s, '').slice(0, 256));
}

function clean(text: string): string {
  return printable(text, /[^\x21-\x7e]|["\\]/gu);
}
