import assert from 'node:assert/strict';
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createServer, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import test, { type TestContext } from 'node:test';
import { fileURLToPath } from 'node:url';
import { exampleToken, freshSecret } from '@approov-guard/testkit';
import { packageFlags } from '../../../tools/ready.mjs';
import { guard } from './harness.ts';

const secret = freshSecret();
const command = fileURLToPath(new URL('../src/main.ts', import.meta.url));
const genuine = () => ({ 'approov-token': exampleToken({ secret }) });

function folderOf(context: TestContext): string {
  const folder = mkdtempSync(join(tmpdir(), 'cli-gateway-'));
  context.after(() => rmSync(folder, { recursive: true }));
  return folder;
}

/** A server that holds each request until it is told to answer. */
async function holding(context: TestContext): Promise<{ readonly url: string; readonly held: ServerResponse[]; hold: boolean }> {
  const state = { url: '', held: [] as ServerResponse[], hold: false };
  const server = createServer((_request, response) => (state.hold ? void state.held.push(response) : void response.end('hello')));
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  context.after(() => {
    server.closeAllConnections();
    server.close();
  });
  state.url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  return state;
}

interface Running {
  readonly child: ChildProcess;
  /** What it said so far. */
  said(): string;
  /** Waits for it to say something. */
  says(pattern: RegExp): Promise<RegExpExecArray>;
}

function started(context: TestContext, argv: readonly string[], cwd: string): Running {
  const flags = packageFlags.length > 0 ? packageFlags : ['--conditions=source', '--import=tsx'];
  const child = spawn(
    process.execPath,
    [...flags.map((flag) => flag.replace('=tsx', `=${import.meta.resolve('tsx')}`)), command, 'gateway', ...argv],
    {
      cwd,
      env: { ...process.env, APPROOV_BASE64_SECRET: secret.base64, NODE_TEST_CONTEXT: undefined },
      stdio: ['ignore', 'ignore', 'pipe'],
    },
  );
  context.after(() => void child.kill('SIGKILL'));
  let text = '';
  child.stderr?.setEncoding('utf8');
  child.stderr?.on('data', (chunk) => (text += chunk));
  const says = async (pattern: RegExp): Promise<RegExpExecArray> => {
    for (;;) {
      const found = pattern.exec(text);
      if (found !== null) return found;
      assert.equal(child.exitCode, null, text);
      await Promise.race([once(child.stderr as NodeJS.EventEmitter, 'data'), once(child, 'exit')]);
    }
  };
  return { child, says, said: () => text };
}

async function until(condition: () => boolean | Promise<boolean>): Promise<void> {
  while (!(await condition())) await new Promise((resolve) => setTimeout(resolve, 5));
}

const status = async (url: string, headers: { [name: string]: string } = {}): Promise<number> => {
  const response = await fetch(url, { headers });
  await response.body?.cancel();
  return response.status;
};

test('one flag is enough; the output says what to do next', async (context) => {
  const { url } = await holding(context);
  const { child, says } = started(context, ['--to', url, '--listen', '127.0.0.1:0', '--admin', 'none'], folderOf(context));
  const [, own = ''] = await says(/gateway: (http:\S+) -> /);
  await says(/curl -i http:.*approov-guard token -genExample/);
  assert.deepEqual([await status(own), await status(own, genuine())], [401, 200]);
  const ended = once(child, 'exit');
  child.kill('SIGTERM');
  assert.deepEqual(await ended, [0, null]);
});

