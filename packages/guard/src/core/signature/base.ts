/** The signature base (RFC 9421 §2.5), and the values of components in it (§2). Every value is resolved or refused; there is no empty default. */

import { bytesOfFieldValue, encodeBase64, trimOptionalWhiteSpace } from '../bytes.ts';
import { type Dictionary, itemsAtMost, parseDictionary, parseItem, parseList } from '../sfv/parse.ts';
import { serialiseDictionary, serialiseItem, serialiseList, serialiseMember } from '../sfv/serialise.ts';
import type { Bytes } from '../time.ts';
import type { Component, SignedMessage } from './parse-signature.ts';
import { type Deviations, STRICT } from './sdk-tolerances.ts';
import { hostOf, splitTarget, type TargetParts } from './target.ts';
import { parseQuery, type QueryParameters, queryParameter, queryValueOf, targetValue } from './target-value.ts';

/** A signature base, the component that has no value, or what is covered too much of. */
export type BaseOutcome = { readonly base: string } | { readonly unresolvable: string } | { readonly exceeded: string };

/** A base, and the place of the combination that leads to it. */
export interface Guess {
  readonly base: string;
  readonly place: number;
}

/** Of each component whose value deviations change: the ones that do. */
const DEVIATING: ReadonlyMap<string, readonly (keyof Deviations)[]> = new Map([
  ['@authority', ['authorityWithoutPort']],
  ['@query', ['queryWithoutMark']],
  ['@path', ['emptyRootPath', 'decodedPath']],
  ['@query-param', ['queryParam']],
  ['@target-uri', ['emptyRootTarget', 'reescapedTarget']],
]);

/** The signature bases of one message. What deviations do not change is found once, and a base that they leave as it is is not built again. */
export class SignatureBases {
  readonly #components: readonly Component[];
  readonly #parametersText: string;
  readonly #values: CoveredValues;
  readonly #strict: (string | null | undefined)[] = [];
  #whole: BaseOutcome | null = null;

  /** @param parametersText - the inner list of the label's member, re-serialised with its parameters in received order */
  constructor(components: readonly Component[], parametersText: string, message: SignedMessage) {
    this.#components = components;
    this.#parametersText = parametersText;
    this.#values = new CoveredValues(message, parametersText.length);
  }

  /** The base: a line for each component, then the signature parameters. */
  with(deviations: Deviations): BaseOutcome {
    if (deviations !== STRICT) return this.#build(deviations);
    this.#whole ??= this.#build(STRICT);
    return this.#whole;
  }

  #build(deviations: Deviations): BaseOutcome {
    let base = '';
    for (const [index, component] of this.#components.entries()) {
      const value = this.#valueOf(component, index, deviations);
      if (this.#values.exceeded !== null) return { exceeded: this.#values.exceeded };
      if (value === null) return { unresolvable: component.identifier };
      base += `${component.identifier}: ${value}\n`;
    }
    return { base: `${base}"@signature-params": ${this.#parametersText}` };
  }

  /**
   * The distinct bases that accepted deviations lead to, each built when it is asked for: nearly always the first holds.
   * @param order - the places of the combinations, in the order in which they are tried
   */
  *distinct(combinations: readonly Deviations[], order: Iterable<number> = combinations.keys()): Generator<Guess> {
    const looked: Deviations[] = [];
    const bases: string[] = [];
    for (const place of order) {
      // The cast holds: each policy has a combination for each client.
      const deviations = combinations[place] as Deviations;
      if (looked.some((before) => this.#areAlike(before, deviations))) continue;
      looked.push(deviations);
      const outcome = this.with(deviations);
      if (!('base' in outcome) || bases.includes(outcome.base)) continue;
      bases.push(outcome.base);
      yield { base: outcome.base, place };
    }
  }

  /** Whether two combinations deviate alike in all that is covered here. */
  #areAlike(one: Deviations, other: Deviations): boolean {
    return one === other || this.#components.every(({ name }) => DEVIATING.get(name)?.every((what) => one[what] === other[what]) !== false);
  }

  #valueOf(component: Component, index: number, deviations: Deviations): string | null {
    if (deviations !== STRICT && DEVIATING.get(component.name)?.some((name) => deviations[name] !== STRICT[name]) === true)
      return this.#values.valueOf(component, deviations);
    let value = this.#strict[index];
    if (value === undefined) {
      value = this.#values.valueOf(component, STRICT);
      this.#strict[index] = value;
    }
    return value;
  }
}

