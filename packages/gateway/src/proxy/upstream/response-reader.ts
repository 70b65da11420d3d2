/**
 * Reads answers of HTTP/1.1 servers (RFC 9112), strictly: where two readers could see two answers, there is none. Bytes in, calls out; it knows
 * neither sockets nor time.
 */

import { hasNoContent } from '../fields.ts';

/** Who is told what a server says. */
export interface ResponseSink {
  /** An informational answer (1xx but 101), which the last one follows. */
  readonly onInformation: (status: number, lines: readonly string[]) => void;
  /** The head of the answer. `alone`: no content came with it. */
  readonly onHead: (status: number, reason: string, lines: string[], alone: boolean) => void;
  /** Content. The buffer is the receiver's. */
  readonly onContent: (chunk: Buffer) => void;
  /** The answer is whole. `last`: the rest of its content, a character for each byte, where it came at once; names and values of trailers. */
  readonly onEnd: (last: string | null, trailers: readonly string[]) => void;
  /** The connection is another protocol's from here on; `first` is of that one. */
  readonly onUpgrade: (lines: string[], first: Buffer) => void;
}

/** What is asked for decides how an answer is framed. */
export interface Asked {
  readonly method: string;
  readonly upgrade: string;
}

/** Bytes of a head, and of trailers. */
const MOST_HEAD = 65_536;
/** Bytes of a chunk's size with its extensions. */
const MOST_SIZE_LINE = 4096;
/** Content that is handed on as text, in one piece with the head. */
const MOST_TEXT = 16_384;

