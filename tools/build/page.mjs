/** The page of a package: what its folder `page` becomes in `dist/page`. */
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';

/** @typedef {[path: string, content: string | Uint8Array]} Built */

/** @param {string} folder - of the package @returns {Promise<Built[]>} paths below `dist` */
export async function page(folder) {
  const root = join(folder, 'page');
  if (!existsSync(join(root, 'index.html'))) return [];
  // Loaded only where there is a page: it takes longer than the rest of the build.
  const { build } = await import('vite');
  const result = await build({
    root,
    configFile: false,
    envDir: false,
    logLevel: 'warn',
    // Also where NODE_ENV is not production: paths of this machine would stand in the page.
    oxc: { jsx: { runtime: 'automatic', importSource: 'preact', development: false } },
    build: {
      write: false,
      target: 'es2023',
      cssTarget: ['chrome123', 'firefox128', 'safari17.5'],
      modulePreload: { polyfill: false },
      assetsInlineLimit: 0,
      reportCompressedSize: false,
    },
  });
  const bundles = Array.isArray(result) ? result : 'output' in result ? [result] : [];
  const files = bundles.flatMap(({ output }) => output);
  const built = files.map((file) => /** @type {Built} */ ([`page/${file.fileName}`, file.type === 'chunk' ? file.code : file.source]));
  return [...built, ...copied(root)];
}

/** Vite does not hand on what lies in `public` when it writes nothing. @param {string} root @returns {Built[]} */
function copied(root) {
  const folder = join(root, 'public');
  if (!existsSync(folder)) return [];
  return readdirSync(folder).map((name) => [`page/${name}`, readFileSync(join(folder, name))]);
}
