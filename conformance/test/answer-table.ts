/** The table against adapters: prints the matrix and fails on any blank. */
import { deepStrictEqual, strictEqual } from 'node:assert';
import { after, describe, it } from 'node:test';
import type { AdapterUnderTest } from '../adapters/adapter.ts';
import { matrixText } from '../run/matrix.ts';
import { type Row, rowsOf, type Tally } from '../run/run.ts';
import type { Family } from '../table/case.ts';
import { table } from '../table/index.ts';

/** The families that an adapter has to answer: all in which it supports a case. */
const familiesOf = (row: Row): readonly Family[] => table.filter((family) => family.cases.length === 0 || row.casesOf(family).length > 0);

/** Declares the suite. */
export function answerTable(name: string, adapters: readonly AdapterUnderTest[]): void {
  const matrix = new Map<string, Map<string, Tally>>();
  const rows = rowsOf(adapters);
  describe(name, () => {
    for (const row of rows) describe(row.name, () => answerRow(row, matrix));

    it('leaves no blank', (context) => {
      const families = table.map((family) => family.name);
      context.diagnostic(`\n${matrixText(matrix, families)}`);
      const blanks = rows.flatMap((row) =>
        familiesOf(row)
          .filter((family) => (matrix.get(row.name)?.get(family.name)?.total ?? 0) === 0)
          .map((family) => `${row.name} / ${family.name}`),
      );
      deepStrictEqual(blanks, []);
      strictEqual(matrix.size, rows.length);
    });
  });
}

function answerRow(row: Row, matrix: Map<string, Map<string, Tally>>): void {
  const tallies = new Map<string, Tally>();
  matrix.set(row.name, tallies);
  after(() => row.close());
  for (const family of familiesOf(row)) {
    it(`answers every case of ${family.name}`, async () => {
      const tally = await row.run(family);
      tallies.set(family.name, tally);
      strictEqual(tally.failures.length, 0, `\n${tally.failures.join('\n')}`);
    });
  }
}
