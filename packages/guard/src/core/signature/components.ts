/** Component identifiers (RFC 9421 §2). */
import type { RequestView } from '../request-view.ts';
import type { Item } from '../sfv/parse.ts';
import { serialiseItem } from '../sfv/serialise.ts';
import type { Origin } from './target.ts';

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

/** Whether a component stands for the whole value: it has no parameter. */
export function isPlain({ sf, bs, key, queryName }: Component): boolean {
  return !sf && !bs && key === null && queryName === null;
}
