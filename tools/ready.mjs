/** What has to be true before anything runs: the right Node, and what package-lock.json lists installed. Imports only Node's own modules. */
import { spawnSync } from 'node:child_process';
import { existsSync, statSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

/** The repository's root folder. */
export const root = join(dirname(fileURLToPath(import.meta.url)), '..');

/**
 * Whether the packages were built just now, as `npm test` says: what it starts takes them from there, in half the time. All else takes their
 * TypeScript sources, so that no build can be out of date.
 */
export const built = process.env.APPROOV_GUARD_BUILT === '1';

/** The flags with which Node takes the packages from where `built` says. */
export const packageFlags = built ? [] : ['--conditions=source', '--import=tsx'];

const OLDEST = { major: 20, minor: 19 };
const QUIET = ['--no-audit', '--no-fund', '--loglevel=error'];

/** Stops with a message on a Node that is too old. */
export function requireNode(version = process.versions.node) {
  const [major = 0, minor = 0] = version.split('.').map(Number);
  if (major > OLDEST.major || (major === OLDEST.major && minor >= OLDEST.minor)) return;
  stop(`Node ${OLDEST.major}.${OLDEST.minor} or newer is needed; this is ${version}. Install a current one from https://nodejs.org/.`);
}

/** Runs `npm ci` unless what package-lock.json lists is installed. */
export function install() {
  const record = join(root, 'node_modules/.package-lock.json');
  if (existsSync(record) && statSync(record).mtimeMs >= statSync(join(root, 'package-lock.json')).mtimeMs) return;
  console.log('Installing what package-lock.json lists (npm ci) ...');
  if (npm(['ci', ...QUIET]).status === 0) return;
  // npm ci also wants the optional packages of all other systems listed, and a registry that lacks some leaves them out of the lock file.
  console.log('npm ci does not take package-lock.json as it is; trying npm install ...');
  required(['install', '--no-save', ...QUIET]);
}

/** Compiles the packages. */
export function build() {
  console.log('Building (npm run build) ...');
  required(['run', '--silent', 'build']);
}

/** @param {readonly string[]} parameters */
function npm(parameters) {
  // A shell is needed on Windows, where npm is a script; the parameters are constants.
  return spawnSync('npm', parameters, { cwd: root, encoding: 'utf8', shell: process.platform === 'win32' });
}

/** Runs npm; shows what it said only if it failed. @param {readonly string[]} parameters */
function required(parameters) {
  const { status, stdout, stderr, error } = npm(parameters);
  if (status !== 0) stop(`npm ${parameters.join(' ')} failed.\n${error?.message ?? ''}${stdout ?? ''}${stderr ?? ''}`);
}

/** @param {string} message @returns {never} */
export function stop(message, exitCode = 2) {
  console.error(message);
  process.exit(exitCode);
}
