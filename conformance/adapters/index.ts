/** The adapters under test: one line each. */
import type { AdapterUnderTest } from './adapter.ts';
import { elysia } from './elysia.ts';
import { expressFive, expressFour } from './express.ts';
import { fastifyFive } from './fastify.ts';
import { h3One, h3Two } from './h3.ts';
import { hapi } from './hapi.ts';
import { honoAsFetch, honoOnNode } from './hono.ts';
import { koaThree, koaTwo } from './koa.ts';
import { nestOnExpress, nestOnFastify } from './nest.ts';
import { node } from './node.ts';
import { onRuntimes } from './runtimes.ts';
import { web } from './web.ts';

export const adapters: readonly AdapterUnderTest[] = [
  node,
  expressFive,
  expressFour,
  fastifyFive,
  koaThree,
  koaTwo,
  nestOnExpress,
  nestOnFastify,
  hapi,
  honoOnNode,
  honoAsFetch,
  h3Two,
  h3One,
  elysia,
  web,
  ...onRuntimes,
];
