/** What the packages export: every subpath has its source and built file, and every public export of the library has a doc comment. */
import { existsSync } from 'node:fs';
import { dirname, join } from 'node:path/posix';
import { files, parse, readJson, report, root } from './source.mjs';

const problems = /** @type {string[]} */ ([]);
const documented = new Set();
const manifests = files(/^packages\/[^/]+\/package\.json$/);
for (const manifest of manifests) checkManifest(dirname(manifest), readJson(manifest));
for (const entry of [
  'packages/guard/src/index.ts',
  'packages/testkit/src/index.ts',
  ...files(/^packages\/guard\/src\/adapters\/.*\.ts$/),
]) {
  if (existsSync(join(root, entry))) checkDocumented(entry);
  else problems.push(`${entry} is absent`);
}
report('check-exports', problems, `${manifests.length} packages, ${documented.size} documented exports.`);

/** @param {string} folder @param {any} manifest */
function checkManifest(folder, manifest) {
  for (const field of ['name', 'version', 'description', 'license', 'type', 'engines', 'files', 'exports']) {
    if (!manifest[field]) problems.push(`${folder}/package.json has no "${field}"`);
  }
  if (manifest.version !== readJson('packages/guard/package.json').version) problems.push(`${folder}: the packages share one version`);
  const targets = [
    ...Object.entries(manifest.exports ?? {}),
    ...Object.entries(manifest.imports ?? {}),
    ...Object.entries(manifest.bin ?? {}),
  ];
  for (const [name, target] of targets) checkTarget(folder, name, target);
}

/** @param {string} folder @param {string} name @param {any} target */
function checkTarget(folder, name, target) {
  if (typeof target === 'string') {
    if (!existsSync(join(root, folder, target))) problems.push(`${folder}: ${name} leads to ${target}, which is absent (is it built?)`);
    return;
  }
  const conditions = Object.keys(target);
  if (conditions.at(-1) !== 'default') problems.push(`${folder}: ${name}: "default" comes last`);
  const types = conditions.indexOf('types');
  if (types > 0 && conditions.slice(0, types).some((condition) => condition !== 'source')) {
    problems.push(`${folder}: ${name}: "types" comes before every condition but "source"`);
  }
  for (const condition of conditions) checkTarget(folder, `${name} (${condition})`, target[condition]);
}

/** @param {string} entry */
function checkDocumented(entry) {
  for (const { entries } of parse(entry).module.staticExports) {
    for (const { moduleRequest, exportName, importName, localName } of entries) {
      const name = importName.name ?? localName.name ?? 'default';
      if (moduleRequest !== null && exportName.name === null) problems.push(`${entry}: export * hides what is public; name each export`);
      else checkDeclaration(moduleRequest === null ? entry : join(dirname(entry), moduleRequest.value), name, entry);
    }
  }
}

/** @param {string} path @param {string} name @param {string} entry */
function checkDeclaration(path, name, entry) {
  if (!path.startsWith('packages/')) return;
  const { text, program, comments, module } = parse(path);
  const statement = program.body.find((/** @type {any} */ { type, declaration }) => {
    const names = [declaration?.id?.name, ...(declaration?.declarations ?? []).map((/** @type {any} */ { id }) => id.name)];
    return names.includes(name) || (name === 'default' && type === 'ExportDefaultDeclaration');
  });
  if (statement === undefined) return followReExport(path, name, entry, module);
  documented.add(`${path} ${name}`);
  const comment = comments.findLast(({ end }) => end <= statement.start && text.slice(end, statement.start).trim() === '');
  if (!comment?.value.startsWith('*')) problems.push(`${path}: ${name}, exported by ${entry}, has no doc comment`);
}

/** @param {string} path @param {string} name @param {string} entry @param {any} module */
function followReExport(path, name, entry, module) {
  const all = module.staticExports.flatMap((/** @type {any} */ { entries }) => entries);
  const found = all.find((/** @type {any} */ { exportName, moduleRequest }) => exportName.name === name && moduleRequest !== null);
  if (found) checkDeclaration(join(dirname(path), found.moduleRequest.value), found.importName.name, entry);
  else problems.push(`${entry} exports ${name}, whose declaration was not found in ${path}`);
}
