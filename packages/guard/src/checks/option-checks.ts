/** Small checks of option values: each throws a {@link ConfigurationError} that names the option. */
import { isToken } from '../core/bytes.ts';
import { ConfigurationError } from './configuration-error.ts';
import { GUARD, type NumberRow, type OptionGroup, type WordRow } from './option-table.ts';

/** Options before anybody has looked at them. */
export type UncheckedOptions = { readonly [name: string]: unknown };

/** RFC 9110 §5.6.2: what a field name consists of. */

/** What options may be. Of a `Map`, a promise or a `Headers` no member would be found, and all of it be ignored. */
const PLAIN: ReadonlySet<string> = new Set(['[object Object]', '[object Module]']);

/** Refuses what is not a plain object, and any member that is not in the group. */
export function checkedObject(value: unknown, path: string, group: OptionGroup | readonly string[]): UncheckedOptions {
  const names = Array.isArray(group) ? group : Object.keys(group);
  if (!isPlainObject(value)) throw new ConfigurationError('option-invalid', path, `must be an object; known here: ${names.join(', ')}`);
  const unknown = Object.keys(value).find((name) => !names.includes(name));
  if (unknown === undefined) return value;
  throw new ConfigurationError(
    'option-unknown',
    `${path === 'options' ? '' : `${path}.`}${unknown}`,
    `is not an option${suggestion(unknown, names)}; known here: ${names.join(', ')}`,
  );
}

/** `, did you mean …?`: the known name within two edits. */
function suggestion(name: string, names: readonly string[]): string {
  const near = names.map((known) => ({ known, edits: editsBetween(name.toLowerCase(), known.toLowerCase()) }));
  const [best] = near.sort((one, other) => one.edits - other.edits);
  return best === undefined || best.edits > 2 ? '' : `, did you mean \`${best.known}\`?`;
}

/** Insertions, deletions and replacements from one word to the other (Levenshtein). The casts hold: every row is one longer than the word. */
function editsBetween(from: string, to: string): number {
  let above = Array.from({ length: to.length + 1 }, (_, index) => index);
  for (let row = 1; row <= from.length; row++) {
    const current = [row];
    for (let column = 1; column <= to.length; column++) {
      const replaced = (above[column - 1] as number) + Number(from[row - 1] !== to[column - 1]);
      current.push(Math.min(replaced, (above[column] as number) + 1, (current[column - 1] as number) + 1));
    }
    above = current;
  }
  return above[to.length] as number;
}

/** Tells whether an option says something: left out, and `null` where that is allowed, it does not. */
export function isGiven(option: unknown): boolean {
  return option !== undefined && option !== null;
}

/** Tells whether a value is an object whose members are its content. */
export function isPlainObject(value: unknown): value is UncheckedOptions {
  return typeof value === 'object' && value !== null && PLAIN.has(Object.prototype.toString.call(value));
}

/** A number within bounds, or `fallback` where the option is absent. */
export function checkedNumber<F extends number | null>(
  value: unknown,
  path: string,
  { min, max, fallback, unit }: NumberRow<F>,
): number | F {
  if (value === undefined) return fallback;
  if (typeof value === 'number' && value >= min && value <= max) return value;
  throw new ConfigurationError('option-invalid', path, `must be a number of ${unit} from ${min} to ${max}`);
}

/** One of a few words, or `fallback` where the option is absent: the first one, unless another is given. */
export function checkedWord<W extends string>(value: unknown, path: string, { words }: WordRow<W>, fallback: W = words[0]): W {
  if (value === undefined) return fallback;
  const word = words.find((known) => known === value);
  if (word !== undefined) return word;
  throw new ConfigurationError('option-invalid', path, `must be ${words.map((known) => `'${known}'`).join(' or ')}`);
}

/** Yes or no, or `fallback` where the option is absent. */
export function checkedFlag(value: unknown, path: string, fallback: boolean): boolean {
  if (value === undefined || typeof value === 'boolean') return value ?? fallback;
  throw new ConfigurationError('option-invalid', path, 'must be true or false');
}

/** A header name, in lower case. */
export function checkedHeader(value: unknown, path: string): string {
  if (typeof value === 'string' && isToken(value)) return value.toLowerCase();
  throw new ConfigurationError('option-invalid', path, 'must be a header name (RFC 9110 §5.1)');
}

/** One or several non-empty texts as a list; `null` where the option is absent or `null`. */
export function checkedTexts(value: unknown, path: string): readonly string[] | null {
  if (value === undefined || value === null) return null;
  // A copy: what the caller does to its list later must not change the check.
  const texts: readonly unknown[] = Array.isArray(value) ? [...value] : [value];
  if (texts.length > 0 && texts.every(isText)) return texts;
  throw new ConfigurationError(
    'option-invalid',
    path,
    'must be a text or a list of texts, none empty or with white space at its ends, or null where there is none',
  );
}

/** A text that can be compared with what a request says. White space at its ends (a line feed from a file) would match nothing. */
export function isText(value: unknown): value is string {
  return typeof value === 'string' && value !== '' && value.trim() === value;
}

/** A function, or `undefined` where the option is absent. */
export function checkedFunction<F>(value: unknown, path: string): F | undefined {
  // The cast holds as far as anybody can tell of a function.
  if (value === undefined || typeof value === 'function') return value as F | undefined;
  throw new ConfigurationError('option-invalid', path, 'must be a function');
}

// The one look at the environment: is this production, and does `DEBUG` name this package? Nothing else is ever read from it. It may be absent
// (Workers), or closed (Deno without `--allow-env`).

/**
 * Tells whether published test secrets, and tokens of emulators, are to be refused, and hints to be kept back. The option decides; without it
 * `NODE_ENV` does: that of the process, or the one for which a bundle was built.
 */
export function isProduction(environment: unknown): boolean {
  const fallback = isBuiltForProduction() || variable('NODE_ENV') === 'production' ? 'production' : 'development';
  return checkedWord(environment, 'environment', GUARD.environment, fallback) === 'production';
}

/** Tells whether `DEBUG` names a thing, as the package `debug` reads it: names between commas or spaces, `*` for anything, `-` before what is left out. */
export function isDebugged(name: string): boolean {
  const patterns = (variable('DEBUG') ?? '').split(/[\s,]+/);
  const names = (pattern: string): boolean => covers(pattern, name);
  return patterns.some(names) && !patterns.some((pattern) => pattern.startsWith('-') && names(pattern.slice(1)));
}

/** Bundlers replace the name that stands here by a text, and platforms without `process` have it from nowhere else. */
function isBuiltForProduction(): boolean {
  try {
    return process.env.NODE_ENV === 'production';
  } catch {
    return false;
  }
}

function variable(name: 'NODE_ENV' | 'DEBUG'): string | undefined {
  try {
    const value: unknown = globalThis.process?.env?.[name];
    return typeof value === 'string' ? value : undefined;
  } catch {
    return undefined;
  }
}

/** Whether a pattern with `*` covers the whole name. */
function covers(pattern: string, name: string): boolean {
  const [start = '', ...parts] = pattern.split('*');
  const end = parts.pop();
  if (end === undefined) return start === name;
  if (!name.startsWith(start)) return false;
  let from = start.length;
  for (const part of parts) {
    const found = name.indexOf(part, from);
    if (found < 0) return false;
    from = found + part.length;
  }
  return name.length - end.length >= from && name.endsWith(end);
}
