import assert from 'node:assert/strict';
import { exec } from 'node:child_process';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import test, { after, before } from 'node:test';
import { type ClientName, freshAccountKey } from '@approov-guard/testkit';
import { type Attestation, createGuard } from 'approov-guard';
import { approov } from 'approov-guard/node';
import { findProgram, skipUnless } from '../../../tools/optional.mjs';
import { claimsOf, guard, now, secret } from './harness.ts';

const account = freshAccountKey();
const env = { APPROOV_BASE64_SECRET: secret.base64, APPROOV_ACCOUNT_MESSAGE_SIGNING_SECRET_BASE64URL: account.base64url };
let attestation: Attestation | null = null;
const common = { keys: { secret }, now: () => now, binding: { headers: ['authorization'], missing: 'accept' } } as const;
const install = createGuard({
  ...common,
  signature: {},
  onVerdict: (verdict) => {
    attestation = verdict.outcome === 'accepted' ? verdict.attestation : null;
  },
});
// HMAC gives the same signature for the same request in the same second: a repetition would be taken for a replay.
const byAccount = createGuard({
  ...common,
  signature: { label: 'account', replay: null, accountKeys: [{ id: account.id, base64url: account.base64url }] },
});
const answering = approov(install, (request, response) => {
  request.resume();
  response.setHeader('x-seen', `${request.method} ${request.url}`).end('hello \x1b[2J\n');
});
const servers = [createServer(answering), createServer(approov(byAccount, (_, response) => void response.end('account')))];
let [base, accountBase] = ['', ''];

before(async () => {
  for (const server of servers) await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  [base = '', accountBase = ''] = servers.map((server) => `http://127.0.0.1:${(server.address() as AddressInfo).port}`);
});
after(() => {
  for (const server of servers) server.close();
});

const request = (...argv: string[]) => guard(['request', ...argv], { env });

