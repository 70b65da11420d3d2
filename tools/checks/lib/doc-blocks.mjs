/** The code blocks of the documentation: fences in Markdown files, and `@example` in doc comments. */
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { files, lineOf, parse, read, root } from './source.mjs';

/** @typedef {{ where: string, language: string, code: string, notRun: string | null }} Block */

/** A block, and before it: which test runs it instead, out of sight; or why none does, where the reader sees it. */
const FENCE = /(?:<!--\s*((?:not run|run by)\b[^>]*?)\s*-->\s*|^\*(Not run by the tests\b[^*]*)\*\s*)?^```(\w+)[^\n]*\n(.*?)^```\s*$/gms;
const LANGUAGES = new Map([
  ['ts', 'ts'],
  ['typescript', 'ts'],
  ['js', 'js'],
  ['javascript', 'js'],
  ['sh', 'sh'],
  ['bash', 'sh'],
  ['shell', 'sh'],
]);

/** @param {string} path @param {string} text @param {number} firstLine @returns {Block[]} */
function fences(path, text, firstLine) {
  const blocks = [];
  for (const match of text.matchAll(FENCE)) {
    const language = LANGUAGES.get(match[3] ?? '');
    const line = firstLine + lineOf(text, match.index + match[0].indexOf('```')) - 1;
    if (language) blocks.push({ where: `${path}:${line}`, language, code: match[4] ?? '', notRun: match[1] ?? match[2] ?? null });
  }
  return blocks;
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
      return fenced.length > 0 ? fenced : [{ where: `${path}:${firstLine}`, language: 'ts', code, notRun: null }];
    });
  });
}

/**
 * @param {readonly string[]} only - the files to read; none for all
 * @returns {Block[]} every block of README.md, CONTRIBUTING.md, docs, examples, the benchmarks' and the packages' READMEs and the doc comments
 */
export function docBlocks(only) {
  const wanted = (/** @type {string} */ path) => only.length === 0 || only.includes(path);
  const documents = files(/^(README\.md|CONTRIBUTING\.md|(docs|examples)\/.*\.md|(bench|packages\/[^/]+)\/README\.md)$/).filter(wanted);
  const sources = files(/^packages\/[^/]+\/src\/.*\.ts$/).filter(wanted);
  return [...documents.flatMap((path) => fences(path, read(path), 1)), ...sources.flatMap(examples)];
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
  const modules = blocks.filter(({ language }) => language !== 'sh');
  return new Map(
    modules.map(({ where, language, code }, index) => {
      const file = join(folder, `block-${index}.${language}`);
      writeFileSync(file, /^(import|export)\b/m.test(code) ? code : `${code}\nexport {};\n`);
      return [file, where];
    }),
  );
}
