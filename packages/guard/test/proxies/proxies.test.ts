/**
 * Signed requests through real proxies still verify, with the origin configuration that `docs/origin.md` recommends. The snippets under
 * test are those of that page.
 */
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { createServer, type IncomingMessage, request as sendPlain } from 'node:http';
import { createServer as createTlsServer, request as sendTls } from 'node:https';
import { tmpdir, userInfo } from 'node:os';
import { join } from 'node:path';
import { after, describe, type TestContext, test } from 'node:test';
import type { HeaderLine } from '@approov-guard/testkit';
import { createGuard, type GuardOptions } from 'approov-guard';
import { approov } from 'approov-guard/node';
import { findProgram, skipUnless } from '../../../../tools/optional.mjs';
import { listening } from '../adapters/serving.ts';
import { now, outcomeOf, secret } from '../both-ports.ts';
import { COVERED, type Draft, digestLine, type Sent, signed, withHeader } from '../signed-requests.ts';
import { caddy, freePort, nginx, start } from './programs.ts';

/** What the client asked for, whatever the ports of this test. */
const HOST = 'api.example.com';

/** The application behind the proxy: answers the verdict, and the body that its handler saw. */
async function application(context: TestContext, origin: GuardOptions['origin']): Promise<number> {
  const guard = createGuard({
    keys: { secret },
    signature: { replay: null },
    ...(origin === undefined ? {} : { origin }),
    now: () => now,
    mode: 'observe',
  });
  const server = createServer(
    approov(guard, (request, response) => {
      let length = 0;
      request.on('data', (chunk: Buffer) => (length += chunk.length));
      request.on('end', () => response.end(`${request.approov.verdict === null ? '' : outcomeOf(request.approov.verdict)} ${length}`));
    }),
  );
  return listening(context, server);
}

interface Entrance {
  readonly port: number;
  readonly tls: boolean;
}

/** Sends a request as it is: the target is not touched, and each header line goes out as given. */
function send({ port, tls }: Entrance, sent: Sent, more: readonly HeaderLine[] = [], chunked = false): Promise<string> {
  const body = sent.body ?? null;
  const length: readonly HeaderLine[] =
    body === null ? [] : chunked ? [['Transfer-Encoding', 'chunked']] : [['Content-Length', String(Buffer.byteLength(body))]];
  const headers = [['Host', sent.authority], ...sent.headers, ...length, ...more].flat();
  return new Promise((resolve, reject) => {
    const options = {
      host: '127.0.0.1',
      port,
      method: sent.method,
      path: sent.target,
      headers,
      agent: false,
      servername: HOST,
      rejectUnauthorized: false,
    };
    const answered = (response: IncomingMessage): void => {
      let text = '';
      response.on('data', (chunk: Buffer) => (text += chunk)).on('end', () => resolve(text));
    };
    const outgoing = tls ? sendTls(options, answered) : sendPlain(options, answered);
    outgoing.on('error', reject).end(body ?? undefined);
  });
}

const TARGETS = [
  '/',
  '/?',
  '/a?b=2&a=1&a=0',
  '/a%2Fb/%2e%2e/c?x=%2F%41+%20',
  '/a/./b/../c//d',
  '/a;v=1/b,c/%7Euser/~x',
  '/%C3%A9?q=%E2%82%AC&&=&x',
  "/!$&'()*+,:@-._~",
];
const BODY = JSON.stringify({ amount: 1, text: 'x'.repeat(20_000) });
const posted: Draft = {
  method: 'POST',
  body: BODY,
  headers: [['Content-Type', 'application/json'], digestLine(BODY)],
  covered: [...COVERED, 'content-type', 'content-digest'],
};

