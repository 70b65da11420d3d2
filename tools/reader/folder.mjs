/** A reader's folder, with the packages from their archives and those others that the page installs. */
import { cpSync, existsSync, mkdirSync, mkdtempSync, readFileSync, realpathSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { packages } from '../build/packages.mjs';
import { root } from '../checks/lib/source.mjs';
import { frameworksDirectory } from '../frameworks.mjs';
import { consumersDirectory } from '../packages/consumers.mjs';
import { pack, unpack } from '../packages/packed.mjs';

/** Where the packages of other people are installed here. */
const INSTALLED = [
  ...['', 'examples/', 'packages/guard/', 'packages/console/', 'conformance/'].map((folder) => join(root, folder, 'node_modules')),
  join(consumersDirectory, 'node_modules'),
];
const BUILDERS = join(frameworksDirectory, 'node_modules');

/** @type {string | undefined} */
let shelf;

/** The folder where the packages of this repository lie, unpacked. */
function shelfOf() {
  if (shelf !== undefined) return shelf;
  const folder = mkdtempSync(join(tmpdir(), 'approov-guard-shelf-'));
  process.once('exit', () => rmSync(folder, { recursive: true, force: true }));
  unpack(pack(join(folder, 'archives')), folder);
  for (const name of ['undici', 'yaml', 'iovalkey']) link(name, join(root, 'node_modules', name), folder);
  shelf = folder;
  return folder;
}

const ours = new Set(packages().map(({ manifest }) => manifest.name));

/** @param {string} name @returns {string | undefined} the `node_modules` that has a package */
const placeOf = (name) => [...INSTALLED, BUILDERS].find((one) => existsSync(join(one, name)));

/** @param {Iterable<string>} names @returns {string[]} those that are not installed here */
export const absent = (names) => [...names].filter((name) => !ours.has(name) && placeOf(name) === undefined);

/**
 * A folder with what the page installs, and nothing else. A framework that builds apps wants the packages where they really are: the folder of
 * its app stands beside it.
 * @param {readonly string[]} names
 */
export function readersFolder(names) {
  const builds = names.some((name) => placeOf(name) === BUILDERS);
  const folder = builds ? mkdtempSync(join(frameworksDirectory, 'app-')) : mkdtempSync(join(tmpdir(), 'approov-guard-reader-'));
  for (const name of new Set(names)) {
    const place = ours.has(name) ? join(shelfOf(), 'node_modules') : placeOf(name);
    if (place === undefined) throw new Error(`the page installs ${name}, which is not installed here`);
    if (builds && ours.has(name)) cpSync(join(place, name), join(folder, 'node_modules', name), { recursive: true });
    else link(name, join(place, name), folder);
    linkPrograms(name, folder);
  }
  writeFileSync(join(folder, 'package.json'), '{ "name": "reader", "private": true }\n');
  return folder;
}

/** @param {string} name @param {string} target @param {string} folder */
function link(name, target, folder) {
  const path = join(folder, 'node_modules', name);
  mkdirSync(dirname(path), { recursive: true });
  symlinkSync(realpathSync(target), path);
}

/** @param {string} name @param {string} folder */
function linkPrograms(name, folder) {
  const path = join(folder, 'node_modules', name);
  const { bin = {} } = JSON.parse(readFileSync(join(path, 'package.json'), 'utf8'));
  mkdirSync(join(folder, 'node_modules/.bin'), { recursive: true });
  const programs = typeof bin === 'string' ? { [name.replace(/^.*\//, '')]: bin } : bin;
  for (const [program, file] of Object.entries(programs))
    symlinkSync(join(realpathSync(path), file), join(folder, 'node_modules/.bin', program));
}
