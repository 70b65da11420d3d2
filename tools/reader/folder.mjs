/** A reader's folder, with the packages from their archives and those others that the page installs, and a shell in it. */
import { spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, mkdtempSync, readFileSync, realpathSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { packages } from '../build/packages.mjs';
import { root } from '../checks/lib/source.mjs';
import { consumersDirectory } from '../packages/consumers.mjs';
import { pack, unpack } from '../packages/packed.mjs';
import { findRuntime } from '../runtimes.mjs';

/** Where the packages of other people are installed here. */
const INSTALLED = [
  ...['', 'examples/', 'packages/guard/', 'packages/console/', 'conformance/'].map((folder) => join(root, folder, 'node_modules')),
  join(consumersDirectory, 'node_modules'),
];

/** @type {string | undefined} */
let shelf;

/** A folder with what the page installs, and nothing else. @param {readonly string[]} names */
export function readersFolder(names) {
  if (shelf === undefined) {
    shelf = mkdtempSync(join(tmpdir(), 'approov-guard-shelf-'));
    const kept = shelf;
    process.once('exit', () => rmSync(kept, { recursive: true, force: true }));
    unpack(pack(join(shelf, 'archives')), shelf);
    for (const name of ['undici', 'yaml', 'iovalkey']) link(name, join(root, 'node_modules', name), shelf);
  }
  const folder = mkdtempSync(join(tmpdir(), 'approov-guard-reader-'));
  const ours = new Set(packages().map(({ manifest }) => manifest.name));
  for (const name of names) {
    const place = ours.has(name) ? join(shelf, 'node_modules') : INSTALLED.find((one) => existsSync(join(one, name)));
    if (place === undefined) throw new Error(`the page installs ${name}, which is not installed here`);
    link(name, join(place, name), folder);
  }
  writeFileSync(join(folder, 'package.json'), '{ "name": "reader", "private": true }\n');
  return folder;
}

/** @param {string} name @param {string} target @param {string} folder */
function link(name, target, folder) {
  const path = join(folder, 'node_modules', name);
  mkdirSync(dirname(path), { recursive: true });
  symlinkSync(realpathSync(target), path);
  const { bin = {} } = JSON.parse(readFileSync(join(path, 'package.json'), 'utf8'));
  mkdirSync(join(folder, 'node_modules/.bin'), { recursive: true });
  const programs = typeof bin === 'string' ? { [name.replace(/^.*\//, '')]: bin } : bin;
  for (const [program, file] of Object.entries(programs))
    symlinkSync(join(realpathSync(path), file), join(folder, 'node_modules/.bin', program));
}

/** Runs a script with bash, where `npx` finds what was installed, and nothing else. @param {string} script @param {string} cwd */
export function inShell(script, cwd) {
  const { APPROOV_BASE64_SECRET: _secret, NODE_ENV: _env, NODE_TEST_CONTEXT: _context, NODE_OPTIONS: _options, ...env } = process.env;
  const programs = [process.execPath, ...['bun', 'deno'].flatMap((name) => findRuntime(name) ?? [])];
  const PATH = [...programs.map((program) => dirname(program)), process.env.PATH].join(':');
  return spawnSync('bash', ['-c', script], { cwd, env: { ...env, PATH }, encoding: 'utf8', timeout: 120_000 });
}
