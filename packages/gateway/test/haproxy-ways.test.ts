/**
 * HAProxy has three ways to a verdict: what the connection remembers, few rules for the usual token, and the walk through all checks. Whichever a
 * request goes, it must come to what the library says: thousands of requests, ordinary and strange ones, new, repeated and slightly changed on one
 * connection, are sent to the real program and to our own proxy, which judges by the library alone.
 */
import assert from 'node:assert/strict';
import { once } from 'node:events';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { connect as connectHttp2 } from 'node:http2';
import { connect, type Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import test, { type TestContext } from 'node:test';
import { compileFor } from '@approov-guard/gateway';
import { exampleToken, freshSecret } from '@approov-guard/testkit';
import type { PolicyDocument } from 'approov-guard/policy-file';
import { findProgram, skipUnless } from '../../../tools/optional.mjs';
import { IDENTITY_NAMES } from '../src/proxy/identity.ts';
import { type Choose, chooser, done, env, POLICIES, request } from './generated.ts';
import { type Answer, gatewayTo, type Received, raw, upstream, valuesOf } from './harness.ts';
import { freePort, running } from './program.ts';

const haproxy = skipUnless(findProgram('haproxy'), 'haproxy');
/** How the rules end for a request that needs no walk. */
const ALLOW = /^ {2}http-request allow( if .*)$/gm;
const WAYS = ['remembered', 'proven', 'by route'] as const;

interface Place {
  readonly port: number;
  readonly file: string;
  readonly reload: () => void;
  readonly said: () => string;
}

/** Starts HAProxy on a policy. The configuration is as printed, but that it tells the server behind by which way a request came. */
async function haproxyTo(
  context: TestContext,
  policy: PolicyDocument,
  to: string,
  given: { readonly words?: readonly string[]; readonly edit?: (text: string) => string } = {},
): Promise<Place> {
  const folder = mkdtempSync(join(tmpdir(), 'ways-'));
  context.after(() => rmSync(folder, { recursive: true }));
  const port = await freePort();
  const [{ text: printed } = { text: '' }] = compileFor('haproxy', policy, { to: new URL(to).host, listen: `127.0.0.1:${port}` }, env);
  const text = given.edit?.(printed) ?? printed;
  const ways = [...text.matchAll(ALLOW)].length === 1 ? WAYS.slice(2) : WAYS;
  let count = 0;
  const file = join(folder, 'haproxy.cfg');
  writeFileSync(
    file,
    `${text.replace(ALLOW, (rule, condition: string) => `  http-request set-header X-Way '${ways[count++]}'${condition}\n${rule}`)}`,
  );
  const { child, said } = await running('haproxy', [...(given.words ?? []), '-f', file], env, port, folder);
  context.after(() => new Promise((resolve) => child.once('close', resolve) && child.kill('SIGTERM')));
  return { port, file, reload: () => void child.kill('SIGUSR2'), said };
}

const wayOf = (received: Received): string => valuesOf(received, 'x-way').join() || 'walked';

/** A connection that stays open as long as the other side wants: answers come with a length. */
function connectionTo(context: TestContext, port: number): (bytes: string) => Promise<Answer> {
  let socket: Socket | null = null;
  context.after(() => socket?.destroy());
  return (bytes) =>
    new Promise((resolve, reject) => {
      const isOpen = socket !== null && !socket.readableEnded && !socket.destroyed;
      const own = isOpen && socket !== null ? socket : connect(port, '127.0.0.1').setEncoding('latin1');
      socket = own;
      let text = '';
      const end = (): void => {
        own.removeAllListeners();
        const [head = '', body = ''] = text.split(/\r\n\r\n(.*)/s);
        resolve({ status: Number(/^HTTP\/1\.\d (\d{3})/.exec(text)?.[1] ?? 0), text, head: head.split('\r\n'), body });
      };
      const close = (): void => {
        socket = null;
        own.destroy();
        end();
      };
      own.on('data', (chunk) => {
        text += chunk;
        const [, head, body = ''] = /^(.*?)\r\n\r\n(.*)$/s.exec(text) ?? [];
        if (head === undefined || body.length < Number(/content-length: (\d+)/i.exec(head)?.[1] ?? 0)) return;
        if (/^connection: close/im.test(head)) close();
        else end();
      });
      own.once('end', close).once('close', close).once('error', reject);
      own.write(bytes, 'latin1');
    });
}

/** One of the last requests, as it was, or slightly changed: what a memory might take for the same. */
function again(choose: Choose, last: readonly string[]): string {
  const bytes = choose(last);
  const other = choose(last);
  const token = /^approov-token: *(\S+)/im.exec(other)?.[1] ?? 'x';
  return choose([
    bytes,
    bytes,
    bytes,
    bytes.replace(/^(approov-token: *\S{40})(.)/im, (_, start: string, letter: string) => start + (letter === 'A' ? 'B' : 'A')),
    bytes.replace(/^(approov-token: *\S*)\S$/im, '$1'),
    bytes.replace(/^(approov-token: *\S*)\S$/im, '$1_'),
    bytes.replace(/^approov-token: .*$/im, (line) => `${line}A`),
    bytes.replace(/^approov-token: .*$/im, `Approov-Token: ${token}`),
    bytes.replace(/^approov-token: .*$/im, (line) => `${line}\r\nApproov-Token: ${token}`),
    bytes.replace(/^approov-token: .*\r\n/im, ''),
    bytes.replace(/^authorization: .*$/im, (line) => `${line}x`),
    bytes.replace(/^authorization: .*$/im, (line) => `${line}\r\n${line}`),
    bytes.replace(/^authorization: .*\r\n/im, ''),
    bytes.replace(/^x-user: .*\r\n/im, ''),
    bytes.replace(/^(\w+) \S+/, `$1 ${choose(['/strict/x', '/pay', '/health', '/public/a', '/%70ay', '/a/../strict/x'])}`),
  ]);
}

/** The claims of a request's token as text, whatever they are worth. */
function claimsOf(bytes: string): string {
  const token = /^approov-token: *(\S+)/im.exec(bytes)?.[1] ?? '';
  return Buffer.from(token.split('.')[1] ?? '', 'base64url').toString('latin1');
}

/** What HAProxy does not take that the guard does; the printed configuration says so. */
function isStricter(bytes: string): boolean {
  return /\d[eE][+-]?\d|\\/.test(claimsOf(bytes));
}

/** What a place did, in words that both have: HAProxy tells whole seconds, and no device that a header cannot carry as it is. */
function told(answer: Answer, received: Received | undefined, bytes: string): object {
  const words: { [name: string]: unknown } = { ...done(answer, received) };
  const { expires } = words;
  if (typeof expires === 'string') words['expires'] = expires.replace(/\..*/, '');
  if (/"did"\s*:\s*"(?![!#-[\]-~]+")/.test(claimsOf(bytes))) words['device'] = '';
  return words;
}

