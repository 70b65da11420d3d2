/**
 * A page of the documentation, followed as a reader does: in a folder of its own, with the packages from their archives and those others that
 * the page installs, blocks saved under the names that it says, its own start command, and what it prints compared with what it shows.
 */
import { existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { compared, unprinted } from './compare.mjs';
import { readersFolder } from './folder.mjs';
import { packagesOf } from './packages.mjs';
import { MARK, NPX, scriptOf } from './script.mjs';
import { inShell } from './shell.mjs';

/**
 * @param {readonly import('./steps.mjs').Step[]} steps
 * @param {{ start?: string, node?: string, programs?: readonly string[] }} choice - `start`: what starts the server, where the page has a choice;
 *   `node`: the Node that the page asks for
 * @returns {Promise<string[]>} what differs from the page
 */
export async function follow(steps, { start, node = process.execPath, programs = [] }) {
  const folder = readersFolder(packagesOf(steps));
  const npx = join(folder, '.reader/npx');
  mkdirSync(dirname(npx));
  writeFileSync(npx, NPX, { mode: 0o755 });
  try {
    const variables = {
      APPROOV_CLOUD_STATE: join(folder, 'cloud.json'),
      NEXT_TELEMETRY_DISABLED: '1',
      NO_COLOR: '1',
      STANDS_IN: steps.some(({ kind, code }) => kind === 'run' && /^approov /m.test(code)) ? 'yes' : '',
    };
    const script = scriptOf(steps, start ?? steps.find(({ kind }) => kind === 'start')?.code ?? '');
    const { stdout, stderr, status } = await inShell(script, { cwd: folder, node, programs: [npx, ...programs], variables });
    const log = existsSync(join(folder, 'server.log')) ? readFileSync(join(folder, 'server.log'), 'utf8') : '';
    if (status !== 0) return [`it ended with ${status ?? 'no end'}: ${stdout.slice(-1500)}${stderr}${log}`];
    return steps.flatMap((step, index) => {
      const printed = printedBy(stdout, index);
      const said = [log, ...printed.flatMap(({ out, err }) => [out, err])].join('\n');
      const unsaid = step.prints.filter((print) => !said.includes(print)).map((print) => `it did not print ${print}:\n${said}`);
      if (step.kind === 'module') return moduleFailures(step, partsOf(stdout, `${index} out`));
      return step.kind === 'run' || step.kind === 'install' ? [...compared(step, printed), ...unsaid] : unsaid;
    });
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

/** @param {string} stdout @param {string} name @returns {string[]} what stands below the lines that say it */
function partsOf(stdout, name) {
  const parts = stdout.split(`\n${MARK}`);
  return parts.filter((part) => part.startsWith(`${name}\n`)).map((part) => part.slice(name.length + 1));
}

/** @param {string} stdout @param {number} index - of the step */
function printedBy(stdout, index) {
  const [errors, statuses] = [partsOf(stdout, `${index} err`), partsOf(stdout, `${index} status`)];
  return partsOf(stdout, `${index} out`).map((out, at) => ({ out, err: errors[at] ?? '', status: Number(statuses[at] ?? -1) }));
}

/** @param {import('./steps.mjs').Step} step @param {readonly string[]} outputs */
function moduleFailures({ line, code }, outputs) {
  const found = outputs
    .join('')
    .split('\n')
    .flatMap((text) => (text.startsWith('{"file":') ? [JSON.parse(text)] : []));
  if (found.length === 0) return [`line ${line}: the module was not loaded`];
  return found.flatMap(({ error, output }) => {
    if (error !== null) return [`line ${line}: ${error}\n${code}`];
    return unprinted(code, output).map((promised) => `line ${line}: it does not print ${promised}, but\n${output}`);
  });
}
