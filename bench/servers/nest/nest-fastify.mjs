/** NestJS on Fastify. */
import { FastifyAdapter } from '@nestjs/platform-fastify';
import { startNest } from './nest.mjs';

/** @param {import('../given.mjs').Given} given @param {string} protection @returns {Promise<number>} */
export const start = (given, protection) => startNest(new FastifyAdapter(), given, protection);
