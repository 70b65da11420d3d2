/**
 * A question as nginx asks it: a request of HTTP/1.1 whose head is all of it. What is read here is the grammar of RFC 9112 without what it only
 * tolerates: nothing is skipped, unfolded or guessed. A head that states a body is answered, and is the last on its connection.
 */
import type { RequestBody } from 'approov-guard';
import type { Asked } from './asked-view.ts';

const START = /^([!#$%&'*+.^_`|~\dA-Za-z-]+) ([\x21-\x7e\x80-\xff]+) HTTP\/1\.([01])\r\n/;
/** All lines of a head and its end. */
const LINES = /(?:[!#$%&'*+.^_`|~\dA-Za-z-]+:[\t\x20-\x7e\x80-\xff]*\r\n)*\r\n$/y;
/** What ends a head. */
export const HEAD_END = '\r\n\r\n';

/** A question. Values are made when they are asked for: most lines are the client's, and nobody's business here. */
export class Question implements Asked {
  readonly method: string;
  readonly target: string;
  readonly httpVersion: string;
  /** Whether nothing more is read from its connection: who asks says so, or what follows is not a head. */
  readonly isLast: boolean;
  readonly body: RequestBody = NONE;
  readonly #bytes: Buffer;
  readonly #text: string;
  /** Of each line where it begins, where its colon is, and where it ends. */
  readonly #places: number[] = [];

  private constructor(bytes: Buffer, text: string, [start, method, target, minor]: readonly string[]) {
    // The casts hold: the groups of a pattern that was found, none of which may be absent.
    this.method = method as string;
    this.target = target as string;
    this.httpVersion = `1.${minor}`;
    this.#bytes = bytes;
    this.#text = text;
    const end = text.length - 2;
    for (let at = (start as string).length; at < end; ) {
      const lineEnd = text.indexOf('\r\n', at);
      this.#places.push(at, text.indexOf(':', at), lineEnd);
      at = lineEnd + 2;
    }
    this.isLast = minor === '0' || this.#statesBody || this.lines('connection').some((line) => /\bclose\b/i.test(line));
  }

  /** Reads a head with its end: `null` if it is none. */
  static from(bytes: Buffer): Question | null {
    const text = bytes.toString('latin1');
    const start = START.exec(text);
    if (start === null) return null;
    LINES.lastIndex = start[0].length;
    return LINES.test(text) ? new Question(bytes, text, start) : null;
  }

  get message(): object {
    return this;
  }

  /** The values of a name, in lower case. Texts of their own: a part of the head would keep all of it as long as it is remembered. */
  lines(name: string): readonly string[] {
    const places = this.#places;
    const text = this.#text;
    const [first, last, { length }] = [name.charCodeAt(0) | CASE, name.charCodeAt(name.length - 1) | CASE, name];
    const found: string[] = [];
    for (let index = 0; index < places.length; index += 3) {
      // The casts hold: each line has three places.
      const at = places[index] as number;
      const colon = places[index + 1] as number;
      if (colon - at !== length || (text.charCodeAt(at) | CASE) !== first || (text.charCodeAt(colon - 1) | CASE) !== last) continue;
      if (text.slice(at, colon).toLowerCase() !== name) continue;
      const end = places[index + 2] as number;
      // As nginx writes it, and otherwise without the white space around it.
      const value = this.#bytes.toString('latin1', text.charCodeAt(colon + 1) === SPACE ? colon + 2 : colon + 1, end);
      const isBare = value.charCodeAt(0) > SPACE && value.charCodeAt(value.length - 1) > SPACE;
      found.push(isBare ? value : value.replace(/^[ \t]+|[ \t]+$/g, ''));
    }
    return found;
  }

  get #statesBody(): boolean {
    return this.lines('transfer-encoding').length > 0 || this.lines('content-length').some((line) => line !== '0');
  }
}

const SPACE = 0x20;
/** What letters differ by in case: what differs otherwise is not the same name in any. */
const CASE = 0x20;
const NONE: RequestBody = { present: false, read: () => ({ outcome: 'read', chunks: [] }) };
