/**
 * A page of the documentation, followed as a reader does: in a folder of its own, with the packages from their archives and those others that
 * the page installs, blocks saved under the names that it says, its own start command, and what it prints compared with what it shows.
 */
import { readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { compared, unitsOf } from './compare.mjs';
import { inShell, readersFolder } from './folder.mjs';
import { installed } from './steps.mjs';

const MARK = '@@follows';
/** Both terminals of the reader. */
const PREAMBLE = `set -m
npx() {
  local program=node_modules/.bin/$1; shift
  [ -e "$program" ] || { echo "the page did not install $program"; return 127; }
  node "$program" "$@"
}
curl() { command curl --silent --show-error "$@"; }
stop() { [ -z "\${server:-}" ] || { kill -s "$1" -- -$server; wait $server; } 2>/dev/null; server=; }
trap 'stop KILL' EXIT
await() { for _ in $(seq 300); do command curl -s -o /dev/null "http://127.0.0.1:$1/" && return; kill -0 $server 2>/dev/null || { cat server.log; return 1; }; sleep 0.1; done; cat server.log; return 1; }
`;

/**
 * @param {readonly import('./steps.mjs').Step[]} steps
 * @param {{ port: number, behind: number, start: string }} choice - the ports to use instead of 8002 and 5000, and what starts the server
 * @returns {string[]} what differs from the page
 */
export function follow(steps, { port, behind, start }) {
  const here = (/** @type {string} */ text) => text.replaceAll('8002', String(port)).replaceAll(/\b5000\b/g, String(behind));
  const names = steps.filter(({ kind }) => kind === 'install').flatMap(({ code }) => installed(code));
  const folder = readersFolder(names);
  const startServer = `(${here(start)}) >> server.log 2>&1 & server=$!; await ${port} || exit 9`;
  const lines = steps.flatMap(({ kind, code, name = '' }, index) => {
    if (kind === 'save') return [`cat > '${name}' <<'${MARK}'\n${here(code)}${MARK}`];
    if (kind === 'start') return [startServer];
    if (kind === 'again') return ['stop INT', startServer];
    return unitsOf(code).flatMap((unit) => [say(`${index} out`), `{ ${here(unit)}\n} 2> printed`, say(`${index} err`), 'cat printed']);
  });
  const { stdout, stderr, status } = inShell(`${PREAMBLE}${lines.join('\n')}\nexit 0\n`, folder);
  const log = readFileSync(join(folder, 'server.log'), 'utf8');
  rmSync(folder, { recursive: true, force: true });
  if (status !== 0) return [`it ended with ${status ?? 'no end'}: ${stdout.slice(-500)}${stderr}${log}`];
  return steps.flatMap((step, index) => {
    const unsaid = step.prints.filter((print) => !log.includes(here(print))).map((print) => `the server did not print ${print}:\n${log}`);
    if (step.kind !== 'run' && step.kind !== 'install') return unsaid;
    const used = { ...step, code: here(step.code), ...(step.shown !== undefined && { shown: here(step.shown) }) };
    return [...compared(used, printedBy(stdout, index)), ...unsaid];
  });
}

/** @param {string} what */
const say = (what) => `printf '\\n%s\\n' '${MARK}${what}'`;

/** @param {string} stdout @param {number} index - of the step */
function printedBy(stdout, index) {
  const parts = stdout
    .split(`\n${MARK}`)
    .map((part) => ({ name: part.slice(0, part.indexOf('\n')), text: part.slice(part.indexOf('\n') + 1) }));
  const of = (/** @type {string} */ kind) => parts.filter(({ name }) => name === `${index} ${kind}`).map(({ text }) => text);
  return of('out').map((out, at) => ({ out, err: of('err')[at] ?? '' }));
}
