/** The benchmarks run: each suite produces rows. No figure is asserted. The longer suites run with `REQUIRE_ALL=1`. */
import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { describe, test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';

const program = fileURLToPath(new URL('../suite.mjs', import.meta.url));

interface Row {
  readonly suite: string;
  readonly name: string;
}

async function rowsOf(suite: string): Promise<readonly Row[]> {
  const parameters = ['--expose-gc', program, suite, 'smoke'];
  const { stdout } = await promisify(execFile)(process.execPath, parameters, { env: { ...process.env, NODE_OPTIONS: '' } });
  return stdout
    .split('\n')
    .filter((line) => line.startsWith('{'))
    .map((line): Row => JSON.parse(line));
}

describe('bench', () => {
  const quick = ['token', 'signature', 'start'];
  const suites =
    process.env.REQUIRE_ALL === '1'
      ? [...quick, 'growth', 'memory', 'soak', 'http', 'flood', 'scaling', 'replay', 'gateway', 'held', 'simulation']
      : quick;
  for (const suite of suites) {
    test(`the suite ${suite} runs`, async () => {
      const rows = await rowsOf(suite);
      assert.ok(rows.length > 0, 'there are rows');
      for (const row of rows) assert.equal(row.suite, suite);
    });
  }
});
