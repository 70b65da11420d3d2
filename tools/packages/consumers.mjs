/**
 * What users build, test and type-check with, in several versions, for the tests that do so from the packages' archives: TypeScript, Jest,
 * ts-jest, Vitest, what `nest new` installs, and the oldest frameworks that the adapters' types fit.
 *
 *     node tools/packages/consumers.mjs    installs them (about 600 MB) from the npm registry and lists what is there
 *
 * They lie in a cache outside the repository, `CONSUMERS_DIR` or `~/.cache/approov-guard/consumers`, so that no ordinary installation
 * downloads them. What is absent is skipped.
 */
import { spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { everyRuntime, runtimesDirectory } from '../runtimes.mjs';

/** Where they are installed. */
export const consumersDirectory = process.env.CONSUMERS_DIR ?? join(runtimesDirectory, '../consumers');

/** The versions of TypeScript, with types of Node that all of them understand; the one without a number is for ts-jest. */
export const typeScripts = ['4.7', '5.0', '5.4', '5.9', '6'];
/** The versions of Jest. */
export const jests = ['29', '30'];

const packages = [
  ...typeScripts.map((version) => `typescript-${version}@npm:typescript@${version}`),
  ...['typescript@5.9', '@types/node@18'],
  ...jests.map((version) => `jest-${version}@npm:jest@${version}`),
  'jest@30',
  'ts-jest@^29.4.0',
  '@types/jest@^30.0.0',
  'vitest@^4.1.0',
  ...['common', 'core', 'platform-express', 'testing'].map((name) => `@nestjs/${name}@^11.1.0`),
  ...['rxjs@^7.8.0', 'reflect-metadata@^0.2.0', 'supertest@^7.0.0', '@types/supertest@^6.0.0'],
];

/** The oldest of each framework: its first types, or the first that have what the adapter needs. */
const oldest = [
  ...[
    '@types/node@20.19',
    '@types/express@5.0.0',
    'express4@npm:@types/express@4.17.13',
    '@types/koa@2.13.4',
    'fastify@5.0.0',
    'hono@4.0.0',
  ],
  ...['elysia@1.3.0', 'h31@npm:h3@1.8.0', '@hapi/hapi@21.3.0', '@types/ws@8.5.3', 'ws@8.0.0', 'socket.io@4.6.0', '@trpc/server@11.0.0'],
  ...['graphql-yoga@5.0.0', 'graphql@16.8.0', '@apollo/server@4.9.0', '@azure/functions@4.0.0', '@types/aws-lambda@8.10.147'],
  ...['@grpc/grpc-js@1.14.0', '@google-cloud/functions-framework@3.0.0'],
];
const groups = { consumers: packages, oldest };

/** @param {'consumers' | 'oldest'} group @returns {string} where it is installed */
const placeOf = (group) => (group === 'oldest' ? join(consumersDirectory, group) : consumersDirectory);

/** @param {'consumers' | 'oldest'} group @returns {string | null} the `node_modules` that holds all of it, where everything is asked for */
export function findConsumers(group) {
  return everyRuntime && isInstalled(group) ? join(placeOf(group), 'node_modules') : null;
}

/** @param {'consumers' | 'oldest'} group */
const isInstalled = (group) =>
  groups[group].every((wanted) => existsSync(join(placeOf(group), 'node_modules', wanted.slice(0, wanted.indexOf('@', 1)))));

/** @param {'consumers' | 'oldest'} group */
function install(group) {
  const cwd = placeOf(group);
  mkdirSync(cwd, { recursive: true });
  writeFileSync(join(cwd, 'package.json'), '{ "private": true }\n');
  const parameters = ['install', '--no-audit', '--no-fund', '--ignore-scripts', '--legacy-peer-deps', '--loglevel=error', ...groups[group]];
  const { status } = spawnSync('npm', parameters, { cwd, stdio: ['ignore', 'ignore', 'inherit'] });
  if (status !== 0) process.exitCode = 1;
}

if (import.meta.url === pathToFileURL(process.argv[1] ?? '').href) {
  for (const group of /** @type {const} */ (['consumers', 'oldest'])) {
    if (!isInstalled(group)) install(group);
    console.log(`${group}: ${isInstalled(group) ? placeOf(group) : 'absent'}`);
  }
}
