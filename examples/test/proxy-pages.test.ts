/** The pages about proxies that Debian has, from top to bottom, with the real programs; each answer is held against the page's. */
import { deepEqual, ok } from 'node:assert/strict';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, test } from 'node:test';
import { findProgram, skipUnless } from '../../tools/optional.mjs';
import { freePort } from '../../tools/start/free-port.mjs';
import { blocksOf, promised, runPage, scriptOf } from './page-shell.ts';
import { root } from './running-example.ts';

const PAGES: readonly (readonly [page: string, program: string])[] = [
  ['nginx', 'nginx'],
  ['nginx-njs', 'nginx'],
  ['haproxy', 'haproxy'],
  ['haproxy-asks', 'haproxy'],
  ['caddy', 'caddy'],
];

const command = `'${join(root, 'packages/cli/bin/approov-guard.js')}'`;

/** What a page's own words mean here: the command of this clone, nothing installed, answers as numbers. */
const PREAMBLE = `
set -uo pipefail
npm() { :; }
npx() { shift; case "$1" in authorizer) exec node ${command} "$@" ;; *) node ${command} "$@" ;; esac; }
sudo() { [ "$1" != -E ] || shift; exec "$@"; }
nginx() { exec command nginx "$@"; }
# Up is what answers, and has everybody behind it.
wait_until_up() {
  local tries=0 token status
  token="$(npx approov-guard token -genExample api.example.com)"
  until status="$(command curl -s -o /dev/null -w '%{http_code}' -H "Approov-Token: $token" http://127.0.0.1:8002/)"; [ "$status" = 200 ]; do
    tries=$((tries + 1)); [ "$tries" -lt 300 ] || return 1; command sleep 0.1
  done
}
curl() { wait_until_up || { echo 'answer 000'; return; }; command curl -s -o /dev/null -w 'answer %{http_code}\\n' "$@"; }
trap 'kill $(jobs -p) 2>/dev/null; wait' EXIT
`;

// nginx keeps its files where only root may write.
const mayRun = process.getuid?.() === 0 && findProgram('curl') && findProgram('bash') && findProgram('python3');
describe('the pages about proxies', skipUnless(mayRun, 'root, curl, bash and python3'), () => {
  for (const [page, program] of PAGES) {
    test(`docs/proxies/${page}.md does what it says`, skipUnless(findProgram(program), program), async () => {
      const blocks = blocksOf(readFileSync(join(root, `docs/proxies/${page}.md`), 'utf8'), ['yaml', 'nginx']);
      const wanted = promised(blocks);
      ok(wanted.includes('200') && wanted.includes('401'));
      const folder = mkdtempSync(join(tmpdir(), 'proxy-page-'));
      const [listen, to, asks, admin] = [await freePort(), await freePort(), await freePort(), await freePort()];
      const script = (PREAMBLE + scriptOf(blocks))
        .replaceAll('127.0.0.1:8002', `127.0.0.1:${listen}`)
        .replaceAll('127.0.0.1:5000', `127.0.0.1:${to}`)
        .replaceAll('127.0.0.1 5000', `127.0.0.1 ${to}`)
        .replace(/^authorizer: \{ /m, `authorizer: { listen: "127.0.0.1:${asks}", admin: null, `);
      try {
        const { answers, said } = await runPage(script, folder, {
          CADDY_ADMIN: `127.0.0.1:${admin}`,
          XDG_CONFIG_HOME: folder,
          XDG_DATA_HOME: folder,
        });
        deepEqual(answers, wanted, said);
      } finally {
        rmSync(folder, { recursive: true, force: true });
      }
    });
  }
});
