/** The adapters under test: one line each. Those whose apps are built first are in `built.ts`. */
import type { AdapterUnderTest } from './adapter.ts';
import { elysia } from './frameworks/elysia.ts';
import { expressFive, expressFour } from './frameworks/express.ts';
import { fastifyFive } from './frameworks/fastify.ts';
import { h3One, h3Two } from './frameworks/h3.ts';
import { hapi } from './frameworks/hapi.ts';
import { honoAsFetch, honoOnNode } from './frameworks/hono.ts';
import { koaThree, koaTwo } from './frameworks/koa.ts';
import { nestOnExpress, nestOnFastify } from './frameworks/nest.ts';
import { node } from './frameworks/node.ts';
import { web } from './frameworks/web.ts';
import { onRuntimes } from './runtimes.ts';

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
