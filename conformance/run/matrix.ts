/** The matrix of adapters and families, as text. */
import type { Tally } from './run.ts';

/** Tallies by row name and family name. */
export type Matrix = ReadonlyMap<string, ReadonlyMap<string, Tally>>;

/** What is shown for a family that did not run. */
const BLANK = '-';

/** One line a row, one column a family: the number of cases if all passed, else `passed/total`. */
export function matrixText(matrix: Matrix, families: readonly string[]): string {
  const rows = [...matrix].map(([name, tallies]) => [name, ...families.map((family) => cellOf(tallies.get(family)))]);
  const lines = [['', ...families], ...rows];
  const widths = [0, ...families.map((_, index) => index + 1)].map((column) =>
    Math.max(...lines.map((line) => (line[column] ?? '').length)),
  );
  return lines.map((line) => line.map((cell, column) => pad(cell, widths[column] ?? 0, column)).join('  ')).join('\n');
}

function cellOf(tally: Tally | undefined): string {
  if (tally === undefined || tally.total === 0) return BLANK;
  return tally.passed === tally.total ? String(tally.total) : `${tally.passed}/${tally.total}`;
}

function pad(text: string, width: number, column: number): string {
  return column === 0 ? text.padEnd(width) : text.padStart(width);
}
