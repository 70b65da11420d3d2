/** Text that does not belong in the product, and Markdown links that lead nowhere. */
import { execFileSync } from 'node:child_process';
import { existsSync, statSync } from 'node:fs';
import { dirname, join, normalize } from 'node:path/posix';
import { repositoryPage } from '../../build/packages.mjs';
import { headings, slug, withoutBlocks } from '../lib/markdown.mjs';
import { read, report, root } from '../lib/source.mjs';

const FOREIGN = [
  { pattern: /(?<![\w.])\/(?:work|farm|root|home|Users)\/[\w.-]+/, what: 'a path of one machine' },
  { pattern: /\bregistry\.(?:npmjs|yarnpkg)\b/, what: 'a registry host' },
  { pattern: /\b(?:it|test|describe)\.only\(/, what: 'a test that shuts out the others' },
  { pattern: /^(?:<{7}|>{7}) /m, what: 'a merge conflict' },
];
const TEXT = /(?:\.(?:[cm]?[jt]s|json|md|ya?ml|toml|html|sh|txt)|(?:^|\/)(?:LICENSE|run|\.\w+))$/;

/** How a page that is shown elsewhere, such as a package's README, names a file of the repository. */
const OURS = `${repositoryPage}/blob/main/`;

const problems = /** @type {string[]} */ ([]);
const listed = execFileSync('git', ['ls-files', '--cached', '--others', '--exclude-standard', '-z'], { cwd: root, encoding: 'utf8' });
const paths = listed.split('\0').filter((path) => TEXT.test(path) && existsSync(join(root, path)) && statSync(join(root, path)).isFile());
const texts = new Map(paths.map((path) => [path, read(path)]));

for (const [path, text] of texts) {
  for (const { pattern, what } of FOREIGN) {
    const match = path === 'tools/checks/docs/check-text.mjs' ? null : pattern.exec(text);
    if (match) problems.push(`${path}:${text.slice(0, match.index).split('\n').length} holds ${what}: ${match[0]}`);
  }
  if (path.endsWith('package-lock.json')) checkLock(path, text);
  if (path.endsWith('.md')) checkLinks(path, text);
  if (path.endsWith('.md') && /!\[\s*\]\(|<img(?![^>]*\balt="[^"])/.test(withoutBlocks(text)))
    problems.push(`${path}: a picture without alternative text`);
}
report('check-text', problems, `${paths.length} files.`);

/** @param {string} path @param {string} text */
function checkLock(path, text) {
  const count = text.match(/"resolved": "[a-z+]+:\/\//g)?.length ?? 0;
  if (count > 0)
    problems.push(
      `${path} records ${count} download addresses: npm config omit-lockfile-registry-resolved is set in .npmrc; run npm install again`,
    );
}

/** @param {string} text @returns {Set<string>} the anchors of its headings */
function anchorsOf(text) {
  return new Set(headings(text).map(slug));
}

/** @param {string} path @param {string} text */
function checkLinks(path, text) {
  for (const [, link = ''] of withoutBlocks(text).matchAll(/(?<!`)\]\(([^)\s]+)\)/g)) {
    const ours = link.startsWith(OURS);
    if (!ours && /^[a-z][a-z+.-]*:/.test(link)) continue;
    const [file = '', anchor] = (ours ? link.slice(OURS.length) : link).split('#');
    const target = ours ? file : file === '' ? path : normalize(join(dirname(path), file));
    if (!ours && /^packages\//.test(path) && !target.startsWith(join(dirname(path), '/')))
      problems.push(`${path}: the link ${link} leads out of the package, where a registry's page cannot follow: begin it with ${OURS}`);
    if (!existsSync(join(root, target))) problems.push(`${path}: the link ${link} leads to no file`);
    else if (anchor && target.endsWith('.md') && !anchorsOf(read(target)).has(anchor))
      problems.push(`${path}: the link ${link} leads to no heading`);
  }
}
