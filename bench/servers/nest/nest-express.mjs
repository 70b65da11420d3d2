/** NestJS on Express, its default. */
import { startNest } from './nest.mjs';

/** @param {import('../given.mjs').Given} given @param {string} protection @returns {Promise<number>} */
export const start = (given, protection) => startNest(undefined, given, protection);
