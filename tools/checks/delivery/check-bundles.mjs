/**
 * What each entry point weighs in a bundle for Workers: minified, tree-shaken, compressed. Fails if one weighs more than `SLACK` times what
 * tools/checks/delivery/sizes.json has under `now`: growth is a decision, which `--write` puts there and, beside the last release, into docs/runtimes.md.
 */
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { build } from 'esbuild';
import { readJson, report, root } from '../lib/source.mjs';

/** @typedef {{ released: { [name: string]: number }, now: { [name: string]: number } }} Sizes bytes after gzip, by entry point */

const KIB = 1024;
const SLACK = 1.05;
/** What small entry points may grow by, in bytes. */
const LEAST = 512;
const SIZES = 'tools/checks/delivery/sizes.json';
const { released, now } = /** @type {Sizes} */ (readJson(SIZES));
const [START, END] = ['<!-- sizes: written by node tools/checks/delivery/check-bundles.mjs --write -->', '<!-- /sizes -->'];
const problems = /** @type {string[]} */ ([]);
const { exports } = readJson('packages/guard/package.json');
const rows = /** @type {{ path: string, minified: number, gzip: number }[]} */ ([]);
for (const [path, target] of Object.entries(exports)) {
  if (typeof target === 'object') rows.push({ path, ...(await weigh(target.module)) });
}
for (const { path, gzip } of rows) {
  const [name, most] = [nameOf(path), Math.max((now[nameOf(path)] ?? 0) * SLACK, (now[nameOf(path)] ?? 0) + LEAST)];
  if (gzip > most && !process.argv.includes('--write'))
    problems.push(
      `${name}: ${gzip} bytes after gzip, ${now[name] ?? 0} in ${SIZES}: make it lighter, or say that it is worth it with --write`,
    );
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

/** @param {string} path @returns {string} what is imported */
function nameOf(path) {
  return join('approov-guard', path);
}

/** @param {string} path @param {number} gzip @returns {string} growth since the last release; nothing where the entry point is newer */
function grown(path, gzip) {
  const before = released[nameOf(path)];
  if (before === undefined) return '';
  const percent = Math.round((100 * (gzip - before)) / before);
  return percent < 0 ? `−${-percent} %` : `+${percent} %`;
}

function write() {
  const sizes = Object.fromEntries(rows.map(({ path, gzip }) => [nameOf(path), gzip]));
  writeFileSync(join(root, SIZES), `${JSON.stringify({ released, now: sizes }, null, 2)}\n`);
  const file = join(root, 'docs/runtimes.md');
  const text = readFileSync(file, 'utf8');
  const lines = rows.map(({ path, minified, gzip }) => `| \`${nameOf(path)}\` | ${kib(minified)} | ${kib(gzip)} | ${grown(path, gzip)} |`);
  const table = [START, '', '| entry point | minified | after gzip | since 0.1 |', '|---|---|---|---|', ...lines, '', END].join('\n');
  writeFileSync(file, text.slice(0, text.indexOf(START)) + table + text.slice(text.indexOf(END) + END.length));
}
