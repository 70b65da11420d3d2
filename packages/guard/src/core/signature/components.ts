/** Component identifiers and their values (RFC 9421 §2). Every value is resolved or refused; there is no empty default. */
import { encodeBase64 } from '../bytes/base64.ts';
import { bytesOfFieldValue } from '../bytes/text.ts';
import { type RequestView, trimOptionalWhiteSpace } from '../request-view.ts';
import { reserialise, reserialiseMember } from '../sfv/reserialise.ts';
import { serialiseItem } from '../sfv/serialise.ts';
import type { Item } from '../sfv/values.ts';
import type { Deviations } from './sdk-tolerances.ts';
import { hostOf, type Origin } from './target.ts';
import { targetValue } from './target-value.ts';

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
const DERIVED: ReadonlySet<string> = new Set([...PLAIN_DERIVED, '@query-param']);
/** RFC 9110 §5.1, lower case as RFC 9421 §2.1 demands. */
const FIELD_NAME = /^[!#$%&'*+\-.^_`|~0-9a-z]+$/;

/** Reads a component identifier; `null` if its name or a parameter is unknown to us or does not belong to a request. */
export function parseComponent(item: Item): Component | null {
  if (item.value.type !== 'string') return null;
  const name = item.value.value;
  const flags = { sf: false, bs: false, key: null as string | null, queryName: null as string | null };
  for (const [parameter, value] of item.parameters) {
    if ((parameter === 'sf' || parameter === 'bs') && value.type === 'boolean' && value.value) flags[parameter] = true;
    else if (parameter === 'key' && value.type === 'string') flags.key = value.value;
    else if (parameter === 'name' && value.type === 'string' && name === '@query-param') flags.queryName = value.value;
    // RFC 9421 §2.4, §2.1.4: `req` belongs to responses, and trailers are not there before the handler runs.
    else return null;
  }
  const usable = name.startsWith('@') ? isUsableDerived(name, flags) : isUsableField(name, flags);
  return usable ? { name, ...flags, identifier: serialiseItem(item) ?? '', identity: identityOf(name, flags) } : null;
}

type Flags = Omit<Component, 'name' | 'identifier' | 'identity'>;

function isUsableDerived(name: string, flags: Flags): boolean {
  const plain = !flags.sf && !flags.bs && flags.key === null;
  return plain && DERIVED.has(name) && (name === '@query-param') === (flags.queryName !== null);
}

/** RFC 9421 §2.5: `bs` together with `sf` or `key` is an error. */
function isUsableField(name: string, flags: Flags): boolean {
  return FIELD_NAME.test(name) && !(flags.bs && (flags.sf || flags.key !== null));
}

function identityOf(name: string, { sf, bs, key, queryName }: Flags): string {
  return JSON.stringify([name, sf, bs, key, queryName]);
}

/** The value of a component (RFC 9421 §2.5 step 2), or `null` where this message has none. */
export function resolveComponent(component: Component, message: SignedMessage, deviations: Deviations): string | null {
  return component.name.startsWith('@') ? derivedValue(component, message, deviations) : fieldValue(component, message.request);
}

function derivedValue(component: Component, { request, origin }: SignedMessage, deviations: Deviations): string | null {
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
      return targetValue(component, request.target, origin, deviations);
  }
}

function fieldValue(component: Component, request: RequestView): string | null {
  const lines = request.lines(component.name);
  if (lines.length === 0) return null;
  const values = lines.map(canonicalLine);
  if (component.bs) return values.map((value) => `:${encodeBase64(bytesOfFieldValue(value), 'base64')}:`).join(', ');
  const combined = values.join(', ');
  // RFC 9421 §2.5: a value that holds a line feed would forge lines of the base.
  if (combined.includes('\n') || combined.includes('\r')) return null;
  if (component.key !== null) return reserialiseMember(combined, component.key);
  return component.sf ? strictlySerialised(component.name, combined) : combined;
}

/** RFC 9421 §2.1: obsolete folding becomes one space, and white space around the value goes. */
function canonicalLine(line: string): string {
  return trimOptionalWhiteSpace(line.includes('\n') ? line.replace(/[ \t]*\r?\n[ \t]+/g, ' ') : line);
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
