/** A project of a user's, outside the repository: the packages from their archives, all else as it is installed here. */
import { cpSync, existsSync, mkdirSync, mkdtempSync, readdirSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { root } from '../checks/lib/source.mjs';
import { pack, unpack } from './packed.mjs';

const installed = join(root, 'node_modules');

/** @param {string} folder @returns {string[]} the names of the packages in a `node_modules` */
const namesIn = (folder) =>
  readdirSync(folder)
    .filter((name) => !name.startsWith('.'))
    .flatMap((name) => (name.startsWith('@') ? readdirSync(join(folder, name)).map((inner) => `${name}/${inner}`) : [name]));

/**
 * Makes the project; it goes when the process does.
 * @param {{ type?: 'module' | 'commonjs', instead?: Record<string, string>, from?: string }} [choice] - `instead`: the name under which
 *   another version of a package is installed here; `from`: another `node_modules` whose packages come first
 * @returns {string} its folder
 */
export function makeProject({ type = 'module', instead = {}, from } = {}) {
  const folder = mkdtempSync(join(tmpdir(), 'approov-guard-'));
  process.once('exit', () => rmSync(folder, { recursive: true, force: true }));
  unpack(pack(join(folder, 'archives')), folder);
  const link = (/** @type {string} */ name, /** @type {string} */ to) => {
    const path = join(folder, 'node_modules', name);
    if (existsSync(path)) return;
    mkdirSync(dirname(path), { recursive: true });
    symlinkSync(to, path);
  };
  for (const [name, alias] of Object.entries(instead)) link(name, join(installed, alias));
  for (const place of from === undefined ? [installed] : [from, installed]) {
    for (const name of namesIn(place)) link(name, join(place, name));
  }
  writeFileSync(join(folder, 'package.json'), JSON.stringify({ name: 'user', private: true, type }));
  return folder;
}

/**
 * What TypeScript is told of such a project. Links stay where they are, so that the types are the project's own.
 * @param {string} folder
 * @param {Record<string, unknown>} options - compiler options
 * @param {readonly string[]} include
 */
export function writeConfig(folder, options, include) {
  const common = {
    strict: true,
    noEmit: true,
    skipLibCheck: true,
    target: 'es2022',
    lib: ['es2023'],
    types: ['node'],
    preserveSymlinks: true,
  };
  writeFileSync(join(folder, 'tsconfig.json'), JSON.stringify({ compilerOptions: { ...common, ...options }, include }));
}

/** Puts what the adapters' types are proven by into a project. @param {string} folder */
export function writeAdapterTypes(folder) {
  cpSync(join(root, 'packages/guard/test/types'), join(folder, 'types'), { recursive: true });
  const options = { exactOptionalPropertyTypes: true, noUncheckedIndexedAccess: true, experimentalDecorators: true };
  writeConfig(folder, { module: 'nodenext', allowImportingTsExtensions: true, ...options }, ['types']);
}
