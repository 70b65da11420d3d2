/** What the packages publish: entry points, each named once in `exports`, and the conditions that every one of them gets. */
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { root } from '../ready.mjs';

/** @typedef {{ subpath: string, name: string, source: string }} Entry - `name` is the subpath as a file's name, `source` begins with ./src */
/** @typedef {{ folder: string, manifest: any, entries: Entry[] }} Package */

/** @returns {Package[]} every published package of the workspace, whatever its name */
export function packages() {
  return readdirSync(join(root, 'packages'))
    .map((name) => join(root, 'packages', name))
    .filter((folder) => existsSync(join(folder, 'package.json')))
    .map((folder) => {
      const manifest = JSON.parse(readFileSync(join(folder, 'package.json'), 'utf8'));
      return { folder, manifest, entries: entriesOf(manifest) };
    });
}

/** @param {any} manifest @returns {Entry[]} what `exports` names with a source: `"./x": "./src/x.ts"`, or what that became */
function entriesOf({ exports = {} }) {
  return Object.entries(exports).flatMap(([subpath, target]) => {
    const source = typeof target === 'string' ? target : target.source;
    const name = subpath === '.' ? 'index' : subpath.slice('./'.length);
    return /^\.\/src\/.*\.ts$/.test(source ?? '') ? [{ subpath, name, source }] : [];
  });
}

/** @param {string} source @param {string} extension @returns {string} the built file of a source */
export const builtOf = (source, extension) => source.replace(/^\.\/src\//, './dist/').replace(/\.ts$/, extension);

/**
 * The conditions of an entry point, first match first. Bundlers and Workers get ES modules, file by file, of which they keep what is used
 * (`module` also for `require()`, so that a bundle holds one copy). Node, Bun, Deno and Jest get CommonJS from both `import` and
 * `require()`: one file and what it shares with others, one state however it was loaded.
 * @param {Entry} entry
 */
function conditionsOf({ name, source }) {
  const module = builtOf(source, '.js');
  return {
    source,
    workerd: module,
    'edge-light': module,
    module,
    import: { types: builtOf(source, '.d.ts'), node: `./dist/cjs/${name}.mjs`, default: module },
    require: { types: builtOf(source, '.d.cts'), default: `./dist/cjs/${name}.cjs` },
  };
}

/** What every package says of where it comes from is said once, in the workspace's manifest. */
const { homepage, bugs, repository, license, publishConfig, engines } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8'));
/** The address of the repository, as a browser takes it. */
export const repositoryPage = repository.url.replace(/^git\+/, '').replace(/\.git$/, '');

/** @param {Package} one @returns {any} the manifest with all that follows from the workspace and from its entry points */
export function completed(one) {
  const { name, version, description, keywords, license: _license, engines: _engines, ...own } = withEntries(one);
  const directory = one.folder.slice(root.length).replace(/^\//, '');
  return {
    ...{ name, version, description, keywords, homepage, bugs, repository: { ...repository, directory }, license },
    ...{ ...own, publishConfig, engines },
  };
}

/** `typesVersions` is for TypeScript's `node10`. @param {Package} one @returns {any} */
function withEntries({ manifest, entries }) {
  if (entries.length === 0) return manifest;
  const exports = { ...manifest.exports };
  for (const entry of entries) exports[entry.subpath] = conditionsOf(entry);
  const declared = (/** @type {Entry} */ { source }) => builtOf(source, '.d.cts');
  const main = entries.find(({ subpath }) => subpath === '.');
  const others = entries.filter((entry) => entry !== main).map((entry) => [entry.name, [declared(entry)]]);
  const written = {
    ...(main && { main: './dist/cjs/index.cjs', module: builtOf(main.source, '.js'), types: declared(main) }),
    ...(others.length > 0 && { typesVersions: { '*': Object.fromEntries(others) } }),
    exports,
  };
  const { main: _main, module: _module, types: _types, typesVersions: _versions, ...rest } = manifest;
  return Object.fromEntries(Object.entries(rest).flatMap(([key, value]) => (key === 'exports' ? Object.entries(written) : [[key, value]])));
}
