/**
 * Imports the given modules one after the other, as their readers would run them, on free ports. Tells its parent
 * `{ file, port, error }` of each, and stays until the parent goes.
 */
import { Server } from 'node:net';
import { pathToFileURL } from 'node:url';
import { freePort } from '../../tools/start/free-port.mjs';
import { serve } from '../hello/fetch/serve.js';

const listen = Server.prototype.listen;
/** The port for whatever listens next; `null`: as it says. @type {number | null} */
let forced = null;
// The overloads of listen: a port, or an options object with a port.
Server.prototype.listen = function (/** @type {any[]} */ ...given) {
  if (forced === null) return Reflect.apply(listen, this, given);
  const [first, ...rest] = given;
  const address = typeof first === 'object' ? { ...first, port: forced } : forced;
  return Reflect.apply(listen, this, [address, ...rest]);
};

/** @param {string} file @param {number} port */
async function start(file, port) {
  try {
    forced = port;
    const { default: module } = await import(pathToFileURL(file).href);
    if (typeof module?.fetch === 'function') serve(module.fetch, { port, host: '127.0.0.1' });
    await answering(port);
    return null;
  } catch (error) {
    return error instanceof Error ? error.stack : String(error);
  } finally {
    forced = null;
  }
}

/** @param {number} at */
async function answering(at) {
  for (let attempt = 0; attempt < 6000; attempt++) {
    if (await fetch(`http://127.0.0.1:${at}/`).catch(() => null)) return;
    await new Promise((resolve) => setTimeout(resolve, 10));
  }
  throw new Error('the module listens on no port');
}

for (const file of process.argv.slice(2)) {
  const port = await freePort();
  const error = await start(file, port);
  process.send?.({ file, port, error });
}
process.on('disconnect', () => process.exit());
