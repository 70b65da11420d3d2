/**
 * Every text that the packages throw or print is in docs/messages.md (`--write` makes it from the source), and every code of a mistake in
 * the configuration has a heading in docs/troubleshooting.md.
 */
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { files, parse, read, report, root, walk } from './lib/source.mjs';

const [GUIDE, LIST] = ['docs/troubleshooting.md', 'docs/messages.md'];
const PACKAGES = { guard: 'Guard', gateway: 'Gateway and authoriser', cli: 'Command line', rollout: 'Roll-out', cloud: 'Local cloud' };
/** Tables of help, which the command line prints and docs/cli.md explains, and of reasons, which docs/reasons.md holds. */
const ELSEWHERE = /\/(?:core\/reasons|observe|verbs\/table|cloud\/src\/help)|rollout\/src\/report\/(?:page|svg|charts)/;
const HELP = new Set(['describe', 'summary', 'usage', 'examples', 'value']);
const CALLS = new Set(['valued', 'flag', 'kind', 'onOff', 'gauge', 'counter', 'RegExp']);
/** Three words of a sentence: shorter ones are names, units and parts. */
const SENTENCE = /[A-Za-z`’')]+,? [\w`’'…-]+ [\w`’'…-]+/;
/** Begins as no message does, or is a line of another program: shell, HAProxy, Lua, YAML, HTML. */
const PROGRAM =
  /^(?!-{0,2}\w)[^`…@]|^(?:approov|curl|echo|pbpaste|const|export|import|local|function|http-\w+) |=>|\bvar\(|-m \w|\{[\w-]+:|<\/|req\.f?hdr/;

/** @param {import('./lib/source.mjs').Node} node @returns {string | null} its text, with an ellipsis where something is put in */
function textOf(node) {
  if (node.type === 'Literal') return typeof node.value === 'string' ? node.value : null;
  if (node.type === 'TemplateLiteral') return node.quasis.map((/** @type {any} */ part) => part.value.cooked).join('…');
  if (node.type !== 'BinaryExpression' || node.operator !== '+') return null;
  const [left, right] = [textOf(node.left), textOf(node.right)];
  return left === null && right === null ? null : `${left ?? '…'}${right ?? '…'}`;
}

/** @param {any} node */
const nameOf = (node) => node.callee?.name ?? node.callee?.property?.name ?? node.key?.name ?? '';

/** @param {string} path @returns {string[]} */
function messagesOf(path) {
  const found = /** @type {string[]} */ ([]);
  const passed = new Set();
  walk(parse(path).program, (node, parent) => {
    const help = node.type === 'Property' ? HELP.has(nameOf(node)) : node.type === 'CallExpression' && CALLS.has(nameOf(node));
    const text = help || passed.has(parent) ? '' : textOf(node);
    if (text !== null) passed.add(node);
    if (text && SENTENCE.test(text) && !PROGRAM.test(text)) found.push(text.trim().replace(/\s+/g, ' '));
  });
  return found;
}

/** Text as Markdown that shows it as it is; what stands between backticks stays. @param {string} text */
const shown = (text) =>
  text
    .split('`')
    .map((part, index, all) => (index % 2 === 1 && index < all.length - 1 ? `\`${part}\`` : part.replace(/[\\*_<>[\]{}`]/g, '\\$&')))
    .join('');

const sources = files(/^packages\/[^/]+\/src\/.*\.ts$/).filter((path) => !ELSEWHERE.test(path));
const known = new Set();
const sections = Object.entries(PACKAGES).map(([name, title]) => {
  const texts = sources.filter((path) => path.startsWith(`packages/${name}/`)).flatMap(messagesOf);
  const fresh = [...new Set(texts)].filter((text) => !known.has(text)).sort();
  for (const text of fresh) known.add(text);
  return `## ${title}\n\n${fresh.map((text) => `- ${shown(text)}`).join('\n')}\n`;
});
const page = `# Messages

<!-- Made from the source by \`node tools/checks/check-troubleshooting.mjs --write\`. Do not edit. -->

Every text that the packages throw or print, to be searched. An ellipsis (…) stands for what differs, such as a name or a number. A mistake in the
options begins with the option and ends with a code, which [troubleshooting](troubleshooting.md#mistakes-in-the-configuration) explains.
Reasons and faults of requests are in [reasons](reasons.md).

${sections.join('\n')}`;
if (process.argv.includes('--write')) writeFileSync(join(root, LIST), page);
const problems = read(LIST) !== page ? [`${LIST} is old: run node tools/checks/check-troubleshooting.mjs --write`] : [];
const type = /type ConfigurationCode =([^;]*);/.exec(read('packages/guard/src/checks/configuration-error.ts'))?.[1] ?? '';
const codes = [...type.matchAll(/'([a-z-]+)'/g)].map(([, code = '']) => code);
for (const code of codes) if (!read(GUIDE).includes(`\n### ${code}\n`)) problems.push(`${GUIDE} has no heading ${code}`);
report('check-troubleshooting', problems, `${known.size} messages, ${codes.length} codes.`);
