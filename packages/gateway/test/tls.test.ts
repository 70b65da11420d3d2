import assert from 'node:assert/strict';
import { once } from 'node:events';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { type ClientHttp2Session, connect as connectHttp2, createSecureServer, type IncomingHttpHeaders } from 'node:http2';
import { request as httpsRequest } from 'node:https';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, it, type TestContext } from 'node:test';
import { connect as connectTls } from 'node:tls';
import { skipUnless } from '../../../tools/optional.mjs';
import { until } from '../../../tools/until.mjs';
import { makeCertificate, openssl } from './certificate.ts';
import { gatewayTo, genuine, get, raw, upstream, valuesOf } from './harness.ts';

function folderOf(context: TestContext): string {
  const folder = mkdtempSync(join(tmpdir(), 'gateway-tls-'));
  context.after(() => rmSync(folder, { recursive: true }));
  return folder;
}

interface Answer {
  readonly headers: IncomingHttpHeaders & { readonly ':status'?: number };
  readonly trailers: IncomingHttpHeaders;
  readonly body: string;
}

async function ask(session: ClientHttp2Session, headers: object, body?: string): Promise<Answer> {
  const stream = session.request({ ':path': '/', ...headers }, { endStream: body === undefined });
  let [text, trailers]: [string, IncomingHttpHeaders] = ['', {}];
  stream.setEncoding('latin1');
  stream.on('data', (chunk) => (text += chunk));
  stream.on('trailers', (given) => (trailers = given));
  if (body !== undefined) stream.end(body);
  const [head] = await once(stream, 'response');
  if (!stream.readableEnded) await once(stream, 'end');
  return { headers: head, trailers, body: text };
}

