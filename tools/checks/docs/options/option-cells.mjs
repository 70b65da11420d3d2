/** What stands in the cells of docs/options.md. */

/** @typedef {import('./option-types.mjs').Member} Member */

const SIZES = /** @type {const} */ ([
  ['TiB', 2 ** 40],
  ['GiB', 2 ** 30],
  ['MiB', 2 ** 20],
]);

/** @param {number} value @param {string} unit */
function amount(value, unit) {
  const [name, size] = (unit === 'bytes' && SIZES.find(([, one]) => value >= one && value % one === 0)) || [unit, 1];
  return `${(value / size).toLocaleString('en', { maximumFractionDigits: 2 })}${unit === 'HTTP status' ? '' : ` ${name}`}`;
}

/** @param {Member} member @param {any} row */
export function kindOf({ type }, row) {
  const orNull = /\bnull\b/.test(type) ? ', or `null`' : '';
  if (row?.unit !== undefined) {
    const [min, max] = [amount(row.min, row.unit), amount(row.max, row.unit)];
    return `${max.endsWith(row.unit) ? min.replace(` ${row.unit}`, '') : min} to ${max}${orNull}`;
  }
  if (row?.words !== undefined) return row.words.map((/** @type {string} */ word) => `\`'${word}'\``).join(' or ') + orNull;
  return `\`${type}\``;
}

/** What an option is where it is left out; `null` if nobody says. @param {string} says @param {any} row */
export function defaultOf(says, row) {
  const [, said] = /\b[Dd]efaults?:? (?:to )?(`[^`]*`(?=[,.;:)])|(?:`[^`]*`|[^`.;:)])+)/.exec(says) ?? [];
  if (typeof row?.fallback === 'number') return amount(row.fallback, row.unit);
  if (row?.words !== undefined && !/Default: `/.test(says)) return `\`'${row.words[0]}'\``;
  return said ?? null;
}

/** A comment without what the other cells say. @param {string} says @param {any} row */
export function restOf(says, row) {
  const without = row?.unit === undefined ? says : says.replace(/, [\d.]+(?: \w+)? to [\d.]+(?: \w+)?(?= each|[.,;])/, '');
  const rest = without.replace(/(?:^| )Default:? (?:`[^`]*`|[^`.:;])+\.(?= |$)/, '').trim();
  return rest === '' ? says : rest;
}

/** @param {string} text */
export const cell = (text) => text.replaceAll('|', '\\|');