/** What must hold behind any proxy that is configured as the documentation says. */
async function holds(context: TestContext, entrance: Entrance, origin: GuardOptions['origin']): Promise<void> {
  const url = (target: string): string => `https://${HOST}${target}`;
  for (const target of TARGETS) {
    await context.test(`target ${target}`, async () => assert.equal(await send(entrance, signed({ url: url(target) })), 'accepted 0'));
  }
  const post = signed({ ...posted, url: url('/pay') });
  await context.test('a body with its digest', async () => assert.equal(await send(entrance, post), `accepted ${BODY.length}`));
  await context.test('a chunked body with its digest', async () =>
    assert.equal(await send(entrance, post, [], true), `accepted ${BODY.length}`),
  );
  await context.test('an altered body', async () => assert.match(await send(entrance, { ...post, body: `${BODY} ` }), /^digest-mismatch/));
  await context.test('another host, which a fixed origin does not ask for', async () => {
    const asked = { ...signed({ url: url('/a') }), authority: `evil.${HOST}` };
    if (typeof origin === 'string')
      assert.doesNotMatch(await send(entrance, { ...signed({ url: `https://evil.${HOST}/a` }) }), /^accepted/);
    else assert.doesNotMatch(await send(entrance, asked), /^accepted/);
  });
  await context.test('another target', async () =>
    assert.match(await send(entrance, { ...signed({ url: url('/a') }), target: '/b' }), /^signature-invalid/),
  );
  await context.test('a client that forges forwarding fields gains nothing', async () => {
    const other = signed({ url: 'https://other.example.com/a' });
    const forged: readonly HeaderLine[] = [
      ['X-Forwarded-Host', 'other.example.com'],
      ['X-Forwarded-Proto', 'https'],
      ['Forwarded', 'host=other.example.com;proto=https'],
    ];
    assert.doesNotMatch(await send(entrance, { ...other, authority: HOST }, forged), /^accepted/);
    assert.equal((await send(entrance, signed({ url: url('/a') }), forged)).startsWith('accepted'), true);
  });
}

/** The code block of the documentation that has this word in its first line. */
function snippet(word: string): string {
  const page = readFileSync(new URL('../../../../docs/origin.md', import.meta.url), 'utf8');
  const found = [...page.matchAll(/```(\w+)\n([\s\S]*?)```/g)].find(([, language]) => language === word);
  return found?.[2] ?? assert.fail(`docs/origin.md has no block ${word}`);
}

const certificates = mkdtempSync(join(tmpdir(), 'certificates-'));
after(() => rmSync(certificates, { recursive: true, force: true }));
const openssl = findProgram('openssl');
const files = { key: join(certificates, 'key.pem'), certificate: join(certificates, 'certificate.pem') };
if (openssl !== null) {
  execFileSync(
    openssl,
    [
      'req',
      '-x509',
      '-newkey',
      'ec',
      '-pkeyopt',
      'ec_paramgen_curve:P-256',
      '-nodes',
      '-keyout',
      files.key,
      '-out',
      files.certificate,
      '-days',
      '2',
      '-subj',
      `/CN=${HOST}`,
    ],
    { stdio: 'ignore' },
  );
}

const ORIGINS: { readonly [name: string]: NonNullable<GuardOptions['origin']> } = {
  'a fixed origin': `https://${HOST}`,
  'trusted proxies': { trustedProxies: ['loopback'] },
};

async function behindNginx(context: TestContext, inner: number): Promise<Entrance> {
  const port = await freePort();
  const location = snippet('nginx').replace('http://127.0.0.1:3000', `http://127.0.0.1:${inner}`);
  await start(context, {
    program: nginx ?? '',
    port,
    configuration: (folder) => `
${userInfo().uid === 0 ? 'user root;' : ''} daemon off; pid ${folder}/pid; error_log stderr warn; worker_processes 1;
events { worker_connections 64; }
http {
  access_log off;
  client_body_temp_path ${folder}/a; proxy_temp_path ${folder}/b; fastcgi_temp_path ${folder}/c; uwsgi_temp_path ${folder}/d; scgi_temp_path ${folder}/e;
  server { listen 127.0.0.1:${port} ssl; server_name ${HOST}; ssl_certificate ${files.certificate}; ssl_certificate_key ${files.key};
${location}
  }
}`,
    parameters: (file, folder) => ['-c', file, '-p', folder, '-e', 'stderr'],
  });
  return { port, tls: true };
}

