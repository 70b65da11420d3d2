/** What the packages export: every subpath has its source and built file, and every public export of the library has a doc comment. */
import { existsSync } from 'node:fs';
import { dirname, join } from 'node:path/posix';
import { completed, packages } from '../../build/packages.mjs';
import { parse, readJson, report, root } from '../lib/source.mjs';

const problems = /** @type {string[]} */ ([]);
const documented = new Set();
const published = packages();
for (const one of published) {
  const folder = join('packages', one.folder.slice(join(root, 'packages').length));
  checkManifest(folder, one.manifest);
  if (JSON.stringify(completed(one)) !== JSON.stringify(one.manifest)) {
    problems.push(`${folder}/package.json: its entry points have other conditions than all others; npm run build writes them`);
  }
  for (const { source } of one.entries) if (existsSync(join(root, folder, source))) checkDocumented(join(folder, source));
}
report('check-exports', problems, `${published.length} packages, ${documented.size} documented exports.`);

/** @param {string} folder @param {any} manifest */
function checkManifest(folder, manifest) {
  for (const field of ['name', 'version', 'description', 'keywords', 'license', 'type', 'engines', 'files', 'exports']) {
    if (!manifest[field]) problems.push(`${folder}/package.json has no "${field}"`);
  }
  if (manifest.version !== readJson('packages/guard/package.json').version) problems.push(`${folder}: the packages share one version`);
  for (const field of ['exports', 'imports', 'bin', 'main', 'module', 'types']) checkTarget(folder, field, manifest[field] ?? {});
}

/** @param {string} folder @param {string} name @param {any} target */
function checkTarget(folder, name, target) {
  if (typeof target !== 'string') {
    for (const [key, value] of Object.entries(target)) checkTarget(folder, `${name} ${key}`, value);
  } else if (!existsSync(join(root, folder, target))) {
    problems.push(`${folder}: ${name} leads to ${target}, which is absent (is it built?)`);
  }
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
