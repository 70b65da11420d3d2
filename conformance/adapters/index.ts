/** The adapters under test: one line each. */
import type { AdapterUnderTest } from './adapter.ts';
import { expressFive, expressFour } from './express.ts';
import { fastifyFive } from './fastify.ts';
import { node } from './node.ts';
import { web } from './web.ts';

export const adapters: readonly AdapterUnderTest[] = [node, expressFive, expressFour, fastifyFive, web];
