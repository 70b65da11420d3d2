/** The vendor's command line against the local cloud: its documents line by line, scripts that read answers, mistakes, and simulated apps. */
import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import test, { after, before } from 'node:test';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { run } from '@approov-guard/cli';
import { NOT_IMITATED, startCloud, VERBS } from '@approov-guard/cloud';
import { createGuard, type GuardOptions } from 'approov-guard';
import { approov } from 'approov-guard/node';
import { skipUnless } from '../../../tools/optional.mjs';

let folder = '';
before(() => {
  folder = mkdtempSync(join(tmpdir(), 'cli-cloud-'));
});
after(() => rmSync(folder, { recursive: true, force: true }));

interface Done {
  readonly code: number;
  readonly lines: readonly string[];
  readonly last: string;
  readonly stderr: string;
}

async function command(argv: readonly string[], env: { readonly [name: string]: string } = {}): Promise<Done> {
  let [stdout, stderr] = ['', ''];
  const stdin = (async function* () {
    yield '';
  })();
  const streams = {
    stdout: { write: (text: string) => (stdout += text) },
    stderr: { write: (text: string) => (stderr += text) },
  };
  const code = await run({
    argv,
    env: { APPROOV_CLOUD_STATE: join(folder, 'state.json'), ...env },
    cwd: folder,
    stdin,
    ...streams,
    now: Date.now,
  });
  const lines = stdout.split('\n').filter((line) => line !== '');
  return { code, lines, last: lines.at(-1) ?? '', stderr };
}

/** Splits a line of a document as a shell does: quotes hold spaces together. */
function words(line: string): readonly string[] {
  return [...line.matchAll(/'([^']*)'|(\S+)/g)].map(([, quoted, plain]) => quoted ?? plain ?? '');
}

async function approovLine(line: string, env: { readonly [name: string]: string } = {}): Promise<Done> {
  const done = await command(['cloud', ...words(line).slice(1)], env);
  assert.equal(done.code, 0, `${line}: ${done.stderr}`);
  return done;
}

