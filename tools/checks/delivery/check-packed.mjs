/** What users install: no file too few or too many in the archives, and `publint` and "are the types wrong?" find nothing in them. */
import { execFile } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { pack, specifiers } from '../../packages/packed.mjs';
import { report, root } from '../lib/source.mjs';

const WANTED = ['LICENSE', 'README.md', 'package.json'];
const UNWANTED = /(^|\/)tests?\/|\.test\.|\.tsbuildinfo$|(^|\/)\.env/;
const problems = /** @type {string[]} */ ([]);
const folder = mkdtempSync(join(tmpdir(), 'approov-guard-'));
try {
  const packed = pack(folder);
  for (const { name, files } of packed) {
    for (const path of WANTED) if (!files.includes(path)) problems.push(`${name}: the packed archive holds no ${path}`);
    for (const path of files) if (UNWANTED.test(path)) problems.push(`${name}: the packed archive holds ${path}`);
  }
  const programs = packed.flatMap(({ archive }) => [
    ['publint', 'run', archive, '--strict'],
    ['attw', archive, '--format', 'ascii', '--no-emoji', '--no-color'],
  ]);
  await Promise.all(programs.map(([program = '', ...parameters]) => lint(program, parameters)));
  report('check-packed', problems, `${packed.length} packages, ${specifiers().length} entry points.`);
} finally {
  rmSync(folder, { recursive: true });
}

/** @param {string} program @param {readonly string[]} parameters */
async function lint(program, parameters) {
  try {
    await promisify(execFile)(join(root, 'node_modules/.bin', program), parameters, { cwd: folder, maxBuffer: 1 << 24 });
  } catch (error) {
    const { stdout, stderr } = /** @type {{ stdout?: string, stderr?: string }} */ (error);
    problems.push(`${program} ${parameters.join(' ')}\n${stdout ?? ''}${stderr ?? ''}`);
  }
}
