/**
 * Imports the given modules one after the other, in this one process, and leaves by `process.exit` so that servers which a block
 * started end with it. Any port that a block listens on becomes a free one, so that blocks cannot collide.
 * Prints one JSON line for each module: `{ file, error, output }`.
 */
import { Server } from 'node:net';
import { pathToFileURL } from 'node:url';
import { format } from 'node:util';

const PATIENCE = 60_000;
const print = process.stdout.write.bind(process.stdout);
const exit = process.exit.bind(process);

/** @type {(error: unknown) => void} */
let fail = () => {};
process.on('uncaughtException', (error) => fail(error));
process.on('unhandledRejection', (error) => fail(error));
process.exit = (code) => {
  throw new Error(`the block called process.exit(${code ?? ''})`);
};

let output = '';
console.log =
  console.info =
  console.warn =
  console.error =
    (...parts) => {
      output += `${format(...parts)}\n`;
    };

const listen = Server.prototype.listen;
// The overloads of listen: a port, an options object with a port, or a path; the other arguments pass as they are.
Server.prototype.listen = function (/** @type {any[]} */ ...given) {
  const [first, ...rest] = given;
  if (first !== null && typeof first === 'object' && 'port' in first) return Reflect.apply(listen, this, [{ ...first, port: 0 }, ...rest]);
  return Reflect.apply(listen, this, [/^\d+$/.test(String(first)) ? 0 : first, ...rest]);
};

/** @param {string} file */
async function run(file) {
  output = '';
  const failed = new Promise((_, reject) => {
    fail = reject;
  });
  const timer = setTimeout(() => fail(new Error(`not finished after ${PATIENCE / 1000} s`)), PATIENCE);
  try {
    await Promise.race([failed, import(pathToFileURL(file).href)]);
    // What the block left running gets a moment in which it may still fail.
    await Promise.race([failed, new Promise((resolve) => setTimeout(resolve, 20))]);
    return null;
  } catch (error) {
    return `${error instanceof Error ? error.stack : format(error)}\n${output}`.trim();
  } finally {
    clearTimeout(timer);
  }
}

for (const file of process.argv.slice(2)) print(`${JSON.stringify({ file, error: await run(file), output })}\n`);
exit(0);
