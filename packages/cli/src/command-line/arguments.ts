/** Reads a command line: the vendor's single-dash, camel-case spelling and the usual one. */
import { parseArgs } from 'node:util';
import { UsageError } from '../terminal/usage-error.ts';
import { suggestion } from './nearest.ts';
import type { OptionRow, OptionTable } from './option-tables.ts';

/** A command line that was read. */
export interface Arguments {
  /** The words that are not options. */
  readonly words: readonly string[];
  /** The value of an option, or `undefined`. */
  readonly text: (name: string) => string | undefined;
  /** The values of a repeatable option. */
  readonly texts: (name: string) => readonly string[];
  /** Whether a switch is there. */
  readonly flag: (name: string) => boolean;
}

/**
 * Reads the words after the command's name.
 * @throws UsageError for an unknown option, a missing value, a value too many or a word too many
 */
export function parseArguments(argv: readonly string[], options: OptionTable, maxWords: number): Arguments {
  const rows = Object.entries(options);
  const { values, positionals } = parseArgs({
    args: plainSpelling(argv, new Map(rows)),
    options: Object.fromEntries(rows.map(([name, row]) => [name, { type: row.value === null ? 'boolean' : 'string', multiple: true }])),
    allowPositionals: true,
  });
  // The cast holds: every option is declared `multiple` above.
  const lists = new Map(Object.entries(values as { [name: string]: readonly (string | boolean)[] }));
  for (const [name, row] of rows) checkCount(name, row, lists.get(name)?.length ?? 0);
  checkWords(positionals.length, maxWords);
  const texts = (name: string): readonly string[] => (lists.get(name) ?? []).map(String);
  return { words: positionals, texts, text: (name) => texts(name)[0], flag: (name) => lists.has(name) };
}

// Neither words nor values are repeated in messages: one of them may be a secret in the wrong place.
function checkWords(count: number, most: number): void {
  if (count <= most) return;
  throw new UsageError(`${count} words where at most ${most} can be; put a text with spaces between quotes`);
}

function checkCount(name: string, row: OptionRow, count: number): void {
  if (count > 1 && row.repeatable !== true && row.value !== null) throw new UsageError(`--${name} is given ${count} times; give it once`);
}

/** `-genExample` and `--genExample` and `--gen-example` are one option. */
function nameOf(word: string): string {
  const [spelled = ''] = word.replace(/^--?/, '').split('=', 1);
  const kebab = spelled.replace(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`);
  return kebab === 'h' ? 'help' : kebab;
}

/** Rewrites each option as `--name` or `--name=value`, so that a value may begin with a dash. */
function plainSpelling(argv: readonly string[], options: ReadonlyMap<string, OptionRow>): string[] {
  const plain: string[] = [];
  const words = [...argv];
  for (let word = words.shift(); word !== undefined; word = words.shift()) {
    if (word === '--') return [...plain, word, ...words];
    if (word === '-' || !word.startsWith('-')) plain.push(word);
    else if (rowOf(word, options).value === null) plain.push(switchOf(word));
    else if (word.includes('=')) plain.push(`--${nameOf(word)}${word.slice(word.indexOf('='))}`);
    else plain.push(`--${nameOf(word)}=${valueAfter(word, words.shift(), options)}`);
  }
  return plain;
}

function rowOf(word: string, options: ReadonlyMap<string, OptionRow>): OptionRow {
  const row = options.get(nameOf(word));
  if (row !== undefined) return row;
  const name = nameOf(word);
  const shown = /^[a-z-]{1,30}$/.test(name) ? `--${name}` : 'one of the words that begin with a dash';
  throw new UsageError(`${shown} is not an option here${suggestion(name, [...options.keys()], '--')}`);
}

function switchOf(word: string): string {
  if (word.includes('=')) throw new UsageError(`--${nameOf(word)} takes no value`);
  return `--${nameOf(word)}`;
}

function valueAfter(word: string, next: string | undefined, options: ReadonlyMap<string, OptionRow>): string {
  const isOption = next !== undefined && /^--?[A-Za-z]/.test(next) && options.has(nameOf(next));
  if (next !== undefined && !isOption) return next;
  throw new UsageError(`--${nameOf(word)} needs a value: --${nameOf(word)} ${options.get(nameOf(word))?.value ?? 'VALUE'}`);
}
