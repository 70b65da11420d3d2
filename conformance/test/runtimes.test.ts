/** The other runtimes are rows of the table where they are there; this says which are not. */
import { ok } from 'node:assert';
import { test } from 'node:test';
import { skipUnless } from '../../tools/optional.mjs';
import { findRuntime } from '../../tools/runtimes.mjs';
import { adapters } from '../adapters/index.ts';

const SERVERS = { bun: 'Bun.serve', deno: 'Deno.serve', workerd: 'workerd' };

for (const [runtime, server] of Object.entries(SERVERS)) {
  test(`${runtime}: plain handlers and Hono answer the table on ${server}`, skipUnless(findRuntime(runtime), runtime), () => {
    for (const app of ['fetch', 'hono 4']) ok(adapters.some(({ name }) => name === `${app}, ${server}`));
  });
}

test('bun: Elysia answers the table on its own server', skipUnless(findRuntime('bun'), 'bun'), () => {
  ok(adapters.some(({ name }) => name === 'elysia 1, Bun'));
});
