/** The table against every adapter: prints the matrix and fails on any blank. */
import { deepStrictEqual, strictEqual } from 'node:assert';
import { after, describe, it } from 'node:test';
import { adapters } from '../adapters/index.ts';
import { matrixText } from '../run/matrix.ts';
import { rowsOf, type Tally } from '../run/run.ts';
import { table } from '../table/index.ts';

const matrix = new Map<string, Map<string, Tally>>();
const families = table.map(({ name }) => name);

describe('the table', () => {
  for (const row of rowsOf(adapters)) {
    describe(row.name, () => {
      const tallies = new Map<string, Tally>();
      matrix.set(row.name, tallies);
      after(() => row.close());
      for (const family of table) {
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
    const blanks = [...matrix].flatMap(([name, tallies]) =>
      families.filter((family) => (tallies.get(family)?.total ?? 0) === 0).map((family) => `${name} / ${family}`),
    );
    deepStrictEqual(blanks, []);
    strictEqual(matrix.size, rowsOf(adapters).length);
  });
});
