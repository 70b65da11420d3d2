/** Results as Markdown tables. */

/** @typedef {import('../../run.mjs').Row} Row */

/** @param {number} value */
export const short = (value) => (Math.abs(value) >= 1000 ? String(Math.round(value)) : String(Number(value.toPrecision(3))));

/** @param {import('./measure.mjs').Spread | undefined} spread */
const spreadText = (spread) => (spread === undefined ? '' : `${short(spread.median)} (${short(spread.low)}–${short(spread.high)})`);

/** One table for each group, in the order of measurement. @param {readonly Row[]} rows */
export function table(rows) {
  const groups = new Map(/** @type {[string, Row[]][]} */ ([]));
  for (const row of rows) {
    const title = `${row.suite}: ${row.group}`;
    groups.set(title, [...(groups.get(title) ?? []), row]);
  }
  return [...groups].map(([title, members]) => groupTable(title, members)).join('\n');
}

/** @param {string} title @param {readonly Row[]} rows */
function groupTable(title, rows) {
  const figures = [...new Set(rows.flatMap((row) => Object.keys(row.figures ?? {})))];
  const timed = rows.some((row) => row.us !== undefined);
  const head = ['', ...(timed ? ['µs (10th–90th percentile)', '÷ first row'] : []), ...figures];
  const lines = rows.map((row) => [
    row.name,
    ...(timed ? [spreadText(row.us), spreadText(row.ratio)] : []),
    ...figures.map((name) => {
      const value = row.figures?.[name] ?? '';
      if (typeof value === 'object') return spreadText(value);
      return typeof value === 'number' ? short(value) : value;
    }),
  ]);
  return `### ${title}\n\n${markdown(head, lines)}`;
}

/** @param {readonly import('./bars.mjs').Bar[]} bars */
export function barsTable(bars) {
  const lines = bars.map(({ what, bar, reached, low, high, met }) => [
    what,
    bar,
    `${short(reached)}${Number.isFinite(low) ? ` (${short(low)}–${short(high)})` : ''}`,
    met ? 'yes' : 'no',
  ]);
  return bars.length === 0 ? '' : `### Bars\n\n${markdown(['what', 'bar', 'reached', 'met'], lines)}`;
}

/** @param {readonly string[]} head @param {readonly (readonly string[])[]} lines */
export function markdown(head, lines) {
  const row = (/** @type {readonly string[]} */ cells) => `| ${cells.join(' | ')} |`;
  return `${[row(head), row(head.map(() => '---')), ...lines.map(row)].join('\n')}\n`;
}
