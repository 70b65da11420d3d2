/** Reads a command line in the vendor's manner: one dash, any case, in any order. */
import { CloudError } from '../cloud-error.ts';
import { NOT_IMITATED, VERBS, vendorPage } from './table.ts';
import type { Verb, VerbCall } from './verb.ts';

/** Reads a file that an option names. */
export type ReadFile = (path: string) => Uint8Array;

/** Finds a verb. @throws CloudError `verb-unknown` */
export function verbNamed(name: string): Verb {
  const found = VERBS.find((verb) => verb.name === name.toLowerCase());
  if (found !== undefined) return found;
  if (NOT_IMITATED.includes(name))
    throw new CloudError('verb-unknown', `\`${name}\` is not imitated here. The vendor describes it: ${vendorPage(name)}`);
  throw new CloudError('verb-unknown', `there is no such verb; they are ${VERBS.map((verb) => verb.name).join(', ')}`);
}

/**
 * Reads the words after `approov`.
 * @param role - the variable `APPROOV_ROLE`
 * @throws CloudError `verb-unknown`, `input-malformed`, `file-unreadable`
 */
export function readCall(argv: readonly string[], role: string | undefined, readFile: ReadFile): VerbCall {
  const [name = '', ...rest] = argv;
  const verb = verbNamed(name);
  const options: { [name: string]: string | true } = {};
  const words: string[] = [];
  const left = [...rest];
  for (let word = left.shift(); word !== undefined; word = left.shift()) {
    if (!word.startsWith('-') || word === '-') words.push(word);
    else {
      const option = optionNamed(verb, word);
      options[option] = verb.options[option]?.value === null ? true : given(left.shift(), option);
    }
  }
  checkWords(verb, words);
  return {
    verb: verb.name,
    options,
    words,
    files: filesOf(verb, options, readFile),
    role: role === undefined || role === '' ? null : role,
  };
}

function optionNamed(verb: Verb, word: string): string {
  const wanted = word.replace(/^--?/, '').replaceAll('-', '').toLowerCase();
  const names = Object.keys(verb.options);
  const found = names.find((name) => name.toLowerCase() === wanted);
  if (found !== undefined) return found;
  // The word is not repeated: it may be a value in the wrong place.
  throw new CloudError(
    'input-malformed',
    `\`${verb.name}\` takes ${names.map((name) => `-${name}`).join(', ') || 'no options'} here. The vendor's own: ${vendorPage(verb.name)}`,
  );
}

function given(value: string | undefined, option: string): string {
  if (value !== undefined) return value;
  throw new CloudError('input-malformed', `-${option} needs a value`);
}

/** The vendor takes a file with a management token after the verb. None is needed here. */
function checkWords(verb: Verb, words: readonly string[]): void {
  if (words.length <= Math.max(1, verb.words)) return;
  throw new CloudError(
    'input-malformed',
    `${words.length} words where at most ${Math.max(1, verb.words)} can be; put a text with spaces between quotes`,
  );
}

const MOST_FILE_BYTES = 1_048_576;

function filesOf(verb: Verb, options: VerbCall['options'], readFile: ReadFile): VerbCall['files'] {
  const files: { [option: string]: string } = {};
  for (const [name, value] of Object.entries(options)) {
    if (verb.options[name]?.file !== 'in' || value === true) continue;
    files[name] = contentOf(value, name, readFile);
  }
  return files;
}

function contentOf(path: string, option: string, readFile: ReadFile): string {
  let content: Uint8Array;
  try {
    content = readFile(path);
  } catch (cause) {
    throw new CloudError('file-unreadable', `-${option}: the file cannot be read; check its name and permissions`, { cause });
  }
  if (content.length <= MOST_FILE_BYTES) return Buffer.from(content).toString('base64');
  throw new CloudError(
    'file-unreadable',
    `-${option}: the file is longer than ${MOST_FILE_BYTES} bytes; for an app give -package and -certificate instead`,
  );
}
