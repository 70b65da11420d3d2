/**
 * `npm run build`: every package, from its `exports` (see tools/build/packages.mjs). Takes about a second; files that stay the same are not
 * written again. Types are checked by `npm test`, not here; what a declaration cannot be made of is an error here, too.
 */
import { mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { dirname, join, relative } from 'node:path';
import { common, modules } from './build/bundles.mjs';
import { declarations } from './build/declarations.mjs';
import { njsEngine } from './build/njs.mjs';
import { completed, packages } from './build/packages.mjs';
import { page } from './build/page.mjs';

/** @typedef {[path: string, content: string | Uint8Array]} Built - the path is below `dist` */

/** @param {string} folder @returns {string[]} */
const sourcesOf = (folder) =>
  readdirSync(folder, { recursive: true, encoding: 'utf8' })
    .filter((path) => path.endsWith('.ts'))
    .map((path) => join(folder, path))
    .sort();

/** The entry point for `import`: it hands on what CommonJS exports. @param {string} name @param {readonly string[]} names */
const handedOn = (name, names) => `export { ${names.join(', ')} } from './${name.slice(name.lastIndexOf('/') + 1)}.cjs';\n`;

/** @param {import('./build/packages.mjs').Package} one @returns {Promise<Built[]>} */
async function built(one) {
  const sources = sourcesOf(join(one.folder, 'src'));
  const chunks = one.entries.length === 0 ? [] : await common(one);
  const entries = chunks.flatMap((chunk) => (chunk.type === 'chunk' && chunk.isEntry ? [chunk] : []));
  return [
    ...[...(await modules(one.folder, sources)), ...chunks].map(
      (file) => /** @type {Built} */ ([file.fileName, file.type === 'chunk' ? file.code : file.source]),
    ),
    ...entries.map(({ name, exports }) => /** @type {Built} */ ([`cjs/${name}.mjs`, handedOn(name, exports)])),
    ...declarations(one, sources),
    ...(await njsEngine(one.folder)),
    ...(await page(one.folder)),
  ];
}

/** Writes what differs and removes what is not built any more. @param {string} dist @param {readonly Built[]} files */
function write(dist, files) {
  mkdirSync(dist, { recursive: true });
  const known = new Set(files.map(([path]) => join(path)));
  for (const entry of readdirSync(dist, { recursive: true, withFileTypes: true })) {
    const file = join(entry.parentPath, entry.name);
    // Another build at the same time, as by two `npm start`, may have removed it already.
    if (entry.isFile() && !known.has(relative(dist, file))) rmSync(file, { force: true });
  }
  for (const [path, content] of files) {
    const file = join(dist, path);
    mkdirSync(dirname(file), { recursive: true });
    if (!holds(file, content)) writeFileSync(file, content);
  }
}

/** @param {string} file @param {string | Uint8Array} content */
function holds(file, content) {
  try {
    return Buffer.compare(readFileSync(file), Buffer.from(content)) === 0;
  } catch {
    return false;
  }
}

for (const one of packages()) {
  // Entry points that were named by their source alone get their conditions, and every package what the workspace says for all.
  const [manifest, text] = [join(one.folder, 'package.json'), `${JSON.stringify(completed(one), null, 2)}\n`];
  if (!holds(manifest, text)) writeFileSync(manifest, text);
  write(join(one.folder, 'dist'), await built(one));
}