const CASES = 400;

for (const [name, policy] of Object.entries(POLICIES)) {
  test(`haproxy judges as the library does, by whichever way: ${name}`, haproxy, async (context) => {
    const { url, received } = await upstream(context);
    const { port } = await haproxyTo(context, policy, url);
    const gateway = await gatewayTo(context, url, { policy, options: { env } });
    const ask = connectionTo(context, port);
    const choose = chooser(name.length);
    const last: string[] = [];
    const ways: { [way: string]: number } = {};
    for (let count = 0; count < CASES; count++) {
      const bytes = last.length === 0 || choose([true, false]) ? request(choose) : again(choose, last);
      received.length = 0;
      const expected = await raw(gateway.port, bytes);
      const before = received.shift();
      const answer = await ask(bytes.replace('Connection: close\r\n', ''));
      const after = received.shift();
      const isAccepted = after !== undefined && valuesOf(after, 'x-attestation-verdict').join() === 'accepted';
      if (after === undefined && (before === undefined || answer.status === 400)) continue;
      if (!isStricter(bytes) || isAccepted)
        assert.deepEqual(told(answer, after, bytes), told(expected, before, bytes), `${after && wayOf(after)}: ${JSON.stringify(bytes)}`);
      if (after === undefined) continue;
      ways[wayOf(after)] = (ways[wayOf(after)] ?? 0) + 1;
      if (isAccepted) last.unshift(bytes);
      last.length = Math.min(last.length, 3);
    }
    context.diagnostic(JSON.stringify(ways));
    assert.ok((ways['remembered'] ?? 0) + (ways['by route'] ?? 0) > 20, JSON.stringify(ways));
  });
}

