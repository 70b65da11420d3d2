/**
 * `npm test`: installs if needed, builds, and runs every check and test with node:test.
 * `npm test -- packages/guard conformance/requests.test.ts` runs the test files below or at the given paths.
 */
import { spawnSync } from 'node:child_process';
import { existsSync, readdirSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { requireNode, root } from './ready.mjs';
import { arranged } from './run/test-groups.mjs';

const TEST_FILE = /^(?:tools\/.+\.test\.mjs|packages\/[^/]+\/test\/.+\.test\.ts|(?:conformance|examples|bench)\/.+\.test\.ts)$/;

/** @param {string} command @param {readonly string[]} parameters */
function run(command, parameters) {
  const { status, error } = spawnSync(command, parameters, { cwd: root, stdio: 'inherit' });
  if (error) console.error(`${command}: ${error.message}`);
  return status === 0;
}

function installed() {
  const record = join(root, 'node_modules/.package-lock.json');
  return existsSync(record) && statSync(record).mtimeMs >= statSync(join(root, 'package-lock.json')).mtimeMs;
}

/** @param {string} folder @returns {string[]} */
function testFiles(folder = '') {
  return readdirSync(join(root, folder), { withFileTypes: true })
    .filter(({ name }) => name !== 'node_modules' && name !== 'dist' && !name.startsWith('.'))
    .flatMap((entry) => {
      const path = folder === '' ? entry.name : `${folder}/${entry.name}`;
      if (entry.isDirectory()) return testFiles(path);
      return TEST_FILE.test(path) ? [path] : [];
    })
    .sort();
}

requireNode();
// Not `npm ci`: it refuses a lock file that lacks the optional packages of other platforms. `--no-save` leaves the lock file as it is.
if (!installed() && !run('npm', ['install', '--no-save', '--no-audit', '--no-fund'])) process.exit(1);

const wanted = process.argv.slice(2).map((path) => path.replace(/^\.\//, '').replace(/\/$/, ''));
const files = testFiles().filter((file) => wanted.length === 0 || wanted.some((path) => file === path || file.startsWith(`${path}/`)));
if (files.length === 0) {
  console.error(`No test file at ${wanted.join(', ')}.`);
  process.exit(1);
}

const built = run(process.execPath, ['tools/build.mjs']);
if (built) process.env.APPROOV_GUARD_BUILT = '1';
const passed = run(process.execPath, ['--conditions=source', '--import=tsx', 'tools/run/run-tests.mjs', ...arranged(files)]);
if (!built) console.error('The build failed: see its errors above the test results.');
process.exitCode = built && passed ? 0 : 1;