// The values of the components.

/** How many field lines a signature may cover in all. */
export const MAX_COVERED_LINES = 128;
/** How long the values of the covered fields, the target and the signature's own parameters may be in all. */
export const MAX_COVERED_BYTES: Bytes = 16_384;
/** How long the fields and values may be in all that components with parameters take theirs from: making these takes more than copying. */
export const MAX_PARAMETRISED_BYTES: Bytes = 2048;
/** How many members, items and parameters the fields may have in all that are covered with `sf` or `key`: they are parsed. */
export const MAX_COVERED_ITEMS = 64;
/** How many parameters a query may have of which one is covered: they are decoded. */
export const MAX_COVERED_PARAMETERS = 128;

interface CoveredField {
  readonly lines: readonly string[];
  /** Of all lines, as they were sent. */
  readonly bytes: Bytes;
  dictionary?: Dictionary | null;
}

/**
 * The values of one message's components. What several components take their values from is looked up and parsed once; each value is counted
 * before it is made, since whoever holds a genuine key may cover whatever the server lets in.
 */
export class CoveredValues {
  readonly #message: SignedMessage;
  readonly #fields: Map<string, CoveredField> = new Map();
  #parts: TargetParts | null | undefined;
  #query: QueryParameters | null = null;
  #lines = 0;
  #bytes: Bytes = 0;
  #parametrisedBytes: Bytes = 0;
  #items = 0;
  readonly #counted: Set<string> = new Set();
  #exceeded: string | null = null;

  /** @param bytes - what counts beside the values */
  constructor(message: SignedMessage, bytes: Bytes = 0) {
    this.#message = message;
    this.#bytes = bytes;
  }

  /** What the signature covers too much of, or `null`. Values found since are not to be used. */
  get exceeded(): string | null {
    return this.#exceeded;
  }

  /** The value of a component (RFC 9421 §2.5 step 2), or `null` where this message has none or too much is covered. */
  valueOf(component: Component, deviations: Deviations): string | null {
    return component.name.startsWith('@') ? this.#derived(component, deviations) : this.#field(component);
  }

