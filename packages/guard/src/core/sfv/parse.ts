/**
 * The values of structured fields (RFC 9651 §3) and parsing them (§4.2). Total and linear: a text that is not a structured field gives `null`,
 * nothing throws, and nothing is looked at twice. Callers bound the length first.
 */
import { decodeBase64, decodeUtf8, TOKEN_CHARACTERS } from '../bytes.ts';

/** A bare item (RFC 9651 §3.3). Integers and decimals differ, since `1` and `1.0` are written differently. */
export type BareItem =
  | { readonly type: 'integer'; readonly value: number }
  | { readonly type: 'decimal'; readonly value: number }
  | { readonly type: 'string'; readonly value: string }
  | { readonly type: 'token'; readonly value: string }
  | { readonly type: 'bytes'; readonly value: Uint8Array<ArrayBuffer> }
  | { readonly type: 'boolean'; readonly value: boolean }
  /** Whole seconds since 1970-01-01T00:00:00Z. */
  | { readonly type: 'date'; readonly value: number }
  | { readonly type: 'display-string'; readonly value: string };

/** Parameters in received order; of a key that occurs twice the last value counts, in the first one's place (RFC 9651 §4.2.3.2). */
export type Parameters = ReadonlyMap<string, BareItem>;

/** An item with its parameters. */
export interface Item {
  readonly kind: 'item';
  readonly value: BareItem;
  readonly parameters: Parameters;
}

/** An inner list with its parameters. */
export interface InnerList {
  readonly kind: 'inner-list';
  readonly items: readonly Item[];
  readonly parameters: Parameters;
}

/** A member of a list or a dictionary. */
export type Member = Item | InnerList;

/** A dictionary in received order. */
export type Dictionary = ReadonlyMap<string, Member>;

/**
 * Parses a dictionary: of a key that occurs twice the last member counts.
 * @param known - lists that were parsed before, if somebody keeps them
 */
export function parseDictionary(text: string, known: KnownLists | null = null): Dictionary | null {
  const parser = new Parser(text, known);
  const dictionary = new Map<string, Member>();
  return parser.members(() => parser.dictionaryMember(dictionary)) ? dictionary : null;
}

/** Parses a list. */
export function parseList(text: string): readonly Member[] | null {
  const parser = new Parser(text);
  const list: Member[] = [];
  return parser.members(() => parser.listMember(list)) ? list : null;
}

/** Parses an item. */
export function parseItem(text: string): Item | null {
  const parser = new Parser(text);
  parser.skipSpaces();
  const item = parser.item();
  parser.skipSpaces();
  return parser.ended ? item : null;
}

/** Commas, semicolons and white space: what members, parameters and items are separated by; and what escapes begin with. */
const SEPARATOR = /[,; \t\\%]/g;

/** How many members, items, parameters and escapes a text can hold at most, as far as its characters tell; it is not looked through beyond `most`. */
export function itemsAtMost(text: string, most: number): number {
  SEPARATOR.lastIndex = 0;
  let items = 1;
  while (items < most && SEPARATOR.test(text)) items++;
  return items;
}

const KEY = /[a-z*][a-z0-9_.*-]*/y;
/** RFC 9651 §3.3.4. */
const TOKEN = new RegExp(`[A-Za-z*][${TOKEN_CHARACTERS}:/]*`, 'y');
/** RFC 9651 §4.2.4: at most 15 digits, or 12 and 1 to 3 decimals. */
const NUMBER = /-?(?:[0-9]{1,12}\.[0-9]{1,3}|[0-9]{1,15})(?![0-9.])/y;
const STRING = /"(?:[\x20\x21\x23-\x5b\x5d-\x7e]|\\["\\])*"/y;
const BYTES = /:[A-Za-z0-9+/]*={0,2}:/y;
const DISPLAY_STRING = /%"(?:[\x20\x21\x23\x24\x26-\x7e]|%[0-9a-f]{2})*"/y;
const TRUE: BareItem = { type: 'boolean', value: true };
const FALSE: BareItem = { type: 'boolean', value: false };
const NO_PARAMETERS: ReadonlyMap<string, BareItem> = new Map();

/** The items of inner lists that were parsed before, by the text from one parenthesis to the other. Nobody changes them. */
export interface KnownLists {
  get(text: string): readonly Item[] | undefined;
  add(text: string, items: readonly Item[]): void;
}

/** Walks over a text. Each method takes what it names, or answers `null` (or `false`) and the parse has failed. */
class Parser {
  readonly #text: string;
  readonly #known: KnownLists | null;
  #at = 0;

  constructor(text: string, known: KnownLists | null = null) {
    this.#text = text;
    this.#known = known;
  }

  get ended(): boolean {
    return this.#at === this.#text.length;
  }

