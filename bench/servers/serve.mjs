/** One server in a process of its own: `serve.mjs FILE PROTECTION SECRET`. Each line on its input asks for its usage so far. */
import { createInterface } from 'node:readline';
import { given } from './given.mjs';

const [file = '', protection = '', secret = ''] = process.argv.slice(2);
const { start } = await import(new URL(file, import.meta.url).href);
const port = await start(given(secret), protection);

/** @param {object} answer */
const tell = (answer) => process.stdout.write(`${JSON.stringify(answer)}\n`);

createInterface({ input: process.stdin })
  .on('line', () => {
    const { user, system } = process.cpuUsage();
    tell({ cpuMicroseconds: user + system, rss: process.memoryUsage().rss });
  })
  // An orderly end, so that a profile is written.
  .on('close', () => process.exit(0));
tell({ port });