/** RFC 9112 §4, §5: no bare CR or LF, no folding, no space before a colon, no control character. */
const HEAD =
  /^HTTP\/1\.[01] [1-9][0-9]{2}(?: [\t\x20-\x7e\x80-\xff]*)?\r\n(?:[!#$%&'*+\-.^_`|~0-9A-Za-z]+:[\t\x20-\x7e\x80-\xff]*\r\n)*\r\n$/;
const TRAILERS = /^(?:[!#$%&'*+\-.^_`|~0-9A-Za-z]+:[\t\x20-\x7e\x80-\xff]*\r\n)*\r\n$/;
/** RFC 9112 §7.1: as many figures as a number holds exactly. */
const SIZE_LINE = /^[0-9A-Fa-f]{1,13}(?:[ \t]*;[\t\x20-\x7e\x80-\xff]*)?\r\n$/;
const LENGTH = /^[0-9]{1,15}$/;

type State = 'head' | 'length' | 'size' | 'chunk' | 'chunk-end' | 'trailers' | 'until-close' | 'over';

/** Reads one answer after the other. What is not HTTP/1.1 makes it throw; it is of no use then. */
export class ResponseReader {
  readonly #sink: ResponseSink;
  #asked: Asked = { method: '', upgrade: '' };
  #state: State = 'over';
  /** Of a head, a chunk's size or trailers, what came so far. */
  #text = '';
  /** Bytes of content that are still to come, of all of it or of a chunk. */
  #left = 0;
  /** Whether the connection can be used again after this answer. */
  keeps = false;
  /** How long the server says that it keeps the connection, seconds, or `null`. */
  keepsSeconds: number | null = null;

  constructor(sink: ResponseSink) {
    this.#sink = sink;
  }

  /** What comes next answers this. */
  begin(asked: Asked): void {
    this.#asked = asked;
    this.#state = 'head';
    this.#text = '';
  }

  /** Takes bytes. The buffer is free afterwards. */
  read(bytes: Buffer): void {
    if (this.#state === 'over') throw new Error('bytes that belong to no answer');
    let at = 0;
    if (this.#state === 'head') at = this.#readHead(bytes);
    // Its state may have changed meanwhile.
    const state = this.#state as State;
    if (at === bytes.length || state === 'head') return;
    if (state === 'over') throw new Error('more bytes than the answer has');
    if (state === 'until-close') this.#sink.onContent(Buffer.from(bytes.subarray(at)));
    else if (state === 'length') this.#readLength(bytes, at);
    else this.#readChunks(bytes, at);
  }

  /** The server sends no more. Answers whether the answer is whole. */
  end(): boolean {
    if (this.#state !== 'until-close') return this.#state === 'over';
    this.#finish(null, []);
    return true;
  }

  #finish(last: string | null, trailers: readonly string[]): void {
    this.#state = 'over';
    this.#sink.onEnd(last, trailers);
  }

  /** Answers how many of the bytes it took. */
  #readHead(bytes: Buffer): number {
    let at = 0;
    while (this.#state === 'head' && at < bytes.length) {
      const before = this.#text.length;
      let text = this.#text + bytes.toString('latin1', at, Math.min(bytes.length, at + MOST_TEXT));
      let end = text.indexOf('\r\n\r\n', Math.max(0, before - 3));
      if (end < 0 && text.length - before < bytes.length - at) {
        text = this.#text + bytes.toString('latin1', at);
        end = text.indexOf('\r\n\r\n', Math.max(0, before - 3));
      }
      if ((end < 0 ? text.length : end) > MOST_HEAD) throw new Error('a head that is too long');
      if (end < 0) {
        this.#text = text;
        return bytes.length;
      }
      this.#text = '';
      at += end + 4 - before;
      at += this.#headRead(text, end + 4, bytes, at);
    }
    return at;
  }

  /** Answers how many bytes of what follows the head it took as well. */
  #headRead(text: string, end: number, bytes: Buffer, at: number): number {
    const head = text.slice(0, end);
    if (!HEAD.test(head)) throw new Error('not a head of HTTP/1.1');
    const status = Number(head.slice(9, 12));
    const lineEnd = head.indexOf('\r');
    const lines = linesOf(head, lineEnd + 2);
    const isNewer = head.charCodeAt(7) === 0x31;
    if (status === 101) {
      if (this.#asked.upgrade === '' || !isNewer) throw new Error('an upgrade that nobody asked for');
      this.#state = 'over';
      this.keeps = false;
      this.#sink.onUpgrade(lines, Buffer.from(bytes.subarray(at)));
      return bytes.length - at;
    }
    if (status < 200) {
      this.#sink.onInformation(status, lines);
      return 0;
    }
    const reason = head.slice(13, lineEnd);
    const length = this.#framing(lines, isNewer);
    if (this.#asked.method === 'HEAD' || hasNoContent(status) || length === 0) {
      this.#sink.onHead(status, reason, lines, false);
      this.#finish(null, []);
      return 0;
    }
    this.#sink.onHead(status, reason, lines, at === bytes.length);
    if (typeof length !== 'number') {
      this.#state = length;
      if (length === 'until-close') this.keeps = false;
      return 0;
    }
    this.#left = length;
    if (text.length - end < length || length > MOST_TEXT) {
      this.#state = 'length';
      return 0;
    }
    this.#finish(text.slice(end, end + length), []);
    return length;
  }

  /** RFC 9112 §6.3: one length, or chunked and nothing else, or all until the connection ends. */
  #framing(lines: readonly string[], isNewer: boolean): number | 'size' | 'until-close' {
    let length: string | null = null;
    let isChunked = false;
    this.keeps = isNewer;
    this.keepsSeconds = null;
    for (let index = 0; index < lines.length; index += 2) {
      // The casts hold: the list has a value after each name.
      const name = lines[index] as string;
      if (name.length !== 10 && name.length !== 14 && name.length !== 17) continue;
      const value = lines[index + 1] as string;
      const lower = name.toLowerCase();
      if (lower === 'content-length') {
        if (length !== null || !LENGTH.test(value)) throw new Error('lengths that are not one');
        length = value;
      } else if (lower === 'transfer-encoding') {
        if (isChunked || !isNewer || value.toLowerCase() !== 'chunked') throw new Error('a coding that is not chunked');
        isChunked = true;
      } else if (lower === 'connection') {
        if (/(?:^|[,\s])close(?:$|[,\s])/i.test(value)) this.keeps = false;
      } else if (lower === 'keep-alive') {
        const [, seconds] = /(?:^|[,\s])timeout=([0-9]{1,9})(?:$|[,\s])/i.exec(value) ?? [];
        if (seconds !== undefined) this.keepsSeconds = Number(seconds);
      }
    }
    if (isChunked && length !== null) throw new Error('a coding and a length');
    if (isChunked) return 'size';
    return length === null ? 'until-close' : Number(length);
  }

  #readLength(bytes: Buffer, at: number): void {
    const most = Math.min(bytes.length, at + this.#left);
    this.#left -= most - at;
    this.#sink.onContent(Buffer.from(bytes.subarray(at, most)));
    if (this.#left > 0) return;
    this.#finish(null, []);
    if (most < bytes.length) throw new Error('more bytes than the answer has');
  }

  /** The content of all chunks that came at once is handed on at once: a server that sends them small costs no more than one that does not. */
  #readChunks(bytes: Buffer, from: number): void {
    const content = Buffer.allocUnsafe(bytes.length - from);
    let filled = 0;
    let at = from;
    let trailers: readonly string[] | null = null;
    while (at < bytes.length && trailers === null) {
      if (this.#state === 'chunk') {
        const most = Math.min(bytes.length, at + this.#left);
        filled += bytes.copy(content, filled, at, most);
        this.#left -= most - at;
        at = most;
        if (this.#left === 0) this.#state = 'chunk-end';
        continue;
      }
      const feed = bytes.indexOf(0x0a, at);
      const after = feed < 0 ? bytes.length : feed + 1;
      this.#text += bytes.toString('latin1', at, after);
      at = after;
      if (this.#text.length > (this.#state === 'trailers' ? MOST_HEAD : MOST_SIZE_LINE)) throw new Error('a line that is too long');
      if (feed >= 0) trailers = this.#lineRead();
    }
    if (filled > 0) this.#sink.onContent(content.subarray(0, filled));
    if (trailers === null) return;
    this.#finish(null, trailers);
    if (at < bytes.length) throw new Error('more bytes than the answer has');
  }

  /** A line of the framing is whole. Answers the trailers, once they are. */
  #lineRead(): readonly string[] | null {
    const text = this.#text;
    if (this.#state === 'trailers') {
      if (text !== '\r\n' && !text.endsWith('\r\n\r\n')) return null;
      if (!TRAILERS.test(text)) throw new Error('trailers that are not fields');
      return linesOf(text, 0);
    }
    this.#text = '';
    if (this.#state === 'chunk-end') {
      if (text !== '\r\n') throw new Error('a chunk of another size');
      this.#state = 'size';
      return null;
    }
    if (!SIZE_LINE.test(text)) throw new Error('not the size of a chunk');
    this.#left = Number.parseInt(text, 16);
    this.#state = this.#left === 0 ? 'trailers' : 'chunk';
    return null;
  }
}

/** Names and values of fields whose form was checked, from a place to the empty line. */
function linesOf(text: string, from: number): string[] {
  const lines: string[] = [];
  for (let at = from; text.charCodeAt(at) !== 0x0d; ) {
    const colon = text.indexOf(':', at);
    const end = text.indexOf('\r', colon);
    lines.push(text.slice(at, colon), trimmed(text, colon + 1, end));
    at = end + 2;
  }
  return lines;
}

/** Without optional white space (RFC 9110 §5.6.3) at both ends. */
function trimmed(text: string, from: number, to: number): string {
  let [start, end] = [from, to];
  while (start < end && isSpace(text.charCodeAt(start))) start++;
  while (end > start && isSpace(text.charCodeAt(end - 1))) end--;
  return text.slice(start, end);
}

function isSpace(code: number): boolean {
  return code === 0x20 || code === 0x09;
}