async function behindCaddy(context: TestContext, inner: number): Promise<Entrance> {
  const port = await freePort();
  const site = snippet('caddyfile')
    .replace('api.example.com {', `https://${HOST}:${port} {\n  tls ${files.certificate} ${files.key}`)
    .replace('127.0.0.1:3000', `127.0.0.1:${inner}`);
  await start(context, {
    program: caddy ?? '',
    port,
    configuration: () => `{\n  admin off\n  auto_https off\n  default_bind 127.0.0.1\n}\n${site}`,
    parameters: (file) => ['run', '--config', file, '--adapter', 'caddyfile'],
  });
  return { port, tls: true };
}

for (const [name, origin] of Object.entries(ORIGINS)) {
  test(`nginx, TLS, ${name}`, skipUnless(nginx !== null && openssl !== null, 'nginx'), async (context) => {
    await holds(context, await behindNginx(context, await application(context, origin)), origin);
  });
  test(`Caddy, TLS, ${name}`, skipUnless(caddy !== null && openssl !== null, 'caddy'), async (context) => {
    const entrance = await behindCaddy(context, await application(context, origin));
    await holds(context, entrance, origin);
  });
  test(`a TLS-terminating hop in Node, ${name}`, skipUnless(openssl, 'openssl'), async (context) => {
    const inner = await application(context, origin);
    const hop = createTlsServer({ key: readFileSync(files.key), cert: readFileSync(files.certificate) }, (request, response) => {
      const kept = request.rawHeaders.filter((_, index) => !/^(?:x-forwarded-.*|forwarded)$/i.test(request.rawHeaders[index & ~1] ?? ''));
      const headers = [...kept, 'X-Forwarded-Proto', 'https', 'X-Forwarded-Host', request.headers.host ?? ''];
      const outgoing = sendPlain({ port: inner, method: request.method, path: request.url, headers, agent: false }, (answer) => {
        response.writeHead(answer.statusCode ?? 502);
        answer.pipe(response);
      });
      request.pipe(outgoing);
    });
    await holds(context, { port: await listening(context, hop), tls: true }, origin);
  });
}

describe('without a proxy', () => {
  const forged: readonly HeaderLine[] = [
    ['X-Forwarded-Proto', 'https'],
    ['X-Forwarded-Host', HOST],
    ['Forwarded', `host=${HOST};proto=https`],
  ];
  test('forwarding fields of an untrusted peer are not believed', async (context) => {
    const sent = signed({ url: `https://${HOST}/a` });
    for (const origin of [undefined, { trustedProxies: ['192.0.2.0/24'] }, { hosts: [HOST] }]) {
      const entrance = { port: await application(context, origin), tls: false };
      assert.match(await send(entrance, sent, forged), /^signature-invalid/);
      assert.equal(await send(entrance, signed({ url: `http://${HOST}/a` }), forged), 'accepted 0');
    }
  });
  test('a second hop’s list of hosts is not guessed at', async (context) => {
    const entrance = { port: await application(context, { trustedProxies: ['loopback'] }), tls: false };
    assert.match(
      await send(entrance, signed({ url: `https://${HOST}/a` }), [
        ['X-Forwarded-Proto', 'https, http'],
        ['X-Forwarded-Host', HOST],
      ]),
      /^signature-component-unresolvable/,
    );
  });
  test('a token header that a proxy doubles is refused before anything else', async (context) => {
    const entrance = { port: await application(context, `http://${HOST}`), tls: false };
    const sent = signed({ url: `http://${HOST}/a` });
    const token = sent.headers[0]?.[1] ?? '';
    assert.match(await send(entrance, withHeader(sent, 'Approov-Token', token, token)), /^token-duplicated/);
  });
});
