/**
 * One exchange with an upstream: the request goes there, the response comes back, both as they flow. Spoken through undici's dispatch, whose
 * handler gets header lines as they came, duplicates kept; every layer above it costs a third of the rate.
 */
import { PassThrough, type Readable } from 'node:stream';
import type { Dispatcher } from 'undici';
import type { OutgoingResponse } from './answers.ts';
import { connectionOptions, HOP_BY_HOP } from './fields.ts';
import type { Target } from './upstreams.ts';

/** How an exchange ended. */
export type ExchangeEnd =
  | { readonly end: 'answered'; readonly status: number }
  /** Nothing was sent: another server may be asked. */
  | { readonly end: 'not-sent'; readonly error: Error }
  /** It was sent, or may have been, and no answer came. */
  | { readonly end: 'failed'; readonly error: Error }
  /** The answer broke off; the client's connection was broken off, too, so that it does not take a part for the whole. */
  | { readonly end: 'cut'; readonly status: number; readonly error: Error | null };

/** What is sent. */
export interface Outbound {
  readonly method: string;
  readonly path: string;
  /** Names and values. */
  readonly headers: string[];
  readonly body: Readable | null;
}

/** What the answer is given beside what the upstream says. */
export interface AnswerRules {
  /** Fields that are added; the upstream's own of these names, and its CORS fields, are dropped. `null`: nothing is changed. */
  readonly cors: { readonly [name: string]: string } | null;
  /** Whether the connection closes after the answer. */
  readonly close: () => boolean;
  readonly httpVersion: string;
}

/** Sends a request and relays the answer. Never rejects. */
export function exchange(target: Target, outbound: Outbound, response: OutgoingResponse, rules: AnswerRules): Promise<ExchangeEnd> {
  return new Promise((resolve) => {
    const relay = new Relay(response, rules, resolve);
    // The cast holds: a Readable is what undici takes, and an options object is not kept.
    target.dispatch(outbound as Dispatcher.DispatchOptions, relay);
  });
}

type Abort = (error?: Error) => void;

class Relay implements Dispatcher.DispatchHandler {
  readonly #response: OutgoingResponse;
  readonly #rules: AnswerRules;
  readonly #done: (end: ExchangeEnd) => void;
  #abort: Abort | null = null;
  #status = 0;
  #settled = false;
  #hasContent = false;
  #resume: () => void = () => undefined;

