/**
 * The packages from their archives, in a project outside the repository: loaded by `import` and by `require()`, with one state, and with
 * the documentation's code type-checked against the oldest and the newest types of Node and run in both forms.
 */
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { basename, join } from 'node:path';
import { before, describe, test } from 'node:test';
import { transformSync } from 'esbuild';
import { docBlocks, writeModules } from '../checks/lib/doc-blocks.mjs';
import { root } from '../checks/lib/source.mjs';
import { skipUnless } from '../optional.mjs';
import { everyRuntime, findRuntime, runtimeNames } from '../runtimes.mjs';
import { specifiers } from './packed.mjs';
import { makeProject, writeAdapterTypes, writeConfig } from './project.mjs';

const NEWEST = { '@types/node': 'types-node-newest' };
const { NODE_OPTIONS: _options, NODE_TEST_CONTEXT: _context, ...inherited } = process.env;
const env = { ...inherited, APPROOV_BASE64_SECRET: randomBytes(32).toString('base64'), NO_COLOR: '1', NODE_ENV: 'test' };
let project = '';
before(() => {
  project = makeProject({ instead: NEWEST });
});

/** @param {string} program @param {readonly string[]} parameters @param {string} [cwd] */
function run(program, parameters, cwd = project) {
  const { status, stdout, stderr, error } = spawnSync(program, parameters, { cwd, env, encoding: 'utf8', timeout: 300_000 });
  assert.equal(status, 0, `${error?.message ?? ''}${stdout}${stderr}`);
  return stdout;
}

/** @param {string} name @param {string} text */
function write(name, text) {
  writeFileSync(join(project, name), text);
  return name;
}

const all = JSON.stringify(specifiers());
const HOLDS = "if (Object.keys(loaded).length === 0) throw new Error(specifier + ' exports nothing');";
const REQUIRES = `for (const specifier of ${all}) { const loaded = require(specifier); ${HOLDS} }`;
const IMPORTS = `for (const specifier of ${all}) { const loaded = await import(specifier); ${HOLDS} }`;
/** Every export of every entry point is the same thing in both forms, and a request that one form judged is known to the other. */
const ONE_STATE = `
import { createRequire } from 'node:module';
const require = createRequire(import.meta.url);
for (const specifier of ${all}) {
  const [imported, required] = [await import(specifier), require(specifier)];
  for (const name of Object.keys(required)) if (imported[name] !== required[name]) throw new Error(specifier + ' has two ' + name);
  const missing = Object.keys(imported).filter((name) => !(name in required) && name !== 'default' && name !== 'module.exports');
  if (missing.length > 0) throw new Error(specifier + ': require() lacks ' + missing.join(', '));
}`;

test('require() works where it takes no ES module', () => {
  run(process.execPath, ['--no-warnings', '--no-experimental-require-module', write('require.cjs', REQUIRES)]);
});

test('import works', () => {
  run(process.execPath, [write('import.mjs', IMPORTS)]);
});

/** What an entry point reads: files of the package, and Node's server, which a cold start need not wait for. */
const LOADED = `
const { Module } = require('node:module');
const files = Object.keys(Module._cache).filter((file) => file.includes('approov-guard'));
process.stdout.write(JSON.stringify({ files: files.length, server: process.moduleLoadList.includes('NativeModule http') }));`;

for (const entry of ['express', 'fastify', 'node', 'next', 'web']) {
  test(`loading ${entry} reads two CommonJS files, in both forms, and not Node's server`, () => {
    const [required, imported] = [
      `require('approov-guard/${entry}');${LOADED}`,
      `import('approov-guard/${entry}').then(() => {${LOADED}});`,
    ];
    for (const code of [required, imported]) assert.deepEqual(JSON.parse(run(process.execPath, ['-e', code])), { files: 2, server: false });
  });
}

test('state is one, whichever form a program loads', () => {
  run(process.execPath, [write('one-state.mjs', ONE_STATE)]);
});

