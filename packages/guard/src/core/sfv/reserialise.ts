/** Re-serialising field values, as RFC 9421 §2.1.1 and §2.1.2 need it. */
import { parseDictionary, parseItem, parseList } from './parse.ts';
import { serialiseDictionary, serialiseItem, serialiseList, serialiseMember } from './serialise.ts';

/** Parses a structured field and writes it in canonical form; `null` if it is no field of this type. */
export function reserialise(text: string, type: 'dictionary' | 'list' | 'item'): string | null {
  if (type === 'dictionary') return mapped(parseDictionary(text), serialiseDictionary);
  if (type === 'list') return mapped(parseList(text), serialiseList);
  return mapped(parseItem(text), serialiseItem);
}

/** The canonical form of one member of a dictionary; `null` if the text is none or has no such member. */
export function reserialiseMember(text: string, key: string): string | null {
  return mapped(parseDictionary(text)?.get(key) ?? null, serialiseMember);
}

function mapped<T>(value: T | null, serialise: (value: T) => string | null): string | null {
  return value === null ? null : serialise(value);
}
