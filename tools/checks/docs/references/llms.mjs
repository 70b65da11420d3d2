/** llms.txt: where a program that reads the documentation begins. Out of docs/README.md, so that it names what people are led to. */
import { dirname, join } from 'node:path/posix';
import { repositoryPage } from '../../../build/packages.mjs';
import { headings } from '../../lib/markdown.mjs';
import { read, readJson } from '../../lib/source.mjs';

const START = 'docs/README.md';

/** @returns {[path: string, text: string]} */
export function llmsPage() {
  const [, ...parts] = read(START).split(/^## /m);
  const seen = new Set();
  const sections = parts.flatMap((part) => {
    const paths = [...part.matchAll(/\]\(([\w./-]+\.md)\)/g)].map(([, path = '']) => join(dirname(START), path));
    const fresh = [...new Set(paths)].filter((path) => !seen.has(path) && seen.add(path));
    const rows = fresh.map((path) => `- [${titleOf(path)}](${repositoryPage}/blob/main/${path})`);
    return rows.length === 0 ? [] : [`## ${part.slice(0, part.indexOf('\n'))}\n\n${rows.join('\n')}`];
  });
  const { description } = readJson('packages/guard/package.json');
  return ['llms.txt', ['# approov-guard', `> ${description}.`, ...sections].join('\n\n')];
}

/** @param {string} path */
const titleOf = (path) => (headings(read(path))[0] ?? path).replaceAll('`', '');
