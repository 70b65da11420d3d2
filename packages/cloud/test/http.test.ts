/** The cloud over HTTP: what apps and back ends see, who is let in, and the failures on a switch. */
import assert from 'node:assert/strict';
import { once } from 'node:events';
import { connect } from 'node:net';
import test, { after, before } from 'node:test';
import { freshDeviceId, type RunningCloud, startCloud, verificationKeys } from '@approov-guard/cloud';
import { createGuard, keysFromUrl } from 'approov-guard';
import { addKey } from '../src/account/keys.ts';

const DOMAIN = 'api.example.com';
const device = freshDeviceId();
let running: RunningCloud;

before(async () => {
  running = await startCloud({ hostNames: ['cloud.test'] });
  running.cloud.addDomain(DOMAIN);
  running.cloud.addApp({ package: 'com.example.app' });
});
after(() => running.close());

interface Answered {
  readonly status: number;
  readonly body: { readonly [member: string]: unknown };
}

async function call(path: string, init: RequestInit = {}): Promise<Answered> {
  const response = await fetch(`${running.url}${path}`, init);
  assert.equal(response.headers.get('access-control-allow-origin'), null);
  return { status: response.status, body: (await response.json()) as Answered['body'] };
}

function post(path: string, body: unknown, headers: { readonly [name: string]: string } = {}): Promise<Answered> {
  const text = typeof body === 'string' ? body : JSON.stringify(body);
  return call(path, { method: 'POST', body: text, headers: { 'Content-Type': 'application/json', ...headers } });
}

const codeOf = ({ body }: Answered): unknown => (body.error as { readonly code?: unknown } | undefined)?.code;
const good = { app: 'com.example.app', device, domain: DOMAIN };
const admin = (): { readonly Authorization: string } => ({ Authorization: `Bearer ${running.cloud.adminKey}` });

test('POST /attest gives a token that verifies, or one that looks the same and does not', async () => {
  const guard = createGuard({ keys: verificationKeys(running.cloud.account()) });
  const pass = await post('/attest', { ...good, binding: 'Bearer a' });
  const fail = await post('/attest', { ...good, properties: ['rooted'] });
  assert.deepEqual([pass.status, fail.status], [200, 200]);
  assert.deepEqual(Object.keys(pass.body), Object.keys(fail.body));
  assert.equal((await guard.verifyToken(String(pass.body.token))).outcome, 'accepted');
  assert.equal((await guard.verifyToken(String(fail.body.token))).outcome, 'rejected');
  await guard.close();
});

test('an app is told why it failed only where the policy says so', async () => {
  running.cloud.change((account) => {
    account.policy.rejectionReasons = true;
  });
  assert.deepEqual((await post('/attest', { ...good, properties: ['rooted'] })).body.rejectionReasons, ['rooted']);
  running.cloud.change((account) => {
    account.policy.rejectionReasons = false;
  });
  assert.equal('rejectionReasons' in (await post('/attest', { ...good, properties: ['rooted'] })).body, false);
});

test('bad input gets a code and what to do', async () => {
  const rows: readonly (readonly [() => Promise<Answered>, number, string])[] = [
    [() => post('/attest', { ...good, domain: 'x.example.com' }), 404, 'domain-unknown'],
    [() => post('/attest', { ...good, account: 'x' }), 404, 'account-unknown'],
    [() => post('/attest?account=x', good), 404, 'account-unknown'],
    [() => post('/attest', { ...good, account: 7 }), 400, 'input-malformed'],
    [() => post('/attest', { ...good, device: 'x' }), 400, 'input-malformed'],
    [() => post('/attest', {}), 400, 'input-malformed'],
    [() => post('/attest', '{'), 400, 'body-malformed'],
    [() => post('/attest', '[]'), 400, 'body-malformed'],
    [() => post('/attest', good, { 'Content-Type': 'text/plain' }), 400, 'body-malformed'],
    [() => post('/attest', `"${'x'.repeat(70_000)}"`), 413, 'body-too-large'],
    [() => call('/attest'), 404, 'route-unknown'],
    [() => call('/domains/%/.well-known/jwks.json'), 400, 'domain-malformed'],
    [() => call('/domains/x.example.com/.well-known/jwks.json'), 404, 'domain-unknown'],
    [() => call('/admin/account'), 403, 'peer-refused'],
    [() => call('/admin/account', { headers: { Authorization: 'Bearer x' } }), 403, 'peer-refused'],
    [() => call('/arc-info/', { headers: { ...admin(), Arc: 'x' } }), 404, 'arc-unknown'],
    [() => post('/admin/verb', {}, admin()), 400, 'input-malformed'],
    [() => post('/admin/verb', { verb: 'api', options: { list: 7 }, words: [], files: {}, role: null }, admin()), 400, 'input-malformed'],
  ];
  for (const [answer, status, code] of rows) {
    const found = await answer();
    assert.deepEqual([found.status, codeOf(found)], [status, code], answer.toString());
    assert.ok(String((found.body.error as { readonly message?: unknown }).message).length > 20);
  }
});

/** Sends bytes and answers the status line. */
async function raw(lines: readonly string[]): Promise<string> {
  const socket = connect(Number(new URL(running.url).port), '127.0.0.1');
  socket.end(`${lines.join('\r\n')}\r\n\r\n`);
  let text = '';
  socket.on('data', (chunk) => {
    text += chunk;
  });
  await once(socket, 'close');
  return text.split('\r\n', 1)[0] ?? '';
}