describe('TLS', skipUnless(openssl, 'openssl'), () => {
  it('serves HTTP/2 and HTTP/1.1 on one port', async (context) => {
    const folder = folderOf(context);
    const tls = makeCertificate(folder, 'first');
    const { url, received } = await upstream(context, (request, response) => {
      request.on('end', () => {
        response.writeHead(
          200,
          [
            ['Set-Cookie', 'a=1'],
            ['Set-Cookie', 'b=2'],
            ['Connection', 'X-Drop'],
            ['X-Drop', 'x'],
            ['Trailer', 'X-Sum'],
          ].flat(),
        );
        response.write('hello');
        response.addTrailers({ 'X-Sum': '1' });
        response.end();
      });
    });
    const gateway = await gatewayTo(context, url, { gateway: { tls } });
    const ca = readFileSync(tls.cert);
    const session = connectHttp2(gateway.url, { ca });
    context.after(() => session.close());
    assert.equal((await ask(session, {})).headers[':status'], 401);
    const [name, value] = genuine();
    const answer = await ask(
      session,
      { [name]: value, ':method': 'POST', cookie: ['a=1', 'b=2'], 'x-attestation-verdict': 'spoofed' },
      'content',
    );
    assert.deepEqual(
      [answer.headers[':status'], answer.body, answer.headers['set-cookie'], answer.headers['x-drop'], answer.trailers['x-sum']],
      [200, 'hello', ['a=1', 'b=2'], undefined, '1'],
    );
    const [request] = received;
    assert.ok(request !== undefined);

    assert.deepEqual(
      ['host', 'cookie', 'x-forwarded-proto', 'via', 'x-attestation-verdict', 'transfer-encoding'].map((field) =>
        valuesOf(request, field).join(),
      ),
      [new URL(gateway.url).host, 'a=1; b=2', 'https', '2 approov-guard', 'accepted', 'chunked'],
    );
    // Where the client states a length, so does the gateway.
    await ask(session, { [name]: value, ':method': 'POST', 'content-length': '7' }, 'content');
    assert.deepEqual([valuesOf(received[1] ?? { lines: [] }, 'content-length').join(), received[1]?.body], ['7', 'content']);
    assert.equal(request.body, 'content');
    const old = await new Promise<number | undefined>((resolve, reject) =>
      httpsRequest(`${gateway.url}/`, { ca, agent: false, headers: { [name]: value } }, (response) => {
        response.resume();
        resolve(response.statusCode);
      })
        .on('error', reject)
        .end(),
    );
    assert.equal(old, 200);
  });

  it('passes trailers of HTTP/2 on, where they were announced and there are chunks', async (context) => {
    const tls = makeCertificate(folderOf(context), 'first');
    const trailers: (readonly string[])[] = [];
    const { url, received } = await upstream(context, (request, response) =>
      request.on('end', () => {
        trailers.push(request.rawTrailers);
        response.end();
      }),
    );
    const gateway = await gatewayTo(context, url, { gateway: { tls } });
    const session = connectHttp2(gateway.url, { ca: readFileSync(tls.cert) });
    context.after(() => session.close());
    const [name, value] = genuine();
    for (const more of [{ trailer: 'x-sum, authorization' }, {}, { trailer: 'x-sum', 'content-length': '4' }]) {
      const stream = session.request({ ':method': 'POST', [name]: value, te: 'trailers', ...more }, { waitForTrailers: true });
      stream.on('wantTrailers', () => stream.sendTrailers({ 'x-sum': '1', authorization: 'Bearer later', 'x-more': '2' }));
      stream.end('body');
      const [head] = await once(stream, 'response');
      assert.equal(head[':status'], 200);
      stream.resume();
      await once(stream, 'close');
    }
    assert.deepEqual(trailers, [['x-sum', '1'], [], []]);
    assert.deepEqual(
      received.map((one) => [one.body, ...['trailer', 'te', 'content-length'].map((field) => valuesOf(one, field).join())]),
      [
        ['body', 'x-sum', 'trailers', ''],
        ['body', '', 'trailers', ''],
        ['body', '', 'trailers', '4'],
      ],
    );
  });

  it('refuses over HTTP/2 what says two things', async (context) => {
    const tls = makeCertificate(folderOf(context), 'first');
    const { url, received } = await upstream(context);
    const gateway = await gatewayTo(context, url, { gateway: { tls } });
    const session = connectHttp2(gateway.url, { ca: readFileSync(tls.cert) });
    context.after(() => session.destroy());
    const [name, value] = genuine();
    const shapes = [
      { ':authority': 'a', host: 'other.example' },
      { ':authority': 'user@a' },
      { ':path': '/a#b' },
      { ':method': 'TRACE' },
      { ':method': 'get' },
      { ':path': 'http://a/b' },
    ];
    for (const shape of shapes) {
      // What HTTP/2 itself forbids ends the stream.
      const answer = await ask(session, { [name]: value, ...shape }).catch((error) => ({
        headers: { ':status': error.code === 'ERR_HTTP2_STREAM_ERROR' ? 400 : 0 },
      }));
      assert.ok([400, 405].includes(Number(answer.headers[':status'])), JSON.stringify([shape, answer.headers]));
    }
    assert.equal(received.length, 0);
    assert.equal((await ask(session, { [name]: value })).headers[':status'], 200);
  });

  it('content that is longer than the length that it states reaches nobody', async (context) => {
    const tls = makeCertificate(folderOf(context), 'first');
    const { url, received } = await upstream(context);
    const gateway = await gatewayTo(context, url, { gateway: { tls } });
    // Newer versions of Node end the whole session for it.
    const session = (): ClientHttp2Session => {
      const opened = connectHttp2(gateway.url, { ca: readFileSync(tls.cert) });
      opened.on('error', () => undefined);
      context.after(() => opened.destroy());
      return opened;
    };
    const [name, value] = genuine();
    for (const stated of ['0', '2'])
      await ask(session(), { [name]: value, ':method': 'POST', 'content-length': stated }, 'evil').catch(() => undefined);
    assert.equal((await ask(session(), { [name]: value, ':method': 'POST', 'content-length': '4' }, 'good')).headers[':status'], 200);
    assert.deepEqual(
      received.map(({ body }) => body).filter((body) => body !== ''),
      ['good'],
    );
  });

  it('shows a new certificate as soon as it is there', async (context) => {
    const folder = folderOf(context);
    const tls = makeCertificate(folder, 'first');
    const { url } = await upstream(context);
    const gateway = await gatewayTo(context, url, { gateway: { tls } });
    const shown = async (): Promise<string | undefined> => {
      const socket = connectTls({ port: gateway.port, host: '127.0.0.1', rejectUnauthorized: false });
      await once(socket, 'secureConnect');
      const { subject } = socket.getPeerCertificate();
      socket.destroy();
      return String(subject.CN);
    };
    assert.equal(await shown(), 'first');
    makeCertificate(folder, 'second');
    await until(async () => (await shown()) === 'second');
  });

  it('reaches upstreams over TLS, with HTTP/1.1 and HTTP/2, and only those whose certificate holds', async (context) => {
    const folder = folderOf(context);
    const tls = makeCertificate(folder, 'upstream');
    const versions: string[] = [];
    const server = createSecureServer(
      { cert: readFileSync(tls.cert), key: readFileSync(tls.key), allowHTTP1: true },
      (request, response) => {
        versions.push(request.httpVersion);
        response.end('hello');
      },
    );
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    context.after(() => server.close());
    const to = `https://127.0.0.1:${(server.address() as AddressInfo).port}`;
    for (const http2 of [false, true]) {
      const gateway = await gatewayTo(context, to, { gateway: { ca: tls.cert, http2 } });
      const answer = await raw(gateway.port, get('/', genuine()));
      assert.deepEqual([answer.status, /hello/.test(answer.body)], [200, true], String(http2));
    }
    assert.deepEqual(versions, ['1.1', '2.0']);
    const distrusting = await gatewayTo(context, to);
    assert.equal((await raw(distrusting.port, get('/', genuine()))).status, 502);
  });

  it('certificate and key are read as Windows saves them', async (context) => {
    const tls = makeCertificate(folderOf(context), 'windows');
    const ca = readFileSync(tls.cert);
    const { url } = await upstream(context, (_, response) => response.end('hello'));
    const windows = (file: string) => `\ufeff${readFileSync(file, 'utf8').replaceAll('\n', '\r\n')}`;
    writeFileSync(tls.cert, Buffer.from(windows(tls.cert), 'utf16le'));
    writeFileSync(tls.key, Buffer.from(windows(tls.key), 'utf16le').swap16());
    const gateway = await gatewayTo(context, url, { gateway: { tls } });
    const session = connectHttp2(gateway.url, { ca });
    context.after(() => session.close());
    assert.equal((await ask(session, {})).headers[':status'], 401);
  });

  it('what is no PEM, or the other file, stops the start and is named', async (context) => {
    const folder = folderOf(context);
    const { cert, key } = makeCertificate(folder, 'first');
    const other = makeCertificate(mkdtempSync(join(folder, 'other-')), 'second');
    const der = join(folder, 'cert.der');
    writeFileSync(der, Buffer.from(readFileSync(cert, 'utf8').replace(/-----.*-----|\s/g, ''), 'base64'));
    for (const [gateway, why] of [
      [{ tls: { cert: key, key } }, /gateway\.tls\.cert: the file must be PEM with a CERTIFICATE; it holds PRIVATE KEY/],
      [{ tls: { cert, key: cert } }, /gateway\.tls\.key: the file must be PEM with a PRIVATE KEY; it holds CERTIFICATE/],
      [{ tls: { cert: der, key } }, /it holds DER, or PKCS #12: convert it/],
      [{ tls: { cert, key: other.key } }, /gateway\.tls: certificate and key cannot be used together/],
      [{ ca: key }, /gateway\.ca: the file must be PEM with a CERTIFICATE/],
    ] as const)
      await assert.rejects(gatewayTo(context, 'https://127.0.0.1:9', { gateway }), why);
  });

  it('a certificate that cannot be read stops the start', async (context) => {
    const { url } = await upstream(context);
    await assert.rejects(
      gatewayTo(context, url, { gateway: { tls: { cert: '/nonexistent/cert.pem', key: '/nonexistent/key.pem' } } }),
      /gateway\.tls\.cert: the file cannot be read/,
    );
  });
});
