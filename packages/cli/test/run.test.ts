/** The frame around the commands, and the executable as a real process. */
import assert from 'node:assert/strict';
import { execFileSync, type SpawnSyncReturns, spawnSync } from 'node:child_process';
import test from 'node:test';
import { fileURLToPath } from 'node:url';
import { guard, secret } from './harness.ts';

const root = fileURLToPath(new URL('../../..', import.meta.url));
const program = ['-C', 'source', '--import', 'tsx', 'packages/cli/src/main.ts'];

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

test('as a process: a reader that stops early is no failure', () => {
  const script = `"$0" "$@" --help | true; echo "\${PIPESTATUS[0]}"`;
  const output = execFileSync('bash', ['-c', script, process.execPath, ...program], { cwd: root, encoding: 'utf8' });
  assert.equal(output.trim(), '0');
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
