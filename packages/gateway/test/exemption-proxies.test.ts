/** Through real proxies that ask the authoriser: an exemption counts and goes no further, nor does what leads to other paths. */
import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import test from 'node:test';
import { compileFor, startAuthorizer } from '@approov-guard/gateway';
import { signExemption } from '@approov-guard/rollout';
import { findProgram, skipUnless } from '../../../tools/optional.mjs';
import { NEVER_SAID } from '../src/authorizer/asking-policy.ts';
import { env, genuine, get, keys, raw, upstream } from './harness.ts';
import { freePort, running } from './program.ts';

const EXEMPTION_KEY = randomBytes(32).toString('base64');
const variables = { ...env, EXEMPTION_KEY };
const rollout = { exemptions: { keys: [{ secret: { env: 'EXEMPTION_KEY' } }] } };

/** How each proxy is started in a folder with what the compiler made. */
const PROXIES: readonly (readonly [
  program: string,
  target: string,
  dialect: string,
  arrange: (folder: string, text: string) => readonly string[],
])[] = [
  [
    'nginx',
    'nginx',
    'nginx',
    (folder) => {
      const paths = 'client_body_temp_path body; proxy_temp_path proxy; fastcgi_temp_path f; uwsgi_temp_path u; scgi_temp_path s;';
      const text = `daemon off; user root; pid nginx.pid; error_log stderr warn; events {}\nhttp { access_log off; ${paths} include approov.conf; }\n`;
      writeFileSync(join(folder, 'nginx.conf'), text);
      return ['-p', folder, '-c', 'nginx.conf', '-e', 'stderr'];
    },
  ],
  ['haproxy', 'haproxy-asks', 'haproxy', () => ['-f', 'haproxy.cfg']],
  [
    'caddy',
    'caddy',
    'caddy',
    (folder, text) => {
      writeFileSync(join(folder, 'Caddyfile'), `{\n\tadmin off\n}\n${text}`);
      return ['run', '--config', 'Caddyfile', '--adapter', 'caddyfile'];
    },
  ],
];

for (const [program, target, dialect, arrange] of PROXIES) {
  test(
    `${program}: an exemption passes, and neither it nor another path reaches a server behind`,
    skipUnless(findProgram(program), program),
    async (context) => {
      const behind = await upstream(context);
      const section = { for: dialect, listen: '127.0.0.1:0', admin: null, log: null };
      const authorizer = await startAuthorizer({ policy: { keys, rollout, authorizer: section }, env: variables });
      context.after(() => authorizer.drain());
      const folder = mkdtempSync(join(tmpdir(), 'exemption-'));
      context.after(() => rmSync(folder, { recursive: true, force: true }));
      const port = await freePort();
      const places = { to: new URL(behind.url).host, listen: `127.0.0.1:${port}` };
      const document = { keys, rollout, authorizer: { listen: new URL(authorizer.url).host } };
      const files = compileFor(target, document, places, variables);
      for (const { name, text } of files) writeFileSync(join(folder, name), text);
      const { child } = await running(findProgram(program) ?? program, arrange(folder, files[0]?.text ?? ''), variables, port, folder);
      context.after(async () => {
        const ended = once(child, 'close');
        child.kill('SIGTERM');
        await ended;
      });
      const from = Math.floor(Date.now() / 1000);
      const value = signExemption({ id: 'farm', routes: ['default'], from, until: from + 3600, by: 'anna' }, { secret: EXEMPTION_KEY });
      const status = async (...headers: readonly (readonly [string, string])[]): Promise<number> =>
        (await raw(port, get('/', ...headers))).status;
      assert.deepEqual([await status(), await status(['Approov-Exemption', value])], [401, 200]);
      assert.equal(await status(['Approov-Exemption', `${value.slice(0, -3)}AAA`]), 401);
      assert.equal(await status(genuine(), ['approov-exemption', value]), 200);
      assert.equal(behind.received.length, 2);
      assert.ok(!JSON.stringify(behind.received).includes(value));
      for (const name of NEVER_SAID) {
        assert.equal(await status(genuine(), [name, '/elsewhere']), 200, name);
        await status(genuine(), [name.replaceAll('-', '_'), '/elsewhere']);
      }
      assert.ok(!JSON.stringify(behind.received).includes('elsewhere'));
    },
  );
}