async function protectedBy(options: Omit<GuardOptions, 'keys'>, base64: string): Promise<{ url: string; close: () => void }> {
  const guard = createGuard({ keys: { secret: { base64 } }, ...options });
  const greeting = JSON.stringify({ message: 'Hello, World!' });
  const server = createServer(approov(guard, (_, response) => response.setHeader('Content-Type', 'application/json').end(greeting)));
  await new Promise<void>((done) => server.listen(0, '127.0.0.1', done));
  const close = (): void => {
    server.closeAllConnections();
    server.close();
  };
  return { url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/`, close };
}

async function answerOf(url: string, headers: { readonly [name: string]: string }): Promise<string> {
  const response = await fetch(url, { headers });
  return `${response.status} ${await response.text()}`;
}

const GREETING = '200 {"message":"Hello, World!"}';
const REFUSED = '401 {}';

/** The commands as the documents have them. Those of the Flask pages name no role, those of the Python and FastAPI pages do. */
const TOKEN_PAGES = {
  'Flask walk-through': ['approov api -add your.api.domain.com', 'approov secret -get base64'],
  'Flask token quickstart': ['approov api -add your.api.domain.com', 'approov secret -get base64'],
  'Python quickstart': ['approov api -add api.example.com', 'approov role admin', 'approov secret -get base64'],
  'FastAPI quickstart': ['approov api -add your.api.domain.com', 'approov role admin', 'approov secret -get base64'],
};

for (const [page, lines] of Object.entries(TOKEN_PAGES)) {
  test(`${page}: every command works, the valid token gets the greeting and the invalid one {}`, async () => {
    let env: { readonly [name: string]: string } = {};
    let answer = '';
    for (const line of lines) {
      answer = (await approovLine(line, env)).last;
      const [, name, value] = /^export (\w+)=(\S+)$/.exec(answer) ?? [];
      if (name !== undefined && value !== undefined) env = { [name]: value };
    }
    const domain = words(lines[0] ?? '').at(-1);
    const api = await protectedBy({}, answer);
    const valid = (await approovLine(`approov token -genExample ${domain}`)).last;
    const invalid = (await approovLine(`approov token -type invalid -genExample ${domain}`)).last;
    assert.equal(await answerOf(api.url, { 'Approov-Token': valid }), GREETING);
    assert.equal(await answerOf(api.url, { 'Approov-Token': invalid }), REFUSED);
    assert.equal(await answerOf(api.url, {}), REFUSED);
    api.close();
  });
}

test('Flask token-binding quickstart: the bound token passes with its Authorization alone', async () => {
  await approovLine('approov api -add your.api.domain.com');
  const secret = (await approovLine('approov secret -get base64')).last;
  const api = await protectedBy({ binding: { headers: ['Authorization'] } }, secret);
  const token = (await approovLine("approov token -setDataHashInToken 'Bearer authorizationtoken' -genExample your.api.domain.com")).last;
  const with_ = (authorization: string): Promise<string> => answerOf(api.url, { Authorization: authorization, 'Approov-Token': token });
  assert.equal(await with_('Bearer authorizationtoken'), GREETING);
  assert.equal(await with_('Bearer anotherauthorizationtoken'), REFUSED);
  assert.equal(await answerOf(api.url, { 'Approov-Token': token }), REFUSED);
  api.close();
});

test('PowerShell and cmd: the role is a variable, and the page’s placeholder is told from an account', async () => {
  assert.match((await approovLine('approov role admin')).stderr, /\$env:APPROOV_ROLE = "admin:ACCOUNT"/);
  await approovLine('approov secret -get base64', { APPROOV_ROLE: 'admin:local' });
  const placeholder = await command(['cloud', 'secret', '-get', 'base64'], { APPROOV_ROLE: 'admin:___YOUR_APPROOV_ACCOUNT_NAME_HERE___' });
  assert.deepEqual([placeholder.code, /placeholder/.test(placeholder.stderr)], [2, true]);
  const dev = await command(['cloud', 'secret', '-get', 'base64'], { APPROOV_ROLE: 'dev:local' });
  assert.deepEqual([dev.code, /role-needed/.test(dev.stderr)], [2, true]);
  const nobody = await command(['cloud', 'secret', '-get', 'base64'], { APPROOV_ROLE: 'admin:nobody' });
  assert.match(nobody.stderr, /account-unknown/);
});

test('what the vendor’s scripts read is where they look for it', async () => {
  await approovLine('approov api -add api.example.com');
  const secret = await approovLine('approov secret -get base64Url');
  assert.match(secret.lines[1] ?? '', /^[A-Za-z0-9_-]{86}$/, 'Kong: head -2 | tail -1');
  assert.deepEqual((await approovLine('approov secret -get base64 -plain')).lines.length, 1);
  assert.equal((await approovLine('approov token -genExample api.example.com')).lines.length, 1, 'NGINX Plus: head -1');
  await approovLine('approov keyset -kid google -add RS256');
  await approovLine('approov api -keySetKID google -add rs.example.com');
  await approovLine('approov keyset -setJWKSURI on');
  const uri = (await approovLine('approov keyset -getJWKSURI')).last.split(' ')[2] ?? '';
  assert.equal(new URL(uri).pathname, '/.well-known/jwks.json', 'Google: the third word');
  await approovLine('approov keyset -kid google -getPEM public-key.pem');
  const pem = readFileSync(join(folder, 'public-key.pem'), 'utf8');
  const guard = createGuard({ keys: { pem, algorithm: 'RS256' } });
  assert.equal((await guard.verifyToken((await approovLine('approov token -genExample rs.example.com')).last)).outcome, 'accepted');
  await approovLine('approov secret -messageSigningKey change');
  assert.match((await approovLine('approov secret -messageSigningKey get-base64url')).last, /^[A-Za-z0-9_-]{86}$/);
});

test('printable secrets, key ids, long-lived tokens, checks', async () => {
  await approovLine('approov secret -change -forcePrintable');
  const secret = (await approovLine('approov secret -get base64')).last;
  assert.match(Buffer.from(secret, 'base64').toString('latin1'), /^[\x21-\x7e]{64}$/);
  await approovLine('approov secret -setKeyID approov');
  const token = (await approovLine('approov token -genLongLived my-server,1y')).last;
  const [header, claims] = token.split('.').map((part) => Buffer.from(part, 'base64url').toString());
  assert.match(header ?? '', /"kid":"approov"/);
  assert.match(claims ?? '', /"iss":"my-server"/);
  assert.match((await approovLine(`approov token -check ${token}`)).lines[0] ?? '', /^valid token/);
  const forged = await command(['cloud', 'token', '-check', `${token.slice(0, -4)}AAAA`]);
  assert.deepEqual([forged.code, forged.lines[0]], [1, 'invalid token: token-signature-invalid']);
});

test('every verb has a help, and what is not imitated names the vendor’s page', async () => {
  for (const { name } of VERBS) assert.notEqual((await command(['cloud', name])).code, 3, name);
  for (const name of NOT_IMITATED) {
    const { code, stderr } = await command(['cloud', name]);
    assert.deepEqual(
      [code, stderr.includes(`https://approov.io/docs/latest/approov-cli-tool-reference/#${name}-command`)],
      [2, true],
      name,
    );
  }
  for (const argv of [
    ['nonsense'],
    ['api', '-nonsense'],
    ['token', '-genExample'],
    ['token', '-genExample', 'unknown.example.com'],
    ['api', '-jwe', '-add', 'a.b'],
  ])
    assert.equal((await command(['cloud', ...argv])).code, 2, argv.join(' '));
  assert.match((await command(['cloud', '--help'])).lines[0] ?? '', /stand-in/);
});

