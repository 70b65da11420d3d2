/** Every check is a test: each runs in a process of its own and must exit with 0. */
import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { test } from 'node:test';
import { promisify } from 'node:util';
import { files, root } from './lib/source.mjs';

const runFile = promisify(execFile);
/** Without the mark of this test run: documentation that uses `node:test` would otherwise print its results in binary. */
const { NODE_TEST_CONTEXT: _mark, ...env } = process.env;

/** @param {string} command @param {readonly string[]} parameters */
async function run(command, parameters) {
  try {
    const { stdout } = await runFile(command, parameters, { cwd: root, env, maxBuffer: 1 << 26 });
    return stdout.trim();
  } catch (error) {
    const { stdout, stderr } = /** @type {{ stdout?: string, stderr?: string }} */ (error);
    assert.fail(`${command} ${parameters.join(' ')}\n${stdout ?? ''}${stderr ?? ''}`.trim());
  }
}

test('biome finds nothing to fix', async () => {
  await run('node_modules/.bin/biome', ['check', '--colors=off', '--max-diagnostics=50', '.']);
});

test('sources, tests, examples and tools type-check', async () => {
  await run('node_modules/.bin/tsc', ['-p', 'tsconfig.test.json', '--pretty', 'false']);
});

test('the page of the console type-checks', async () => {
  await run('node_modules/.bin/tsc', ['-p', 'packages/console/page/tsconfig.json', '--pretty', 'false']);
});

for (const check of files(/^tools\/checks\/[a-z]+\/check-[^/]+\.mjs$/)) {
  test(check, async (context) => {
    context.diagnostic(await run(process.execPath, [check]));
  });
}
