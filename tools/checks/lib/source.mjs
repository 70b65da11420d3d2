/** Reading source files for the checks: listing, parsing, walking, reporting. */
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { parseSync, visitorKeys } from 'oxc-parser';
import { root } from '../../ready.mjs';

export { root };

/** @typedef {{ type: string, start: number, end: number, [field: string]: any }} Node */

const SKIPPED = new Set(['node_modules', 'dist', '.git']);

/**
 * Every file whose path from the root matches, sorted; installed and built files are left out.
 * @param {RegExp} pattern
 * @param {string} [folder]
 * @returns {string[]}
 */
export function files(pattern, folder = '') {
  const found = [];
  for (const entry of readdirSync(join(root, folder), { withFileTypes: true })) {
    const path = folder === '' ? entry.name : `${folder}/${entry.name}`;
    if (entry.isDirectory() && !SKIPPED.has(entry.name)) found.push(...files(pattern, path));
    else if (entry.isFile() && pattern.test(path)) found.push(path);
  }
  return found.sort();
}

/** @param {string} folder - anywhere @param {RegExp} pattern @returns {string[]} what matches in it and below, from the folder */
export const filesIn = (folder, pattern) => readdirSync(folder, { recursive: true, encoding: 'utf8' }).filter((path) => pattern.test(path));

/** @param {string} path */
export const read = (path) => readFileSync(join(root, path), 'utf8');

/** @param {string} path */
export const readJson = (path) => JSON.parse(read(path));

/**
 * @param {string} path
 * @returns {{ path: string, text: string, program: Node, comments: Node[], module: any }}
 */
export function parse(path) {
  const text = read(path);
  const { program, comments, module, errors } = parseSync(path, text);
  if (errors.length > 0) throw new SyntaxError(`${path}: ${errors[0]?.message}`);
  return { path, text, program: /** @type {any} */ (program), comments: /** @type {any} */ (comments), module };
}

/**
 * Calls `visit` with each node under `node` and its parent, outermost first.
 * @param {any} node
 * @param {(node: Node, parent: Node | null) => void} visit
 * @param {Node | null} [parent]
 */
export function walk(node, visit, parent = null) {
  if (node === null || node === undefined) return;
  if (Array.isArray(node)) {
    for (const child of node) walk(child, visit, parent);
    return;
  }
  visit(node, parent);
  for (const key of visitorKeys[node.type] ?? []) walk(node[key], visit, node);
}

/** @param {string} text @param {number} offset */
export const lineOf = (text, offset) => text.slice(0, offset).split('\n').length;

/**
 * Prints what was found and sets the exit code.
 * @param {string} check
 * @param {readonly string[]} problems
 * @param {string} summary - one line of numbers, printed in either case
 */
export function report(check, problems, summary) {
  for (const problem of problems) console.error(`${check}: ${problem}`);
  console.log(`${check}: ${problems.length === 0 ? 'ok' : `${problems.length} problem(s)`}. ${summary}`);
  process.exitCode = problems.length === 0 ? 0 : 1;
}