test('verbs use the server that runs, and commands at the same time wait for each other', async () => {
  const state = join(folder, 'running.json');
  const env = { APPROOV_CLOUD_STATE: state };
  await Promise.all(Array.from({ length: 8 }, (_, number) => approovLine(`approov api -add n${number}.example.com`, env)));
  const { cloud, url, close } = await startCloud({ state });
  assert.equal(Object.keys(cloud.account().domains).length, 8);
  await approovLine('approov api -add late.example.com', env);
  assert.ok(cloud.account().domains['late.example.com']);
  await approovLine('approov keyset -setJWKSURI on', env);
  assert.equal((await approovLine('approov keyset -getJWKSURI', env)).last, `JWKS URI: ${url}/.well-known/jwks.json`);
  await approovLine('approov fault -outage on', env);
  assert.equal(cloud.faults.outage, true);
  await close();
  assert.equal((await command(['cloud', 'fault', '-outage', 'on'], env)).code, 2);
  assert.equal((await command(['cloud', '--state', state, 'api', '-list'])).lines[0], '9 API domains:');
});

test('apps are simulated from the command line', async () => {
  const running = await startCloud();
  running.cloud.addDomain('127.0.0.1');
  running.cloud.addApp({ package: 'com.example.app' });
  const api = await protectedBy({}, running.cloud.account().secret.base64);
  const app = (...argv: readonly string[]): Promise<Done> => command(['app', api.url, '--cloud', running.url, ...argv]);
  assert.deepEqual((await app()).lines, ['200 (SDK: SUCCESS)', '{"message":"Hello, World!"}']);
  assert.deepEqual([(await app('--as', 'rooted')).code, (await app('--as', 'odd')).code], [1, 2]);
  const fleet = await app('--devices', '10', '--calls', '40', '--mix', 'genuine=1,old=1');
  assert.equal(fleet.lines[0], '40 calls, 0 without an answer');
  assert.equal(fleet.lines.length, 3);
  api.close();
  await running.close();
});

const shell = process.platform === 'win32' ? null : '/bin/sh';

test('a document runs as a script, in a shell', skipUnless(shell, 'sh'), async () => {
  const main = fileURLToPath(new URL('../src/main.ts', import.meta.url));
  const program = [process.execPath, ...process.execArgv, main, 'cloud'].map((word) => `'${word}'`).join(' ');
  const script = [
    `approov() { ${program} "$@"; }`,
    'approov api -add your.api.domain.com',
    'eval `approov role admin`',
    'echo "role $APPROOV_ROLE"',
    'approov secret -get base64 | tail -1',
    'approov token -genExample your.api.domain.com',
  ].join('\n');
  const env = { PATH: process.env.PATH, APPROOV_CLOUD_STATE: join(folder, 'shell.json') };
  const { stdout } = await promisify(execFile)('/bin/sh', ['-ec', script], { env, encoding: 'utf8' });
  const [, role, secret = '', token = ''] = stdout.trim().split('\n');
  assert.equal(role, 'role admin:local');
  const guard = createGuard({ keys: { secret: { base64: secret } } });
  assert.equal((await guard.verifyToken(token)).outcome, 'accepted');
});
