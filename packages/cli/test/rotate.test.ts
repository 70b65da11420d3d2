/** A rotation from its beginning to its end: two gateways, one policy file, tokens of the local cloud. */
import assert from 'node:assert/strict';
import { copyFileSync, mkdtempSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { run } from '@approov-guard/cli';
import { runCommand } from '@approov-guard/cloud';
import { type Gateway, policyKeys, startGateway, withKey, withoutKey } from '@approov-guard/gateway';
import { exampleToken, freshSecret } from '@approov-guard/testkit';

const [first, second] = [freshSecret(), freshSecret()];
const START = Date.UTC(2026, 10, 27, 12);

interface Told {
  readonly code: number;
  readonly phase: string;
  readonly next: string;
}

/** Two gateways before one server, all with the policy file `policy.yaml` in one folder, and a clock that is moved by hand. */
async function site(
  context: TestContext,
  keysText: string,
  env: { readonly [name: string]: string },
  files: { readonly [name: string]: string } = {},
) {
  const folder = mkdtempSync(join(tmpdir(), 'rotate-'));
  context.after(() => rmSync(folder, { recursive: true }));
  for (const [name, text] of Object.entries(files)) writeFileSync(join(folder, name), text);
  const behind = createServer((_request, response) => response.end('hello'));
  await new Promise<void>((resolve) => behind.listen(0, '127.0.0.1', resolve));
  context.after(() => behind.close());
  const to = `http://127.0.0.1:${(behind.address() as AddressInfo).port}`;
  const policy = join(folder, 'policy.yaml');
  const rest = `\ngateway:\n  to: ${to}\n  listen: 127.0.0.1:0\n  admin: 127.0.0.1:0\n  log: null\n  timeouts: { drainSeconds: 0 }\n`;
  writeFileSync(policy, `# our API\n${keysText} # the account\n${rest}`);
  let at = START;
  const now = (): number => at;
  // Each has a copy, so that the test says when it gets the new one.
  const copies = ['first.yaml', 'second.yaml'].map((name) => join(folder, name)) as [string, string];
  const reads = new Map<string, number>();
  const start = async (copy: string): Promise<Gateway> => {
    copyFileSync(policy, copy);
    const onNote = (note: string): void =>
      void (note.startsWith('the policy was read again') && reads.set(copy, (reads.get(copy) ?? 0) + 1));
    const gateway = await startGateway({ policy: copy, env, guard: { now }, onNote, pollSeconds: 0.05 });
    context.after(() => gateway.drain());
    return gateway;
  };
  const gateways = [await start(copies[0]), await start(copies[1])] as const;
  const metrics = gateways.flatMap(({ adminUrl }) => ['--metrics', `${adminUrl}/metrics`]);
  const words = async (argv: readonly string[]): Promise<Told> => {
    let [stdout, stderr] = ['', ''];
    const code = await run({
      argv: ['rotate', '--policy', 'policy.yaml', '--json', ...argv],
      env,
      cwd: folder,
      stdin: (async function* () {})(),
      stdout: { write: (text) => (stdout += text) },
      stderr: { write: (text) => (stderr += text) },
      now,
    });
    return { code, next: stderr, phase: '', ...JSON.parse(stdout) };
  };
  return {
    folder,
    gateways,
    metrics,
    words,
    text: () => readFileSync(policy, 'utf8'),
    state: () => readFileSync(`${policy}.rotation.json`, 'utf8'),
    now,
    pass: (ms: number) => {
      at += ms;
    },
    /** Gives an instance the policy as it is now, and waits until it has read it. */
    reload: async (index: 0 | 1) => {
      const before = reads.get(copies[index]) ?? 0;
      copyFileSync(policy, `${copies[index]}.draft`);
      renameSync(`${copies[index]}.draft`, copies[index]);
      while ((reads.get(copies[index]) ?? 0) === before) await new Promise((again) => setTimeout(again, 10));
    },
    status: async (index: 0 | 1, token: string) =>
      (await fetch(gateways[index].urls[0] ?? '', { headers: { 'approov-token': token } })).status,
  };
}

test('a secret: both are accepted, each instance is watched, the old one goes when nobody needs it, and not before', async (context) => {
  const env = { APPROOV_BASE64_SECRET: first.base64, NEW_SECRET: second.base64 };
  const { words, metrics, text, state, pass, reload, status, now } = await site(
    context,
    'keys:\n  secret: { base64: { env: APPROOV_BASE64_SECRET } }',
    env,
  );
  const old = () => exampleToken({ secret: first, now: now() });
  const fresh = () => exampleToken({ secret: second, now: now() });
  const look = async (...argv: readonly string[]) => {
    const { code, phase } = await words(argv);
    return `${phase} ${code}`;
  };
  assert.equal(await look(), ' 2');
  assert.equal(await look('--new', 'env:NEW_SECRET', ...metrics), 'adding 1');
  assert.match(text(), /^# our API\nkeys:\n {2}secrets:/);
  assert.match(text(), /NEW_SECRET[\s\S]*APPROOV_BASE64_SECRET/);
  await reload(0);
  assert.equal(await look(), 'adding 1');
  assert.equal(await status(1, fresh()), 401);
  await reload(1);
  assert.equal(await look(), 'signing 1');
  assert.deepEqual([await status(0, old()), await status(1, old())], [200, 200]);
  assert.equal(await look(), 'signing 1');
  assert.equal(await status(0, fresh()), 200);
  assert.equal(await look(), 'watching 1');
  pass(400_000);
  // Seen on one instance only: that is enough to wait.
  assert.equal(await status(1, old()), 200);
  assert.equal(await look(), 'watching 1');
  pass(300_000);
  assert.equal(await look(), 'watching 1');
  assert.match(text(), /APPROOV_BASE64_SECRET/);
  pass(300_000);
  assert.equal(await look(), 'removing 1');
  assert.ok(!text().includes('APPROOV_BASE64_SECRET'));
  await reload(0);
  assert.equal(await look(), 'removing 1');
  await reload(1);
  assert.equal(await look(), 'done 0');
  assert.equal(await look(), 'done 0');
  assert.deepEqual([await status(0, fresh()), await status(0, old())], [200, 401]);
  for (const one of [state(), text()]) for (const value of [first.base64, second.base64]) assert.ok(!one.includes(value));
});

test('an instance that does not answer, or that starts anew, keeps the old key', async (context) => {
  const env = { APPROOV_BASE64_SECRET: first.base64, NEW_SECRET: second.base64 };
  const { words, metrics, text, pass, reload, status, now, gateways } = await site(
    context,
    'keys: { secret: { base64: { env: APPROOV_BASE64_SECRET } } }',
    env,
  );
  await words(['--new', 'env:NEW_SECRET', ...metrics]);
  await reload(0);
  await reload(1);
  await status(0, exampleToken({ secret: second, now: now() }));
  assert.equal((await words([])).phase, 'watching');
  pass(500_000);
  await reload(1);
  pass(500_000);
  // A guard that was made meanwhile may have forgotten a use.
  assert.deepEqual([(await words([])).phase, /NEW_SECRET/.test(text())], ['watching', true]);
  await gateways[1].drain();
  pass(10_000_000);
  const { code, phase, next } = await words([]);
  assert.deepEqual([code, phase], [3, 'watching']);
  assert.match(next, /no answer/);
  assert.match(text(), /APPROOV_BASE64_SECRET/);
});

test('keys of the local cloud: its domain signs with the new key when every gateway takes it', async (context) => {
  const state = join(mkdtempSync(join(tmpdir(), 'cloud-')), 'state.json');
  context.after(() => rmSync(join(state, '..'), { recursive: true }));
  const approov = async (...argv: readonly string[]) => {
    const answer = await runCommand({
      argv,
      state,
      role: 'admin',
      url: 'http://127.0.0.1:8004',
      readFile: () => Buffer.alloc(0),
      now: () => START,
    });
    assert.equal(answer.code, 0, `${argv.join(' ')}: ${JSON.stringify(answer)}`);
    return answer;
  };
  const pem = async (kid: string) => (await approov('keyset', '-getPEM', `${kid}.pem`, '-kid', kid)).files?.[0]?.text ?? '';
  await approov('keyset', '-add', 'ES256', '-kid', 'one');
  await approov('keyset', '-add', 'ES256', '-kid', 'two');
  await approov('api', '-keySetKID', 'one', '-add', 'api.example.com');
  const token = async () => String((await approov('token', '-genExample', 'api.example.com')).out?.at(-1));
  const part = (kid: string) => ({ pem: { file: `${kid}.pem` }, algorithm: 'ES256', kid });
  const { words, metrics, text, pass, reload, status } = await site(
    context,
    `environment: development\nkeys:\n  - ${JSON.stringify(part('one'))}`,
    {},
    { 'one.pem': String(await pem('one')), 'two.pem': String(await pem('two')) },
  );
  const old = await token();
  assert.equal(await status(0, old), 200);
  await words(['--new', JSON.stringify(part('two')), '--life', '60', '--margin', '10', ...metrics]);
  await reload(0);
  await reload(1);
  assert.equal((await words([])).phase, 'signing');
  await approov('api', '-keySetKID', 'two', '-add', 'api.example.com');
  assert.deepEqual([await status(1, await token()), await status(0, old)], [200, 200]);
  assert.equal((await words([])).phase, 'watching');
  pass(70_000);
  assert.equal((await words([])).phase, 'removing');
  await reload(0);
  await reload(1);
  assert.deepEqual([(await words([])).code, await status(0, await token()), await status(0, old)], [0, 200, 401]);
  assert.ok(!text().includes('one.pem'));
});

test('decision logs are evidence, too, and --no-edit leaves the file alone', async (context) => {
  const env = { APPROOV_BASE64_SECRET: first.base64, NEW_SECRET: second.base64 };
  const { words, text, folder, pass } = await site(context, 'keys: { secret: { base64: { env: APPROOV_BASE64_SECRET } } }', env);
  const before = text();
  const log = join(folder, 'decisions.jsonl');
  const line = (key: string) =>
    `{"time":1,"outcome":"accepted","code":"accepted","version":"","platform":"","key":"${key}","again":false}\n`;
  writeFileSync(log, line('keys.secrets[1]'));
  assert.equal((await words(['--new', 'env:NEW_SECRET', '--no-edit', '--log', 'decisions.jsonl'])).phase, 'signing');
  assert.equal(text(), before);
  writeFileSync(log, line('keys.secrets[1]') + line('keys.secrets[0]'));
  assert.equal((await words(['--log', 'decisions.jsonl', '--no-edit'])).phase, 'watching');
  assert.equal((await words([])).code, 2);
  pass(700_000);
  writeFileSync(log, line('keys.secrets[1]').repeat(2) + line('keys.secrets[0]'));
  assert.equal((await words(['--log', 'decisions.jsonl', '--no-edit'])).phase, 'watching');
});

test('mistakes: exit code 2, and the policy is not touched', async (context) => {
  const env = { APPROOV_BASE64_SECRET: first.base64, NEW_SECRET: second.base64, SHORT: 'c2hvcnQ=' };
  const { words, text, metrics, folder } = await site(context, 'keys: { secret: { base64: { env: APPROOV_BASE64_SECRET } } }', env);
  const before = text();
  for (const argv of [
    ['--new', 'env:NEW_SECRET'],
    ['--new', 'env:ABSENT', ...metrics],
    ['--new', 'env:SHORT', ...metrics],
    ['--new', 'nonsense', ...metrics],
    ['--new', '{"secret":{"base64":"c2hvcnQ="}}', ...metrics],
    ['--new', 'env:NEW_SECRET', '--old', 'x', ...metrics],
    ['--new', 'env:NEW_SECRET', '--life', 'x', ...metrics],
    ['--new', 'env:NEW_SECRET', '--metrics', 'file:///etc/passwd'],
  ])
    assert.equal((await words(argv)).code, 2, argv.join(' '));
  assert.equal(text(), before);
  // Interrupted before it was written: it is written when it goes on.
  await words(['--new', 'env:NEW_SECRET', ...metrics]);
  writeFileSync(join(folder, 'policy.yaml'), before);
  assert.equal((await words([])).phase, 'adding');
  assert.match(text(), /NEW_SECRET/);
  assert.equal((await words(['--new', 'env:NEW_SECRET', ...metrics])).code, 2);
  writeFileSync(join(folder, 'policy.yaml.rotation.json'), 'damaged');
  assert.equal((await words([])).code, 2);
});

test('keys are added and taken out in YAML and JSON, and what is beside them stays', () => {
  const env = { A: first.base64, B: second.base64 };
  for (const text of [
    '# one\nkeys:\n  secret: # two\n    base64: { env: A }\nmode: observe # three\n',
    'keys: { secrets: [{ base64: { env: A } }] }\n',
    'keys: [{ secret: { base64: { env: A } } }]\n',
    '{ "keys": { "secret": { "base64": { "env": "A" } } }, "mode": "observe" }',
  ]) {
    const both = withKey(text, { secret: { base64: { env: 'B' } } });
    const keys = policyKeys(both, '.', env);
    assert.equal(keys.length, 2);
    assert.deepEqual(
      keys.map(({ written }) => JSON.stringify(written).includes('"B"')),
      [true, false],
    );
    const one = withoutKey(both, keys[1]?.written);
    assert.equal(policyKeys(one, '.', env).length, 1);
    assert.ok(!one.includes('A') && one.includes('B'));
    for (const kept of ['mode', 'observe', '# one', '# three']) assert.equal(one.includes(kept), text.includes(kept), kept);
    assert.throws(() => withoutKey(one, keys[1]?.written), /no longer hold/);
    assert.throws(() => withoutKey(one, keys[0]?.written), /no other key/);
  }
  assert.throws(() => policyKeys('keys: { jwksUrl: https://example.com/keys }\n', '.', env), /rotate it where it is kept/);
});
