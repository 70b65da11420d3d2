/** The pages about Python, from top to bottom: their files are written, their commands run in one shell, and each answer is held against theirs. */
import { deepEqual, ok } from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, test } from 'node:test';
import { freshSecret } from '@approov-guard/testkit';
import { findProgram, findPythonWith, skipUnless } from '../../tools/optional.mjs';
import { freePort } from '../../tools/start/free-port.mjs';
import { root } from './running-example.ts';

const PAGES = ['docs/quickstart/python.md', 'docs/migration/flask.md', 'docs/migration/fastapi.md'];
const flask = findPythonWith('flask');
const fastapi = findPythonWith('fastapi');

const command = `'${join(root, 'packages/cli/bin/approov-guard.js')}'`;

/** What a page's own words mean here: the command of this clone, a Python that has the framework, answers as numbers. */
const PREAMBLE = `
set -uo pipefail
cli() { command node ${command} "$@"; }
flask() { exec "${flask}" -m flask "$@"; }
uvicorn() { exec "${fastapi}" -m uvicorn "$@"; }
gunicorn() { exec "${flask}" -m gunicorn "$@"; }
npm() { :; }
approov() { cli cloud "$@"; }
npx() {
  shift
  case "$1" in
    gateway) case "$*" in
      *--policy*) exec node ${command} "$@" ;;
      # Some of the tokens are of the local cloud, which a production guard refuses.
      *) exec node ${command} "$@" --listen 127.0.0.1:8002 --admin none --development ;;
    esac ;;
    request) wait_until_up; cli "$@" | sed -n 's/^< HTTP[^ ]* \\([0-9]*\\).*/answer \\1/p' ;;
    *) cli "$@" ;;
  esac
}
# Up is what answers, and has somebody behind it.
wait_until_up() {
  local tries=0 token status
  token="$(cli token -setDataHashInToken 'Bearer up' -genExample api.example.com)"
  until status="$(command curl -s -o /dev/null -w '%{http_code}' -H "Approov-Token: $token" -H 'Authorization: Bearer up' http://127.0.0.1:8002/)"; [ "$status" != 000 ] && [ "$status" != 502 ]; do
    tries=$((tries + 1)); [ "$tries" -lt 600 ] || return 1; command sleep 0.1
  done
}
curl() { wait_until_up; command curl -s -o /dev/null -w 'answer %{http_code}\\n' "$@"; }
trap 'kill $(jobs -p) 2>/dev/null; wait' EXIT
`;

interface Block {
  readonly language: string;
  readonly code: string;
}

/** The answers that a block promises: the number in the comment at the end of a line. */
function promised(code: string): readonly string[] {
  return [...code.matchAll(/ {2}# (\d{3})\b/g)].map(([, status = '']) => status);
}

/** What runs a page: files become here-documents where they stand, so that a later one may replace an earlier one. */
function scriptOf(blocks: readonly Block[]): string {
  return blocks
    .map(({ language, code }) => {
      if (language === 'sh') return code;
      const [, file] = /^# ([\w.-]+)/.exec(code) ?? [];
      ok(file !== undefined, `the first line of each file is its name: ${code}`);
      return `cat > ${file} <<'END-OF-FILE'\n${code}END-OF-FILE\n`;
    })
    .join('\n');
}

async function runPage(script: string, folder: string): Promise<{ readonly answers: readonly string[]; readonly said: string }> {
  const env = { ...process.env, APPROOV_CLOUD_STATE: join(folder, 'state.json'), APPROOV_BASE64_SECRET: freshSecret().base64 };
  const shell = spawn('bash', ['-c', script], { cwd: folder, env, stdio: ['ignore', 'pipe', 'pipe'] });
  let [stdout, said] = ['', ''];
  shell.stdout.on('data', (text) => (stdout += text));
  shell.stderr.on('data', (text) => (said += text));
  await once(shell, 'close');
  return { answers: [...stdout.matchAll(/^answer (\d+)$/gm)].map(([, status = '']) => status), said: said + stdout };
}

const here = flask && fastapi && findProgram('curl') && findProgram('bash');
describe('the pages about Python', skipUnless(here, 'python3 with flask and fastapi, curl and bash'), () => {
  for (const page of PAGES) {
    test(`${page} does what it says`, async () => {
      const text = readFileSync(join(root, page), 'utf8');
      const blocks = [...text.matchAll(/^```(sh|python|yaml)\n(.*?)^```$/gms)].map(([, language = '', code = '']) => ({ language, code }));
      const wanted = blocks.flatMap(({ language, code }) => (language === 'sh' ? promised(code) : []));
      ok(wanted.includes('200') && wanted.includes('401'));
      const folder = mkdtempSync(join(tmpdir(), 'python-page-'));
      const [listen, to] = [await freePort(), await freePort()];
      const script = (PREAMBLE + scriptOf(blocks))
        .replaceAll('127.0.0.1:8002', `127.0.0.1:${listen}`)
        .replaceAll('127.0.0.1:5000', `127.0.0.1:${to}`)
        .replaceAll('--port 5000', `--port ${to}`)
        .replace(/^gateway: \{ /m, `gateway: { listen: "127.0.0.1:${listen}", admin: null, `);
      try {
        const { answers, said } = await runPage(script, folder);
        deepEqual(answers, wanted, said);
      } finally {
        rmSync(folder, { recursive: true, force: true });
      }
    });
  }
});
