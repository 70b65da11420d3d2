/** The documentation as a static site: `npm run docs` writes it to dist/site. Nothing of it is fetched from elsewhere. */
import { readFileSync } from 'node:fs';
import { dirname, join, normalize } from 'node:path/posix';
import { defineConfig } from 'vitepress';
import { repositoryPage } from '../../tools/build/packages.mjs';
import { headings, slug } from '../../tools/checks/lib/markdown.mjs';

const START = 'README.md';
/** The console's picture, for the address bar. */
const PUBLIC = '../packages/console/page/public';
const base = process.env.DOCS_BASE ?? '/';

/** The sidebar is what docs/README.md links to, under its headings: a page that it leaves out is reached by links alone. Folding them would put a button into a button. */
function sidebar() {
  const [, ...parts] = readPage(START).split(/^## /m);
  return parts.flatMap((part) => {
    const links = [...part.matchAll(/\]\(([\w][\w./-]*\.md)\)/g)].map(([, path = '']) => path);
    const items = [...new Set(links)].map((path) => ({ text: titleOf(path), link: addressOf(path) }));
    return items.length === 0 ? [] : [{ text: part.slice(0, part.indexOf('\n')), items }];
  });
}

/** @param {string} path - from docs */
const readPage = (path) => readFileSync(new URL(`../${path}`, import.meta.url), 'utf8');

/** @param {string} path @returns {string} what its heading says, up to a colon that explains */
const titleOf = (path) => (headings(readPage(path))[0] ?? path).replaceAll('`', '').replace(/: .*/, '');

/** @param {string} path - a page, from docs @returns {string} its address on the site */
const addressOf = (path) => `/${path.replace(/README\.md$/, '').replace(/\.md$/, '')}`;

/**
 * Links as they stand in the repository, for the site: a README is its folder's page, and what is not a page is shown by the repository.
 * A column without a name has no heading: an empty one is read out as such.
 * @param {import('vitepress').MarkdownRenderer} md
 */
function rules(md) {
  md.core.ruler.push('links', ({ tokens, env }) => {
    const tags = tokens.flatMap(({ children }) => children ?? []).filter(({ type }) => type === 'link_open');
    for (const tag of tags) tag.attrSet('href', shown(tag.attrGet('href') ?? '', join('docs', dirname(sourceOf(env.relativePath)))));
  });
  md.core.ruler.push('headings', ({ tokens }) => {
    for (const [index, token] of tokens.entries()) {
      const [inner, end] = [tokens[index + 1], tokens[index + 2]];
      if (token.type === 'th_open' && inner?.content === '' && end) token.tag = end.tag = 'td';
    }
  });
}

/** @param {string} page */
const sourceOf = (page) => page.replace(/(^|\/)index\.md$/, `$1${START}`);

/** @param {string} link @param {string} folder - of the page, from the root */
function shown(link, folder) {
  if (/^(?:[a-z][a-z+.-]*:|#)/.test(link)) return link;
  const [path = '', anchor = ''] = link.split('#');
  const target = normalize(join(folder, path));
  const hash = anchor && `#${anchor}`;
  if (!target.startsWith('docs/') || !target.endsWith('.md')) return `${repositoryPage}/blob/main/${target}${hash}`;
  return `${addressOf(target.slice('docs/'.length))}${hash}`;
}

export default defineConfig({
  title: 'approov-guard',
  description: 'The back-end half of mobile-app attestation',
  lang: 'en',
  base,
  head: [['link', { rel: 'icon', href: `${base}icon.svg`, type: 'image/svg+xml' }]],
  vite: { publicDir: PUBLIC },
  outDir: '../dist/site',
  cacheDir: '../node_modules/.cache/vitepress',
  rewrites: (path) => path.replace(/(^|\/)README\.md$/, '$1index.md'),
  // Headings have the anchors that they have in the repository.
  markdown: {
    config: rules,
    anchor: { slugify: slug },
    languageAlias: { cjs: 'js', caddyfile: 'nginx' },
    theme: { light: 'github-light-high-contrast', dark: 'github-dark-high-contrast' },
  },
  transformPageData: ({ relativePath, frontmatter }) => {
    if (relativePath === 'messages.md') Object.assign(frontmatter, { outline: 2, pageClass: 'lookup' });
  },
  themeConfig: {
    search: { provider: 'local' },
    logo: '/icon.svg',
    nav: [
      { text: 'Concepts', link: '/concepts' },
      { text: 'Quickstarts', link: '/#quickstarts' },
      { text: 'Options', link: '/options' },
      { text: 'Reasons', link: '/reasons' },
      { text: 'Glossary', link: '/glossary' },
      { text: 'Repository', link: repositoryPage },
    ],
    sidebar: sidebar(),
    outline: [2, 3],
    editLink: { pattern: `${repositoryPage}/edit/main/docs/:path` },
  },
});