test('signs as each client, sends, and shows both sides with the token shortened', async () => {
  for (const client of ['okhttp-3.5', 'okhttp-3.8', 'urlsession', 'flutter', 'react-native-3.5.10'] satisfies ClientName[]) {
    const { code, stdout } = await request(`${base}/a%7E/../b?x=1`, '--as', client, '--sign', 'install');
    assert.equal(code, 0, stdout);
    assert.match(stdout, /^> GET \/a%7E\/..\/b\?x=1 HTTP\/1.1\n> Host: 127/);
    assert.match(stdout, /> Approov-Token: .{10}…\(\d+ characters\)\n/);
    assert.match(stdout, /< HTTP\/1.1 200 OK\n(?:< .*\n)*< x-seen: GET \/a%7E\/..\/b\?x=1\n/);
    assert.match(stdout, /hello \\u001b\[2J\n$/, 'the answer cannot move the cursor');
    assert.equal(attestation?.signature, 'verified');
  }
});

test('bodies, headers, binding, digest, components and parameters', async () => {
  const headers = ['--header', 'Content-Type: application/json', '--header', 'Authorization: Bearer ä', '--bind-header', 'authorization'];
  const { code, stdout } = await request(
    base,
    '--sign',
    'install',
    '--data',
    '{"a":"ä"}',
    ...headers,
    '--digest',
    'sha-512',
    '--nonce',
    'n',
  );
  assert.equal(code, 0, stdout);
  assert.equal(attestation?.binding, 'verified');
  assert.equal(attestation?.digest, 'verified');
  assert.match(stdout, /> POST \/ HTTP\/1.1/);
  const parts = ['--components', '@method, @authority, @path, @query', '--tag', 't', '--twice', '--debug'];
  assert.equal((await request(`${base}/x?y=1`, '--as', 'alamofire', '--sign', 'install', ...parts)).code, 0);
});

test('the account key comes from the environment, a file or standard input', async () => {
  const id = ['--account-key-id', account.id];
  const sign = [accountBase, '--sign', 'account'];
  assert.equal((await request(...sign, ...id)).code, 0);
  const printed = `WARNING: handle with care\nid: ${account.id}\nbase64url\n${account.base64url}\n`;
  const files = { 'key.txt': printed };
  const without = { APPROOV_BASE64_SECRET: secret.base64 };
  assert.equal((await guard(['request', ...sign, ...id, '--account-key-file', 'key.txt'], { env: without, files })).code, 0);
  assert.equal((await guard(['request', ...sign, ...id, '--account-key', '-'], { env: without, stdin: printed })).code, 0);
  const missing = await guard(['request', ...sign], { env: without });
  assert.match(missing.stderr, /no account key found/);
});

test('a refusal is exit code 1, an absent server 3', async () => {
  const refused = await request(base, '--sign', 'none');
  assert.equal(refused.code, 1);
  assert.match(refused.stdout, /< HTTP\/1.1 401 Unauthorized/);
  const absent = await request('http://127.0.0.1:9/', '--sign', 'install');
  assert.equal(absent.code, 3);
  assert.match(absent.stderr, /^error: no answer from the server/);
});

test('--json shortens credentials too', async () => {
  const { stdout } = await request(base, '--sign', 'install', '--json');
  const { request: sent, response } = JSON.parse(stdout);
  assert.equal(response.status, 200);
  assert.match(Object.fromEntries(sent.headers)['Approov-Token'], /…\(\d+ characters\)$/);
});

test('--dry-run prints a raw message and sends nothing; a given token is sent as it is', async () => {
  const { code, stdout } = await request(
    'https://api.example.com/a#f',
    '--sign',
    'install',
    '--data',
    'x',
    '--as',
    'unity',
    '--dry-run',
    '--claim',
    'did=d',
  );
  assert.equal(code, 0);
  const [head = '', body] = stdout.split('\n\n');
  assert.equal(body, 'x');
  assert.match(head, /^POST \/a HTTP\/1.1\nHost: api.example.com\n/);
  assert.equal(claimsOf(/Approov-Token: (\S+)/.exec(head)?.[1] ?? '').did, 'd');
  const given = await request('https://api.example.com/', '--token', 'NO_NETWORK', '--dry-run');
  assert.match(given.stdout, /Approov-Token: NO_NETWORK\n/);
});

test('--curl prints a line that curl sends', skipUnless(findProgram('curl'), 'curl'), async () => {
  for (const more of [['--data', "it's ä"], [], ['--header', 'X-Empty:']]) {
    const { stdout } = await request(`${base}/a?x='1'`, '--as', 'okhttp-3.8', '--sign', 'install', '--curl', ...more);
    const line = stdout.replace(/(^|\| )curl /, '$1curl -s ');
    const answer = await new Promise<string>((resolve) => exec(line, (_, text) => resolve(text)));
    assert.match(answer, /^hello/, stdout);
  }
});

test('mistakes are named', async () => {
  const message = async (...argv: string[]) => (await request(...argv)).stderr;
  assert.match(await message(), /give the URL/);
  for (const url of ['/relative', 'localhost:8002/', '127.0.0.1:8002'])
    assert.match(await message(url), /URL is not absolute: .*https:\/\//);
  assert.match(await message(base, '--as', 'okhtp-3.8', '--sign', 'install'), /did you mean okhttp-3.8/);
  assert.match(await message(base, '--sign', 'both', '--as', 'flutter'), /one label only/);
  assert.match(await message(base, '--header', 'no colon'), /--header is/);
  assert.match(await message(base, '--token', 't', '--sign', 'install'), /needs --key/);
  assert.match(await message(base, '--bind', 'a', '--bind-header', 'b'), /exclude/);
  assert.match(await message(base, '--bind-header', 'b'), /--header/);
  assert.match(await message(base, '--sign', 'install', '--digest', 'md5'), /sha-256/);
  assert.match(await message(base, '--account-key', 'abc', '--sign', 'account'), /standard input/);
});
