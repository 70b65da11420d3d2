/**
 * A page of the documentation, followed as a reader does: in a folder of its own, with the packages from their archives and those others that
 * the page installs, blocks saved under the names that it says, its own start command, and what it prints compared with what it shows.
 */
import { readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
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
 * @param {{ port: number, start: string }} choice - the port to be had in place of 8002, and which of the lines that start the server
 * @returns {string[]} what differs from the page
 */
export function follow(steps, { port, start }) {
  const here = (/** @type {string} */ text) => text.replaceAll('8002', String(port));
  const names = steps.filter(({ kind }) => kind === 'install').flatMap(({ code }) => installed(code));
  const folder = readersFolder(names);
  const startServer = `(${here(start)}) >> server.log 2>&1 & server=$!; await ${port} || exit 9`;
  const lines = steps.flatMap(({ kind, code, name = '' }, index) => {
    if (kind === 'save') return [`cat > '${name}' <<'${MARK}'\n${here(code)}${MARK}`];
    if (kind === 'start') return [startServer];
    if (kind === 'again') return ['stop INT', startServer];
    return unitsOf(code).flatMap((unit, at) => [`printf '\\n%s\\n' '${MARK}${index}.${at}'`, here(unit)]);
  });
  const { stdout, stderr, status } = inShell(`${PREAMBLE}${lines.join('\n')}\nexit 0\n`, folder);
  const parts = new Map(stdout.split(`\n${MARK}`).map((part) => [part.slice(0, part.indexOf('\n')), part.slice(part.indexOf('\n') + 1)]));
  const log = readFileSync(join(folder, 'server.log'), 'utf8');
  rmSync(folder, { recursive: true, force: true });
  if (status !== 0) return [`it ended with ${status ?? 'no end'}: ${stdout.slice(-500)}${stderr}${log}`];
  return steps.flatMap((step, index) =>
    compared(step, index, parts, here).concat(
      step.prints.filter((print) => !log.includes(here(print))).map((print) => `the server did not print ${print}:\n${log}`),
    ),
  );
}

/** What is run and compared by itself: each line that promises a status, or else the block. @param {string} code @returns {string[]} */
function unitsOf(code) {
  const kept = code.replace(/^\s*npm install\b.*\n/gm, '');
  return (/ {2}# \d{3}\b/.test(kept) ? kept.split(/(?<!\\)\n/) : [kept]).filter((unit) => unit.trim() !== '');
}

/** @param {import('./steps.mjs').Step} step @param {number} index @param {Map<string, string>} parts @param {(text: string) => string} here */
function compared({ kind, code, shown }, index, parts, here) {
  if (kind !== 'run' && kind !== 'install') return [];
  const lines = unitsOf(code);
  const printed = lines.map((_, at) => parts.get(`${index}.${at}`));
  const promised = lines.flatMap((line, at) => {
    const answer = / {2}# (\d{3})\b/.exec(line)?.[1];
    return answer === undefined || printed[at]?.includes(`HTTP/1.1 ${answer} `) ? [] : [`${line}\nprinted\n${printed[at]}`];
  });
  const whole = evened(printed.join(''));
  const pattern = evened(here(shown ?? '…'))
    .trim()
    .split('…')
    .map((part) => part.replace(/[.*+?^${}()|[\]\\]/g, '\\$&'))
    .join('[^]*');
  return new RegExp(`^${pattern}\\s*$`).test(whole.trimEnd())
    ? promised
    : [...promised, `${code}printed\n${whole}where the page shows\n${shown}`];
}

/** Spaces at the ends of lines are not seen. @param {string} text */
const evened = (text) => text.replace(/[ \t\r]+$/gm, '');
