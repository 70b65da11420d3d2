/** What the packages export, out of their built declarations: a page for each package, so that a change of the public types is seen. */
import { join, relative } from 'node:path/posix';
import { builtOf, packages } from '../../../build/packages.mjs';
import { slug } from '../../lib/markdown.mjs';
import { root } from '../../lib/source.mjs';
import { declaredIn, exported, referred } from './declared.mjs';

/** @returns {[path: string, text: string][]} */
export function apiPages() {
  return packages()
    .filter(({ entries }) => entries.length > 0)
    .map((one) => [`docs/reference/api-${one.manifest.name.replace(/^.*\//, '')}.md`, page(one)]);
}

/** @param {import('../../../build/packages.mjs').Package} one */
function page({ folder, manifest, entries }) {
  const places = /** @type {Map<string, string>} */ (new Map());
  const parts = entries.flatMap(({ subpath, source }) => {
    const specifier = join(manifest.name, subpath);
    const path = join(relative(root, folder), builtOf(source, '.d.cts'));
    const all = exported(path).map(({ name, from, original }) => ({ ...declaredIn(from, original), name }));
    const known = all.filter(({ key }) => places.has(key)).map(({ name, key }) => `[\`${name}\`](#${slug(places.get(key) ?? '')})`);
    const fresh = all.filter(({ key }) => !places.has(key)).sort((one, other) => (one.name < other.name ? -1 : 1));
    for (const { key, name } of fresh) places.set(key, `${name} of ${specifier}`);
    return [
      `## ${specifier}`,
      ...(known.length > 0 ? [`As above: ${known.join(', ')}.`] : []),
      ...fresh.map((each) => section(each, specifier)),
    ];
  });
  const inner = referred([...places.keys()]).map((each) => section(each, manifest.name));
  const more =
    inner.length === 0
      ? []
      : ['## Types that these refer to', 'They are not exported by name; a change of one is a change of what is.', ...inner];
  const lead = `What \`${manifest.name}\` exports, by entry point. ${manifest.description}.`;
  return [`# ${manifest.name}: public API`, lead, ...parts, ...more].join('\n\n');
}

/** @param {import('./declared.mjs').Declared} declared @param {string} specifier */
function section({ name, comment, code }, specifier) {
  return [`### ${name} of ${specifier}`, prose(comment), `\`\`\`tsx\n${code}\n\`\`\``].filter((part) => part !== '').join('\n\n');
}

/** What a comment says, its tags as a list; an example is left to the source, where it is run. @param {string} comment */
function prose(comment) {
  const text = comment.replace(/^[ \t]*\*[ \t]?/gm, '').replace(/\{@link ([^}]+)\}/g, '`$1`');
  const [lead = '', ...tags] = text.split(/^@(?=\w)/m);
  const rows = tags.filter((tag) => /^(?:param|returns|throws)\b/.test(tag)).map((tag) => tag.trim().replace(/\s*\n\s*/g, ' '));
  const list = rows.map((row) => `- ${row.replace(/^param (\w+) - /, '`$1`: ').replace(/^(returns|throws)\b/, '*$1*')}`);
  return [lead.trim(), list.join('\n')]
    .filter((part) => part !== '')
    .join('\n\n')
    .replace(/`[^`]*`|</g, (found) => (found === '<' ? '&lt;' : found));
}
