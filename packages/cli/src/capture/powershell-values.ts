/**
 * Reads the values of a PowerShell text: strings, tables, and the few expressions that browsers and Postman write. Nothing is run. What it does not
 * know is refused, since a value that is read wrongly makes another request.
 */
import { UsageError } from '../terminal/usage-error.ts';

/** A table, or an object of .NET as far as we look into it. Names are without case, as in PowerShell. */
export type Table = Map<string, { readonly name: string; value: Value }>;

/** What an expression is worth. */
export type Value = string | Uint8Array | boolean | null | readonly string[] | Table;

/** A place in a PowerShell text, and the variables so far. */
export class PowerShellText {
  readonly #text: string;
  #at = 0;
  readonly variables: Map<string, Value> = new Map();

  constructor(text: string) {
    this.#text = text;
  }

  get ended(): boolean {
    return this.#at >= this.#text.length;
  }

  /** Takes what the pattern (sticky) matches here; `null` where it does not. */
  take(pattern: RegExp): RegExpExecArray | null {
    pattern.lastIndex = this.#at;
    const found = pattern.exec(this.#text);
    if (found !== null) this.#at = pattern.lastIndex;
    return found;
  }

  /** White space, comments and joined lines; with `lines`, ends of lines and statements as well. */
  skip(lines: boolean): void {
    const between = lines ? /(?:[\s;]|`\r?\n|#[^\n]*|<#[\s\S]*?#>)+/y : /(?:[ \t]|`\r?\n|<#[\s\S]*?#>)+/y;
    this.take(between);
  }

  /** Whether a statement ends here: at the end of a line, a semicolon or a pipe. */
  get endsStatement(): boolean {
    this.skip(false);
    return this.ended || /[\r\n;|]/.test(this.#text.charAt(this.#at));
  }

  /** What was not read yet. */
  get rest(): string {
    return this.#text.slice(this.#at);
  }

  refuse(shown: string = this.rest.trimStart().split(/\s/, 1)[0] ?? ''): never {
    // The first characters say what it is; more might be a secret.
    const what = /^[$@[(]?[\w.:-]{0,40}/.exec(shown)?.[0] ?? '';
    throw new UsageError(
      `PowerShell: ${what === '' ? 'a part of it' : `\`${what}\``} is not read here, since it might make another request: give the text itself, or choose "Copy as cURL"`,
    );
  }

  /** One expression. */
  expression(): Value {
    this.skip(false);
    const literal = this.take(/'((?:[^']|'')*)'/y) ?? this.take(/@'[ \t]*\r?\n([\s\S]*?)\r?\n'@/y);
    if (literal !== null) return literal[0].startsWith('@') ? (literal[1] ?? '') : (literal[1] ?? '').replaceAll("''", "'");
    if (this.take(/@"[ \t]*\r?\n/y) !== null) return this.#expanded(/\r?\n"@/y);
    if (this.take(/"/y) !== null) return this.#expanded(/"(?!")/y);
    if (this.take(/(?:\[ordered\]\s*)?@\{/iy) !== null) return this.#table();
    if (this.take(/\(/y) !== null) return this.#inParentheses();
    const [, name] = this.take(/\$(\w+)(?![\w:.[(])/y) ?? [];
    if (name !== undefined) return this.#variable(name);
    const [number] = this.take(/\d+(?![\w.])/y) ?? [];
    if (number !== undefined) return number;
    return this.#made() ?? this.refuse();
  }

  /** The values in parentheses after a method or a type. */
  parameters(): readonly Value[] {
    const values: Value[] = [];
    if (this.take(/\s*\(\s*/y) === null) return values;
    while (this.take(/\s*\)/y) === null) {
      if (values.length > 0 && this.take(/\s*,\s*/y) === null) this.refuse();
      this.skip(true);
      values.push(this.expression());
    }
    return values;
  }

  #variable(name: string): Value {
    const word = name.toLowerCase();
    if (word === 'true' || word === 'false') return word === 'true';
    if (word === 'null') return null;
    const value = this.variables.get(word);
    return value === undefined ? this.refuse(`$${name}`) : value;
  }

  #inParentheses(): Value {
    this.skip(true);
    const value = this.expression();
    return this.take(/\s*\)/y) === null ? this.refuse() : value;
  }

  /** Objects of .NET: a web session, a dictionary, a cookie, the bytes of a text. */
  #made(): Value | null {
    if (this.take(/\[(?:System\.)?Text\.Encoding\]::UTF8\.GetBytes(?=\s*\()/iy) !== null) {
      const [text] = this.parameters();
      return typeof text === 'string' ? Buffer.from(text, 'utf8') : this.refuse();
    }
    const called = this.take(/New-Object\s+(?:-TypeName\s+)?(["']?)([\w.]+)(?:\[[\w.,[\] ]+\])?\1/iy);
    const type = called?.[2] ?? this.take(/\[([\w.]+)(?:\[[\w.,[\] ]+\])?\]::new(?=\s*\()/iy)?.[1];
    if (type === undefined) return null;
    const given = this.parameters();
    if (/(?:^|\.)WebRequestSession$/i.test(type) || /(?:^|\.)(?:Dictionary|Hashtable)$/i.test(type))
      return given.length === 0 ? new Map() : this.refuse();
    const [name, value] = given;
    if (/(?:^|\.)Net\.Cookie$/i.test(type) && typeof name === 'string' && typeof value === 'string') return [`${name}=${value}`];
    return this.refuse();
  }

  #table(): Table {
    const table: Table = new Map();
    for (this.skip(true); this.take(/\}/y) === null; this.skip(true)) {
      const [bare] = this.take(/[A-Za-z_][\w]*(?=\s*=)/y) ?? [];
      const name = bare ?? this.expression();
      if (typeof name !== 'string' || this.take(/\s*=\s*/y) === null) this.refuse();
      put(table, name, this.expression());
      if (this.take(/\s*\}/y) !== null) return table;
      if (this.take(/[ \t]*(?:[;\r\n]|(?=#))/y) === null) this.refuse();
    }
    return table;
  }

  /** A string in which escapes and variables count, up to its end. */
  #expanded(end: RegExp): string {
    let text = '';
    for (;;) {
      if (this.ended) throw new UsageError('PowerShell: a text is not closed');
      if (this.take(end) !== null) return text;
      const [, code, escaped, character, name] =
        this.take(/`u\{([0-9a-f]{1,6})\}|`(\r\n|[\s\S])|\$\(\[char\](0x[0-9a-f]+|\d+)\)|\$(?:\{(?=\w+\})|(?=\w))(\w+)\}?/iy) ?? [];
      if (code !== undefined) text += String.fromCodePoint(Math.min(Number.parseInt(code, 16), 0x10ffff));
      else if (escaped !== undefined) text += ESCAPES.get(escaped) ?? escaped;
      else if (character !== undefined) text += String.fromCharCode(Number(character));
      else if (name !== undefined) text += this.#textOf(name);
      else {
        if (this.take(/\$(?=[({])/y) !== null) this.refuse();
        // Within quotation marks two are one.
        text += this.take(/""/y) === null ? (this.take(/[\s\S]/y)?.[0] ?? '') : end.source.startsWith('"') ? '"' : '""';
      }
    }
  }

  #textOf(name: string): string {
    const value = this.#variable(name);
    return typeof value === 'string' ? value : this.refuse(`$${name}`);
  }
}

/** Adds a member; PowerShell takes no name twice. */
export function put(table: Table, name: string, value: Value): void {
  if (table.has(name.toLowerCase())) throw new UsageError('PowerShell: a table names a member twice');
  table.set(name.toLowerCase(), { name, value });
}

const ESCAPES: ReadonlyMap<string, string> = new Map([
  ['n', '\n'],
  ['r', '\r'],
  ['t', '\t'],
  ['0', '\0'],
  ['a', '\u0007'],
  ['b', '\b'],
  ['f', '\f'],
  ['v', '\v'],
  ['e', '\u001b'],
  // A joined line.
  ['\n', '\n'],
]);
