/** The adapters under test: one line each. Those whose apps are built first are in `built.ts`. */
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

const all: readonly AdapterUnderTest[] = [
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

/** The second version or server of a framework, which the first stands for unless everything is asked for. */
const SECONDS: ReadonlySet<AdapterUnderTest> = new Set([expressFour, koaTwo, nestOnFastify, honoAsFetch, h3One]);

/** The adapters to be tested: with `REQUIRE_ALL=1` each on every version of its framework and on every runtime. */
export const adapters: readonly AdapterUnderTest[] = process.env.REQUIRE_ALL === '1' ? all : all.filter((adapter) => !SECONDS.has(adapter));
