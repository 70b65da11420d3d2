/** Programs for other runtimes: the tests' own files become one, the built library stays what its users get. */
import { mkdirSync, symlinkSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { type BuildOptions, build, type Plugin } from 'esbuild';

const guard = fileURLToPath(new URL('../..', import.meta.url));

/** Bundles a program that imports the installed library by its name, in a folder where that is installed. */
export async function bundleProgram(entry: string, folder: string): Promise<string> {
  mkdirSync(join(folder, 'node_modules'), { recursive: true });
  symlinkSync(guard, join(folder, 'node_modules/approov-guard'));
  const outfile = join(folder, 'program.mjs');
  await build({ ...common(entry), outfile, platform: 'node', external: ['approov-guard'], plugins: [builtFiles(true)] });
  return outfile;
}

/** Bundles a Worker, library included, as Workers' tools do. */
export async function bundleWorker(entry: string, folder: string): Promise<string> {
  const outfile = join(folder, 'worker.mjs');
  const options = { platform: 'browser' as const, conditions: ['workerd', 'worker'], external: ['node:*'] };
  await build({ ...common(entry), ...options, outfile, plugins: [builtFiles(false)] });
  return outfile;
}

function common(entry: string) {
  return { entryPoints: [entry], bundle: true, format: 'esm', target: 'es2022', logLevel: 'error' } satisfies BuildOptions;
}

/** `#built/…` is a built file that the package does not export: the very module that the package itself uses. */
function builtFiles(external: boolean): Plugin {
  return {
    name: 'built-files',
    setup({ onResolve }) {
      onResolve({ filter: /^#built\// }, ({ path }) => {
        const file = join(guard, 'dist', path.slice('#built/'.length));
        return { path: external ? pathToFileURL(file).href : file, external };
      });
    },
  };
}
