/** Proxies that enforce by themselves, as they are printed: keys of each kind, where secrets are, and what happens without one. */
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { createHmac } from 'node:crypto';
import { once } from 'node:events';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import test, { type TestContext } from 'node:test';
import { compileFor } from '@approov-guard/gateway';
import { exampleToken, freshSecret, freshSigningKey, mintToken, type SigningKey } from '@approov-guard/testkit';
import { createGuard } from 'approov-guard';
import { findProgram, skipUnless } from '../../../tools/optional.mjs';
import { NEVER_SAID } from '../src/authorizer/asking-policy.ts';
import { env, genuine, keys, raw, secret, upstream, valuesOf } from './harness.ts';
import { freePort, running } from './program.ts';

interface Place {
  readonly port: number;
  readonly folder: string;
}

/** Compiles a policy, with the files that it names, and starts the program on it. */
async function started(
  context: TestContext,
  target: 'haproxy' | 'nginx-njs',
  policy: object,
  to: string,
  variables: { readonly [name: string]: string } = env,
  files: { readonly [name: string]: string } = {},
): Promise<Place> {
  const folder = mkdtempSync(join(tmpdir(), 'native-'));
  context.after(() => rmSync(folder, { recursive: true }));
  for (const [name, text] of Object.entries(files)) writeFileSync(join(folder, name), text);
  const file = join(folder, 'policy.json');
  writeFileSync(file, JSON.stringify(policy));
  const port = await freePort();
  const places = { to: new URL(to).host, listen: `127.0.0.1:${port}` };
  for (const { name, text } of compileFor(target, file, places, { ...variables, ...env }))
    writeFileSync(join(folder, name), text.replace('/var/log/nginx/access.log', `${folder}/access.log`));
  const words =
    target === 'haproxy'
      ? ['-f', 'haproxy.cfg']
      : ['-c', join(folder, 'nginx.conf'), '-e', 'stderr', '-g', `daemon off; user root; pid ${folder}/nginx.pid; error_log stderr;`];
  const { child } = await running(findProgram(target.split('-')[0] ?? '') ?? '', words, variables, port, folder);
  context.after(() => {
    const ended = once(child, 'close');
    child.kill('SIGTERM');
    return ended;
  });
  return { port, folder };
}

const ask = async (port: number, ...lines: readonly string[]): Promise<{ readonly status: number; readonly text: string }> =>
  raw(port, `GET /pay HTTP/1.1\r\nHost: api.example.com\r\nConnection: close\r\n${lines.map((line) => `${line}\r\n`).join('')}\r\n`);
const bearing = (token: string): string => `Approov-Token: ${token}`;

const minted = ({ privateKey: key, algorithm, kid }: SigningKey, lifetimeSeconds = 300): string =>
  mintToken({ key, algorithm, kid, lifetimeSeconds });

const haproxy = skipUnless(findProgram('haproxy'), 'haproxy');
const nginx = skipUnless(findProgram('nginx'), 'nginx');

/** A key id that a configuration, a pattern and a JSON text could each take for something else. */
const ODD = `two [of]) {"3"} \\ 'x' #$%,`;

test('haproxy: public keys as PEM, RS256 and ES256; the public key is no secret', haproxy, async (context) => {
  const { url, received } = await upstream(context);
  const [rsa, curve, other] = [freshSigningKey('RS256', 'one'), freshSigningKey('ES256', ODD), freshSigningKey('RS256', 'one')];
  const policy = {
    keys: [
      { pem: { file: 'rsa.pem' }, algorithm: 'RS256', kid: 'one' },
      { pem: { file: 'curve.pem' }, algorithm: 'ES256', kid: ODD },
    ],
  };
  const { port } = await started(context, 'haproxy', policy, url, {}, { 'rsa.pem': rsa.pem, 'curve.pem': curve.pem });
  const statuses: number[] = [];
  for (const token of [
    minted(rsa),
    minted(curve),
    minted(other),
    mintToken({ secret: { base64: Buffer.from(rsa.pem).toString('base64') } }),
    minted(rsa, -60),
  ])
    statuses.push((await ask(port, bearing(token))).status);
  assert.deepEqual(statuses, [200, 200, 401, 401, 401]);
  assert.deepEqual(
    received.map((one) => valuesOf(one, 'x-attestation-key').join()),
    ['one', ODD],
  );
});

