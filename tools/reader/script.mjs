/** The script of a page: what both terminals of its reader do. */
import { dirname, join } from 'node:path';
import { transformSync } from 'esbuild';
import { root } from '../checks/lib/source.mjs';
import { findPythonWith } from '../optional.mjs';
import { unitsOf } from './compare.mjs';

export const MARK = '@@follows';
/** `npx` of the reader. A customer's secret is not published; that of the local cloud is, and a guard in production refuses it. */
export const NPX = `#!/bin/sh
program=node_modules/.bin/$1; shift
[ -e "$program" ] || { echo "the page did not install $program"; exit 127; }
[ -z "$STANDS_IN" ] || [ "$1" != gateway ] || set -- "$@" --development
exec "$program" "$@"
`;
/** Both terminals of the reader, who waits for what was started until it listens, and has no account: the local cloud stands for the vendor's. */
const PREAMBLE = `set -m
approov() { npx approov-guard cloud "$@"; }
# A server may listen elsewhere first: who is not connected tries again.
curl() { local n status; for n in $(seq 1200); do command curl --silent "$@"; status=$?; [ $status -eq 7 ] || break; sleep 0.1; done; return $status; }
sudo() { [ "$1" != -E ] || shift; "$@"; }
stop() { local job; for job in $(jobs -p); do kill -s "$1" -- "-$job"; done 2>/dev/null; wait 2>/dev/null; }
trap 'stop KILL' EXIT
listens() {
  local sockets pid
  sockets=" $(cat /proc/net/tcp /proc/net/tcp6 2>/dev/null | awk '$4 == "0A" { printf "%s ", $10 }')"
  for pid in $(pgrep -g "$1"); do
    ls -l "/proc/$pid/fd" 2>/dev/null | sed -n 's/.*socket:\\[\\([0-9]*\\)\\]$/ \\1 /p' | while read -r inode; do
      case "$sockets" in *" $inode "*) echo yes ;; esac
    done
  done | grep -q yes
}
up() { for _ in $(seq 3000); do listens "$1" && return; kill -0 -- "-$1" 2>/dev/null || break; sleep 0.1; done; echo "it does not listen: $(cat server.log)" >&2; return 1; }
`;

/**
 * @param {readonly import('./steps.mjs').Step[]} steps
 * @param {string} start - what starts the server
 */
export const scriptOf = (steps, start) =>
  `${PREAMBLE}${pythons()}${steps.map((step, index) => lineOf(step, index, start)).join('\n')}\nexit 0\n`;

/** @param {import('./steps.mjs').Step} step @param {number} index @param {string} start */
function lineOf({ kind, code, name = '', language }, index, start) {
  const startServer = awaited(`${start.trim()} &`);
  if (kind === 'save') return `mkdir -p '${dirname(name)}'; ${written(name, code)}`;
  if (kind === 'module') return `${written(`.${name}.mjs`, plain(code))}\n${say(`${index} out`)}\n${LOAD} ".${name}.mjs"`;
  if (kind === 'start') return startServer;
  if (kind === 'again') return `stop INT; ${startServer}`;
  if (kind !== 'run' && kind !== 'install') return '';
  const told = language === 'console' ? code.replace(/^(?!\$ ).*\n/gm, '').replace(/^\$ /gm, '') : code;
  return unitsOf(told)
    .map(
      (unit) =>
        `${say(`${index} out`)}\n{ ${awaited(unit)}\n} 2> .err < /dev/null; status=$?\n${say(`${index} err`)}\ncat .err\n${say(`${index} status`)}\necho $status`,
    )
    .join('\n');
}

const LOAD = `APPROOV_BASE64_SECRET="\${APPROOV_BASE64_SECRET:-$(head -c 48 /dev/urandom | base64 -w 0)}" NODE_ENV=test node '${join(root, 'tools/checks/lib/run-doc-blocks.mjs')}'`;

/** @param {string} name @param {string} text */
const written = (name, text) => `cat > '${name}' <<'${MARK}'\n${text}${text.endsWith('\n') ? '' : '\n'}${MARK}`;

/** @param {string} code - with types, perhaps @returns {string} without */
const plain = (code) =>
  transformSync(code, { format: 'esm', loader: 'ts', target: 'node20', tsconfigRaw: { compilerOptions: { experimentalDecorators: true } } })
    .code;

/** What a line leaves running is waited for. @param {string} unit */
const awaited = (unit) => unit.replace(/^(.*[^&\s]) +&( *#.*)?$/gm, '{ $1\n} >> server.log 2>&1 & up $! || exit 9');

/** Programs of Python, whichever Python has them. */
function pythons() {
  const [flask, fastapi] = [findPythonWith('flask'), findPythonWith('fastapi')];
  return `flask() { "${flask}" -m flask "$@"; }\nuvicorn() { "${fastapi}" -m uvicorn "$@"; }\ngunicorn() { "${flask}" -m gunicorn "$@"; }\n`;
}

/** @param {string} what */
const say = (what) => `printf '\\n%s\\n' '${MARK}${what}'`;
