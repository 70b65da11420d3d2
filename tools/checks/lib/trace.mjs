/** How far a reader goes: which files of the built library a verification enters, how deep its imports go, how its files are spread. */
import { cpSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { parseSync } from 'oxc-parser';
import { filesIn, walk } from './source.mjs';

const ENTERED = '__entered';
const ON_NODE = new Map(Object.entries({ '#crypto': './dist/crypto/node.js', '#fetch-view': './dist/http/view-either.js' }));
/** @typedef {{ entered: string[], stack: string[] }} Trace the file of each call in order; the files on the stack where cryptography begins */

/**
 * Copies built modules, so that each function tells when it is entered.
 * @param {string} from - a folder of ES modules
 * @returns {{ load: (file: string) => Promise<any>, trace: (run: () => unknown) => Promise<Trace> }}
 */
export function traced(from) {
  const folder = mkdtempSync(join(tmpdir(), 'trace-'));
  process.once('exit', () => rmSync(folder, { recursive: true }));
  cpSync(from, join(folder, 'dist'), { recursive: true, filter: (path) => !path.endsWith('.map') });
  writeFileSync(join(folder, 'package.json'), JSON.stringify({ type: 'module', imports: Object.fromEntries(ON_NODE) }));
  for (const file of filesIn(from, /\.js$/))
    writeFileSync(join(folder, 'dist', file), telling(readFileSync(join(from, file), 'utf8'), file));
  let found = /** @type {Trace} */ ({ entered: [], stack: [] });
  const enter = (/** @type {string} */ file) => {
    found.entered.push(file);
    if (found.stack.length > 0 || !file.startsWith('crypto/')) return;
    Error.stackTraceLimit = 100;
    found.stack = Array.from(new Error().stack?.matchAll(/\/dist\/(.*?\.js):/g) ?? [], ([, name]) => String(name));
  };
  Object.assign(globalThis, { [ENTERED]: enter });
  const trace = async (/** @type {() => unknown} */ run) => {
    found = { entered: [], stack: [] };
    await run();
    return found;
  };
  return { load: (file) => import(pathToFileURL(join(folder, 'dist', file)).href), trace };
}

/** @param {string} text @param {string} file @returns {string} the module with a call at the start of each function */
function telling(text, file) {
  const call = `globalThis.${ENTERED}(${JSON.stringify(file)})`;
  const inserts = /** @type {[number, string][]} */ ([]);
  walk(parseSync(file, text).program, ({ type, body }) => {
    if (!/Function(Declaration|Expression)$/.test(type) || !body) return;
    if (/^(BlockStatement|FunctionBody)$/.test(body.type)) inserts.push([body.start + 1, `${call};`]);
    else inserts.push([body.start, `(${call},`], [body.end, ')']);
  });
  inserts.sort(([left], [right]) => right - left);
  return inserts.reduce((told, [at, insert]) => told.slice(0, at) + insert + told.slice(at), text);
}

/** @param {readonly string[]} entered */
export const filesOf = (entered) => new Set(entered).size;

/** @param {readonly string[]} entered @returns {number} how often the next call is in another file */
export const changesOf = (entered) => entered.filter((file, index) => file !== entered[index - 1]).length;

/** @param {string} folder - of ES modules @returns {number} the files on the longest chain of imports */
export function longestChain(folder) {
  const lengths = /** @type {Map<string, number>} */ (new Map());
  /** @type {(file: string) => number} */
  const lengthOf = (file) => {
    const known = lengths.get(file);
    if (known !== undefined) return known;
    const { module } = parseSync(file, readFileSync(file, 'utf8'));
    const imports = [...module.staticImports, ...module.staticExports.flatMap(({ entries }) => entries)];
    const below = imports
      .map((row) => row.moduleRequest?.value ?? '')
      .map((to) => (ON_NODE.has(to) ? join(folder, '..', ON_NODE.get(to) ?? '') : to.startsWith('.') ? join(dirname(file), to) : ''));
    lengths.set(file, 1 + Math.max(0, ...below.filter(Boolean).map(lengthOf)));
    return lengths.get(file) ?? 0;
  };
  return Math.max(
    ...filesIn(folder, /\.js$/)
      .filter((file) => !file.startsWith('cjs'))
      .map((file) => lengthOf(join(folder, file))),
  );
}