const one: PolicyDocument = { keys: { secret: { base64: { env: 'FIRST' } } } };
const secret = { base64: env['FIRST'] ?? '' };
const bearing = (token: string, ...more: readonly string[]): string =>
  `GET /pay HTTP/1.1\r\nHost: api.example.com\r\nApproov-Token: ${token}\r\n${more.map((line) => `${line}\r\n`).join('')}\r\n`;

test('haproxy: the usual token needs no walk, and the same again on its connection no proof', haproxy, async (context) => {
  const { url, received } = await upstream(context);
  const ways = async (policy: PolicyDocument, requests: readonly string[]): Promise<readonly string[]> => {
    const ask = connectionTo(context, (await haproxyTo(context, policy, url)).port);
    received.length = 0;
    for (const request of requests) await ask(request);
    return received.map((request) => wayOf(request));
  };
  const [a = '', b = ''] = ['one', 'other'].map((did) => exampleToken({ secret, claims: { did } }));
  const forged = exampleToken({ secret: freshSecret() });
  const plain = [a, a, a, b, a, forged, a].map((token) => bearing(token));
  assert.deepEqual(await ways(one, plain), ['proven', 'remembered', 'remembered', 'proven', 'proven', 'remembered']);
  const bound = exampleToken({ secret, bind: 'Bearer abc' });
  const requests = ['abc', 'abc', 'xyz', 'abc'].map((value) => bearing(bound, `Authorization: Bearer ${value}`));
  const binding = { ...one, binding: { headers: ['Authorization'], missing: 'reject' } } as const;
  assert.deepEqual(await ways(binding, requests), ['proven', 'remembered', 'remembered']);
  const accepting = { ...one, binding: { headers: ['Authorization'], missing: 'accept' } } as const;
  const unbound = ['abc', 'xyz'].map((value) => bearing(a, `Authorization: Bearer ${value}`));
  const mixed = [...requests, ...unbound, bearing(a), ...requests];
  const [first, again] = ['proven', 'remembered'];
  assert.deepEqual(await ways(accepting, mixed), [first, again, again, first, again, again, first, again, again]);
  assert.deepEqual(
    received.map((request) => valuesOf(request, 'x-attestation-binding').join()),
    ['verified', 'verified', 'verified', 'absent', 'absent', 'absent', 'verified', 'verified', 'verified'],
  );
});

