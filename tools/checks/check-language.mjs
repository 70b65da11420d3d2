/** Pages that read easily: sentences, words and pages of bounded length, no word that a reader stumbles over, no abbreviation left unsaid. */
import { withoutBlocks } from './lib/markdown.mjs';
import { files, lineOf, read, report } from './lib/source.mjs';

const LONGEST_SENTENCE = 40;
const LONGEST_PAGE = 1500;
const LONGEST_README = 130;
/** Looked up, not read: generated, or one entry a line. */
const REFERENCES = /^(?:docs\/(?:reference\/.*|reasons|messages|options)\.md|bench\/README\.md|CHANGELOG\.md)$/;
/** "There is no key" is English; "it is no key" is not. */
const BANNED =
  /\b(?:mend(?:s|ed|ing)?|lest|whence|thereof|hitherto|wherefore|(?<!\bthere )(?:is|are|was|were|be) no (?!longer\b|more\b)\w+|all that does not \w+|not one \w+)\b/gi;
/** What every back-end developer reads without a glossary; methods, signals and names of programs. */
const COMMON = new RegExp(
  `^(?:${[
    'API|ASCII|AWS|CA|CGI|CI|CLI|CORS|CPU|CSP|DNS|HTML|HTTPS?|ID|IP|JSON|[KMG]B|OK|OS|PATH|PHP|RAM|README|REST|RFC|RSA|EC|SDK|SIG[A-Z]+|SQL|SSE|SSH',
    'SVG|TCP|TLS|TSX|TTL|UDP|UI|UR[IL]|UTC|UTF|UUID|VM|XML|YAML|GET|HEAD|OPTIONS|POST|PUT|PATCH|DELETE|CONNECT|GLIDE|UNKNOWN',
  ].join('|')})s?$`,
);

const glossary = read('docs/concepts.md');
const problems = /** @type {string[]} */ ([]);
const pages = files(
  /^(?:README|CONTRIBUTING|SECURITY)\.md$|^(?:docs|examples|conformance|bench|packages\/[^/]+)\/(?:.*\/)?[^/]+\.md$/,
).filter((path) => !/\/node_modules\//.test(path));
let [words, longest] = [0, 0];
for (const path of pages) if (!REFERENCES.test(path)) check(path);
report('check-language', problems, `${pages.length} pages, ${words} words, the longest sentence has ${longest}.`);

/** @param {string} path */
function check(path) {
  const text = read(path);
  if (path === 'README.md' && text.trimEnd().split('\n').length > LONGEST_README) problems.push(`${path}: at most ${LONGEST_README} lines`);
  const prose = proseOf(text);
  const count = prose.match(/[\p{L}\p{N}]\S*/gu)?.length ?? 0;
  words += count;
  if (count > LONGEST_PAGE) problems.push(`${path}: ${count} words of prose, at most ${LONGEST_PAGE}: move a part to a page of its own`);
  for (const match of prose.matchAll(BANNED)) problems.push(`${path}:${lineOf(prose, match.index)}: "${match[0]}": say it plainly`);
  for (const match of prose.matchAll(/[^.!?]+(?:[.!?](?![\s)”"*_])[^.!?]*)*/g))
    sentence(path, lineOf(prose, match.index + match[0].search(/\S/)), match[0]);
  const known = new Set();
  for (const match of prose.matchAll(/(?<![\w.-])[A-Z]{2,}s?(?![\w*-]|\.md| modules?\b)/g)) {
    const term = match[0];
    if (known.has(term) || COMMON.test(term) || new RegExp(`\\b${term.replace(/s$/, '')}\\b`).test(glossary)) continue;
    known.add(term);
    problems.push(`${path}:${lineOf(prose, match.index)}: "${term}" is in no glossary: explain it in docs/concepts.md, or write it out`);
  }
}

/** @param {string} path @param {number} line @param {string} text */
function sentence(path, line, text) {
  const count = text.match(/[\p{L}\p{N}]\S*/gu)?.length ?? 0;
  longest = Math.max(longest, count);
  if (count > LONGEST_SENTENCE)
    problems.push(`${path}:${line}: a sentence of ${count} words, at most ${LONGEST_SENTENCE}:${text.replace(/\s+/g, ' ').slice(0, 60)}…`);
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
