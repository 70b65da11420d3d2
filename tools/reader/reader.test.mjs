/** Pages that a reader can follow from top to bottom are followed so, with each start command that they name. */
import assert from 'node:assert/strict';
import { existsSync } from 'node:fs';
import { test } from 'node:test';
import { files, read } from '../checks/lib/source.mjs';
import { findProgram, skipUnless } from '../optional.mjs';
import { everyRuntime, findRuntime } from '../runtimes.mjs';
import { freePort } from '../start/free-port.mjs';
import { follow } from './follow.mjs';
import { stepsOf } from './steps.mjs';

/** One page is followed in every run; all of them where everything is asked for. */
const SAMPLE = /\/express\.md$/;

for (const page of files(/^docs\/(?:quickstart|paths)\/[^/]+\.md$/)) {
  const steps = stepsOf(read(page));
  const starts = steps
    .filter(({ kind }) => kind === 'start')
    .flatMap(({ code }) => (/ &$/m.test(code) ? [code.trim()] : code.trim().split('\n')));
  for (const start of starts) {
    const line = start.replace(/\s+#.*/, '');
    const [program = ''] = line.split(' ');
    const found = ['npx', 'node'].includes(program) || (program.includes('/') ? existsSync(program) : findRuntime(program));
    const options =
      everyRuntime || SAMPLE.test(page) ? skipUnless(found && findProgram('curl'), program) : { skip: 'skipped: not asked for' };
    test(`${page}, started by ${line}`, options, async () => {
      const found = follow(steps, { port: await freePort(), behind: await freePort(), start: line });
      assert.equal(found.join('\n\n'), '');
    });
  }
}
