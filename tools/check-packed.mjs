/** What users install: the packed files, `require()` and `import()` of the built packages, and their types under two resolutions. */
import { spawnSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { files, readJson, report, root } from './source.mjs';

const UNWANTED = /(^|\/)tests?\/|\.test\.|\.tsbuildinfo$|(^|\/)\.env/;
const problems = /** @type {string[]} */ ([]);
const manifests = files(/^packages\/[^/]+\/package\.json$/);
const specifiers = manifests.flatMap((manifest) => {
  const { name, exports } = readJson(manifest);
  return Object.keys(exports).flatMap((path) => (path.endsWith('.json') ? [] : [join(name, path)]));
});
checkTarballs();
const consumer = mkdtempSync(join(tmpdir(), 'approov-guard-'));
try {
  writeConsumer();
  checkConsumer();
} finally {
  rmSync(consumer, { recursive: true });
}
report('check-packed', problems, `${manifests.length} packages, ${specifiers.length} entry points.`);

function checkTarballs() {
  const { stdout, stderr } = spawnSync('npm', ['pack', '--workspaces', '--json', '--dry-run', '--ignore-scripts'], {
    cwd: root,
    encoding: 'utf8',
  });
  const packed = stdout === '' ? [] : Object.values(JSON.parse(stdout));
  if (packed.length === 0) problems.push(`npm pack printed nothing: ${stderr}`);
  for (const manifest of manifests) checkTarball(readJson(manifest), packed);
}

/** @param {any} manifest @param {any[]} packed */
function checkTarball({ name, exports }, packed) {
  const paths = /** @type {string[]} */ (packed.find((row) => row.name === name)?.files.map((/** @type {any} */ { path }) => path) ?? []);
  const entries = Object.values(exports).flatMap((target) => (typeof target === 'string' ? [target] : [target.types, target.default]));
  for (const path of ['LICENSE', 'README.md', 'package.json', ...entries.map((entry) => entry.slice('./'.length))]) {
    if (!paths.includes(path)) problems.push(`${name}: the packed archive holds no ${path}`);
  }
  for (const path of paths) if (UNWANTED.test(path)) problems.push(`${name}: the packed archive holds ${path}`);
}

function writeConsumer() {
  for (const manifest of manifests) {
    const link = join(consumer, 'node_modules', readJson(manifest).name);
    mkdirSync(dirname(link), { recursive: true });
    symlinkSync(join(root, dirname(manifest)), link);
  }
  symlinkSync(join(root, 'node_modules/@types'), join(consumer, 'node_modules/@types'));
  const list = JSON.stringify(specifiers);
  const check = "if (Object.keys(module).length === 0) throw new Error(specifier + ' exports nothing');";
  writeFileSync(join(consumer, 'require.cjs'), `for (const specifier of ${list}) { const module = require(specifier); ${check} }\n`);
  writeFileSync(join(consumer, 'import.mjs'), `for (const specifier of ${list}) { const module = await import(specifier); ${check} }\n`);
  const imports = specifiers.map(
    (specifier, index) => `import * as module${index} from '${specifier}';\nexport const type${index}: object = module${index};`,
  );
  writeFileSync(join(consumer, 'consumer.mts'), `${imports.join('\n')}\n`);
}

function checkConsumer() {
  const options = ['--ignoreConfig', '--noEmit', '--strict', '--target', 'es2022', '--types', 'node'];
  const tsc = [join(root, 'node_modules/typescript/bin/tsc'), ...options];
  run('require()', ['--no-warnings', 'require.cjs']);
  run('import()', ['import.mjs']);
  run('types (nodenext)', [...tsc, '--module', 'nodenext', 'consumer.mts']);
  run('types (bundler)', [...tsc, '--module', 'esnext', '--moduleResolution', 'bundler', 'consumer.mts']);
}

/** @param {string} what @param {readonly string[]} parameters */
function run(what, parameters) {
  const { status, stdout, stderr } = spawnSync(process.execPath, parameters, { cwd: consumer, encoding: 'utf8' });
  // What is wrong in the declarations of frameworks is theirs to mend: our own are not below node_modules, since they are linked.
  const ours = `${stdout}${stderr}`.split('\n').filter((line) => line.trim() !== '' && !/^\S*node_modules\/\S+: error TS/.test(line));
  if (status !== 0 && (ours.length > 0 || stdout === '')) problems.push(`${what}: ${ours.join('\n')}`);
}
