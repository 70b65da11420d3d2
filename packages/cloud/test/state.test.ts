/** The state file: whole at any moment, never overwritten where it is not understood, and used by one process at a time. */
import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import test from 'node:test';
import { fileURLToPath } from 'node:url';
import { startCloud } from '@approov-guard/cloud';
import { build } from 'esbuild';
import { lockName } from '../src/state/lock.ts';
import { readState } from '../src/state/read-state.ts';
import { freshState } from '../src/state/state.ts';

function folder(context: { after(run: () => void): void }): string {
  const made = mkdtempSync(join(tmpdir(), 'cloud-state-'));
  context.after(() => rmSync(made, { recursive: true, force: true }));
  return made;
}

test('a state survives a restart, and only its owner reads it', async (context) => {
  const state = join(folder(context), 'deep/er/state.json');
  const first = await startCloud({ state, account: 'acme' });
  first.cloud.addDomain('api.example.com');
  const secret = first.cloud.account().secret.base64;
  await first.close();
  const second = await startCloud({ state });
  assert.equal(second.cloud.defaultAccount, 'acme');
  assert.equal(second.cloud.account().secret.base64, secret);
  assert.deepEqual(Object.keys(second.cloud.account().domains), ['api.example.com']);
  await second.close();
  if (process.platform !== 'win32') assert.equal(statSync(state).mode & 0o077, 0);
  assert.deepEqual(readdirSync(join(state, '..')), ['state.json']);
});

test('what is not a state of ours is refused and left as it is', async (context) => {
  const state = join(folder(context), 'state.json');
  const good = freshState('local');
  const damaged: readonly unknown[] = [
    '',
    '{',
    'null',
    '[]',
    '{}',
    JSON.stringify(good).slice(0, -1),
    { ...good, format: 'other' },
    { ...good, version: 0 },
    { ...good, version: '2' },
    { ...good, extra: 1 },
    { ...good, defaultAccount: 'other' },
    { ...good, adminKey: undefined },
    { ...good, accounts: { local: { ...good.accounts.local, domains: { 'a.b': { kid: 7 } } } } },
    { ...good, accounts: { local: { ...good.accounts.local, tokenSeconds: 1.5 } } },
    { ...good, accounts: { local: { ...good.accounts.local, devices: { x: { properties: 'rooted', forced: null } } } } },
  ];
  for (const content of damaged) {
    const text = typeof content === 'string' ? content : JSON.stringify(content);
    writeFileSync(state, text);
    await assert.rejects(startCloud({ state }), { code: 'state-damaged' }, text.slice(0, 60));
    assert.equal(readFileSync(state, 'utf8'), text);
  }
  const newer = JSON.stringify({ format: good.format, version: 2, whatever: true });
  writeFileSync(state, newer);
  await assert.rejects(startCloud({ state }), { code: 'state-newer' });
  assert.equal(readFileSync(state, 'utf8'), newer);
  rmSync(state);
  mkdirSync(state);
  await assert.rejects(startCloud({ state }), { code: 'state-unwritable' });
});

test('a second cloud on the same file is refused, under whatever name it knows the file', async (context) => {
  const home = folder(context);
  const state = join(home, 'state.json');
  const first = await startCloud({ state });
  symlinkSync(state, join(home, 'other.json'));
  symlinkSync(home, join(home, 'loop'));
  for (const name of [state, join(home, './x/../state.json'), join(home, 'other.json'), join(home, 'loop/state.json')])
    await assert.rejects(startCloud({ state: name }), { code: 'state-in-use' }, name);
  await first.close();
  const next = await startCloud({ state: join(home, 'other.json') });
  await next.close();
});

test('each platform has a name for the lock', () => {
  assert.match(lockName('/a', 'linux'), /^\0approov-guard-cloud-[0-9a-f]{32}$/);
  assert.match(lockName('/a', 'win32'), /^\\\\\.\\pipe\\approov-guard-cloud-[0-9a-f]{32}$/);
  assert.match(lockName('/a', 'darwin'), /\.sock$/);
  assert.ok(Buffer.byteLength(lockName('/a', 'darwin')) < 104 || tmpdir().length > 40);
  assert.notEqual(lockName('/a'), lockName('/b'));
});

const [LANES, MOMENTS] = [4, 200];

test('killed at any of 200 moments, it leaves a state that starts, with every change that it reported', {
  timeout: 600_000,
}, async (context) => {
  const home = folder(context);
  const program = join(home, 'busy-cloud.mjs');
  const entryPoints = [fileURLToPath(new URL('./busy-cloud.ts', import.meta.url))];
  await build({ entryPoints, outfile: program, bundle: true, platform: 'node', format: 'esm', conditions: ['source'], logLevel: 'error' });
  await Promise.all(
    Array.from({ length: LANES }, (_, lane) => killedAgainAndAgain(program, join(home, `state-${lane}.json`), MOMENTS / LANES)),
  );
});

/** Each process begins where the last one was killed. */
async function killedAgainAndAgain(program: string, state: string, moments: number): Promise<void> {
  let reported = 0;
  for (let moment = 0; moment < moments; moment += 1) {
    reported = Math.max(reported, await killedAfter(program, state, moment % 7));
    const content = existsSync(state) ? readState(readFileSync(state, 'utf8'), state) : null;
    const kept = Object.keys(content?.accounts.local?.domains ?? {}).length;
    assert.ok(kept >= reported, `${kept} domains kept, ${reported} reported`);
  }
  const after = await startCloud({ state });
  await after.close();
}

/** Starts the program, waits for so many changes of its own (0: none, it may not have started yet), and kills it in the middle of the next. */
async function killedAfter(program: string, state: string, changes: number): Promise<number> {
  const child = spawn(process.execPath, [program, state], { stdio: ['ignore', 'pipe', 'inherit'] });
  const exited = once(child, 'exit');
  let [seen, reported] = [0, 0];
  if (changes === 0) child.kill('SIGKILL');
  for await (const chunk of child.stdout) {
    const lines = String(chunk)
      .split('\n')
      .filter((line) => line !== '');
    seen += lines.length;
    reported = Math.max(reported, ...lines.map(Number));
    if (seen >= changes) child.kill('SIGKILL');
  }
  await exited;
  assert.equal(child.signalCode, 'SIGKILL');
  return reported;
}
