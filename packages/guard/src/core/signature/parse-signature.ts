/** Finds the one signature that the policy asks for: by its label, never any, never the last (RFC 9421 §3.2 steps 1 to 3). */

import { trimOptionalWhiteSpace } from '../bytes.ts';
import type { RequestView } from '../request-view.ts';
import { type Item, itemsAtMost, type KnownLists, type Member, parseDictionary } from '../sfv/parse.ts';
import { serialiseItem, serialiseParameters } from '../sfv/serialise.ts';
import type { Bytes } from '../time.ts';
import { type Rejected, rejected } from '../verdict.ts';
import { type FreshnessPolicy, parseParameters, type SignatureParameters } from './parameters.ts';
import { type SignatureForm, signatureBytes } from './signature-value.ts';
import type { Origin } from './target.ts';

// Component identifiers (RFC 9421 §2).

/** A component that a signature covers. */
export interface Component {
  /** The name, lower case. */
  readonly name: string;
  /** The identifier as it stands in the signature base: name and parameters in received order. */
  readonly identifier: string;
  /** The same for equal identifiers: RFC 9421 §2 compares parameters without regard to their order. */
  readonly identity: string;
  readonly sf: boolean;
  readonly bs: boolean;
  readonly key: string | null;
  readonly queryName: string | null;
  /** Whether it stands for the whole value: it has no parameter. */
  readonly plain: boolean;
}

/** The message that components are resolved against. */
export interface SignedMessage {
  readonly request: RequestView;
  /** The origin as the client saw it, or `null` where it is unknown. */
  readonly origin: Origin | null;
}