test('haproxy: what is remembered is told as it was found, and ends when the token does', haproxy, async (context) => {
  const { url, received } = await upstream(context);
  const { port } = await haproxyTo(context, one, url);
  const ask = connectionTo(context, port);
  const token = exampleToken({ secret, lifetimeSeconds: 3 });
  let last = 200;
  for (let tries = 0; tries < 1000 && last === 200; tries++) {
    last = (await ask(bearing(token))).status;
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
  assert.equal(last, 401);
  assert.ok(received.length > 1);
  const said = received.map((request) =>
    IDENTITY_NAMES.filter((name) => name !== 'id').map((name) => valuesOf(request, `x-attestation-${name}`)),
  );
  for (const words of said) assert.deepEqual(words, said[0]);
  const ids = received.flatMap((request) => valuesOf(request, 'x-attestation-id'));
  assert.equal(new Set(ids).size, received.length);
});

test('haproxy: another connection knows nothing, and a reload with another key leaves nothing of the old one', haproxy, async (context) => {
  const { url } = await upstream(context);
  const { port, file, reload, said } = await haproxyTo(context, one, url, { words: ['-W'] });
  const token = exampleToken({ secret });
  const ask = connectionTo(context, port);
  assert.deepEqual([(await ask(bearing(token))).status, (await ask(bearing(token))).status], [200, 200]);
  writeFileSync(file, readFileSync(file, 'utf8').replaceAll('FIRST', 'SECOND'));
  // The worker of before ends its connections; until it has, it may take new ones. A master that has just started may miss the signal.
  let status = 200;
  for (let tries = 0; tries < 500 && status !== 401; tries++) {
    if (!said().includes('Reloading')) reload();
    await new Promise((resolve) => setTimeout(resolve, 20));
    status = (await raw(port, bearing(token, 'Connection: close'))).status;
  }
  assert.equal(status, 401);
  let old = 200;
  for (let tries = 0; tries < 10 && old !== 401; tries++) old = (await ask(bearing(token))).status;
  assert.equal(old, 401, 'what was open is closed after its next answer at the latest');
});

test('haproxy: tolerance and the longest life count by whichever way', haproxy, async (context) => {
  const { url } = await upstream(context);
  const token = { clockToleranceSeconds: 100, maxLifetimeSeconds: 3600 };
  const { port } = await haproxyTo(context, { ...one, token }, url);
  for (const [lifetimeSeconds, expected] of [
    [300, 200],
    [-50, 200],
    [-150, 401],
    [3000, 200],
    [5000, 401],
  ] as const)
    for (const claims of [{}, { nested: { of: 'what is not usual' } }]) {
      const bearer = exampleToken({ secret, lifetimeSeconds, claims });
      assert.equal((await connectionTo(context, port)(bearing(bearer))).status, expected, `${lifetimeSeconds} ${JSON.stringify(claims)}`);
    }
});

test(
  'haproxy: requests that share an HTTP/2 connection are each told of their own token, and no forgery among them passes',
  haproxy,
  async (context) => {
    const { url, received } = await upstream(context);
    const { port } = await haproxyTo(context, one, url, { edit: (text) => text.replace(/^( {2}bind .*)$/m, '$1 proto h2') });
    const session = connectHttp2(`http://127.0.0.1:${port}`);
    context.after(() => session.destroy());
    const devices = ['one', 'two', 'three'];
    const tokens = devices.map((did) => exampleToken({ secret, claims: { did } }));
    const forged = exampleToken({ secret: freshSecret(), claims: { did: 'forged' } });
    const choose = chooser(1);
    const sent = Array.from({ length: 120 }, () => choose([0, 0, 1, 2, 3]));
    const statuses = await Promise.all(
      sent.map(async (which) => {
        const stream = session.request({ ':path': `/${devices[which] ?? 'forged'}`, 'approov-token': tokens[which] ?? forged });
        const [head] = await once(stream.resume(), 'response');
        return head[':status'];
      }),
    );
    assert.deepEqual(
      statuses,
      sent.map((which) => (which < devices.length ? 200 : 401)),
    );
    assert.equal(received.length, sent.filter((which) => which < devices.length).length);
    for (const request of received) assert.deepEqual(valuesOf(request, 'x-attestation-device'), [request.url.slice(1)]);
    const ways = new Set(received.map((request) => wayOf(request)));
    assert.deepEqual([...ways].sort(), ['proven', 'remembered']);
  },
);

test('haproxy: a head may be as long as the longest token needs', haproxy, async (context) => {
  const { url } = await upstream(context);
  const { port } = await haproxyTo(context, { ...one, token: { maxBytes: 60_000 }, gateway: { stripToken: true } }, url);
  const statuses: number[] = [];
  for (const length of [10_000, 40_000, 60_000]) {
    const bearer = exampleToken({ secret, claims: { note: 'x'.repeat(length) } });
    statuses.push((await connectionTo(context, port)(bearing(bearer.slice(0, 60_000), `Cookie: ${'c'.repeat(10_000)}`))).status);
  }
  assert.deepEqual(statuses, [200, 200, 401]);
});
