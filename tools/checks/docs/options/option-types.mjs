/** The members of the option types, with their doc comments: what is said of an option is said there. */
import { files, parse, read } from '../../lib/source.mjs';

/** @typedef {{ name: string, type: string, need: 'required' | 'optional' | 'alternative', says: string }} Member */

const sources = files(/^packages\/guard\/src\/.*\.ts$/);

/** @param {string} name of an exported interface or type @returns {Map<string, Member>} those of what it extends as well */
export function membersOf(name) {
  const declares = new RegExp(`^export (?:interface|type) ${name}\\b`, 'm');
  const path = sources.find((file) => declares.test(read(file)));
  const members = /** @type {Map<string, Member>} */ (new Map());
  if (path === undefined) return members;
  const { text, program, comments } = parse(path);
  const [declaration] = program.body.flatMap((/** @type {any} */ { declaration: one }) => (one?.id?.name === name ? [one] : []));
  for (const { expression } of declaration.extends ?? []) for (const entry of membersOf(expression.name)) members.set(...entry);
  const inherited = new Set(members.keys());
  for (const { node, alternative } of signaturesIn(declaration.body?.body ?? declaration.typeAnnotation, false)) {
    const { name: key } = node.key;
    const type = plainType(text.slice(node.typeAnnotation.typeAnnotation.start, node.typeAnnotation.typeAnnotation.end));
    if (type === 'never') continue;
    const known = inherited.delete(key) ? undefined : members.get(key);
    const need = node.optional || known?.need === 'optional' ? 'optional' : alternative && known === undefined ? 'alternative' : 'required';
    const says = known?.says || saidBefore(node.start, text, comments) || members.get(key)?.says || '';
    members.set(key, { name: key, type: [...new Set([...(known ? [known.type] : []), type])].join(' | '), need, says });
  }
  return members;
}

/** Of unions and intersections all members, but not those of a member's own type. @param {any} node @param {boolean} alternative @returns {{ node: any, alternative: boolean }[]} */
function signaturesIn(node, alternative) {
  if (Array.isArray(node)) return node.flatMap((one) => signaturesIn(one, alternative));
  if (node?.type === 'TSPropertySignature') return [{ node, alternative }];
  if (node?.type === 'TSTypeLiteral') return signaturesIn(node.members, alternative);
  if (node?.type === 'TSParenthesizedType') return signaturesIn(node.typeAnnotation, alternative);
  return signaturesIn(node?.types ?? [], alternative || node?.type === 'TSUnionType');
}

/** @param {number} start @param {string} text @param {any[]} comments */
function saidBefore(start, text, comments) {
  const comment = comments.find(
    ({ type, value, end }) => type === 'Block' && value.startsWith('*') && end <= start && text.slice(end, start).trim() === '',
  );
  const lines = (comment?.value ?? '').slice(1).split('\n');
  return lines
    .map((/** @type {string} */ line) => line.replace(/^\s*\* ?/, '').trim())
    .join(' ')
    .replace(/\{@link (\w+)\}/g, '`$1`')
    .trim();
}

/** @param {string} type */
const plainType = (type) =>
  type
    .replace(/\/\*\*.*?\*\//gs, '')
    .replace(/\breadonly /g, '')
    .replace(/\s+/g, ' ')
    .replace(/; \}/g, ' }')
    .replace(/^\| /, '');

const UNITS = /** @type {{ [unit: string]: number }} */ ({ KiB: 2 ** 10, MiB: 2 ** 20, GiB: 2 ** 30, TiB: 2 ** 40, days: 86_400 });
const NUMBER = String.raw`(\d[\d.]*\d|\d)(?: (KiB|MiB|GiB|TiB|days|s\b|bytes))?`;

/** @param {string | undefined} digits @param {string | undefined} unit */
const amountOf = (digits, unit) => Number(digits) * (UNITS[unit ?? ''] ?? 1);

/** Which bounds and which default number a comment says. @param {string} says */
export function numbersSaid(says) {
  const [, min, minUnit, max, maxUnit] = new RegExp(`${NUMBER} to ${NUMBER}`).exec(says) ?? [];
  const [, fallback, unit] = new RegExp(`[Dd]efault:? ${NUMBER}`).exec(says) ?? [];
  return { min: amountOf(min, minUnit), max: amountOf(max, maxUnit), fallback: fallback === undefined ? null : amountOf(fallback, unit) };
}
