/** The servers of the http suite. Another adapter joins by one line and a file that starts a server of its kind. */
import { findProgram } from '../../tools/optional.mjs';
import { findRuntime } from '../../tools/runtimes.mjs';

/**
 * @typedef {object} Platform
 * @property {string} name
 * @property {string} file - from here; exports `start(given, protection)`
 * @property {'node' | 'bun' | 'deno'} runtime
 * @property {boolean} [quick] - also in the quick run
 * @property {readonly string[]} peers - what else can protect it; the first is the usual one
 */

/** @type {readonly Platform[]} */
export const PLATFORMS = [
  {
    name: 'node:http',
    quick: true,
    file: 'node.mjs',
    runtime: 'node',
    peers: ['jsonwebtoken, KeyObject', 'fast-jwt', 'jsonwebtoken, Buffer'],
  },
  { name: 'express', quick: true, file: 'express.mjs', runtime: 'node', peers: ['express-jwt, KeyObject', 'express-jwt, Buffer'] },
  { name: 'fastify', quick: true, file: 'fastify.mjs', runtime: 'node', peers: ['@fastify/jwt'] },
  { name: 'koa', file: 'koa.mjs', runtime: 'node', peers: ['koa-jwt'] },
  { name: 'hapi', file: 'hapi.mjs', runtime: 'node', peers: ['@hapi/jwt'] },
  { name: 'nest (Express)', file: 'nest/nest-express.mjs', runtime: 'node', peers: ['@nestjs/jwt'] },
  { name: 'nest (Fastify)', file: 'nest/nest-fastify.mjs', runtime: 'node', peers: ['@nestjs/jwt'] },
  { name: 'hono', file: 'hono.mjs', runtime: 'node', peers: ['hono/jwt'] },
  { name: 'h3', file: 'h3.mjs', runtime: 'node', peers: [] },
  { name: 'elysia (Node)', file: 'elysia.mjs', runtime: 'node', peers: ['@elysiajs/jwt'] },
  { name: 'fetch (Hono on Node)', quick: true, file: 'fetch/hono-node.mjs', runtime: 'node', peers: ['hono/jwt'] },
  { name: 'fetch (Bun)', file: 'fetch/bun.mjs', runtime: 'bun', peers: ['hono/jwt'] },
  { name: 'fetch (Deno)', file: 'fetch/deno.mjs', runtime: 'deno', peers: ['hono/jwt'] },
];

/** How each runtime runs a file; `null` if it is not installed, neither in the cache of runtimes nor on the path. @param {Platform['runtime']} runtime @returns {readonly string[] | null} */
export function commandOf(runtime) {
  if (runtime === 'node') return [process.execPath];
  const program = findRuntime(runtime) ?? findProgram(runtime);
  if (program === null) return null;
  return runtime === 'deno' ? [program, 'run', '--allow-all', '--no-check', '--quiet'] : [program];
}
