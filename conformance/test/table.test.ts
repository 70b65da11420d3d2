/** The table against every adapter: prints the matrix and fails on any blank. */
import { deepStrictEqual, strictEqual } from 'node:assert';
import { after, describe, it } from 'node:test';
import { adapters } from '../adapters/index.ts';
import { matrixText } from '../run/matrix.ts';
import { rowsOf, type Tally } from '../run/run.ts';
import { table } from '../table/index.ts';

const matrix = new Map<string, Map<string, Tally>>();
const rows = rowsOf(adapters);
const families = table.map(({ name }) => name);

describe('the table', () => {
  for (const row of rows) {
    describe(row.name, () => {
      const tallies = new Map<string, Tally>();
      matrix.set(row.name, tallies);
      after(() => row.close());
      for (const family of table.filter((one) => row.casesOf(one).length > 0 || one.cases.length === 0)) {
        it(`answers every case of ${family.name}`, async () => {
          const tally = await row.run(family);
          tallies.set(family.name, tally);
          strictEqual(tally.failures.length, 0, `\n${tally.failures.join('\n')}`);
        });
      }
    });
  }

  it('leaves no blank', (context) => {
    context.diagnostic(`\n${matrixText(matrix, families)}`);
    const blanks = rows.flatMap((row) =>
      table
        .filter((family) => row.casesOf(family).length > 0 || family.cases.length === 0)
        .filter(({ name }) => (matrix.get(row.name)?.get(name)?.total ?? 0) === 0)
        .map(({ name }) => `${row.name} / ${name}`),
    );
    deepStrictEqual(blanks, []);
    strictEqual(matrix.size, rows.length);
  });
});
