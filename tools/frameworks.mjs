/**
 * Frameworks that build their apps and weigh hundreds of megabytes, for the tests that build and start such apps: Next.js, SvelteKit,
 * Vercel's Edge Runtime, and Cloudflare's wrangler. And DuckDB, in which the queries over decision logs are tested.
 *
 *     node tools/frameworks.mjs    installs them (about 690 MB) from the npm registry and lists what is there
 *
 * They lie in a cache outside the repository, `FRAMEWORKS_DIR` or `~/.cache/approov-guard/frameworks`, so that no ordinary installation
 * downloads them. What is absent is skipped.
 */
import { spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { everyRuntime, runtimesDirectory } from './runtimes.mjs';

/** Where they are installed. */
export const frameworksDirectory = process.env.FRAMEWORKS_DIR ?? join(runtimesDirectory, '../frameworks');

/** What each needs; the first package is the framework itself. */
const rows = [
  { name: 'next', packages: ['next@^16.4.0', 'react@^19.0.0', 'react-dom@^19.0.0'] },
  {
    name: 'sveltekit',
    packages: [
      '@sveltejs/kit@^2.70.0',
      '@sveltejs/adapter-node@^5.5.0',
      '@sveltejs/vite-plugin-svelte@^7.0.0',
      'svelte@^5.50.0',
      'vite@^8.0.0',
    ],
  },
  { name: 'edge-runtime', packages: ['edge-runtime@^4.0.0'] },
  { name: 'wrangler', packages: ['wrangler@^4.100.0'] },
  { name: 'duckdb', packages: ['@duckdb/node-api@^1.5.6-r.1'] },
];

/** The names of all: `next`, `sveltekit`, `edge-runtime`, `wrangler`, `duckdb`. */
export const frameworkNames = rows.map(({ name }) => name);

/** @param {string} wanted - a package and its version */
const folderOf = (wanted) => join(frameworksDirectory, 'node_modules', wanted.slice(0, wanted.lastIndexOf('@')));

/**
 * Finds a framework, where everything is asked for.
 * @param {string} name
 * @returns {string | null} the folder of its package
 */
export function findFramework(name) {
  const row = rows.find((one) => one.name === name);
  if (row === undefined) throw new RangeError(`${name}: known are ${frameworkNames.join(', ')}`);
  if (!everyRuntime || !row.packages.every((wanted) => existsSync(folderOf(wanted)))) return null;
  return folderOf(row.packages[0] ?? '');
}

/** Saves what was installed: Next finds the packages above an app by the lock file beside them. */
function install() {
  mkdirSync(frameworksDirectory, { recursive: true });
  writeFileSync(join(frameworksDirectory, 'package.json'), '{ "private": true }\n');
  const packages = rows.flatMap((row) => row.packages);
  const parameters = ['install', '--no-audit', '--no-fund', '--ignore-scripts', '--loglevel=error', ...packages];
  const { status } = spawnSync('npm', parameters, { cwd: frameworksDirectory, stdio: ['ignore', 'ignore', 'inherit'] });
  if (status !== 0) process.exitCode = 1;
}

if (import.meta.url === pathToFileURL(process.argv[1] ?? '').href) {
  if (rows.some(({ packages }) => !packages.every((wanted) => existsSync(folderOf(wanted))))) install();
  for (const { name, packages } of rows) {
    console.log(`${name}: ${packages.every((wanted) => existsSync(folderOf(wanted))) ? folderOf(packages[0] ?? '') : 'absent'}`);
  }
}
