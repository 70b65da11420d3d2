/**
 * Runs test files in the order given, two at a time, each in a process of its own. `node --test` would sort them by name, and the longest
 * would come last.
 */
import { run } from 'node:test';
import { spec } from 'node:test/reporters';

const results = run({ files: process.argv.slice(2), concurrency: 2 });
results.on('test:fail', ({ todo }) => {
  if (todo === undefined || todo === false) process.exitCode = 1;
});
results.compose(new spec()).pipe(process.stdout);
