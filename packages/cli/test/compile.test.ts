/** `approov-guard compile`, for every target, and `approov-guard authorizer`. */
import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import test from 'node:test';
import { fileURLToPath } from 'node:url';
import { TARGETS } from '@approov-guard/gateway';
import { exampleToken, freshSigningKey } from '@approov-guard/testkit';
import { packageFlags } from '../../../tools/ready.mjs';
import { guard, secret } from './harness.ts';

/** What each target is made of. */
const FILES: { readonly [target: string]: readonly string[] } = {
  haproxy: ['haproxy.cfg'],
  'nginx-njs': ['approov.js', 'nginx.conf'],
  nginx: ['approov.conf'],
  traefik: ['approov.yaml'],
  caddy: ['Caddyfile'],
  envoy: ['envoy.yaml'],
  'envoy-grpc': ['envoy.yaml'],
  'haproxy-asks': ['approov.lua', 'haproxy.cfg'],
  apisix: ['apisix-route.json'],
  'forward-auth': ['README'],
};
const KEYS = 'keys: { secret: { base64: { env: APPROOV_BASE64_SECRET } } }\n';

test('every target has its files', () => assert.deepEqual(Object.keys(FILES).sort(), [...TARGETS].sort()));

for (const [target, names] of Object.entries(FILES)) {
  test(`${target}: made of options and of a policy file, with the places that are given, and without the secret`, async (context) => {
    const out = mkdtempSync(join(tmpdir(), 'compiled-'));
    context.after(() => rmSync(out, { recursive: true }));
    const places = ['--to', 'http://127.0.0.1:5999', '--listen', '127.0.0.1:8999'];
    const given = { files: { 'policy.yaml': `${KEYS}binding: { headers: [X-Session] }\n` } };
    for (const policy of [
      ['--policy', 'policy.yaml'],
      ['--bind', 'X-Session'],
    ]) {
      const { code, stdout, stderr } = await guard(['compile', target, ...policy, ...places, '--out', out], given);
      assert.equal(code, 0, stderr);
      assert.deepEqual(readdirSync(out).sort(), names);
      assert.deepEqual(stdout.trim().split('\n').sort(), names.map((name) => join(out, name)).sort());
      const text = names.map((name) => readFileSync(join(out, name), 'utf8')).join('\n');
      assert.ok(!text.includes(secret.base64), 'the secret');
      assert.ok(target === 'forward-auth' || text.includes('5999'), 'the server behind');
      // Names that the target has to be told, or whose look-alikes go no further.
      assert.ok(/^(?:nginx|haproxy-asks)$/.test(target) || /x[-_]session/i.test(text), 'the bound header');
    }
  });

  test(`${target}: printed if it is one file, and else told where to`, async () => {
    const { code, stdout, stderr } = await guard(['compile', target]);
    if (names.length === 1) {
      assert.equal(code, 0, stderr);
      assert.match(stdout, /approov-guard/);
      return;
    }
    assert.deepEqual([code, stdout], [2, '']);
    assert.match(stderr, new RegExp(`${target} takes ${names.length} files .*--out FOLDER`));
  });
}

test('what a target cannot hold: exit code 2, the check, the line of the policy file, and who can make it', async () => {
  const cases: readonly (readonly [target: string, policy: string, message: RegExp])[] = [
    [
      'haproxy',
      'signature: {}',
      /policy\.yaml:2: signature: asks for the check signing-key, which HAProxy cannot make by itself; the gateway/,
    ],
    ['nginx-njs', 'signature: {}', /policy\.yaml:2: signature: asks for the check signing-key, which nginx with njs cannot make/],
    ['nginx-njs', 'token: { replay: memory }', /policy\.yaml:2: token\.replay: asks for the check token-replay/],
    ['nginx-njs', 'rules: [{ name: lost, denyDids: [x] }]', /policy\.yaml:2: rules: asks for the check token-rules/],
    ['nginx', 'signature: {}', /policy\.yaml:2: .*digest/],
    ['caddy', 'signature: {}', /policy\.yaml:2: .*digest/],
  ];
  for (const [target, policy, message] of cases) {
    const { code, stdout, stderr } = await guard(['compile', target, '--policy', 'policy.yaml'], {
      files: { 'policy.yaml': `${KEYS}${policy}\n` },
    });
    assert.deepEqual([code, stdout], [2, ''], target);
    assert.match(stderr, message);
  }
});

