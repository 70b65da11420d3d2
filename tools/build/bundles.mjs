/** The code of a package in its two forms. */
import { isAbsolute, join } from 'node:path';
import { rolldown } from 'rolldown';

/** Packages and Node's modules stay imports. */
const isOutside = (/** @type {string} */ id) => !id.startsWith('.') && !isAbsolute(id);
const transform = { target: 'es2023' };
/** The guard asks what a bundle of it was built for, and, by another name, what the process says: its own CommonJS was built for neither. */
const NOT_BUNDLED = { 'process.env.NODE_ENV': 'undefined' };
/** What only some platforms need, and what it asks of Node (its server, files): adapters that have a folder, key files, stores, telemetry. */
const FOR_SOME = /[\\/]src[\\/](?:adapters[\\/]\w+[\\/]|keys[\\/]file[\\/]|observe[\\/]|replay[\\/]redis)/;

/** ES modules, one for each source, for bundlers; `#crypto` and `#fetch-view` are left to them. @param {string} folder @param {string[]} sources */
export async function modules(folder, sources) {
  // Neutral: what `process.env.NODE_ENV` is, says whoever bundles this.
  const bundle = await rolldown({
    input: sources,
    external: isOutside,
    treeshake: false,
    platform: 'neutral',
    transform,
    logLevel: 'warn',
  });
  const { output } = await bundle.generate({
    format: 'es',
    preserveModules: true,
    preserveModulesRoot: join(folder, 'src'),
    entryFileNames: '[name].js',
    sourcemap: true,
  });
  return output;
}

/**
 * CommonJS, one file for each entry point, one for what most of them share, and one for what some do, for platforms with `node:crypto`. Reading a
 * file is most of what loading costs, so what an entry point does not use lies elsewhere.
 * @param {import('./packages.mjs').Package} one
 */
export async function common({ folder, manifest, entries }) {
  const bundle = await rolldown({
    input: Object.fromEntries(entries.map(({ name, source }) => [name, join(folder, source)])),
    external: (id) => isOutside(id) && !id.startsWith('#'),
    platform: 'node',
    resolve: { conditionNames: ['source', 'node', 'require'] },
    transform: manifest.name === 'approov-guard' ? { ...transform, define: NOT_BUNDLED } : transform,
    logLevel: 'warn',
  });
  const { output } = await bundle.generate({
    format: 'cjs',
    entryFileNames: 'cjs/[name].cjs',
    chunkFileNames: 'cjs/[name].cjs',
    codeSplitting: {
      groups: [
        { name: 'shared', minShareCount: 2, test: (id) => !FOR_SOME.test(id) },
        { name: 'shared-by-some', minShareCount: 2 },
      ],
    },
    // Comments are in the declarations; here they would only be read at every start.
    comments: false,
    esModule: true,
    strict: true,
    sourcemap: true,
  });
  return output;
}
