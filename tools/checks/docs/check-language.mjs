/** Text that reads easily: short sentences and pages, no word that a reader stumbles over, each term and abbreviation in the glossary. */
import { withoutBlocks } from '../lib/markdown.mjs';
import { files, lineOf, read, readJson, report } from '../lib/source.mjs';

const [LONGEST_SENTENCE, LONGEST_PAGE, LONGEST_README] = [40, 1500, 130];
const GLOSSARY = 'docs/glossary.md';
/** Looked up, not read: generated, or one entry a line. What the product prints and throws is in them, so their words are checked, too. */
const REFERENCES = /^(?:docs\/(?:reference\/.*|reasons|messages|options|glossary)\.md|bench\/README\.md|CHANGELOG\.md)$/;
/** Words to avoid; words of this field, which the glossary must have; abbreviations that every back-end developer knows. */
const WORDS = readJson('tools/checks/docs/language.json');
const BANNED = new RegExp(`(?<![\\w-])(?:${WORDS.banned.join('|')})(?![\\w-])`, 'gi');
const FIELD = new RegExp(`\\b(?:${WORDS.field.join('|')})\\b`, 'gi');
const COMMON = new RegExp(`^(?:${WORDS.common.join('|')})s?$`);
const ABBREVIATION = /(?<![\w.-])(?:[A-Z]{2,}\d*(?:-\d+)?|[A-Z]-\d+|[a-z]+[A-Z]{2,})s?(?![\w*-]|\.md| modules?\b)/g;

const cells = [...read(GLOSSARY).matchAll(/^\| ([^|]+) \|/gm)].flatMap(([, cell = '']) =>
  cell.replaceAll('`', '').toLowerCase().split(', '),
);
const terms = new Set(cells);
const problems = /** @type {string[]} */ ([]);
const pages = files(
  /^(?:README|CONTRIBUTING|SECURITY|CHANGELOG)\.md$|^(?:docs|examples|conformance|bench(?!\/results\/)|packages\/[^/]+)\/(?:.*\/)?[^/]+\.md$/,
);
let [words, longest] = [0, 0];
for (const path of pages) check(path, read(path));
report(
  'check-language',
  problems,
  `${pages.length} pages, ${words} words, ${terms.size} terms; the longest sentence has ${longest} words.`,
);

/** @param {string} path @param {string} text */
function check(path, text) {
  const prose = proseOf(text);
  const problem = (/** @type {number} */ index, /** @type {string} */ what) => problems.push(`${path}:${lineOf(prose, index)}: ${what}`);
  for (const { 0: word, index } of prose.matchAll(BANNED)) problem(index, `"${word}": say it plainly`);
  if (REFERENCES.test(path)) return;
  if (path === 'README.md' && text.trimEnd().split('\n').length > LONGEST_README) problem(0, `at most ${LONGEST_README} lines`);
  words += countOf(prose);
  if (countOf(prose) > LONGEST_PAGE)
    problem(0, `${countOf(prose)} words of prose, at most ${LONGEST_PAGE}: move a part to a page of its own`);
  for (const { 0: sentence, index } of prose.matchAll(/[^.!?]+(?:[.!?](?![\s)”"*_])[^.!?]*)*/g)) {
    const count = countOf(sentence);
    longest = Math.max(longest, count);
    if (count > LONGEST_SENTENCE)
      problem(index, `a sentence of ${count} words, at most ${LONGEST_SENTENCE}: ${sentence.trim().slice(0, 50)}…`);
  }
  const used = [...prose.matchAll(FIELD)];
  for (const { 0: term, index } of used) if (!isTerm(term)) problem(index, `"${term}" is a term: explain it in ${GLOSSARY}`);
  if (used.length > 0 && !/\b(?:glossary|concepts)\.md/.test(text))
    problem(0, `terms such as "${used[0]?.[0]}" are used: link ${GLOSSARY}`);
  for (const [name, index] of new Map([...prose.matchAll(ABBREVIATION)].map((match) => [match[0], match.index])))
    if (!COMMON.test(name) && !isTerm(name) && !prose.includes(`(${name})`))
      problem(index, `"${name}": explain it in ${GLOSSARY}, or write it out`);
}

/** @param {string} word */
function isTerm(word) {
  const term = word.toLowerCase();
  return terms.has(term) || terms.has(term.replace(/s$/, '')) || terms.has(`${term}s`);
}

/** @param {string} prose */
function countOf(prose) {
  return prose.match(/[\p{L}\p{N}]\S*/gu)?.length ?? 0;
}

/** The same lines: code is one word, links are their text, and headings, cells and items end as sentences do. @param {string} text */
function proseOf(text) {
  return withoutBlocks(text)
    .replace(/`[^`]*`/g, (code) => `code${'\n'.repeat(code.split('\n').length - 1)}`)
    .replace(/!?\[([^\]]*)\]\([^)]*\)/g, '$1')
    .replace(/<[^>]*>/g, (tag) => '\n'.repeat(tag.split('\n').length - 1))
    .replace(/^(?:#+|[-*]|\d+\.) (.*)$/gm, '. $1')
    .replace(/^\|.*$/gm, (row) => row.replaceAll('|', '.'))
    .replace(/\n[ \t]*\n/g, (gap) => `.${gap}`);
}
