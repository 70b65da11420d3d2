/**
 * Newman, which runs Postman collections. It brings 66 MB and 150 packages, so it is not a dependency: one on the PATH is used, or one that
 * was installed into the cache. Where nothing may be skipped (`REQUIRE_ALL=1`) it is installed there, once.
 */
import { spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { findProgram } from '../../tools/optional.mjs';

const VERSION = '6.2.2';
const cache = fileURLToPath(new URL('../../node_modules/.cache/newman', import.meta.url));
const installed = join(cache, 'node_modules/.bin/newman');

/** The program, or `null` if it is absent and need not be there. */
export function findNewman(): string | null {
  const found = findProgram('newman') ?? (existsSync(installed) ? installed : null);
  return found === null && process.env.REQUIRE_ALL === '1' ? install() : found;
}

function install(): string | null {
  mkdirSync(cache, { recursive: true });
  writeFileSync(join(cache, 'package.json'), '{ "private": true }\n');
  const parameters = ['install', `newman@${VERSION}`, '--save-exact', '--ignore-scripts', '--no-audit', '--no-fund'];
  const { status } = spawnSync('npm', parameters, { cwd: cache, stdio: 'ignore', timeout: 120_000 });
  return status === 0 && existsSync(installed) ? installed : null;
}
