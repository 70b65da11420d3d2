/** What the repository's host runs and shows: workflows, templates and the dev container are well-formed, and what they name is there. */
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { parse } from 'yaml';
import { files, read, readJson, report, root } from '../lib/source.mjs';

/** The members that we use, of those that https://docs.github.com/actions/reference/workflow-syntax has. */
const WORKFLOW = ['name', 'on', 'permissions', 'jobs', 'concurrency', 'env'];
const JOB = ['name', 'runs-on', 'container', 'timeout-minutes', 'needs', 'permissions', 'steps', 'uses', 'if', 'strategy', 'env'];
const STEP = ['name', 'id', 'if', 'uses', 'with', 'run', 'env', 'shell', 'working-directory'];
const { scripts, engines } = readJson('package.json');
const problems = /** @type {string[]} */ ([]);
const paths = [...files(/./, '.github'), '.devcontainer/devcontainer.json'];
const workflows = new Map(paths.filter((path) => /workflows\/.*\.yml$/.test(path)).map((path) => [path, parse(read(path))]));

for (const path of paths) named(path);
for (const [path, workflow] of workflows) {
  known(path, workflow, WORKFLOW);
  for (const [name, job] of Object.entries(workflow.jobs)) {
    const where = `${path}, ${name}`;
    known(where, job, JOB);
    for (const needed of [job.needs ?? []].flat())
      if (!(needed in workflow.jobs)) problems.push(`${where}: needs ${needed}, which is not there`);
    if (job.uses && !Object.hasOwn(workflows.get(job.uses.slice('./'.length))?.on ?? {}, 'workflow_call'))
      problems.push(`${where}: ${job.uses} cannot be called`);
    for (const step of job.steps ?? []) {
      known(where, step, STEP);
      if ('uses' in step === 'run' in step) problems.push(`${where}: a step has either uses or run`);
      if (step.uses && !/^[\w-]+\/[\w-]+@v\d+$/.test(step.uses)) problems.push(`${where}: ${step.uses} names no version`);
    }
  }
}
const steps = (/** @type {string} */ path) => Object.values(workflows.get(path)?.jobs ?? {}).flatMap((job) => job.steps ?? []);
const runs = (/** @type {string} */ path) => steps(path).flatMap(({ run }) => (run ? [run.trim()] : []));
if (runs('.github/workflows/ci.yml').join() !== '.ci/run') problems.push('ci.yml: runs .ci/run and nothing else');
release('.github/workflows/release.yml');
for (const path of paths.filter((path) => /ISSUE_TEMPLATE\/.*\.md$/.test(path)))
  for (const member of ['name', 'about']) if (!parse(read(path).split('---\n')[1] ?? '')?.[member]) problems.push(`${path}: no ${member}`);
const container = readJson('.devcontainer/devcontainer.json');
if (!container.image.includes(`:${/\d+/.exec(engines.node)?.[0]}-`))
  problems.push(`devcontainer.json: ${container.image} is not Node ${engines.node}`);
for (const port of container.forwardPorts)
  if (!files(/\.mjs$/, 'tools').some((path) => read(path).includes(port)))
    problems.push(`devcontainer.json: nothing in tools listens on ${port}`);
report('check-github', problems, `${paths.length} files, ${workflows.size} workflows.`);

/** @param {string} where @param {object} value @param {readonly string[]} members */
function known(where, value, members) {
  for (const member of Object.keys(value)) if (!members.includes(member)) problems.push(`${where}: ${member} is not a member here`);
}

/** The scripts, commands and files that a text names. @param {string} path */
function named(path) {
  const text = read(path);
  for (const [, script = ''] of text.matchAll(/npm run ([\w-]+)/g))
    if (!(script in scripts)) problems.push(`${path}: npm has no script ${script}`);
  for (const [, verb = ''] of text.matchAll(/npx approov-guard ([a-z]+)/g))
    if (!existsSync(join(root, `packages/cli/src/commands/${verb}.ts`))) problems.push(`${path}: approov-guard has no command ${verb}`);
  for (const [file] of text.matchAll(/(?<![\w/@.:])(?:\.\/)?(?:\.ci|tools|docs|packages)\/[\w./-]*\w|\b[A-Z]{6,}\.md\b/g))
    if (!existsSync(join(root, file))) problems.push(`${path}: ${file} is not there`);
}

/** Publishes as the manifests say, with the right to do so, and releases the list of contents that it made. @param {string} path */
function release(path) {
  const [all, { permissions }] = [runs(path).join('\n'), workflows.get(path)?.jobs.publish ?? {}];
  for (const manifest of files(/^packages\/[^/]+\/package\.json$/)) {
    const { publishConfig = {}, private: isPrivate } = readJson(manifest);
    if (isPrivate) continue;
    if (publishConfig.provenance !== true || !/npm publish .*--provenance/.test(all))
      problems.push(`${manifest}: published without provenance`);
    if (!all.includes(`--access ${publishConfig.access}`))
      problems.push(`${manifest}: release.yml does not publish with access ${publishConfig.access}`);
  }
  if (permissions?.['id-token'] !== 'write') problems.push(`${path}: provenance needs id-token: write`);
  const made = /npm sbom [^\n]*> (?:\.\.\/)?(\S+)/.exec(all)?.[1];
  if (!made || !new RegExp(`gh release create [^\n]*${made}`).test(all))
    problems.push(`${path}: the bill of materials is made and released`);
}