test('a rebound name, another site’s page and an odd target are turned away', async () => {
  const { host } = new URL(running.url);
  const get = (...headers: readonly string[]): Promise<string> => raw(['GET /pins HTTP/1.1', ...headers, 'Connection: close']);
  const isLetIn = async (...headers: readonly string[]): Promise<boolean> => (await get(...headers)).includes(' 200 ');
  for (const name of [host, 'localhost:1', 'a.localhost', '[::1]:80', 'cloud.test', 'CLOUD.TEST:9'])
    assert.ok(await isLetIn(`Host: ${name}`), name);
  for (const name of ['evil.example', 'evil.example:80', '127.0.0.1.evil.example', 'localhost.evil.example', '[::1', 'a@localhost', ''])
    assert.equal(await isLetIn(`Host: ${name}`), false, name);
  assert.equal(await isLetIn(), false, 'no Host');
  assert.ok(await isLetIn(`Host: ${host}`, `Origin: http://${host}`));
  for (const origin of ['https://evil.example', 'null', `https://${host}`, 'http://localhost:1'])
    assert.equal(await isLetIn(`Host: ${host}`, `Origin: ${origin}`), false, origin);
  for (const site of ['cross-site', 'same-site']) assert.equal(await isLetIn(`Host: ${host}`, `Sec-Fetch-Site: ${site}`), false, site);
  for (const target of ['//', '*', '/%', '/pins%00', 'http://x/pins', '/../pins'])
    assert.match(await raw([`GET ${target} HTTP/1.1`, `Host: ${host}`, 'Connection: close']), / 40[04] /, target);
  assert.match(await raw(['OPTIONS /attest HTTP/1.1', `Host: ${host}`, 'Origin: https://evil.example', 'Connection: close']), / 403 /);
});

test('a guard follows a domain’s key set through rotation', async () => {
  const { cloud, url } = running;
  cloud.change((account) => addKey(account, 'ES256', 0, { kid: 'r1' }));
  cloud.addDomain('es.example.com', { kid: 'r1' });
  const source = keysFromUrl({ url: `${url}/domains/es.example.com/.well-known/jwks.json` });
  const guard = createGuard({ keys: source });
  const token = (): string => cloud.attest({ ...good, domain: 'es.example.com' }).token;
  assert.equal((await guard.verifyToken(token())).outcome, 'accepted');
  const rotated = await post('/admin/domains/es.example.com/rotate', '{}', admin());
  assert.equal(rotated.status, 200);
  await guard.close();
  const { body } = await call('/domains/es.example.com/.well-known/jwks.json');
  assert.deepEqual((body.keys as { readonly kid: string }[]).map(({ kid }) => kid).sort(), ['r1', String(rotated.body.kid)].sort());
});

test('failures: outage, cut key sets, and a clock that is ahead', async () => {
  const patch = (change: object): Promise<Answered> =>
    call('/admin/faults', { method: 'PATCH', body: JSON.stringify(change), headers: { 'Content-Type': 'application/json', ...admin() } });
  assert.equal((await patch({ outage: true })).status, 200);
  assert.equal(codeOf(await post('/attest', good)), 'attestation-outage');
  assert.equal(codeOf(await call('/.well-known/jwks.json')), 'attestation-outage');
  await patch({ outage: false, keySet: 'truncated', clockOffsetSeconds: 3600 });
  await assert.rejects(call('/.well-known/jwks.json'), SyntaxError);
  const { expiresAt } = (await post('/attest', good)).body;
  assert.ok(Number(expiresAt) > Date.now() / 1000 + 3600);
  assert.equal(codeOf(await patch({ keySet: 'gone' })), 'input-malformed');
  assert.deepEqual((await patch({ keySet: 'whole', clockOffsetSeconds: 0 })).body, running.cloud.faults);
});

test('the account is shown without its secrets', async () => {
  const { body } = await call('/admin/account', { headers: admin() });
  const { secret, keys } = running.cloud.account();
  const text = JSON.stringify(body);
  for (const hidden of [
    secret.base64,
    running.cloud.adminKey,
    'PRIVATE',
    ...Object.values(keys).map(({ privateKey }) => privateKey.slice(30, 60)),
  ])
    assert.equal(text.includes(hidden), false);
  assert.equal(body.account, 'local');
});

test('devices are noted over HTTP', async () => {
  const path = `/admin/devices/${encodeURIComponent(device)}`;
  const put = (body: object): Promise<Answered> =>
    call(path, { method: 'PUT', body: JSON.stringify(body), headers: { 'Content-Type': 'application/json', ...admin() } });
  assert.deepEqual((await put({ properties: ['rooted'], forced: 'pass' })).body, { properties: ['rooted'], forced: 'pass' });
  assert.equal(codeOf(await put({ forced: 'maybe' })), 'input-malformed');
  assert.equal(codeOf(await put({ properties: ['odd'] })), 'input-malformed');
  await put({});
});

test('addresses that cannot be listened on are refused with a code', async () => {
  const { port } = new URL(running.url);
  await assert.rejects(startCloud({ listen: Number(port) }), { code: 'listen-failed' });
  for (const listen of ['', 'x', '127.0.0.1', '1:2:3', '70000', 'a b:1'])
    await assert.rejects(startCloud({ listen }), { code: 'input-malformed' }, listen);
  const open = await startCloud({ listen: '0.0.0.0:0' });
  assert.deepEqual([running.exposed, open.exposed], [false, true]);
  await open.close();
});
