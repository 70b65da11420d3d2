/** The texts that a source file throws or prints. */
import { parse, walk } from './source.mjs';

/** Tables of help, which the command line prints and docs/cli.md explains, and of reasons, which docs/reasons.md holds. */
export const ELSEWHERE =
  /\/(?:core\/reasons|observe|verbs\/table|testkit\/src\/kinds|console\/src\/actions\/scenarios)|rollout\/src\/report\/(?:page|svg|charts)/;
const HELP = new Set(['describe', 'summary', 'usage', 'examples', 'value']);
/** Calls that take other texts than messages: parts of tables and patterns, and texts to look for. */
const CALLS = /^(?:valued|flag|kind|onOff|gauge|counter|RegExp|split|includes|startsWith|endsWith|indexOf|test|has)$/;
/** Three words of a sentence: shorter ones are names, units and parts. What an error says counts at any length. */
const SENTENCE = /[A-Za-z`’')]+,? [\w`’'…-]+ [\w`’'…-]+/;
/** Begins as no message does, or is a line of another program: shell, HAProxy, nginx, Lua, YAML, HTML; or the first page of the help. */
const PROGRAM =
  /^(?!-{0,2}\w)[^`…@]|^(?:approov|curl|echo|pbpaste|const|export|import|local|function|http-\w+|upstream) |=>|\bvar\(|-m \w|\{[\w-]+:|<\/|req\.f?hdr|load_module|\.alert|Usage:/;

/** @param {import('./source.mjs').Node} node @returns {string | null} its text, with an ellipsis where something is put in */
function textOf(node) {
  if (node.type === 'Literal') return typeof node.value === 'string' ? node.value : null;
  if (node.type === 'TemplateLiteral') return node.quasis.map((/** @type {any} */ part) => part.value.cooked).join('…');
  if (node.type !== 'BinaryExpression' || node.operator !== '+') return null;
  const [left, right] = [textOf(node.left), textOf(node.right)];
  return left === null && right === null ? null : `${left ?? '…'}${right ?? '…'}`;
}

/** @param {any} node */
const nameOf = (node) => node.callee?.name ?? node.callee?.property?.name ?? node.key?.name ?? '';

/** @param {string} path @param {(text: string, code: string) => void} tell - the code of a mistake in the configuration, or nothing */
export function messagesOf(path, tell) {
  const [passed, codes] = [new Set(), new Map()];
  walk(parse(path).program, (node, parent) => {
    const isError = node.type === 'NewExpression' && /Error$/.test(nameOf(node));
    if (isError) for (const part of node.arguments) walk(part, (inner) => codes.set(inner, node.arguments[0]?.value ?? ''));
    const isHelp = node.type === 'Property' ? HELP.has(nameOf(node)) : node.type === 'CallExpression' && CALLS.test(nameOf(node));
    const isCompared = parent?.type === 'BinaryExpression' && parent.operator !== '+';
    const text = isHelp || isCompared || passed.has(parent) ? '' : textOf(node);
    if (text !== null) passed.add(node);
    if (text && (SENTENCE.test(text) || (codes.has(node) && / /.test(text))) && !PROGRAM.test(text))
      tell(text.trim().replace(/\s+/g, ' '), codes.get(node) ?? '');
  });
}
