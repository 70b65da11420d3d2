/** The pages about Python, from top to bottom: their files are written, their commands run in one shell, and each answer is held against theirs. */
import { deepEqual, ok } from 'node:assert/strict';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, test } from 'node:test';
import { freshSecret } from '@approov-guard/testkit';
import { findProgram, findPythonWith, skipUnless } from '../../tools/optional.mjs';
import { freePort } from '../../tools/start/free-port.mjs';
import { blocksOf, promised, runPage, scriptOf } from './page-shell.ts';
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

const here = flask && fastapi && findProgram('curl') && findProgram('bash');
describe('the pages about Python', skipUnless(here, 'python3 with flask and fastapi, curl and bash'), () => {
  for (const page of PAGES) {
    test(`${page} does what it says`, async () => {
      const text = readFileSync(join(root, page), 'utf8');
      const blocks = blocksOf(text, ['python', 'yaml']);
      const wanted = promised(blocks);
      ok(wanted.includes('200') && wanted.includes('401'));
      const folder = mkdtempSync(join(tmpdir(), 'python-page-'));
      const [listen, to] = [await freePort(), await freePort()];
      const script = (PREAMBLE + scriptOf(blocks))
        .replaceAll('127.0.0.1:8002', `127.0.0.1:${listen}`)
        .replaceAll('127.0.0.1:5000', `127.0.0.1:${to}`)
        .replaceAll('--port 5000', `--port ${to}`)
        .replace(/^gateway: \{ /m, `gateway: { listen: "127.0.0.1:${listen}", admin: null, `);
      try {
        const { answers, said } = await runPage(script, folder, {
          APPROOV_CLOUD_STATE: join(folder, 'state.json'),
          APPROOV_BASE64_SECRET: freshSecret().base64,
        });
        deepEqual(answers, wanted, said);
      } finally {
        rmSync(folder, { recursive: true, force: true });
      }
    });
  }
});
