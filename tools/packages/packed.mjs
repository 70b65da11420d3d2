/** The packages as users get them: packed into archives, and unpacked into a project's `node_modules`. */
import { spawnSync } from 'node:child_process';
import { mkdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { packages } from '../build/packages.mjs';
import { root } from '../checks/lib/source.mjs';

/** @typedef {{ name: string, archive: string, files: string[] }} Packed */

/** @param {string} folder - where the archives go @returns {Packed[]} */
export function pack(folder) {
  mkdirSync(folder, { recursive: true });
  const chosen = packages().flatMap(({ manifest }) => ['--workspace', manifest.name]);
  const parameters = ['pack', ...chosen, '--json', '--ignore-scripts', '--pack-destination', folder];
  const { stdout, stderr } = spawnSync('npm', parameters, { cwd: root, encoding: 'utf8' });
  if (stdout === '') throw new Error(`npm pack printed nothing: ${stderr}`);
  const rows = /** @type {any[]} */ (Object.values(JSON.parse(stdout)));
  return rows.map(({ name, filename, files }) => ({
    name,
    archive: join(folder, filename.replace('@', '').replace('/', '-')),
    files: files.map((/** @type {any} */ { path }) => path),
  }));
}

/** @param {readonly Packed[]} packed @param {string} project - a folder that may hold `node_modules` already */
export function unpack(packed, project) {
  for (const { name, archive } of packed) {
    const folder = join(project, 'node_modules', name);
    rmSync(folder, { recursive: true, force: true });
    mkdirSync(folder, { recursive: true });
    const { status, stderr } = spawnSync('tar', ['-xzf', archive, '-C', folder, '--strip-components=1'], { encoding: 'utf8' });
    if (status !== 0) throw new Error(`${archive}: ${stderr}`);
  }
}

/** @returns {string[]} every specifier that users can import code from */
export function specifiers() {
  return packages().flatMap(({ manifest, entries }) => entries.map(({ subpath }) => join(manifest.name, subpath)));
}
