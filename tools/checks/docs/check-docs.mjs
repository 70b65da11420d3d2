/**
 * Documentation that runs: each ts and js block is type-checked and executed here; everything else that a page shows is a step that its reader can
 * take, which tools/reader takes, or the page says why not. File names restrict it.
 */
import { spawnSync } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { existsSync, rmSync } from 'node:fs';
import { basename, join } from 'node:path';
import { isFollowed, stepsOf } from '../../reader/steps.mjs';
import { docBlocks, documents, writeModules } from '../lib/doc-blocks.mjs';
import { read, report, root } from '../lib/source.mjs';

const folder = join(root, `node_modules/.cache/check-docs-${process.pid}`);
const env = { ...process.env, APPROOV_BASE64_SECRET: randomBytes(32).toString('base64'), NO_COLOR: '1', NODE_ENV: 'test' };
const only = process.argv.slice(2);
const problems = /** @type {string[]} */ ([]);
const steps = documents(only).flatMap((page) => stepsOf(read(page)).map((step) => ({ page, where: `${page}:${step.line}`, ...step })));
for (const step of steps) problems.push(...problemsOf(step));
const modules = writeModules(
  folder,
  docBlocks(only).filter(({ notRun }) => !notRun),
);
if (modules.size > 0) {
  typeCheck();
  if (problems.length === 0) runModules();
}
rmSync(folder, { recursive: true, force: true });
const left = steps.filter(({ kind, reason = '' }) => kind === 'left' && !reason.startsWith('run by'));
const followed = steps.filter(({ page, kind }) => isFollowed(page) && kind !== 'left');
for (const [why, places] of grouped(left)) console.log(`not run (${why}): ${places.join(', ')}`);
const printed = left.filter(({ reason = '' }) => reason.startsWith('not run'));
const counts = `${left.length - printed.length} not run, ${printed.length} printed by the code`;
report('check-docs', problems, `${modules.size} modules run, ${followed.length} blocks for the reader, ${counts}.`);

/** @param {typeof steps[number]} step @returns {string[]} */
function problemsOf({ page, where, kind, reason = '' }) {
  const [test] = /\S+\.test\.(?:ts|mjs)/.exec(reason) ?? [];
  if (test !== undefined && !existsSync(join(root, test))) return [`${where}: there is no ${test}`];
  if (kind === 'unknown') return [`${where}: what is the reader to do with it? Say “Save this as …”, or “*Not run by the tests: reason.*”`];
  if (isFollowed(page) || kind === 'left' || kind === 'module' || kind === 'save') return [];
  return [
    `${where}: the reader does not follow this page: name the test, <!-- run by FILE.test.ts -->, or say “*Not run by the tests: reason.*”`,
  ];
}

/** @param {typeof left} blocks @returns {Map<string, string[]>} their places, by the reason */
function grouped(blocks) {
  const places = /** @type {Map<string, string[]>} */ (new Map());
  for (const { reason = '', page, line } of blocks) {
    const why = reason.replace(/^.*?: /, '');
    const lines = places.get(why) ?? [];
    places.set(why, lines.some((place) => place.startsWith(`${page}:`)) ? lines : [...lines, `${page}:${line}`]);
  }
  return places;
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
