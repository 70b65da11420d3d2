/** Serialising structured fields (RFC 9651 §4.1). `null` stands for a value that cannot be serialised; nothing throws. */
import { encodeBase64, TOKEN_CHARACTERS } from '../bytes.ts';
import type { BareItem, Dictionary, InnerList, Item, Member, Parameters } from './parse.ts';

/** Serialises a dictionary (RFC 9651 §4.1.2). */
export function serialiseDictionary(dictionary: Dictionary): string | null {
  const members = Array.from(dictionary, ([key, member]) => serialiseEntry(key, member));
  return joined(members, ', ');
}

function serialiseEntry(key: string, member: Member): string | null {
  if (!KEY.test(key)) return null;
  const isTrue = member.kind === 'item' && member.value.type === 'boolean' && member.value.value;
  return isTrue ? joined([key, serialiseParameters(member.parameters)], '') : joined([`${key}=`, serialiseMember(member)], '');
}

/** Serialises a list (RFC 9651 §4.1.1). */
export function serialiseList(list: readonly Member[]): string | null {
  return joined(list.map(serialiseMember), ', ');
}

/** Serialises an item or an inner list. */
export function serialiseMember(member: Member): string | null {
  return member.kind === 'item' ? serialiseItem(member) : serialiseInnerList(member);
}

/** Serialises an inner list (RFC 9651 §4.1.1.1). */
export function serialiseInnerList(list: InnerList): string | null {
  return joined(['(', joined(list.items.map(serialiseItem), ' '), ')', serialiseParameters(list.parameters)], '');
}

/** Serialises an item (RFC 9651 §4.1.3). */
export function serialiseItem(item: Item): string | null {
  return joined([serialiseBareItem(item.value), serialiseParameters(item.parameters)], '');
}

/** Serialises parameters (RFC 9651 §4.1.1.2). */
export function serialiseParameters(parameters: Parameters): string | null {
  let text = '';
  for (const [key, value] of parameters) {
    const isTrue = value.type === 'boolean' && value.value;
    const bare = serialiseBareItem(value);
    if (!KEY.test(key) || bare === null) return null;
    text += isTrue ? `;${key}` : `;${key}=${bare}`;
  }
  return text;
}

const KEY = /^[a-z*][a-z0-9_.*-]*$/;
const TOKEN = new RegExp(`^[A-Za-z*][${TOKEN_CHARACTERS}:/]*$`);
const NOT_PRINTABLE = /[^\x20-\x7e]/;
const LONE_SURROGATE = /\p{Surrogate}/u;
const MAX_INTEGER = 999_999_999_999_999;

/** Serialises a bare item (RFC 9651 §4.1.3.1). */
export function serialiseBareItem(item: BareItem): string | null {
  switch (item.type) {
    case 'integer':
      return serialiseInteger(item.value);
    case 'date':
      return joined(['@', serialiseInteger(item.value)], '');
    case 'decimal':
      return serialiseDecimal(item.value);
    case 'string':
      return NOT_PRINTABLE.test(item.value) ? null : `"${item.value.replace(/["\\]/g, '\\$&')}"`;
    case 'token':
      return TOKEN.test(item.value) ? item.value : null;
    case 'bytes':
      return `:${encodeBase64(item.value, 'base64')}:`;
    case 'boolean':
      return item.value ? '?1' : '?0';
    case 'display-string':
      return serialiseDisplayString(item.value);
  }
}

function serialiseInteger(value: number): string | null {
  return Number.isInteger(value) && Math.abs(value) <= MAX_INTEGER ? String(value) : null;
}

/** RFC 9651 §4.1.5: at most three decimals, at least one, rounded half to even. */
function serialiseDecimal(value: number): string | null {
  const thousandths = roundHalfToEven(value * 1000);
  if (!Number.isFinite(value) || Math.abs(thousandths) >= 1e15) return null;
  const text = (thousandths / 1000).toFixed(3).replace(/0{1,2}$/, '');
  return text === '-0.0' ? '0.0' : text;
}

function roundHalfToEven(value: number): number {
  const below = Math.floor(value);
  if (value - below !== 0.5) return Math.round(value);
  return below % 2 === 0 ? below : below + 1;
}

/** RFC 9651 §4.1.11: everything but printable ASCII, and `%` and `"`, as percent-encoded UTF-8. */
function serialiseDisplayString(value: string): string | null {
  if (LONE_SURROGATE.test(value)) return null;
  let text = '';
  for (const byte of new TextEncoder().encode(value)) {
    const plain = byte >= 0x20 && byte <= 0x7e && byte !== 0x25 && byte !== 0x22;
    text += plain ? String.fromCharCode(byte) : `%${byte.toString(16).padStart(2, '0')}`;
  }
  return `%"${text}"`;
}

function joined(parts: readonly (string | null)[], separator: string): string | null {
  return parts.includes(null) ? null : parts.join(separator);
}
