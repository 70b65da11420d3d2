/**
 * `npm test`: installs if needed, builds, and runs every check and test with node:test.
 * `npm test -- packages/guard conformance/requests.test.ts` runs the test files below or at the given paths.
 */
import { spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, readdirSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { requireNode, root } from './ready.mjs';

const TEST_FILE = /^(?:tools\/[^/]+\.test\.mjs|packages\/[^/]+\/test\/.+\.test\.ts|(?:conformance|examples|bench)\/.+\.test\.ts)$/;

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

/**
 * Files that share nothing run in one process a folder: starting a process for each takes longer than running them.
 * @param {readonly string[]} all @returns {string[]}
 */
function together(all) {
  const cache = join(root, 'node_modules/.cache/approov-guard-tests');
  mkdirSync(cache, { recursive: true });
  const groups = ['packages/guard/test/unit/', 'packages/guard/test/vectors/'].map((folder, index) => {
    const members = all.filter((file) => file.startsWith(folder));
    const path = join(cache, `group-${index}.test.mjs`);
    writeFileSync(path, members.map((file) => `import ${JSON.stringify(pathToFileURL(join(root, file)).href)};\n`).join(''));
    return { members, path };
  });
  const grouped = new Set(groups.flatMap(({ members }) => members));
  return [...groups.filter(({ members }) => members.length > 0).map(({ path }) => path), ...all.filter((file) => !grouped.has(file))];
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

const built = run(process.execPath, ['node_modules/typescript/bin/tsc', '--build']);
const flags = ['--conditions=source', '--import=tsx', '--test', '--test-reporter=spec', '--test-concurrency=2'];
// The longest files start first, so that both cores stay busy.
const FIRST = ['conformance/test/table', 'tools/', 'examples/'];
const rank = (/** @type {string} */ file) => FIRST.findIndex((start) => file.startsWith(start)) + 1 || FIRST.length + 1;
const passed = run(process.execPath, [...flags, ...together(files).sort((a, b) => rank(a) - rank(b))]);
if (!built) console.error('The build failed: see its errors above the test results.');
process.exitCode = built && passed ? 0 : 1;