for (const name of runtimeNames.filter((runtime) => runtime !== 'workerd')) {
  const found = findRuntime(name);
  test(
    `${name}: both forms load, with one state`,
    everyRuntime ? skipUnless(found, name) : { skip: `skipped: ${name} not asked for` },
    () => {
      const start = name === 'deno' ? ['run', '--allow-all', '--quiet'] : [];
      const texts = { 'require.cjs': REQUIRES, 'import.mjs': IMPORTS, 'one-state.mjs': ONE_STATE };
      for (const [file, text] of Object.entries(texts)) run(found ?? '', [...start, write(file, text)]);
    },
  );
}

/** @param {string} folder @param {string} what */
function typeCheck(folder, what) {
  const blocks = docBlocks([]).filter(({ notRun }) => !notRun);
  const places = writeModules(folder, blocks);
  const type = basename(folder) === 'esm' ? 'module' : 'commonjs';
  writeFileSync(join(folder, 'package.json'), JSON.stringify({ type }));
  const options = { module: 'nodenext', allowJs: true, checkJs: true, esModuleInterop: true, exactOptionalPropertyTypes: true };
  // In CommonJS a block that awaits at its top has no place.
  const kept = [...places.keys()].filter((file) => type === 'module' || inForm(file, 'cjs') !== null);
  writeConfig(folder, options, kept);
  const { stdout } = spawnSync(join(root, 'node_modules/.bin/tsc'), ['-p', folder, '--pretty', 'false'], { cwd: folder, encoding: 'utf8' });
  const errors = stdout.split('\n').filter((line) => /error TS/.test(line));
  const shown = errors.map((line) => `${places.get(join(folder, basename(line.replace(/\(.*$/, '')))) ?? ''} ${line}`);
  assert.equal(shown.join('\n'), '', what);
  return new Map(kept.map((file) => [file, places.get(file) ?? file]));
}

/** @param {string} file @param {'esm' | 'cjs'} format @returns {string | null} the code without types; `null` if it has no such form */
function inForm(file, format) {
  try {
    const loader = file.endsWith('.ts') ? 'ts' : 'js';
    const options = { format, loader, target: 'node20', tsconfigRaw: { compilerOptions: { experimentalDecorators: true } } };
    return transformSync(readFileSync(file, 'utf8'), /** @type {import('esbuild').TransformOptions} */ ({ ...options, logLevel: 'silent' }))
      .code;
  } catch {
    return null;
  }
}

test('the types of the adapters fit the newest types of Node, and the newest frameworks', () => {
  writeAdapterTypes(project);
  run(process.execPath, [join(root, 'node_modules/typescript/bin/tsc'), '-p', project, '--pretty', 'false']);
});

describe('the documentation’s code, outside the repository', () => {
  for (const [form, extension] of /** @type {const} */ ([
    ['esm', 'mjs'],
    ['cjs', 'cjs'],
  ])) {
    test(`${form}: type-checks against the newest types of Node, and runs`, (context) => {
      const folder = join(project, form);
      const places = typeCheck(folder, 'newest types');
      mkdirSync(join(folder, 'run'));
      const programs = new Map(
        [...places].map(([file, place], index) => {
          const path = join(folder, 'run', `block-${index}.${extension}`);
          writeFileSync(path, inForm(file, form) ?? '');
          return [path, place];
        }),
      );
      const stdout = run(
        process.execPath,
        ['--no-warnings', join(root, 'tools/checks/lib/run-doc-blocks.mjs'), ...programs.keys()],
        folder,
      );
      const results = stdout.split('\n').flatMap((line) => (line.startsWith('{"file":') ? [JSON.parse(line)] : []));
      const failed = results.filter(({ error }) => error !== null).map(({ file, error }) => `${programs.get(file)}: ${error}`);
      context.diagnostic(`${results.length} blocks`);
      assert.equal(failed.join('\n'), '');
      assert.equal(results.length, programs.size);
    });
  }

  test('type-checks against the oldest types of Node', () => {
    const folder = join(makeProject(), 'esm');
    typeCheck(folder, 'oldest types');
  });
});