/** A token over exactly these texts. */
function signed(payload: string, head = '{"alg":"HS256","typ":"JWT"}'): string {
  const text = [head, payload].map((part) => Buffer.from(part).toString('base64url')).join('.');
  return `${text}.${createHmac('sha256', Buffer.from(secret.base64, 'base64')).update(text).digest('base64url')}`;
}

/** Claims sets like the usual one: HAProxy proves that in few rules, and walks through all others. Each has to come to what the guard says. */
function nearlyUsual(exp: number): readonly string[] {
  const usual = `"exp":${exp},"did":"device=="`;
  return [
    ...['', ',"iat":1', ',"x-own":[]', ',"anno":["a","b"]', ',"level":3,"flag":true,"none":null'].map((more) => `{${usual}${more}}`),
    `{"did":"device==","exp":${exp}}`,
    ...[`,"exp":${exp}`, ',"did":"other"', ',"own":1,"own":2', `,"\\u0065xp":${exp - 9999}`].map((more) => `{${usual}${more}}`),
    ...[`-${exp}`, `0${exp}`, `"${exp}"`, `${exp}.5`, `${exp}e0`, `[${exp}]`, 'null', '1', `${exp - 9999}`].map(
      (value) => `{"exp":${value}}`,
    ),
    ...[`,"nbf":1`, `,"nbf":${exp}`, ',"nbf":"1"', ',"aud":"a"', ',"aud":["a"]', ',"iss":1', ',"sub":{}', ',"iat":"1"'].map(
      (more) => `{${usual}${more}}`,
    ),
    ...[' ', ',', '}', '\n', ',"a":"\t"', ',"a":"\\""', ',"a":"é"', ',"a":{"exp":1}', ',"a":[1]', ',"a":[["exp"]]', ',"a":01', ',a:1'].map(
      (more) => `{${usual}${more}}`,
    ),
    ...['', ' ', 'a b', 'é', 'x'.repeat(256), 'x'.repeat(257)].map((device) => `{"exp":${exp},"did":"${device}"}`),
    `{"own":",\\"exp\\":${exp}"}`,
    `{"own":"{","exp":${exp}}`,
    `{"own":"exp","sub":"did","exp":${exp}}`,
    `{"did":"d"}`,
    '{}',
    '[]',
    `{${usual}} `,
    `{${usual},"approov-guard-emulator":true}`,
  ];
}

test('haproxy: the quick way of the usual token comes to what the guard says, for what is nearly usual, too', haproxy, async (context) => {
  const { url, received } = await upstream(context);
  const { port } = await started(context, 'haproxy', { keys }, url);
  const guard = createGuard({ keys: { secret: { base64: secret.base64 } }, environment: 'production' });
  context.after(() => guard.close());
  const good = signed(`{"exp":${Math.floor(Date.now() / 1000) + 3000},"did":"device=="}`);
  const [head = '', payload = '', mac = ''] = good.split('.');
  const others = [
    `${head}.${payload}.${mac}.`,
    `${head}..${mac}`,
    `${head}.${payload}.`,
    `${head}.${payload}.${payload}.${mac}`,
    `.${payload}.${mac}`,
  ];
  const cut = [
    good.slice(0, -1),
    `${good}A`,
    `${good}=`,
    ` ${good}`,
    `${good},${good}`,
    `${good.slice(0, -1)}${good.endsWith('A') ? 'B' : 'A'}`,
  ];
  const tokens = [...nearlyUsual(Math.floor(Date.now() / 1000) + 3000).map((claims) => signed(claims)), good, ...others, ...cut];
  for (const token of tokens) {
    const before = received.length;
    const { status } = await ask(port, bearing(token));
    const { outcome } = await guard.verifyToken(token.trim());
    const claims = Buffer.from(token.split('.')[1] ?? '', 'base64url').toString();
    // What is written in another way than issuers write may be refused; it never passes if the guard refuses it.
    const isStranger = /e0|\\u0065|\\"exp/.test(claims);
    if (!isStranger || status === 200) assert.equal(status === 200, outcome === 'accepted', `${status} ${outcome} ${claims} ${token}`);
    assert.equal(received.length - before, status === 200 ? 1 : 0);
  }
  assert.ok(received.length > 10);
  for (const one of received) {
    assert.deepEqual(valuesOf(one, 'x-attestation-verdict'), ['accepted']);
    assert.deepEqual(valuesOf(one, 'x-attestation-key'), ['keys.secret']);
    assert.deepEqual(valuesOf(one, 'x-attestation-expires').length, 1);
  }
});