test('mistakes: exit code 2 and what to do', async () => {
  const cases: readonly (readonly [argv: readonly string[], message: RegExp])[] = [
    [[], /--to http:/],
    [['--to', 'nonsense'], /gateway\.to: must be scheme, host and port/],
    [['--policy', 'absent.json'], /absent\.json: policy: the file cannot be read \(ENOENT\)/],
    [['--policy', 'a', '--to', 'http://a'], /--policy and --to exclude each other/],
    [['--policy', 'bad.yaml'], /bad\.yaml:3: gateway\.zzz: is not a setting/],
    [['--policy', 'many.yaml'], /many\.yaml:4: gateway\.workers: each process would remember replays/],
  ];
  const keys = 'keys: { secret: { base64: { env: APPROOV_BASE64_SECRET } } }';
  const files = {
    'bad.yaml': `${keys}\ngateway:\n  zzz: 1\n`,
    'many.yaml': `${keys}\nsignature: {}\ngateway:\n  workers: 2\n  to: http://127.0.0.1:1\n`,
  };
  for (const [argv, message] of cases) {
    const { code, stderr } = await guard(['gateway', ...argv], { files });
    assert.equal(code, 2, argv.join(' '));
    assert.match(stderr, message);
  }
  const { code, stderr } = await guard(['gateway', '--to', 'http://127.0.0.1:1'], { env: {} });
  assert.equal(code, 2);
  assert.match(stderr, /APPROOV_BASE64_SECRET" is not set/);
});

test('workers: one listener, one policy, counts added up; one that ends is followed; SIGHUP and SIGTERM reach all', async (context) => {
  const upstream = await holding(context);
  const folder = folderOf(context);
  const file = join(folder, 'policy.json');
  const policy = (more: object): string =>
    JSON.stringify({
      keys: { secret: { base64: { env: 'APPROOV_BASE64_SECRET' } } },
      ...more,
      gateway: { to: upstream.url, listen: '127.0.0.1:0', admin: '127.0.0.1:0', log: null, workers: 2 },
    });
  writeFileSync(file, policy({}));
  const { child, says } = started(context, ['--policy', file], folder);
  const [, own = ''] = await says(/gateway: (http:\S+) -> .*\(2 workers\)/);
  const [, admin = ''] = await says(/admin: (http:\S+)\/ready/);
  for (let time = 0; time < 10; time++) assert.equal(await status(own), 401);
  const metrics = async (): Promise<string> => (await fetch(`${admin}/metrics`)).text();
  assert.match(await metrics(), /requests_total\{status="4xx"\} 10\n/);
  assert.equal((await (await fetch(`${admin}/ready`)).json()).ready, true);
  assert.match(await (await fetch(`${admin}/policy`)).text(), /sha256:/);
  if (process.platform === 'linux') {
    const [first = ''] = readFileSync(`/proc/${child.pid}/task/${child.pid}/children`, 'utf8').trim().split(' ');
    process.kill(Number(first), 'SIGKILL');
    await says(/a worker ended \(SIGKILL\); another one follows/);
    const checks = async (): Promise<object> => (await (await fetch(`${admin}/ready`)).json()).checks;
    await until(async () => Object.values(await checks()).join() === Array(8).fill('ok').join());
  }
  writeFileSync(file, policy({ exempt: ['/open'] }));
  child.kill('SIGHUP');
  await until(async () => (await Promise.all([1, 2, 3, 4].map(() => status(`${own}/open`)))).every((code) => code === 200));
  upstream.hold = true;
  const answers = Array.from({ length: 100 }, () => fetch(own, { headers: genuine() }));
  await until(() => upstream.held.length === 100);
  const ended = once(child, 'exit');
  child.kill('SIGTERM');
  await says(/draining/);
  for (const response of upstream.held) response.end('late');
  const texts = await Promise.all((await Promise.all(answers)).map((response) => response.text()));
  assert.deepEqual([new Set(texts), texts.length, upstream.held.length], [new Set(['late']), 100, 100]);
  assert.deepEqual(await ended, [0, null]);
});

test('workers: an order to the switch and SIGUSR2 reach all of them', async (context) => {
  const upstream = await holding(context);
  const folder = folderOf(context);
  const file = join(folder, 'policy.json');
  writeFileSync(
    file,
    JSON.stringify({
      keys: { secret: { base64: { env: 'APPROOV_BASE64_SECRET' } } },
      rollout: { instance: 'edge', switch: { token: { file: 'token' }, signal: true } },
      gateway: { to: upstream.url, listen: '127.0.0.1:0', admin: '127.0.0.1:0', log: null, workers: 2 },
    }),
  );
  writeFileSync(join(folder, 'token'), 'a token for orders to the switch\n');
  const { child, says } = started(context, ['--policy', file], folder);
  const [, own = ''] = await says(/gateway: (http:\S+) -> .*\(2 workers\)/);
  const [, admin = ''] = await says(/admin: (http:\S+)\/ready/);
  const order = async (body: object, token: string): Promise<number> =>
    (await fetch(`${admin}/switch`, { method: 'POST', headers: { authorization: `Bearer ${token}` }, body: JSON.stringify(body) })).status;
  const observing = async (): Promise<string> =>
    /approov_rollout_observing\{why="switch"\} (\d)/.exec(await (await fetch(`${admin}/metrics`)).text())?.[1] ?? '';
  const all = async (): Promise<string> => [...new Set(await Promise.all(Array.from({ length: 12 }, () => status(own))))].join();
  assert.equal(await all(), '401');
  assert.equal(await order({ minutes: 5, by: 'anna', why: 'x' }, 'another'), 401);
  assert.equal(await order({ minutes: 5, by: 'anna', why: 'x' }, 'a token for orders to the switch'), 200);
  assert.deepEqual([await all(), await observing()], ['200', '2']);
  assert.match(await (await fetch(`${admin}/policy`)).text(), /"instance": "edge-1"/);
  assert.equal(await order({ off: true, by: 'anna', why: 'x' }, 'a token for orders to the switch'), 200);
  assert.equal(await all(), '401');
  child.kill('SIGUSR2');
  await until(async () => (await observing()) === '2');
  child.kill('SIGUSR2');
  await until(async () => (await observing()) === '0');
  assert.equal(await all(), '401');
});
