#!/usr/bin/env node
/** The executable: connects {@link run} with this process. */
import process from 'node:process';
import { run } from './run.ts';
import { EXIT } from './terminal/surroundings.ts';

let isAnswerLost = false;
// A reader that stops early (`| head -1`) is not a failure, and not an acceptance either: the exit code stays what it is.
process.stdout.on('error', ({ code }: NodeJS.ErrnoException) => {
  if (code === 'EPIPE') return;
  isAnswerLost = true;
  process.exitCode = EXIT.unknown;
});
// Nobody is left to be told.
process.stderr.on('error', () => undefined);

const code = await run({
  argv: process.argv.slice(2),
  env: process.env,
  stdin: process.stdin,
  stdout: process.stdout,
  stderr: process.stderr,
  now: Date.now,
  cwd: process.cwd(),
});
process.exitCode = isAnswerLost ? EXIT.unknown : code;
