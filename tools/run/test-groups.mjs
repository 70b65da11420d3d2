/** Which test files share a process, and in which order all of them start. */
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { root } from '../ready.mjs';

/** Files that share nothing run in one process: starting one takes longer than most of them run. */
const GROUPS = {
  conformance: /^conformance\/test\/(?:attacks|requests|runtimes|samples)\./,
  properties: /^packages\/guard\/test\/(?:properties|interop)\//,
  // Frameworks that replace globals, and what counts memory, have a process of their own.
  adapters: /^packages\/guard\/test\/adapters\/(?!(?:hono-)?sockets\.|flood\.)/,
  shell: /^packages\/guard\/test\/(?:keys\/(?:file|remote)|replay\/(?:replay-memory|slow-bodies))\./,
  // What is said once in a process is heard in one where nobody else is refused.
  unit: /^packages\/guard\/test\/unit\/(?!guard\/hints\.)/,
  vectors: /^packages\/guard\/test\/vectors\//,
  programs: /^(?:packages\/(?:testkit|cli)\/test\/|examples\/test\/(?:containers|line-diff|worker)\.)/,
};

/** A hook outside every suite would be one of the whole group, and steps are counted only in a process that starts with that. */
const ALONE = /^(?:before|after)(?:Each)?\(|^import .*\/steps\.ts'/m;

/** What takes longest, longest first: it starts first, so that both cores stay busy to the end. */
const LONGEST = [
  'tools/checks/checks',
  'tools/packages/packed',
  'tools/packages/consumers',
  'tools/reader/site',
  'tools/reader/reader',
  'conformance/test/table',
  'packages/rollout/test/rehearsal',
  'examples/test/hello',
  'properties',
  'conformance',
  'tools/checks/planted',
  'examples/',
  'adapters',
];

/** @param {string} file */
function groupOf(file) {
  const [name] = Object.entries(GROUPS).find(([, members]) => members.test(file)) ?? [];
  return name === undefined || ALONE.test(readFileSync(join(root, file), 'utf8')) ? file : name;
}

/** @param {string} name */
function rank(name) {
  const place = LONGEST.findIndex((start) => name.startsWith(start));
  return place < 0 ? LONGEST.length : place;
}

/**
 * @param {readonly string[]} files
 * @returns {string[]} the files to run, in this order; those of a group as one file, written here, that loads them
 */
export function arranged(files) {
  const groups = /** @type {Map<string, string[]>} */ (new Map());
  for (const file of files) groups.set(groupOf(file), [...(groups.get(groupOf(file)) ?? []), file]);
  const folder = join(root, 'node_modules/.cache/approov-guard-tests');
  mkdirSync(folder, { recursive: true });
  const loader = pathToFileURL(join(root, 'tools/run/load-tests.mjs')).href;
  return [...groups]
    .sort(([one], [other]) => rank(one) - rank(other))
    .map(([name, members]) => {
      const [first = name] = members;
      if (members.length === 1) return first;
      const path = join(folder, `${name}.test.mjs`);
      writeFileSync(path, `import { loadTests } from '${loader}';\nawait loadTests(${JSON.stringify(members)});\n`);
      return path;
    });
}
