/** How full the folders are: of sources, conformance, benchmarks and tools; not of the packages' tests, nor what benchmarks leave. */
import { dirname } from 'node:path/posix';
import { files } from './source.mjs';

const SORTED = /^(?:packages\/[^/]+\/src|conformance|bench(?!\/results\/)|tools)\//;

/** @returns {[folder: string, files: number][]} how many files lie loose in each, the fullest first */
export function folders() {
  const loose = /** @type {Map<string, number>} */ (new Map());
  for (const path of files(SORTED)) loose.set(dirname(path), (loose.get(dirname(path)) ?? 0) + 1);
  return [...loose].sort(([, one], [, other]) => other - one);
}
