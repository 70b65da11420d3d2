/**
 * What users build, test and type-check with, in several versions, for the tests that do so from the packages' archives: TypeScript, Jest,
 * ts-jest, Vitest, and what `nest new` installs.
 *
 *     node tools/consumers.mjs    installs them (about 350 MB) from the npm registry and lists what is there
 *
 * They lie in a cache outside the repository, `CONSUMERS_DIR` or `~/.cache/approov-guard/consumers`, so that no ordinary installation
 * downloads them. What is absent is skipped.
 */
import { spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { everyRuntime, runtimesDirectory } from './runtimes.mjs';

/** Where they are installed. */
export const consumersDirectory = process.env.CONSUMERS_DIR ?? join(runtimesDirectory, '../consumers');

/** The versions of TypeScript, with types of Node that all of them understand; the one without a number is for ts-jest. */
export const typeScripts = ['4.7', '5.0', '5.4', '5.9', '6'];
/** The versions of Jest. */
export const jests = ['29', '30'];

const packages = [
  ...typeScripts.map((version) => `typescript-${version}@npm:typescript@${version}`),
  'typescript@5.9',
  '@types/node@18',
  ...jests.map((version) => `jest-${version}@npm:jest@${version}`),
  'jest@30',
  'ts-jest@^29.4.0',
  '@types/jest@^30.0.0',
  'vitest@^4.1.0',
  ...['common', 'core', 'platform-express', 'testing'].map((name) => `@nestjs/${name}@^11.1.0`),
  'rxjs@^7.8.0',
  'reflect-metadata@^0.2.0',
  'supertest@^7.0.0',
  '@types/supertest@^6.0.0',
];

/** @returns {string | null} the `node_modules` that holds all of them, where everything is asked for */
export function findConsumers() {
  return everyRuntime && isInstalled() ? join(consumersDirectory, 'node_modules') : null;
}

const isInstalled = () =>
  packages.every((wanted) => existsSync(join(consumersDirectory, 'node_modules', wanted.slice(0, wanted.indexOf('@', 1)))));

function install() {
  mkdirSync(consumersDirectory, { recursive: true });
  writeFileSync(join(consumersDirectory, 'package.json'), '{ "private": true }\n');
  const parameters = ['install', '--no-audit', '--no-fund', '--ignore-scripts', '--legacy-peer-deps', '--loglevel=error', ...packages];
  const { status } = spawnSync('npm', parameters, { cwd: consumersDirectory, stdio: ['ignore', 'ignore', 'inherit'] });
  if (status !== 0) process.exitCode = 1;
}

if (import.meta.url === pathToFileURL(process.argv[1] ?? '').href) {
  if (!isInstalled()) install();
  console.log(`consumers: ${isInstalled() ? consumersDirectory : 'absent'}`);
}