/** The derived components of requests that need no parameter (RFC 9421 §2.2). */
export const PLAIN_DERIVED: ReadonlySet<string> = new Set([
  '@method',
  '@target-uri',
  '@authority',
  '@scheme',
  '@request-target',
  '@path',
  '@query',
]);
/** RFC 9110 §5.1, lower case as RFC 9421 §2.1 demands. */
const FIELD_NAME = /^[!#$%&'*+\-.^_`|~0-9a-z]+$/;

/** Reads a component identifier; `null` if its name or a parameter is unknown to us or does not belong to a request. */
export function parseComponent(item: Item): Component | null {
  if (item.value.type !== 'string') return null;
  const name = item.value.value;
  if (item.parameters.size === 0) return plainComponent(name);
  const flags: Writable<Flags> = { sf: false, bs: false, key: null, queryName: null };
  for (const [parameter, value] of item.parameters) {
    if ((parameter === 'sf' || parameter === 'bs') && value.type === 'boolean' && value.value) flags[parameter] = true;
    else if (parameter === 'key' && value.type === 'string') flags.key = value.value;
    else if (parameter === 'name' && value.type === 'string' && name === '@query-param') flags.queryName = value.value;
    // RFC 9421 §2.4, §2.1.4: `req` belongs to responses, and trailers are not there before the handler runs.
    else return null;
  }
  const usable = name.startsWith('@') ? isUsableDerived(name, flags) : isUsableField(name, flags);
  if (!usable) return null;
  return { name, ...flags, plain: false, identifier: serialiseItem(item) ?? '', identity: identityOf(name, flags) };
}

const NO_FLAGS: Flags = { sf: false, bs: false, key: null, queryName: null };

function plainComponent(name: string): Component | null {
  if (!(name.startsWith('@') ? PLAIN_DERIVED.has(name) : FIELD_NAME.test(name))) return null;
  const identifier = `"${name}"`;
  return { name, ...NO_FLAGS, plain: true, identifier, identity: identifier };
}

type Writable<T> = { -readonly [Name in keyof T]: T[Name] };
type Flags = Omit<Component, 'name' | 'identifier' | 'identity' | 'plain'>;

/** With parameters: the others may have none. */
function isUsableDerived(name: string, flags: Flags): boolean {
  return name === '@query-param' && flags.queryName !== null && !flags.sf && !flags.bs && flags.key === null;
}

/** RFC 9421 §2.5: `bs` together with `sf` or `key` is an error. */
function isUsableField(name: string, flags: Flags): boolean {
  return FIELD_NAME.test(name) && !(flags.bs && (flags.sf || flags.key !== null));
}

function identityOf(name: string, { sf, bs, key, queryName }: Flags): string {
  return JSON.stringify([name, sf, bs, key, queryName]);
}

// The signature and what it covers.

/** What a request says of its signature. Well-formed, but nothing in it is proven. */
export interface UnverifiedSignature {
  readonly components: readonly Component[];
  readonly parameters: SignatureParameters;
  /** The label's inner list, re-serialised: the value of `@signature-params`. */
  readonly parametersText: string;
  /** r‖s, or the MAC. */
  readonly signature: Uint8Array<ArrayBuffer>;
}

/** What the form of a signature must satisfy. */
export interface SignatureFormPolicy extends FreshnessPolicy {
  readonly label: 'install' | 'account';
  readonly maxBytes: Bytes;
  readonly form: SignatureForm;
}

const MAX_COMPONENTS = 32;
/** How many components may have parameters (`sf`, `bs`, `key`, `name`): making their values takes more than copying them. */
const MAX_PARAMETRISED = 8;
/**
 * Members, items, parameters and escapes of `Signature-Input`, those of other labels included, and of `Signature`: each costs as much as a hundred
 * bytes.
 */
const MAX_INPUT_ITEMS = 96;
const MAX_SIGNATURES = 16;

/**
 * Parses both fields. Their bytes are counted before anything is parsed.
 * @param known - what came lately, if somebody keeps it
 */
export function parseSignature(
  request: RequestView,
  policy: SignatureFormPolicy,
  known: KnownComponents | null = null,
): UnverifiedSignature | Rejected {
  const inputs = fieldValue(request, 'signature-input', policy.maxBytes);
  const signatures = fieldValue(request, 'signature', policy.maxBytes);
  if (inputs === '' || signatures === '') return rejected('signature-missing', inputs === '' ? 'Signature-Input' : 'Signature');
  if (inputs === null || signatures === null) return rejected('signature-malformed', 'longer than signature.maxBytes');
  const input = memberOf(inputs, policy.label, MAX_INPUT_ITEMS, known);
  if (input === null) return rejected('signature-malformed', `Signature-Input is not a dictionary of at most ${MAX_INPUT_ITEMS} items`);
  const value = memberOf(signatures, policy.label, MAX_SIGNATURES);
  if (value === null) return rejected('signature-malformed', `Signature is not a dictionary of at most ${MAX_SIGNATURES} items`);
  if (input === undefined || value === undefined) return rejected('signature-label-missing', policy.label);
  return parseMembers(input, value, policy, known);
}

/** The lines of a field as one text; empty if there are none, `null` if they are too long. */
function fieldValue(request: RequestView, name: string, maxBytes: Bytes): string | null {
  const lines = request.lines(name);
  const length = lines.reduce((sum, line) => sum + line.length + 2, 0);
  return length > maxBytes ? null : lines.map(trimOptionalWhiteSpace).join(', ');
}

function memberOf(text: string, label: string, maxItems: number, known: KnownLists | null = null): Member | undefined | null {
  const dictionary = itemsAtMost(text, maxItems + 1) > maxItems ? null : parseDictionary(text, known);
  return dictionary === null ? null : dictionary.get(label);
}

function parseMembers(
  input: Member,
  value: Member,
  policy: SignatureFormPolicy,
  known: KnownComponents | null,
): UnverifiedSignature | Rejected {
  if (input.kind !== 'inner-list') return rejected('signature-malformed', 'the label of Signature-Input is not an inner list');
  const signature = signatureBytes(value, policy.form);
  if (signature === null) return rejected('signature-malformed', 'the label of Signature is not a signature');
  if (input.items.length > MAX_COMPONENTS) return rejected('signature-malformed', `more than ${MAX_COMPONENTS} components`);
  if (input.items.filter((item) => item.parameters.size > 0).length > MAX_PARAMETRISED)
    return rejected('signature-malformed', `more than ${MAX_PARAMETRISED} components with parameters`);
  const list = known === null ? parseComponents(input.items) : known.of(input.items);
  if ('outcome' in list) return list;
  const parameters = parseParameters(input.parameters);
  if ('outcome' in parameters) return parameters;
  const parametersText = `(${list.text})${serialiseParameters(input.parameters) ?? ''}`;
  return { components: list.components, parameters, parametersText, signature };
}

/** A list of covered components. */
export interface ComponentList {
  readonly components: readonly Component[];
  /** The identifiers, re-serialised. */
  readonly text: string;
}

const MAX_KNOWN_LISTS = 64;
const LONGEST_KNOWN_LIST = 512;

/**
 * The component lists that came lately: each version of an app covers the same components in each request, and parsing them is most of the work.
 * The parser gives the same items for the same text, so what they mean is kept with them.
 */
export class KnownComponents implements KnownLists {
  readonly #lists: Map<string, readonly Item[]> = new Map();
  readonly #meanings: WeakMap<readonly Item[], ComponentList> = new WeakMap();

  get(text: string): readonly Item[] | undefined {
    return text.length <= LONGEST_KNOWN_LIST ? this.#lists.get(text) : undefined;
  }

  add(text: string, items: readonly Item[]): void {
    if (text.length > LONGEST_KNOWN_LIST) return;
    if (this.#lists.size >= MAX_KNOWN_LISTS) this.#lists.clear();
    this.#lists.set(text, items);
  }

  /** What the items of an inner list mean. */
  of(items: readonly Item[]): ComponentList | Rejected {
    const known = this.#meanings.get(items);
    if (known !== undefined) return known;
    const list = parseComponents(items);
    if (!('outcome' in list)) this.#meanings.set(items, list);
    return list;
  }
}

function parseComponents(items: readonly Item[]): ComponentList | Rejected {
  const components: Component[] = [];
  const seen = new Set<string>();
  for (const item of items) {
    const component = parseComponent(item);
    if (component === null) return rejected('signature-component-unknown');
    // RFC 9421 §2.5: each identifier occurs once.
    if (seen.has(component.identity)) return rejected('signature-component-repeated', component.name);
    seen.add(component.identity);
    components.push(component);
  }
  return { components, text: components.map(({ identifier }) => identifier).join(' ') };
}
