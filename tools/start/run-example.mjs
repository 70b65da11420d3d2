/** Runs one example module in this process and turns the mistakes of a start into plain sentences. Started by example.mjs and start.mjs. */
import { pathToFileURL } from 'node:url';
import { serve } from '../../examples/hello/fetch/serve.js';

const { HTTP_PORT = '8002', SERVER_HOSTNAME: host = '127.0.0.1' } = process.env;

/** @param {any} error @returns {string | null} what to do about it, or `null` if it is not a mistake of the settings */
function remedy(error) {
  if (error?.name === 'ConfigurationError') {
    return `${error.message}\nThe examples read the secret from APPROOV_BASE64_SECRET: set it in the environment, or copy .env.example to .env and edit it.`;
  }
  switch (error?.code) {
    case 'EADDRINUSE':
      return `Port ${HTTP_PORT} on ${host} is in use: stop what listens there, or choose another with HTTP_PORT.`;
    case 'EACCES':
      return `Port ${HTTP_PORT} needs more rights than this user has: choose one above 1023 with HTTP_PORT.`;
    case 'ENOTFOUND':
    case 'EADDRNOTAVAIL':
      return `${host} is not an address of this machine: correct SERVER_HOSTNAME.`;
    case 'ERR_SOCKET_BAD_PORT':
      return `HTTP_PORT must be a number from 0 to 65535, not ${JSON.stringify(HTTP_PORT)}.`;
    default:
      return null;
  }
}

/** @param {unknown} error @returns {never} */
function fail(error) {
  const sentence = remedy(error);
  console.error(sentence ?? error);
  process.exit(sentence === null ? 1 : 2);
}

process.on('uncaughtException', fail);
// Whoever started it is gone: nobody would stop it.
process.on('disconnect', () => process.exit());

const file = process.argv[2];
if (file === undefined) fail(new TypeError('run-example.mjs: the file of an example is missing'));
const example = await import(pathToFileURL(file).href);
if (example.default?.fetch) serve(example.default.fetch, { port: Number(HTTP_PORT), host });
