/** The modules among the code blocks of the documentation: fences in Markdown files, and `@example` in doc comments. */
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { stepsOf } from '../../reader/steps.mjs';
import { files, lineOf, parse, read, root } from './source.mjs';

/** @typedef {{ where: string, language: 'ts' | 'js', code: string, notRun: boolean }} Block */

/** What needs a file or a setting of the compiler that its page gives: only the reader has them. */
const ELSEWHERE = /\bfrom '\.\.?\/|^\s*@\w+\(/m;
/** @type {Map<string, 'ts' | 'js'>} */
const LANGUAGES = new Map([
  ['ts', 'ts'],
  ['typescript', 'ts'],
  ['js', 'js'],
  ['javascript', 'js'],
]);

/** JavaScript that has a file name is the reader's alone. @param {string} path @param {string} text @param {number} firstLine @returns {Block[]} */
function fences(path, text, firstLine) {
  return stepsOf(text).flatMap(({ kind, line, language: fence, code }) => {
    const language = LANGUAGES.get(fence);
    if (language === undefined) return [];
    const notRun = kind === 'left' || (kind === 'save' && language === 'js') || ELSEWHERE.test(code);
    return [{ where: `${path}:${firstLine + line - 1}`, language, code, notRun }];
  });
}

/** @param {string} path @returns {Block[]} */
function examples(path) {
  const { text, comments } = parse(path);
  return comments.flatMap((comment) => {
    const body = comment.value.replace(/^[ \t]*\*[ \t]?/gm, '');
    const line = lineOf(text, comment.start);
    return [...body.matchAll(/@example\b[^\n]*\n(.*?)(?=^@\w|$(?![\s\S]))/gms)].flatMap((match) => {
      const firstLine = line + lineOf(body, match.index);
      const code = match[1] ?? '';
      const fenced = fences(path, code, firstLine);
      return fenced.length > 0 ? fenced : [{ where: `${path}:${firstLine}`, language: 'ts', code, notRun: false }];
    });
  });
}

/**
 * @param {readonly string[]} only - the files to read; none for all
 * @returns {string[]} README.md, CONTRIBUTING.md, docs, and the READMEs of examples, benchmarks and packages
 */
export const documents = (only) =>
  files(/^(README\.md|CONTRIBUTING\.md|(docs|examples)\/.*\.md|(bench|packages\/[^/]+)\/README\.md)$/).filter(wantedBy(only));

/** @param {readonly string[]} only @returns {(path: string) => boolean} */
const wantedBy = (only) => (path) => only.length === 0 || only.includes(path);

/** @param {readonly string[]} only - the files to read; none for all @returns {Block[]} the modules of the documents and the doc comments */
export function docBlocks(only) {
  const sources = files(/^packages\/[^/]+\/src\/.*\.ts$/).filter(wantedBy(only));
  return [...documents(only).flatMap((path) => fences(path, read(path), 1)), ...sources.flatMap(examples)];
}

/**
 * Writes the ts and js blocks as modules into a folder inside the repository, so that they see the workspace's packages.
 * @param {string} folder
 * @param {readonly Block[]} blocks
 * @returns {Map<string, string>} from file to place in the documentation
 */
export function writeModules(folder, blocks) {
  mkdirSync(folder, { recursive: true });
  writeFileSync(join(folder, 'package.json'), '{ "type": "module" }\n');
  const config = { extends: join(root, 'tsconfig.test.json'), include: ['*.ts', '*.js'], exclude: [] };
  writeFileSync(join(folder, 'tsconfig.json'), JSON.stringify(config));
  return new Map(
    blocks.map(({ where, language, code }, index) => {
      const file = join(folder, `block-${index}.${language}`);
      writeFileSync(file, /^(import|export)\b/m.test(code) ? code : `${code}\nexport {};\n`);
      return [file, where];
    }),
  );
}
