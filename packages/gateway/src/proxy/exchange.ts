/** One exchange with an upstream: the request goes there, the answer comes back, both as they flow. */
import type { OutgoingResponse } from './answers.ts';
import { connectionOptions, HOP_BY_HOP, hasNoContent, mayTrail, NameTable } from './fields.ts';
import type { AnswerHandler, Flow, Outbound } from './upstream/outbound.ts';
import type { Target } from './upstream/upstreams.ts';

/** How an exchange ended. */
export type ExchangeEnd =
  | { readonly end: 'answered'; readonly status: number }
  /** Nothing was sent: another server may be asked. */
  | { readonly end: 'not-sent'; readonly error: Error | null }
  /** It was sent, or may have been, and no answer came. */
  | { readonly end: 'failed'; readonly error: Error }
  /** The answer broke off; the client's connection was broken off, too, so that it does not take a part for the whole. */
  | { readonly end: 'cut'; readonly status: number; readonly error: Error | null };

/** What the answer is given beside what the upstream says. */
export interface AnswerRules {
  /** Fields that are added; the upstream's own of these names, and its CORS fields, are dropped. `null`: nothing is changed. */
  readonly cors: { readonly [name: string]: string } | null;
  /** Whether the connection closes after the answer. */
  close(): boolean;
  readonly httpVersion: string;
  readonly method: string;
}

/** Sends a request and relays the answer. `done` is called once. */
export function exchange(
  target: Target,
  outbound: Outbound,
  response: OutgoingResponse,
  rules: AnswerRules,
  done: (end: ExchangeEnd) => void,
): void {
  target.dispatch(outbound, new Relay(response, rules, done));
}

/** Time-outs of the server, and of undici. */
const TIMEOUTS: ReadonlySet<unknown> = new Set(['ETIMEDOUT', 'UND_ERR_CONNECT_TIMEOUT', 'UND_ERR_HEADERS_TIMEOUT', 'UND_ERR_BODY_TIMEOUT']);

/** Whether an error means time, not refusal. */
export function isTimeout(error: Error): boolean {
  return TIMEOUTS.has((error as { code?: unknown }).code);
}

class Relay implements AnswerHandler {
  readonly #response: OutgoingResponse;
  readonly #rules: AnswerRules;
  readonly #done: (end: ExchangeEnd) => void;
  #flow: Flow | null = null;
  #status = 0;
  #reason = '';
  /** The fields of a head that has not left yet: it waits for the content that came with it. */
  #waiting: string[] | null = null;
  #settled = false;
  #waits = false;

