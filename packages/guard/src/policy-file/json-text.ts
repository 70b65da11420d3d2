/** Reads JSON (RFC 8259) and keeps where everything stands, so that a mistake can be shown with its line. */

/** A text that was parsed: its value, and the line (from 1) of each option's path, such as `routes[0].match.paths`; the whole is ``. */
export interface ParsedText {
  readonly value: unknown;
  readonly lines: ReadonlyMap<string, number>;
}

/** A text that cannot be parsed. */
export class TextMistake extends Error {
  /** From 1. */
  readonly line: number;

  constructor(line: number, remedy: string) {
    super(remedy);
    this.name = 'TextMistake';
    this.line = line;
  }
}

/** Deeper than any policy is. */
const MAX_DEPTH = 32;
const WHITE = /[\x20\t\r\n]*/y;
const SCALAR = /"(?:[^"\\\x00-\x1f]|\\(?:["\\/bfnrt]|u[0-9a-fA-F]{4}))*"|-?(?:0|[1-9]\d*)(?:\.\d+)?(?:[eE][+-]?\d+)?|true|false|null/y;

/**
 * Parses a JSON text. Beside what is not JSON it refuses a member that is named twice: `JSON.parse` takes the last one, and who reviews the
 * file may see the first.
 * @throws TextMistake
 */
export function parseJsonText(text: string): ParsedText {
  return new JsonReader(text).read();
}

class JsonReader {
  readonly #text: string;
  readonly #lines: Map<string, number> = new Map();
  #at = 0;
  #line = 1;
  #counted = 0;

  constructor(text: string) {
    this.#text = text;
  }

  read(): ParsedText {
    const value = this.#value('', 0);
    if (this.#peek() !== '') this.#fail('the text goes on after its end; one object is expected');
    return { value, lines: this.#lines };
  }

  #value(path: string, depth: number): unknown {
    const next = this.#peek();
    this.#note(path);
    if (depth > MAX_DEPTH) this.#fail(`nests deeper than ${MAX_DEPTH} levels`);
    if (next === '{') return this.#object(path, depth);
    return next === '[' ? this.#list(path, depth) : this.#scalar();
  }

  #object(path: string, depth: number): unknown {
    const members = new Map<string, unknown>();
    this.#each('{', '}', () => {
      if (this.#peek() !== '"') this.#fail('a name in double quotes is expected (JSON has no comments and no comma before `}`)');
      const name = String(this.#scalar());
      const place = path === '' ? name : `${path}.${name}`;
      if (members.has(name)) this.#fail(`\`${name.slice(0, 64)}\` is named twice in one object; keep one`);
      this.#take(':');
      members.set(name, this.#value(place, depth + 1));
    });
    return Object.fromEntries(members);
  }

  #list(path: string, depth: number): unknown {
    const items: unknown[] = [];
    this.#each('[', ']', () => items.push(this.#value(`${path}[${items.length}]`, depth + 1)));
    return items;
  }

  #each(open: string, close: string, one: () => void): void {
    this.#take(open);
    if (this.#peek() !== close) one();
    while (this.#peek() !== close) {
      this.#take(',');
      one();
    }
    this.#take(close);
  }

  #scalar(): unknown {
    SCALAR.lastIndex = this.#at;
    const found = SCALAR.exec(this.#text)?.[0];
    if (found === undefined) this.#fail('a value is expected: a text in double quotes, a number, true, false, null, `{` or `[`');
    this.#at += found.length;
    return JSON.parse(found);
  }

  #take(character: string): void {
    if (this.#peek() !== character) this.#fail(`\`${character}\` is expected`);
    this.#at++;
  }

  /** The next character that is not white space, or an empty text at the end. */
  #peek(): string {
    WHITE.lastIndex = this.#at;
    this.#at += WHITE.exec(this.#text)?.[0].length ?? 0;
    return this.#text.charAt(this.#at);
  }

  #note(path: string): void {
    this.#lines.set(path, this.#currentLine());
  }

  #currentLine(): number {
    for (; this.#counted < this.#at; this.#counted++) if (this.#text.charCodeAt(this.#counted) === 0x0a) this.#line++;
    return this.#line;
  }

  #fail(remedy: string): never {
    throw new TextMistake(this.#currentLine(), remedy);
  }
}