test('nginx njs: several secrets, from variables and files, in both alphabets', nginx, async (context) => {
  const { url, received } = await upstream(context);
  const [first, second, third] = [freshSecret(), freshSecret(), freshSecret()];
  const policy = {
    keys: {
      secrets: [{ base64: { env: 'FIRST' } }, { base64url: { file: 'second.txt' } }],
    },
    binding: { headers: ['Authorization'], missing: 'accept' },
    gateway: { stripToken: true },
  };
  const files = { 'second.txt': `note: your secret\n${Buffer.from(second.base64, 'base64').toString('base64url')}\n` };
  const { port } = await started(context, 'nginx-njs', policy, url, { FIRST: first.base64 }, files);
  const statuses: number[] = [];
  for (const secret of [first, second, third]) statuses.push((await ask(port, bearing(exampleToken({ secret })))).status);
  assert.deepEqual(statuses, [200, 200, 401]);
  assert.deepEqual(
    received.map((one) => [valuesOf(one, 'x-attestation-key').join(), valuesOf(one, 'x-attestation-binding').join()]),
    [
      ['keys.secrets[0]', 'absent'],
      ['keys.secrets[1]', 'absent'],
    ],
  );
  assert.ok(
    received.every((one) => valuesOf(one, 'approov-token').length === 0),
    'the token was stripped',
  );
});

test('nginx njs: no header of the client reads like one of ours', nginx, async (context) => {
  const { url, received } = await upstream(context);
  const { port } = await started(context, 'nginx-njs', { keys, mode: 'observe' }, url);
  const forged = ['X-Attestation-Device: mine', 'X_Attestation_Verdict: accepted', 'x-attestation_verdict: accepted', 'Approov_Token: x'];
  assert.equal((await ask(port, ...forged)).status, 200);
  const [one = { lines: [] }] = received;
  const names = one.lines.filter((_, index) => index % 2 === 0).map((name) => name.toLowerCase());
  assert.deepEqual([valuesOf(one, 'x-attestation-verdict'), valuesOf(one, 'x-attestation-reason')], [['rejected'], ['token-missing']]);
  assert.deepEqual(valuesOf(one, 'x-attestation-device'), []);
  assert.ok(!names.some((name) => name.includes('_')), names.join());
});

for (const [target, skipped] of [
  ['haproxy', haproxy],
  ['nginx-njs', nginx],
] as const) {
  test(`${target}: nothing leads the server behind to another path`, skipped, async (context) => {
    const { url, received } = await upstream(context);
    const { port } = await started(context, target, { keys, mode: 'observe' }, url);
    for (const name of NEVER_SAID) {
      assert.equal((await ask(port, `${name}: /elsewhere`)).status, 200, name);
      await ask(port, `${name.replaceAll('-', '_')}: /elsewhere`);
    }
    assert.ok(received.length >= NEVER_SAID.length);
    assert.ok(!JSON.stringify(received).includes('elsewhere'));
  });
}

test('nginx njs: without its secret nothing passes, and nobody learns why', nginx, async (context) => {
  const { url, received } = await upstream(context);
  for (const variables of [{}, { APPROOV_BASE64_SECRET: 'not base64!' }]) {
    const { port } = await started(context, 'nginx-njs', { keys }, url, { APPROOV_BASE64_SECRET: '', ...variables });
    const { status, text } = await ask(port, genuine().join(': '));
    assert.equal(status, 503);
    assert.match(text, /Retry-After: 5\r\n/);
    assert.match(text, /\r\n\r\n\{\}$/);
  }
  assert.deepEqual(received, []);
});

test('haproxy: without its secret it does not start, and says which it is', haproxy, () => {
  const folder = mkdtempSync(join(tmpdir(), 'native-'));
  const [file] = compileFor('haproxy', { keys }, { to: '127.0.0.1:1', listen: '127.0.0.1:2' }, env);
  writeFileSync(join(folder, 'haproxy.cfg'), file?.text ?? '');
  const check = (variables: object): ReturnType<typeof spawnSync> =>
    spawnSync('haproxy', ['-c', '-f', join(folder, 'haproxy.cfg')], { env: { PATH: process.env.PATH, ...variables }, encoding: 'utf8' });
  assert.equal(check(env).status, 0);
  for (const variables of [{}, { APPROOV_BASE64_SECRET: '' }]) {
    const { status, stderr } = check(variables);
    assert.equal(status, 1);
    assert.match(String(stderr), /APPROOV_BASE64_SECRET/);
  }
  rmSync(folder, { recursive: true });
});
