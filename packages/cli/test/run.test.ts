/** The frame around the commands, and the executable as a real process. */
import assert from 'node:assert/strict';
import { execFileSync, type SpawnSyncReturns, spawnSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import test from 'node:test';
import { fileURLToPath } from 'node:url';
import { freshSigningKey, mintToken } from '@approov-guard/testkit';
import { built, packageFlags } from '../../../tools/ready.mjs';
import { guard, now, secret } from './harness.ts';

const root = fileURLToPath(new URL('../../..', import.meta.url));
const program = [...packageFlags, `packages/cli/${built ? 'bin/approov-guard.js' : 'src/main.ts'}`];

function spawned(argv: readonly string[], input = ''): SpawnSyncReturns<string> {
  const env = { PATH: process.env.PATH, APPROOV_BASE64_SECRET: secret.base64 };
  return spawnSync(process.execPath, [...program, ...argv], { cwd: root, encoding: 'utf8', input, env });
}

test('as a process: mint, then check from a pipe, then reject', () => {
  const minted = spawned(['token', '-genExample', 'api.example.com']);
  assert.equal(minted.status, 0);
  const checked = spawned(['check', '-'], minted.stdout);
  assert.deepEqual([checked.status, checked.stdout.split('\n')[0], checked.stderr], [0, 'accepted', '']);
  const rejected = spawned(['check', 'abc']);
  assert.deepEqual([rejected.status, rejected.stdout.split('\n')[0]], [1, 'rejected: token-malformed']);
});

test('as a process: a mistake is exit code 2, on stderr', () => {
  const { status, stdout, stderr } = spawned(['chekc']);
  assert.deepEqual([status, stdout], [2, '']);
  assert.match(stderr, /did you mean check\?/);
});

/** The exit code of the command where its output goes through `redirection`. */
function codeWith(redirection: string, ...argv: readonly string[]): string {
  const script = `"$0" "$@" ${redirection}; echo "\${PIPESTATUS[0]}"`;
  const env = { PATH: process.env.PATH, APPROOV_BASE64_SECRET: secret.base64 };
  return execFileSync('bash', ['-c', script, process.execPath, ...program, ...argv], { cwd: root, encoding: 'utf8', env }).trim();
}

test('as a process: a reader that stops early changes no exit code', () => {
  assert.equal(codeWith('| true', '--help'), '0');
  assert.equal(codeWith('| true', 'check', 'abc'), '1');
  assert.equal(codeWith('2>&1 >/dev/null | true', 'chekc'), '2');
});

test('as a process: an answer that could not be written is exit code 3', { skip: existsSync('/dev/full') ? false : 'no /dev/full' }, () => {
  assert.equal(codeWith('> /dev/full', '--help'), '3');
  assert.equal(codeWith('> /dev/full', 'check', 'abc'), '3');
});

test('--help shows every command, and each command its options and examples', async () => {
  const { code, stdout } = await guard(['--help']);
  assert.equal(code, 0);
  for (const name of ['token', 'check', 'inspect', 'secret']) {
    assert.match(stdout, new RegExp(`^  ${name} `, 'm'));
    const help = await guard([name, '--help']);
    assert.equal(help.code, 0);
    for (const part of ['Usage:', 'Options:', '--json', 'Examples:', `approov-guard ${name}`]) assert.ok(help.stdout.includes(part), name);
    assert.equal((await guard(['help', name])).stdout, help.stdout);
    assert.equal((await guard([name, '-h'])).stdout, help.stdout);
  }
});

test('--version', async () => {
  assert.match((await guard(['--version'])).stdout, /^\d+\.\d+\.\d+\n$/);
});

test('no command, or an unknown one: what there is', async () => {
  for (const argv of [[], ['mint'], ['help', 'mint']]) {
    const { code, stderr } = await guard(argv);
    assert.equal(code, 2);
    assert.match(stderr, /token, check, inspect, secret/);
  }
});

test('after -- everything is a word', async () => {
  assert.match((await guard(['inspect', '--', '--json'])).stdout, /^NOT VERIFIED/);
});

test('a byte order mark before a key set, a PEM text or a secret is no part of it', async () => {
  const { pem, jwk, privateKey } = freshSigningKey('ES256', 'k');
  const token = mintToken({ key: privateKey, algorithm: 'ES256', kid: 'k', now });
  const files = {
    'keys.json': `\ufeff${JSON.stringify({ keys: [jwk] })}`,
    'key.pem': `\ufeff${pem}`,
    secret: `\ufeff${secret.base64}\r\n`,
  };
  assert.equal((await guard(['check', token, '--jwks', 'keys.json'], { files })).stdout.split('\n')[0], 'accepted');
  assert.equal((await guard(['check', token, '--pem', 'key.pem', '--alg', 'ES256'], { files })).stdout.split('\n')[0], 'accepted');
  const other = mintToken({ secret, now });
  assert.equal((await guard(['check', other, '--secret-file', 'secret'], { files, env: {} })).stdout.split('\n')[0], 'accepted');
});
