#!/usr/bin/env node
/** The executable: connects {@link run} with this process. */
import process from 'node:process';
import { run } from './run.ts';

// A reader that stops early (`| head -1`) is no failure.
process.stdout.on('error', () => process.exit(0));
process.exitCode = await run({
  argv: process.argv.slice(2),
  env: process.env,
  stdin: process.stdin,
  stdout: process.stdout,
  stderr: process.stderr,
  now: Date.now,
  cwd: process.cwd(),
});
