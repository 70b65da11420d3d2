/** Documentation that runs: each ts and js block is type-checked and executed, each sh block is executed. File names restrict it. */
import { spawnSync } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { existsSync, mkdirSync, rmSync } from 'node:fs';
import { basename, join } from 'node:path';
import { docBlocks, writeModules } from './lib/doc-blocks.mjs';
import { report, root } from './lib/source.mjs';

/** Lines that are never run here, since they act on the repository itself: npm test covers them on a fresh clone. */
const ELSEWHERE = /(?:^|[\s;&|(])(?:npm|git|cd|\.ci\/run|node tools\/\S+)(?:\s|$)/;

const folder = join(root, `node_modules/.cache/check-docs-${process.pid}`);
const env = { ...process.env, APPROOV_BASE64_SECRET: randomBytes(32).toString('base64'), NO_COLOR: '1', NODE_ENV: 'test' };
const problems = /** @type {string[]} */ ([]);
const blocks = docBlocks(process.argv.slice(2));
for (const { where, notRun } of blocks) if (notRun !== null) checkMark(where, notRun);
const runnable = blocks.filter(({ notRun }) => notRun === null);
const modules = writeModules(folder, runnable);
if (modules.size > 0) {
  typeCheck();
  if (problems.length === 0) runModules();
}
const scripts = runnable.filter(({ language }) => language === 'sh');
const known = /** @type {Set<string>} */ (new Set());
for (const script of scripts) runScript(script);
rmSync(folder, { recursive: true, force: true });
report(
  'check-docs',
  problems,
  `${modules.size} modules and ${scripts.length} scripts run, ${blocks.length - runnable.length} blocks not run.`,
);

/** @param {string} where @param {string} mark - a test that is there, or a reason that the page shows */
function checkMark(where, mark) {
  const [test] = /\S+\.test\.(?:ts|mjs)/.exec(mark) ?? [];
  if (test === undefined ? !/^Not run by the tests: \S{2,}/.test(mark) : !existsSync(join(root, test)))
    problems.push(
      `${where}: a block that is not run here needs a reason: <!-- run by FILE.test.ts -->, or *Not run by the tests: reason.*`,
    );
}

function typeCheck() {
  const { stdout } = spawnSync(join(root, 'node_modules/.bin/tsc'), ['-p', folder, '--pretty', 'false'], { cwd: folder, encoding: 'utf8' });
  for (const line of stdout.split('\n').filter((text) => /error TS/.test(text))) {
    const where = modules.get(join(folder, basename(line.replace(/\(.*$/, ''))));
    problems.push(where === undefined ? line : `${where}${line.slice(line.indexOf('('))}`);
  }
}

function runModules() {
  const program = ['-C', 'source', '--import', 'tsx', join(root, 'tools/checks/lib/run-doc-blocks.mjs'), ...modules.keys()];
  const { stdout, stderr } = spawnSync(process.execPath, program, { cwd: root, env, encoding: 'utf8' });
  const results = stdout
    .split('\n')
    // A block that uses `node:test` prints its own lines between ours.
    .filter((line) => line.startsWith('{"file":'))
    .map((line) => JSON.parse(line));
  for (const { file, error } of results)
    if (error !== null) problems.push(`${modules.get(file)}: ${error.split('\n').slice(0, 8).join('\n')}`);
  if (results.length < modules.size) problems.push(`the run ended early, after ${results.length} of ${modules.size} modules: ${stderr}`);
}

/** Runs what a block shows, unless another one showed the same. @param {import('./lib/doc-blocks.mjs').Block} block */
function runScript({ where, code }) {
  const text = code
    .split('\n')
    .filter((line) => !ELSEWHERE.test(line))
    .join('\n');
  if (text.trim() === '' || known.has(text)) return;
  known.add(text);
  mkdirSync(folder, { recursive: true });
  const script = `set -euo pipefail\nnpx() { "$@"; }\napproov-guard() { node "${root}/packages/cli/bin/approov-guard.js" "$@"; }\n${text}`;
  const { status, stdout, stderr } = spawnSync('bash', ['-c', script], { cwd: folder, env, encoding: 'utf8', timeout: 120_000 });
  if (status !== 0) problems.push(`${where}: exit code ${status}\n${stdout}${stderr}`);
}