  constructor(response: OutgoingResponse, rules: AnswerRules, done: (end: ExchangeEnd) => void) {
    this.#response = response;
    this.#rules = rules;
    this.#done = done;
    response.once('close', this.#onClientGone);
  }

  /** Called just before the first byte is written. */
  onConnect(abort: Abort): void {
    this.#abort = abort;
    if (this.#response.destroyed) abort(new Error('the client went away'));
  }

  onHeaders(status: number, raw: readonly Buffer[], resume: () => void, reason: string): boolean {
    if (status < 200) {
      if (status === 103) this.#earlyHints(raw);
      return true;
    }
    this.#status = status;
    this.#resume = resume;
    const response = this.#response;
    const lines = answerLines(raw, this.#rules);
    if (response.stream === undefined) {
      if (this.#rules.close()) lines.push('connection', 'close');
      response.writeHead(status, reason === '' ? undefined : reason, lines);
      // Head and content of one packet leave as one; a head whose content takes its time leaves by itself.
      process.nextTick(this.#flush);
    } else response.writeHead(status, headersObject(lines));
    return true;
  }

  readonly #flush = (): void => {
    if (!this.#hasContent && !this.#settled) this.#response.flushHeaders();
  };

  onData(chunk: Buffer): boolean {
    this.#hasContent = true;
    if (this.#response.write(chunk) !== false) return true;
    this.#response.once('drain', this.#resume);
    return false;
  }

  onComplete(trailers: readonly string[] | readonly Buffer[] | null): void {
    const response = this.#response;
    if (trailers !== null && trailers.length > 0) response.addTrailers(trailersObject(trailers));
    response.end();
    this.#settle({ end: 'answered', status: this.#status });
  }

  onError(error: Error): void {
    if (this.#settled) return;
    if (this.#status !== 0) {
      this.#settle({ end: 'cut', status: this.#status, error });
      this.#response.destroy();
    } else this.#settle(this.#abort === null ? { end: 'not-sent', error } : { end: 'failed', error });
  }

  readonly #onClientGone = (): void => {
    if (this.#settled) return;
    this.#settle({ end: 'cut', status: this.#status, error: null });
    this.#abort?.(new Error('the client went away'));
  };

  #settle(end: ExchangeEnd): void {
    if (this.#settled) return;
    this.#settled = true;
    this.#response.off('close', this.#onClientGone);
    this.#response.off('drain', this.#resume);
    this.#done(end);
  }

  /** RFC 8297. What else is informational concerns this hop. */
  #earlyHints(raw: readonly Buffer[]): void {
    const links = raw.flatMap((name, index) =>
      index % 2 === 0 && name.toString('latin1').toLowerCase() === 'link' ? [String(raw[index + 1])] : [],
    );
    if (links.length > 0 && this.#rules.httpVersion !== '1.0') this.#response.writeEarlyHints({ link: links });
  }
}

/** The fields of an answer as names and values, without what concerns one hop. */
export function answerLines(raw: readonly Buffer[], { cors, httpVersion }: Pick<AnswerRules, 'cors' | 'httpVersion'>): string[] {
  const lines: string[] = [];
  let named: readonly string[] = [];
  let hasLength = false;
  for (let index = 0; index + 1 < raw.length; index += 2) {
    const written = (raw[index] as Buffer).toString('latin1');
    const name = written.toLowerCase();
    const value = (raw[index + 1] as Buffer).toString('latin1');
    if (name === 'connection') named = [...named, ...connectionOptions(value)];
    if (name === 'content-length') hasLength = true;
    if (HOP_BY_HOP.has(name) && !name.startsWith('proxy-a')) continue;
    if (cors !== null && name.startsWith('access-control-')) continue;
    lines.push(written, value);
  }
  const dropped = (name: string): boolean =>
    // Trailers need a framing that has room for them.
    named.includes(name) || (name === 'trailer' && (hasLength || httpVersion === '1.0'));
  const kept =
    named.length === 0 && !hasLength && httpVersion !== '1.0'
      ? lines
      : lines.filter((_, index) => !dropped((lines[index - (index % 2)] as string).toLowerCase()));
  for (const [name, value] of Object.entries(cors ?? {})) kept.push(name, value);
  return kept;
}

/** HTTP/2's compatibility API takes an object; RFC 9113 §8.2.1: names in lower case. */
function headersObject(lines: readonly string[]): { [name: string]: string | string[] } {
  const found = new Map<string, string | string[]>();
  for (let index = 0; index < lines.length; index += 2) {
    const name = (lines[index] as string).toLowerCase();
    const before = found.get(name);
    const value = lines[index + 1] as string;
    found.set(name, before === undefined ? value : [before, value].flat());
  }
  return Object.fromEntries(found);
}

function trailersObject(trailers: readonly (string | Buffer)[]): { [name: string]: string } {
  const pairs = trailers.flatMap((name, index) =>
    index % 2 === 0 ? [[name.toString('latin1'), (trailers[index + 1] ?? '').toString('latin1')] as const] : [],
  );
  return Object.fromEntries(pairs.filter(([name]) => !HOP_BY_HOP.has(name.toLowerCase()) && name.toLowerCase() !== 'content-length'));
}

/** A body on its way, counted. */
export class CountedBody extends PassThrough {
  readonly #most: number | null;
  readonly #onTooLarge: () => void;
  bytes = 0;

  constructor(most: number | null, onTooLarge: () => void) {
    super();
    this.#most = most;
    this.#onTooLarge = onTooLarge;
  }

  override _transform(chunk: Buffer, _encoding: BufferEncoding, done: (error?: Error | null, chunk?: unknown) => void): void {
    this.bytes += chunk.length;
    if (this.#most === null || this.bytes <= this.#most) {
      done(null, chunk);
      return;
    }
    this.#onTooLarge();
    done(new Error('the body is larger than the limit'));
  }
}
