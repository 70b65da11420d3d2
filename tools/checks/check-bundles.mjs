/**
 * What each entry point weighs in a bundle for Workers: minified, tree-shaken, compressed. Fails if one weighs more than `GROWTH` times
 * what tools/checks/sizes.json says of the last release. `--write` puts the table into docs/runtimes.md.
 */
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { build } from 'esbuild';
import { readJson, report, root } from './lib/source.mjs';

const KIB = 1024;
const GROWTH = 1.1;
const released = readJson('tools/checks/sizes.json');
const [START, END] = ['<!-- sizes: written by node tools/checks/check-bundles.mjs --write -->', '<!-- /sizes -->'];
const problems = /** @type {string[]} */ ([]);
const { exports } = readJson('packages/guard/package.json');
const rows = /** @type {{ path: string, [size: string]: any }[]} */ ([]);
for (const [path, target] of Object.entries(exports)) {
  if (typeof target === 'object') rows.push({ path, ...(await weigh(target.module)) });
}
for (const [name, bytes] of Object.entries(released)) {
  const row = rows.find(({ path }) => join('approov-guard', path) === name);
  if (row !== undefined && row.gzip > bytes * GROWTH) problems.push(`${name}: ${row.gzip} bytes after gzip, ${bytes} in the last release`);
}
if (process.argv.includes('--write')) write();
report('check-bundles', problems, rows.map(({ path, gzip }) => `${path.slice(2) || '.'} ${kib(gzip)}`).join(', '));

/** @param {string} file a built file */
async function weigh(file) {
  const { outputFiles } = await build({
    entryPoints: [join(root, 'packages/guard', file)],
    bundle: true,
    minify: true,
    write: false,
    format: 'esm',
    platform: 'browser',
    conditions: ['workerd', 'worker'],
    external: ['node:*'],
    logLevel: 'error',
  });
  const contents = outputFiles[0]?.contents ?? new Uint8Array();
  return { minified: contents.length, gzip: gzipSync(contents, { level: 9 }).length };
}

/** @param {number} bytes */
function kib(bytes) {
  return `${(bytes / KIB).toFixed(1)} KiB`;
}

function write() {
  const file = join(root, 'docs/runtimes.md');
  const text = readFileSync(file, 'utf8');
  const lines = rows.map(({ path, minified, gzip }) => `| \`approov-guard${path.slice(1)}\` | ${kib(minified)} | ${kib(gzip)} |`);
  const table = [START, '', '| entry point | minified | after gzip |', '|---|---|---|', ...lines, '', END].join('\n');
  writeFileSync(file, text.slice(0, text.indexOf(START)) + table + text.slice(text.indexOf(END) + END.length));
}
