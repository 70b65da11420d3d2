/**
 * Other JavaScript runtimes, for tests that need them: several versions of Node, Bun, Deno, workerd.
 *
 *     node tools/runtimes.mjs      installs them (about 1 GB) from the npm registry and lists what is there
 *
 * They lie in a cache outside the repository, `RUNTIMES_DIR` or `~/.cache/approov-guard/runtimes`, so that no ordinary installation
 * downloads them. Without the cache, programs on the PATH are used; what is absent is skipped.
 */
import { spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, writeFileSync } from 'node:fs';
import { homedir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { findProgram } from './optional.mjs';

/** Where they are installed. */
export const runtimesDirectory =
  process.env.RUNTIMES_DIR ?? join(process.env.XDG_CACHE_HOME ?? join(homedir(), '.cache'), 'approov-guard', 'runtimes');

const { platform, arch } = process;
const arm = arch === 'arm64';

/** The packages that hold the programs themselves: they need no installation script. `link` is the folder's name in the cache. */
const nodes = ['20', '22', '24', '26'].map((major) => ({
  name: `node ${major}`,
  link: `node${major}`,
  wanted: `npm:node-${platform}-${arch}@${major}`,
  program: 'bin/node',
}));
const others = [
  { name: 'bun', link: `@oven/bun-${platform}-${arm ? 'aarch64' : 'x64'}`, wanted: '^1.3.0', program: 'bin/bun' },
  { name: 'deno', link: `@deno/${platform}-${arch}${platform === 'linux' ? '-glibc' : ''}`, wanted: '^2.5.0', program: 'deno' },
  { name: 'workerd', link: `@cloudflare/workerd-${platform}-${arm ? 'arm64' : '64'}`, wanted: '^1.20250101.0', program: 'bin/workerd' },
];
const rows = [...nodes, ...others];

/** Other runtimes take minutes: they are run with `REQUIRE_ALL=1`, as continuous integration does, or `RUNTIMES=1`. */
export const everyRuntime = process.env.REQUIRE_ALL === '1' || process.env.RUNTIMES === '1';

/** The names of all runtimes: `node 20`, `node 22`, `node 24`, `node 26`, `bun`, `deno`, `workerd`. */
export const runtimeNames = rows.map(({ name }) => name);

/**
 * Finds a runtime, where every runtime is asked for: in the cache, else on the PATH; for Node also the one that runs this.
 * @param {string} name
 * @returns {string | null} the program's path
 */
export function findRuntime(name) {
  const row = rows.find((one) => one.name === name);
  if (row === undefined) throw new RangeError(`${name}: known are ${runtimeNames.join(', ')}`);
  if (!everyRuntime) return null;
  const cached = join(runtimesDirectory, 'node_modules', row.link, row.program);
  if (existsSync(cached)) return cached;
  if (name.startsWith('node ')) return process.versions.node.startsWith(`${name.slice('node '.length)}.`) ? process.execPath : null;
  return findProgram(name);
}

function install() {
  mkdirSync(runtimesDirectory, { recursive: true });
  writeFileSync(join(runtimesDirectory, 'package.json'), '{ "private": true }\n');
  const packages = rows.map(({ link, wanted }) => `${link}@${wanted}`);
  const parameters = ['install', '--no-save', '--no-audit', '--no-fund', '--ignore-scripts', '--loglevel=error', ...packages];
  const { status } = spawnSync('npm', parameters, { cwd: runtimesDirectory, stdio: ['ignore', 'ignore', 'inherit'] });
  if (status !== 0) process.exitCode = 1;
}

if (import.meta.url === pathToFileURL(process.argv[1] ?? '').href) {
  if (rows.some(({ name }) => findRuntime(name) === null)) install();
  for (const { name } of rows) console.log(`${name}: ${findRuntime(name) ?? 'absent'}`);
}