  skipSpaces(): void {
    while (this.#text.charCodeAt(this.#at) === 0x20) this.#at++;
  }

  /** RFC 9651 §4.2.1, §4.2.2: members between commas; a trailing comma is an error. */
  members(takeMember: () => boolean): boolean {
    this.skipSpaces();
    while (!this.ended) {
      if (!takeMember()) return false;
      this.#skipOptionalWhiteSpace();
      if (this.ended) return true;
      if (!this.#take(',')) return false;
      this.#skipOptionalWhiteSpace();
      if (this.ended) return false;
    }
    return true;
  }

  dictionaryMember(into: Map<string, Member>): boolean {
    const key = this.#match(KEY);
    if (key === null) return false;
    const member = this.#take('=') ? this.#member() : this.#withParameters(TRUE);
    if (member === null) return false;
    into.set(key, member);
    return true;
  }

  listMember(into: Member[]): boolean {
    const member = this.#member();
    if (member === null) return false;
    into.push(member);
    return true;
  }

  item(): Item | null {
    const value = this.#bareItem();
    return value === null ? null : this.#withParameters(value);
  }

  #member(): Member | null {
    return this.#text[this.#at] === '(' ? this.#innerList() : this.item();
  }

  /** RFC 9651 §4.2.1.2. */
  #innerList(): InnerList | null {
    const items = this.#known === null ? this.#innerItems() : this.#knownItems(this.#known);
    if (items === null) return null;
    const parameters = this.#parameters();
    return parameters === null ? null : { kind: 'inner-list', items, parameters };
  }

  #knownItems(lists: KnownLists): readonly Item[] | null {
    const text = this.#text.slice(this.#at, this.#text.indexOf(')', this.#at) + 1);
    const start = this.#at;
    const known = lists.get(text);
    if (known !== undefined) {
      this.#at += text.length;
      return known;
    }
    const items = this.#innerItems();
    if (items !== null && this.#at - start === text.length) lists.add(text, items);
    return items;
  }

  #innerItems(): readonly Item[] | null {
    this.#at++;
    const items: Item[] = [];
    for (;;) {
      this.skipSpaces();
      if (this.#take(')')) return items;
      const item = this.item();
      const next = this.#text[this.#at];
      if (item === null || (next !== ' ' && next !== ')')) return null;
      items.push(item);
    }
  }

  #withParameters(value: BareItem): Item | null {
    const parameters = this.#parameters();
    return parameters === null ? null : { kind: 'item', value, parameters };
  }

  #parameters(): Parameters | null {
    if (this.#text[this.#at] !== ';') return NO_PARAMETERS;
    const parameters = new Map<string, BareItem>();
    while (this.#take(';')) {
      this.skipSpaces();
      const key = this.#match(KEY);
      const value = key !== null && this.#take('=') ? this.#bareItem() : TRUE;
      if (key === null || value === null) return null;
      parameters.set(key, value);
    }
    return parameters;
  }

  /** RFC 9651 §4.2.3.1: the first character tells the type. */
  #bareItem(): BareItem | null {
    const first = this.#text.charAt(this.#at);
    if (first === '"') return this.#string();
    if (first === ':') return this.#bytes();
    if (first === '?') return this.#boolean();
    if (first === '@') return this.#date();
    if (first === '%') return this.#displayString();
    return first === '-' || (first >= '0' && first <= '9') ? this.#number() : this.#token();
  }

  #number(): BareItem | null {
    const digits = this.#match(NUMBER);
    if (digits === null) return null;
    // Adding zero turns -0 into 0: one number, one spelling.
    return { type: digits.includes('.') ? 'decimal' : 'integer', value: Number(digits) + 0 };
  }

  #string(): BareItem | null {
    const text = this.#match(STRING);
    if (text === null) return null;
    const value = text.slice(1, -1);
    return { type: 'string', value: value.includes('\\') ? value.replace(/\\(["\\])/g, '$1') : value };
  }

  #token(): BareItem | null {
    const value = this.#match(TOKEN);
    return value === null ? null : { type: 'token', value };
  }

  #bytes(): BareItem | null {
    const text = this.#match(BYTES);
    // RFC 9651 §4.2.7: parsers do not fail for pad bits that are not zero.
    const value = text === null ? null : decodeBase64(text.slice(1, -1), 'base64', 'ignored');
    return value === null ? null : { type: 'bytes', value };
  }

  #boolean(): BareItem | null {
    const digit = this.#text[this.#at + 1];
    this.#at += 2;
    return digit === '1' ? TRUE : digit === '0' ? FALSE : null;
  }

  #date(): BareItem | null {
    this.#at++;
    const number = this.#number();
    return number?.type === 'integer' ? { type: 'date', value: number.value } : null;
  }

  /** RFC 9651 §4.2.10: percent-encoded UTF-8. */
  #displayString(): BareItem | null {
    const text = this.#match(DISPLAY_STRING);
    if (text === null) return null;
    const bytes: number[] = [];
    for (let at = 2; at < text.length - 1; at++) {
      const percent = text[at] === '%';
      bytes.push(percent ? Number.parseInt(text.slice(at + 1, at + 3), 16) : text.charCodeAt(at));
      if (percent) at += 2;
    }
    const value = decodeUtf8(Uint8Array.from(bytes));
    return value === null ? null : { type: 'display-string', value };
  }

  #skipOptionalWhiteSpace(): void {
    for (let code = this.#text.charCodeAt(this.#at); code === 0x20 || code === 0x09; code = this.#text.charCodeAt(this.#at)) this.#at++;
  }

  #take(character: string): boolean {
    const taken = this.#text[this.#at] === character;
    if (taken) this.#at++;
    return taken;
  }

  #match(pattern: RegExp): string | null {
    const start = this.#at;
    pattern.lastIndex = start;
    if (!pattern.test(this.#text)) return null;
    this.#at = pattern.lastIndex;
    return this.#text.slice(start, this.#at);
  }
}