test('mistakes of compile: exit code 2 and what to do', async () => {
  const cases: readonly (readonly [argv: readonly string[], message: RegExp])[] = [
    [[], /target: must be one of haproxy, nginx-njs, nginx, /],
    [['pound'], /target: must be one of /],
    [['nginx', '--to', 'https://a/'], /to: must be host and port, such as 127\.0\.0\.1:5000/],
    [['nginx', '--listen', '8002'], /listen: must be host and port/],
    [['nginx', '--policy', 'absent.yaml'], /absent\.yaml: policy: the file cannot be read \(ENOENT\)/],
    [['nginx', '--policy', 'a', '--observe'], /--policy and --observe exclude each other/],
    [['nginx', '--out', 'file/below'], /cannot be written \(ENOTDIR\)/],
  ];
  for (const [argv, message] of cases) {
    const { code, stderr } = await guard(['compile', ...argv], { files: { file: '' } });
    assert.equal(code, 2, argv.join(' '));
    assert.match(stderr, message);
  }
  const { code, stderr } = await guard(['compile', 'haproxy'], { env: {} });
  assert.equal(code, 2);
  assert.match(stderr, /APPROOV_BASE64_SECRET" is not set/);
});

test('public keys are files beside the configuration', async (context) => {
  const out = mkdtempSync(join(tmpdir(), 'compiled-'));
  context.after(() => rmSync(out, { recursive: true }));
  const { pem } = freshSigningKey('ES256');
  const files = { 'key.pem': pem, 'policy.json': '{ "keys": { "pem": { "file": "key.pem" }, "algorithm": "ES256" } }' };
  const argv = ['compile', 'haproxy', '--policy', 'policy.json'];
  assert.match((await guard(argv, { files })).stderr, /haproxy takes 2 files \(haproxy\.cfg, approov-key-1\.pem\)/);
  assert.equal((await guard([...argv, '--out', out], { files })).code, 0);
  assert.equal(readFileSync(join(out, 'approov-key-1.pem'), 'utf8').trim(), pem.trim());
  const { code, stderr } = await guard(['compile', 'nginx-njs', '--policy', 'policy.json', '--out', out], { files });
  assert.equal(code, 2);
  assert.match(
    stderr,
    /keys: asks for the check token-signature by ES256, which nginx with njs cannot make by itself: HS256 only; HAProxy, /,
  );
});

test('mistakes of authorizer: exit code 2 and what to do', async () => {
  const cases: readonly (readonly [argv: readonly string[], message: RegExp])[] = [
    [[], /authorizer\.for: must be the proxy that asks: nginx, traefik/],
    [['--for', 'pound'], /authorizer\.for: must be one of nginx, traefik/],
    [['--for', 'nginx', '--listen', 'nonsense'], /listen/],
    [['--for', 'nginx', '--policy', 'absent.json'], /absent\.json: policy: the file cannot be read \(ENOENT\)/],
    [['--for', 'nginx', '--policy', 'signed.yaml'], /signed\.yaml:2: signature\.digest: cannot be compared here: nginx/],
    [['--for', 'nginx', '--policy', 'a', '--bind', 'X'], /--policy and --bind exclude each other/],
    [['nginx'], /1 words where at most 0 can be/],
  ];
  for (const [argv, message] of cases) {
    const { code, stderr } = await guard(['authorizer', ...argv], { files: { 'signed.yaml': `${KEYS}signature: {}\n` } });
    assert.equal(code, 2, argv.join(' '));
    assert.match(stderr, message);
  }
});

test('authorizer: says where it is and what to do next, answers, and ends on SIGTERM with 0', async (context) => {
  const command = fileURLToPath(new URL('../src/main.ts', import.meta.url));
  const flags = packageFlags.length > 0 ? packageFlags : ['--conditions=source', '--import=tsx'];
  const child = spawn(
    process.execPath,
    [
      ...flags.map((flag) => flag.replace('=tsx', `=${import.meta.resolve('tsx')}`)),
      command,
      ...['authorizer', '--for', 'forward-auth', '--listen', '127.0.0.1:0', '--admin', 'none'],
    ],
    { env: { ...process.env, APPROOV_BASE64_SECRET: secret.base64, NODE_TEST_CONTEXT: undefined }, stdio: ['ignore', 'ignore', 'pipe'] },
  );
  context.after(() => void child.kill('SIGKILL'));
  let text = '';
  child.stderr.setEncoding('utf8').on('data', (chunk: string) => (text += chunk));
  while (!/compile forward-auth --to/.test(text)) {
    assert.equal(child.exitCode, null, text);
    await Promise.race([once(child.stderr, 'data'), once(child, 'exit')]);
  }
  const [, url = ''] = /authorizer: (http:\S+) for forward-auth/.exec(text) ?? [];
  const stated = {
    'x-forwarded-method': 'GET',
    'x-forwarded-uri': '/',
    'x-forwarded-host': 'api.example.com',
    'x-forwarded-proto': 'https',
  };
  const status = async (headers: { readonly [name: string]: string }): Promise<number> => (await fetch(url, { headers })).status;
  assert.deepEqual([await status(stated), await status({ ...stated, 'approov-token': exampleToken({ secret }) })], [401, 200]);
  const ended = once(child, 'exit');
  child.kill('SIGTERM');
  assert.deepEqual(await ended, [0, null]);
});