  constructor(response: OutgoingResponse, rules: AnswerRules, done: (end: ExchangeEnd) => void) {
    this.#response = response;
    this.#rules = rules;
    this.#done = done;
    response.on('close', this.#onClientGone);
  }

  onSending(flow: Flow): void {
    this.#flow = flow;
    if (this.#response.destroyed) flow.abort();
  }

  /** RFC 8297. What else is informational concerns this hop. */
  onInformation(status: number, lines: readonly string[]): void {
    if (status !== 103 || this.#rules.httpVersion === '1.0') return;
    const links = lines.filter((_, index) => index % 2 === 1 && lines[index - 1]?.toLowerCase() === 'link');
    if (links.length > 0) this.#response.writeEarlyHints({ link: links });
  }

  onHead(status: number, reason: string, given: readonly string[], alone: boolean): void {
    this.#status = status;
    this.#reason = reason;
    const { cors, httpVersion, method } = this.#rules;
    const hasContent = !hasNoContent(status) && method !== 'HEAD';
    this.#waiting = answerLines(given, cors, hasContent && httpVersion !== '1.0');
    if (!alone) return;
    // Head and content of one packet leave as one; a head whose content takes its time leaves by itself.
    this.#writeHead(this.#waiting);
    this.#response.flushHeaders();
  }

  #writeHead(lines: string[]): void {
    this.#waiting = null;
    const response = this.#response;
    if (response.stream === undefined) {
      if (this.#rules.close()) lines.push('connection', 'close');
      response.writeHead(this.#status, this.#reason === '' ? undefined : this.#reason, lines);
    } else response.writeHead(this.#status, headersObject(lines));
  }

  onContent(chunk: Buffer): boolean {
    if (this.#waiting !== null) this.#writeHead(this.#waiting);
    if (this.#response.write(chunk) !== false) return true;
    if (!this.#waits) this.#response.once('drain', this.#onDrain);
    this.#waits = true;
    return false;
  }

  readonly #onDrain = (): void => {
    this.#waits = false;
    if (!this.#settled) this.#flow?.resume();
  };

  onEnd(last: string | null, trailers: readonly string[]): void {
    this.#finish(last, trailers);
    this.#settle({ end: 'answered', status: this.#status });
  }

  #finish(last: string | null, trailers: readonly string[]): void {
    const response = this.#response;
    if (this.#waiting !== null) {
      const isWhole = !this.#rules.close() && response.writeWhole?.(this.#status, this.#reason, this.#waiting, last ?? '') === true;
      if (isWhole) return;
      this.#writeHead(this.#waiting);
    }
    if (trailers.length > 0) response.addTrailers(trailersObject(trailers));
    if (last === null) response.end();
    else response.end(last, 'latin1');
  }

  onError(error: Error): void {
    if (this.#settled) return;
    if (this.#status !== 0) {
      this.#settle({ end: 'cut', status: this.#status, error });
      this.#response.destroy();
    } else this.#settle(this.#flow === null ? { end: 'not-sent', error } : { end: 'failed', error });
  }

  readonly #onClientGone = (): void => {
    if (this.#settled) return;
    this.#settle({ end: 'cut', status: this.#status, error: null });
    this.#flow?.abort();
  };

  #settle(end: ExchangeEnd): void {
    if (this.#settled) return;
    this.#settled = true;
    this.#response.off('close', this.#onClientGone);
    if (this.#waits) this.#response.off('drain', this.#onDrain);
    this.#done(end);
  }
}

/** What becomes of a field of an answer. */
type AnswerFate = 'pass' | 'drop' | 'connection' | 'length' | 'trailer' | 'cors';

const ANSWER_FATES = new NameTable<AnswerFate>((name) => {
  if (name === 'connection') return 'connection';
  if (name === 'content-length') return 'length';
  if (name === 'trailer') return 'trailer';
  if (HOP_BY_HOP.has(name) && !name.startsWith('proxy-a')) return 'drop';
  return name.startsWith('access-control-') ? 'cors' : 'pass';
});

/** Whether no name of that many characters means anything here: most fields need no look-up. */
const PASSING_LENGTHS: readonly boolean[] = Array.from(
  { length: 'access-control-'.length },
  (_, length) => ![...HOP_BY_HOP, 'content-length', 'trailer'].some((name) => name.length === length),
);

/**
 * The fields of an answer as names and values, without what concerns one hop.
 * @param hasPlace - whether there is a place for fields after the content
 */
export function answerLines(given: readonly string[], cors: AnswerRules['cors'], hasPlace: boolean): string[] {
  const lines: string[] = [];
  let named: readonly string[] = [];
  let trailer: string | null = null;
  let hasLength = false;
  for (let index = 0; index + 1 < given.length; index += 2) {
    // The casts hold: both indices are below the length.
    const [name, value] = [given[index] as string, given[index + 1] as string];
    const fate = PASSING_LENGTHS[name.length] === true ? 'pass' : ANSWER_FATES.of(name);
    if (fate === 'drop' || (fate === 'cors' && cors !== null)) continue;
    if (fate === 'connection') {
      if (!isPlainOption(value)) named = [...named, ...connectionOptions(value)];
    } else if (fate === 'trailer') trailer = trailer === null ? value : `${trailer}, ${value}`;
    else {
      if (fate === 'length') hasLength = true;
      lines.push(name, value);
    }
  }
  // Trailers need a framing that has room for them.
  if (trailer !== null && !hasLength && hasPlace) {
    const names = connectionOptions(trailer).filter(mayTrail);
    if (names.length > 0) lines.push('trailer', names.join(', '));
  }
  const kept =
    named.length === 0 ? lines : lines.filter((_, index) => !named.includes((lines[index - (index % 2)] as string).toLowerCase()));
  if (cors !== null) for (const [name, value] of Object.entries(cors)) kept.push(name, value);
  return kept;
}

/** What a `Connection` field says nearly always, and names no field with. */
function isPlainOption(value: string): boolean {
  return value === 'keep-alive' || value === 'close';
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

/** RFC 9110 §5.3: lines of one name are one list. */
function trailersObject(trailers: readonly string[]): { [name: string]: string } {
  const found = new Map<string, readonly [name: string, value: string]>();
  for (let index = 0; index + 1 < trailers.length; index += 2) {
    const [written, value] = [trailers[index] as string, trailers[index + 1] as string];
    const name = written.toLowerCase();
    const [first, before] = found.get(name) ?? [written, null];
    if (mayTrail(name)) found.set(name, [first, before === null ? value : `${before}, ${value}`]);
  }
  return Object.fromEntries(found.values());
}