  #derived(component: Component, deviations: Deviations): string | null {
    const { request, origin } = this.#message;
    switch (component.name) {
      case '@method':
        return request.method;
      case '@request-target':
        return request.target;
      case '@scheme':
        return origin?.scheme ?? null;
      case '@authority':
        return origin === null ? null : deviations.authorityWithoutPort ? hostOf(origin.authority) : origin.authority;
      default:
        return this.#ofTarget(component, deviations);
    }
  }

  #ofTarget(component: Component, deviations: Deviations): string | null {
    if (this.#parts === undefined) {
      const { target } = this.#message.request;
      this.#parts = this.#counts(0, target.length) ? splitTarget(target) : null;
    }
    const parts = this.#parts;
    if (parts === null) return null;
    if (component.queryName === null) return targetValue(component.name, parts, this.#message.origin, deviations);
    this.#query ??= parseQuery(parts.query, MAX_COVERED_PARAMETERS, MAX_PARAMETRISED_BYTES);
    if (this.#query === null) return this.#exceed(`a query of more than ${MAX_COVERED_PARAMETERS} parameters, or of long encoded names`);
    const value = queryValueOf(this.#query, component.queryName);
    if (value === null || !this.#countsParametrised(component, value.length)) return null;
    return queryParameter(value, deviations.queryParam);
  }

  #field(component: Component): string | null {
    const field = this.#fieldOf(component.name);
    if (field === null || field.lines.length === 0) return null;
    if (!component.plain && !this.#countsParametrised(component, field.dictionary === undefined ? field.bytes : 0)) return null;
    if (component.bs) return field.lines.map((value) => `:${encodeBase64(bytesOfFieldValue(value), 'base64')}:`).join(', ');
    // The cast holds: there is one line.
    const combined = field.lines.length === 1 ? (field.lines[0] as string) : field.lines.join(', ');
    // RFC 9421 §2.5: a value that holds a line feed would forge lines of the base.
    if (combined.includes('\n') || combined.includes('\r')) return null;
    if (component.plain) return combined;
    if (field.dictionary === undefined && !this.#countsItems(combined)) return null;
    return component.key === null ? strictlySerialised(component.name, combined) : memberOf(field, combined, component.key);
  }

  #fieldOf(name: string): CoveredField | null {
    const known = this.#fields.get(name);
    if (known !== undefined) return known;
    const lines = this.#message.request.lines(name);
    let bytes = 0;
    for (const line of lines) bytes += line.length;
    if (!this.#counts(lines.length, bytes)) return null;
    const field = { lines: lines.map(canonicalLine), bytes };
    this.#fields.set(name, field);
    return field;
  }

  #counts(lines: number, bytes: Bytes): boolean {
    this.#lines += lines;
    this.#bytes += bytes;
    if (this.#lines > MAX_COVERED_LINES) this.#exceed(`more than ${MAX_COVERED_LINES} field lines`);
    if (this.#bytes > MAX_COVERED_BYTES) this.#exceed(`more than ${MAX_COVERED_BYTES} bytes`);
    return this.#exceeded === null;
  }

  /** A component counts once, however many deviations are tried. */
  #countsParametrised({ identity }: Component, bytes: Bytes): boolean {
    if (!this.#counted.has(identity)) this.#parametrisedBytes += bytes;
    this.#counted.add(identity);
    if (this.#parametrisedBytes > MAX_PARAMETRISED_BYTES)
      this.#exceed(`more than ${MAX_PARAMETRISED_BYTES} bytes by components with parameters`);
    return this.#exceeded === null;
  }

  #countsItems(text: string): boolean {
    this.#items += itemsAtMost(text, MAX_COVERED_ITEMS + 1);
    if (this.#items > MAX_COVERED_ITEMS) this.#exceed(`fields of more than ${MAX_COVERED_ITEMS} items`);
    return this.#exceeded === null;
  }

  #exceed(what: string): null {
    this.#exceeded ??= what;
    return null;
  }
}

/** RFC 9421 §2.1: obsolete folding becomes one space, and white space around the value goes. */
function canonicalLine(line: string): string {
  return trimOptionalWhiteSpace(line.includes('\n') ? line.replace(/[ \t]*\r?\n[ \t]+/g, ' ') : line);
}

function memberOf(field: CoveredField, combined: string, key: string): string | null {
  if (field.dictionary === undefined) field.dictionary = parseDictionary(combined);
  const member = field.dictionary?.get(key);
  return member === undefined ? null : serialiseMember(member);
}

/** RFC 9421 §2.1.1 needs the field's type. These are known; others are refused where two types would be written differently. */
const FIELD_TYPES: ReadonlyMap<string, 'dictionary' | 'list' | 'item'> = new Map([
  ['accept', 'list'],
  ['cache-control', 'dictionary'],
  ['content-digest', 'dictionary'],
  ['repr-digest', 'dictionary'],
  ['priority', 'dictionary'],
  ['signature', 'dictionary'],
  ['signature-input', 'dictionary'],
]);

function strictlySerialised(name: string, value: string): string | null {
  const type = FIELD_TYPES.get(name);
  if (type !== undefined) return reserialise(value, type);
  const readings = (['dictionary', 'list', 'item'] as const)
    .map((candidate) => reserialise(value, candidate))
    .filter((text) => text !== null);
  return new Set(readings).size === 1 ? (readings[0] ?? null) : null;
}

/** Parses a structured field and writes it in canonical form (RFC 9421 §2.1.1); `null` if it is not a field of this type. */
export function reserialise(text: string, type: 'dictionary' | 'list' | 'item'): string | null {
  if (type === 'dictionary') return mapped(parseDictionary(text), serialiseDictionary);
  if (type === 'list') return mapped(parseList(text), serialiseList);
  return mapped(parseItem(text), serialiseItem);
}

function mapped<T>(value: T | null, serialise: (value: T) => string | null): string | null {
  return value === null ? null : serialise(value);
}

/** The value of a component of a message by itself, for who explains; `null` where there is none. */
export function resolveComponent(component: Component, message: SignedMessage, deviations: Deviations): string | null {
  const values = new CoveredValues(message);
  const value = values.valueOf(component, deviations);
  return values.exceeded === null ? value : null;
}
