/** Declarations in built `.d.cts` files: what a file exports, where a name is declared, and which others a declaration refers to. */
import { existsSync } from 'node:fs';
import { dirname, join } from 'node:path/posix';
import { parse, root } from '../../lib/source.mjs';

/** @typedef {{ name: string, key: string, comment: string, code: string }} Declared - the key: file and name */

/** @param {string} path @returns {{ name: string, from: string, original: string }[]} */
export function exported(path) {
  return parse(path).module.staticExports.flatMap((/** @type {any} */ { entries }) =>
    entries.map((/** @type {any} */ { moduleRequest, exportName, importName, localName }) => ({
      name: exportName.name ?? 'default',
      from: moduleRequest === null ? path : declarationsOf(path, moduleRequest.value),
      original: importName.name ?? localName.name ?? 'default',
    })),
  );
}

/** @param {string} path @param {string} specifier */
const declarationsOf = (path, specifier) => join(dirname(path), specifier.replace(/\.cjs$/, '.d.cts'));

/** @param {string} path @param {string} name @returns {Declared} */
export function declaredIn(path, name) {
  const { text, program, comments } = parse(path);
  const statements = program.body.filter((/** @type {any} */ { declaration, ...own }) => nameOf(declaration ?? own) === name);
  const [first] = statements;
  if (first === undefined) {
    const again = exported(path).find((one) => one.name === name && one.from !== path);
    if (again) return declaredIn(again.from, again.original);
    throw new Error(`${path}: ${name} is declared nowhere`);
  }
  const comment = comments.findLast(({ end }) => end <= first.start && text.slice(end, first.start).trim() === '')?.value ?? '';
  const code = statements
    .map((/** @type {import('../../lib/source.mjs').Node} */ { start, end }) =>
      text.slice(start, end).replace(/^export (?:default )?(?:declare )?/, ''),
    )
    .join('\n');
  return { name, key: `${path} ${name}`, comment, code: code.replaceAll('\t', '  ').replace(/^( *)\*/gm, '$1 *') };
}

/** @param {any} node */
const nameOf = ({ id, declarations }) => id?.name ?? declarations?.[0]?.id?.name ?? 'default';

/** @param {readonly string[]} keys @returns {Declared[]} what these declarations refer to, and those in turn, without themselves, by name */
export function referred(keys) {
  const known = new Set(keys);
  const found = /** @type {Declared[]} */ ([]);
  for (let open = [...known]; open.length > 0; ) {
    open = open.flatMap(namesIn).filter((key) => !known.has(key) && known.add(key));
    for (const key of open) found.push(declaredIn(...split(key)));
  }
  return found.sort((one, other) => (one.key < other.key ? -1 : 1));
}

/** @param {string} key @returns {[path: string, name: string]} */
const split = (key) => [key.slice(0, key.indexOf(' ')), key.slice(key.indexOf(' ') + 1)];

/** @param {string} key @returns {string[]} the declarations of this repository that its code names */
function namesIn(key) {
  const [path, name] = split(key);
  const words = new Set(
    declaredIn(path, name)
      .code.replace(/\/\*.*?\*\//gs, '')
      .match(/\b[A-Z]\w+/g),
  );
  const { program, module } = parse(path);
  const own = program.body.map((/** @type {any} */ { declaration, ...rest }) => nameOf(declaration ?? rest));
  const imported = module.staticImports.flatMap((/** @type {any} */ { moduleRequest, entries }) =>
    entries
      .filter((/** @type {any} */ { localName }) => words.has(localName.value) && moduleRequest.value.startsWith('.'))
      .map((/** @type {any} */ { importName }) => `${declarationsOf(path, moduleRequest.value)} ${importName.name}`),
  );
  const here = own.filter((/** @type {string} */ word) => words.has(word)).map((/** @type {string} */ word) => `${path} ${word}`);
  return [...here, ...imported].filter((found) => existsSync(join(root, split(found)[0])));
}
