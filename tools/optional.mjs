/**
 * Things a test can do without: shared vectors, other runtimes, servers. Absent ones are skipped, saying so; with `REQUIRE_ALL=1` they
 * fail instead.
 */
import { spawnSync } from 'node:child_process';
import { accessSync, constants, existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

const required = process.env.REQUIRE_ALL === '1';

/** Where the shared vectors are: `VECTORS_DIR`, else `shared/vectors` beside the repository. */
export const vectorsDirectory = process.env.VECTORS_DIR ?? fileURLToPath(new URL('../../shared/vectors', import.meta.url));

/**
 * Reads a file of shared vectors.
 * @template [T=any]
 * @param {string} name - its path below the vectors' folder, such as `approov/requests.json`
 * @returns {T | null} the parsed JSON, or `null` if the file is absent
 * @throws Error if it is absent and `REQUIRE_ALL=1`
 */
export function readVectors(name) {
  const path = join(vectorsDirectory, name);
  if (existsSync(path)) return JSON.parse(readFileSync(path, 'utf8'));
  if (required) throw new Error(`${path} is absent, and REQUIRE_ALL=1`);
  return null;
}

/**
 * The options of a test (or suite) that needs something optional.
 * @param {unknown} present - anything truthy if it is there
 * @param {string} what - what is needed, such as `shared vectors` or `bun`
 * @returns {{ skip: string | false }} to be given to `test` or `describe`
 * @throws Error if it is absent and `REQUIRE_ALL=1`
 */
export function skipUnless(present, what) {
  if (present) return { skip: false };
  if (required) throw new Error(`${what}: absent, and REQUIRE_ALL=1`);
  return { skip: `skipped: ${what} absent` };
}

/**
 * Finds a program on the PATH that this user can run.
 * @param {string} program
 * @returns {string | null} its path
 */
export function findProgram(program) {
  const folders = (process.env.PATH ?? '').split(':').filter((folder) => folder !== '');
  return folders.map((folder) => join(folder, program)).find(canRun) ?? null;
}

/** @param {string} path */
function canRun(path) {
  try {
    accessSync(path, constants.X_OK);
    return true;
  } catch {
    return false;
  }
}

/**
 * Finds a Python that has a package. Debian's own is looked at, too: another one may come before it on the PATH.
 * @param {string} name - of the package
 * @returns {string | null} the program
 */
export function findPythonWith(name) {
  const programs = [process.env.PYTHON ?? 'python3', '/usr/bin/python3'];
  const found = pythons.get(name) ?? programs.find((program) => spawnSync(program, ['-c', `import ${name}`]).status === 0) ?? null;
  pythons.set(name, found);
  return found;
}

/** Those that were found: looking takes a second. @type {Map<string, string | null>} */
const pythons = new Map();
