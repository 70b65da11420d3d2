/** Node: HTTP/1.1, HTTP/2 by the compatibility API, TLS. */
import { deepStrictEqual, rejects, strictEqual, throws } from 'node:assert';
import { execFileSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { createServer, IncomingMessage, ServerResponse } from 'node:http';
import { connect, createServer as createHttp2Server, type OutgoingHttpHeaders } from 'node:http2';
import { createServer as createTlsServer, request as tlsRequest } from 'node:https';
import { Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, it } from 'node:test';
import { freshInstallationKey, signMessage } from '@approov-guard/testkit';
import type { Decision } from 'approov-guard';
import { approov } from 'approov-guard/node';
import { findProgram, skipUnless } from '../../../../tools/optional.mjs';
import { asyncGuard, guard, listening, NOW, watched, withToken } from './serving.ts';

/** A request and a response that belong to no server. */
function exchange(headers: { readonly [name: string]: string }): readonly [IncomingMessage, ServerResponse] {
  const request = new IncomingMessage(new Socket());
  request.rawHeaders = Object.entries(headers).flat();
  return [request, new ServerResponse(request)];
}

describe('node:http', () => {
  it('gives the listener back what it returns and throws', async () => {
    const failure = new Error('thrown by the listener');
    const listeners = {
      returns: () => 7,
      throws: () => {
        throw failure;
      },
      rejects: () => Promise.reject(failure),
    };
    strictEqual(approov(guard(), listeners.returns)(...exchange(withToken())), 7);
    throws(
      () => approov(guard(), listeners.throws)(...exchange(withToken())),
      (error) => error === failure,
    );
    await rejects(
      async () => approov(guard(), listeners.rejects)(...exchange(withToken())),
      (error) => error === failure,
    );
    await rejects(
      async () => approov(asyncGuard(), listeners.throws)(...exchange(withToken())),
      (error) => error === failure,
    );
  });

  it('hands on the same request, with the decision', async () => {
    const [request, response] = exchange(withToken());
    let seen: (IncomingMessage & { approov: Decision }) | null = null;
    approov(guard(), (given) => {
      seen = given;
    })(request, response);
    strictEqual(seen, request);
  });

  it('leaves the connection usable after a refusal', async (context) => {
    const port = await listening(context, createServer(approov(guard(), (_request, response) => void response.end('ok'))));
    const statuses: number[] = [];
    for (const headers of [{}, withToken(), {}, withToken()]) {
      const response = await fetch(`http://127.0.0.1:${port}/`, { method: 'POST', headers, body: 'x'.repeat(100_000) });
      await response.text();
      statuses.push(response.status);
    }
    deepStrictEqual(statuses, [401, 200, 401, 200]);
  });

  it('judges each of several pipelined requests by itself', async (context) => {
    const port = await listening(context, createServer(approov(guard(), (_request, response) => void response.end('ok'))));
    const socket = new Socket().connect(port, '127.0.0.1');
    const head = (token: string, more: string): string => `GET / HTTP/1.1\r\nHost: a\r\n${token}${more}\r\n`;
    socket.write(head(`approov-token: ${withToken()['approov-token']}\r\n`, '') + head('', 'Connection: close\r\n'));
    let text = '';
    for await (const data of socket) text += data;
    deepStrictEqual(text.match(/HTTP\/1\.1 \d+/g), ['HTTP/1.1 200', 'HTTP/1.1 401']);
  });
});

describe('node:http2', () => {
  async function statusOver(port: number, headers: OutgoingHttpHeaders, body?: string): Promise<number> {
    const session = connect(`http://127.0.0.1:${port}`);
    const stream = session.request(headers, { endStream: body === undefined });
    const status = new Promise<number>((resolve, reject) => {
      stream.on('response', (fields) => resolve(Number(fields[':status'])));
      stream.on('error', reject);
    });
    if (body !== undefined) stream.end(body);
    stream.resume();
    return status.finally(() => session.close());
  }

  it('answers the compatibility API', async (context) => {
    const { guard: inner, views } = watched(guard());
    const port = await listening(context, createHttp2Server(approov(inner, (_request, response) => void response.end('ok'))));
    strictEqual(await statusOver(port, { ':path': '/a?b=1' }), 401);
    strictEqual(await statusOver(port, { ':path': '/', ...withToken() }), 200);
    deepStrictEqual([views[0]?.target, views[0]?.authority, views[0]?.method], ['/a?b=1', `127.0.0.1:${port}`, 'GET']);
  });

  it('resolves a covered `host`, which HTTP/2 sends as `:authority`', async (context) => {
    const install = freshInstallationKey();
    const inner = guard({ signature: { replay: null, required: ['host', '@target-uri'] } });
    const port = await listening(context, createHttp2Server(approov(inner, (_request, response) => void response.end('ok'))));
    const created = NOW / 1000;
    const token = withToken({ claims: { ipk: install.ipk } });
    const signedFor = (host: string): OutgoingHttpHeaders => {
      const headers = [['host', host] as const, ...Object.entries(token)];
      const request = { method: 'GET', url: `http://127.0.0.1:${port}/v1?a=1`, headers, body: null };
      const covered = ['@method', '@target-uri', 'host', 'approov-token'];
      const parameters = `alg="ecdsa-p256-sha256";created=${created};expires=${created + 15}`;
      return Object.fromEntries(signMessage({ request, covered, parameters, key: { install } }).headers);
    };
    const own = `127.0.0.1:${port}`;
    const good = signedFor(own);
    strictEqual(await statusOver(port, { ':path': '/v1?a=1', ...token, ...good }), 200, 'only :authority');
    strictEqual(await statusOver(port, { ':path': '/v1?a=1', ':authority': own, host: own, ...token, ...good }), 200, 'both, equal');
    strictEqual(await statusOver(port, { ':path': '/v1?a=1', ...token, ...signedFor('api.example.com') }), 401, 'signed for another host');
    strictEqual(
      await statusOver(port, { ':path': '/v1?a=1', ':authority': 'api.example.com', ...token, ...good }),
      401,
      'sent to another host',
    );
    const both = { ':path': '/v1?a=1', ':authority': own, host: 'api.example.com', ...token };
    strictEqual(await statusOver(port, { ...both, ...good }), 401, 'two hosts that contradict each other');
    strictEqual(await statusOver(port, { ...both, ...signedFor('api.example.com') }), 401, 'two hosts, signed for the other');
  });

  it('sees repeated fields', async (context) => {
    const { guard: inner, views } = watched(guard());
    const port = await listening(context, createHttp2Server(approov(inner, (_request, response) => void response.end('ok'))));
    const token = withToken()['approov-token'];
    strictEqual(await statusOver(port, { 'approov-token': [token, token] }), 401);
    strictEqual(views[0]?.lines('approov-token').length, 2);
  });

  it('passes a true preflight if so configured, and judges one that has a body without Content-Length', async (context) => {
    const port = await listening(
      context,
      createHttp2Server(approov(guard({ preflight: 'pass' }), (_request, response) => void response.end('ok'))),
    );
    const preflight = { ':method': 'OPTIONS', origin: 'https://app.example.com', 'access-control-request-method': 'POST' };
    strictEqual(await statusOver(port, preflight), 200);
    strictEqual(await statusOver(port, preflight, 'smuggled'), 401);
  });
});

describe('node:https', skipUnless(findProgram('openssl'), 'openssl'), () => {
  it('tells the guard that the scheme is https', async (context) => {
    const folder = mkdtempSync(join(tmpdir(), 'approov-guard-'));
    context.after(() => rmSync(folder, { recursive: true }));
    const [key, cert] = [join(folder, 'key.pem'), join(folder, 'cert.pem')];
    const curve = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:prime256v1'];
    execFileSync('openssl', ['req', '-x509', ...curve, '-nodes', '-subj', '/CN=localhost', '-keyout', key, '-out', cert], {
      stdio: 'ignore',
    });
    const { guard: inner, views } = watched(guard());
    const tls = { key: readFileSync(key), cert: readFileSync(cert) };
    const port = await listening(
      context,
      createTlsServer(
        tls,
        approov(inner, (_request, response) => void response.end('ok')),
      ),
    );
    const status = await new Promise((resolve, reject) => {
      const options = {
        host: '127.0.0.1',
        port,
        ca: tls.cert,
        checkServerIdentity: () => undefined,
        headers: withToken(),
        agent: false as const,
      };
      tlsRequest(options, (response) => resolve(response.resume().statusCode))
        .on('error', reject)
        .end();
    });
    deepStrictEqual([status, views[0]?.scheme], [200, 'https']);
  });
});
