/** Envoy over gRPC, by its protocol: a real client over a socket, with messages as Envoy publishes them. */
import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { connect } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import test, { after, type TestContext } from 'node:test';
import { connect as connectTls } from 'node:tls';
import { type Authorizer, type AuthorizerOptions, compileFor, startAuthorizer } from '@approov-guard/gateway';
import { exampleToken, freshInstallationKey, signRequest } from '@approov-guard/testkit';
import grpc from '@grpc/grpc-js';
import { loadSync } from '@grpc/proto-loader';
import { parse } from 'yaml';
import { skipUnless } from '../../../tools/optional.mjs';
import { until } from '../../../tools/until.mjs';
import { makeCertificate, openssl } from './certificate.ts';
import { boundToken, env, genuine, keys, secret } from './harness.ts';

/** The published messages, without what nobody here sends. */
const PROTO = `syntax = "proto3";
package envoy.service.auth.v3;
message HeaderValue { string key = 1; string value = 2; bytes raw_value = 3; }
message HeaderMap { repeated HeaderValue headers = 1; }
message BoolValue { bool value = 1; }
message HeaderValueOption {
  enum HeaderAppendAction { APPEND_IF_EXISTS_OR_ADD = 0; ADD_IF_ABSENT = 1; OVERWRITE_IF_EXISTS_OR_ADD = 2; OVERWRITE_IF_EXISTS = 3; }
  HeaderValue header = 1; BoolValue append = 2; HeaderAppendAction append_action = 3; bool keep_empty_value = 4;
}
message Peer { string service = 2; string principal = 4; }
message HttpRequest {
  string id = 1; string method = 2; map<string, string> headers = 3; string path = 4; string host = 5; string scheme = 6; string query = 7;
  string fragment = 8; int64 size = 9; string protocol = 10; string body = 11; bytes raw_body = 12; HeaderMap header_map = 13;
}
message Request { HttpRequest http = 2; }
message AttributeContext { Peer source = 1; Peer destination = 2; Request request = 4; map<string, string> context_extensions = 10; }
message CheckRequest { AttributeContext attributes = 1; }
message Status { int32 code = 1; string message = 2; }
message HttpStatus { int32 code = 1; }
message DeniedHttpResponse { HttpStatus status = 1; repeated HeaderValueOption headers = 2; string body = 3; }
message OkHttpResponse { repeated HeaderValueOption headers = 2; repeated string headers_to_remove = 5; repeated HeaderValueOption response_headers_to_add = 6; }
message CheckResponse { Status status = 1; oneof http_response { DeniedHttpResponse denied_response = 2; OkHttpResponse ok_response = 3; } }
service Authorization { rpc Check(CheckRequest) returns (CheckResponse); }
`;
const folder = mkdtempSync(join(tmpdir(), 'envoy-'));
after(() => rmSync(folder, { recursive: true }));
writeFileSync(join(folder, 'auth.proto'), PROTO);
const loaded = loadSync(join(folder, 'auth.proto'), { keepCase: true, defaults: true, oneofs: true, enums: String });
const { Check } = loaded['envoy.service.auth.v3.Authorization'] as unknown as {
  readonly Check: grpc.MethodDefinition<object, CheckResponse>;
};

interface HeaderOption {
  readonly header: { readonly key: string; readonly value: string };
  readonly append: { readonly value: boolean } | null;
  readonly append_action: string;
}
interface CheckResponse {
  readonly status: { readonly code: number };
  readonly http_response: 'ok_response' | 'denied_response';
  readonly ok_response: { readonly headers: readonly HeaderOption[]; readonly headers_to_remove: readonly string[] };
  readonly denied_response: {
    readonly status: { readonly code: number };
    readonly headers: readonly HeaderOption[];
    readonly body: string;
  };
}
type Fields = { readonly [name: string]: string };
type Http = { readonly [member: string]: unknown };

interface Asking {
  readonly authorizer: Authorizer;
  /** Asks about `GET /pay?x=1`, or what is given. */
  readonly ask: (headers: Fields, http?: Http) => Promise<CheckResponse>;
  /** Sends bytes as they are. */
  readonly send: (bytes: Buffer, path?: string) => Promise<CheckResponse>;
}

async function asking(context: TestContext, policy: object = {}, more: Partial<AuthorizerOptions> = {}): Promise<Asking> {
  const given = (policy as { authorizer?: object }).authorizer;
  const section = { for: 'envoy-grpc', listen: '127.0.0.1:0', admin: null, log: null, ...given };
  const authorizer = await startAuthorizer({ policy: { keys, ...policy, authorizer: section }, env, ...more });
  const client = new grpc.Client(authorizer.url.replace('http://', ''), grpc.credentials.createInsecure());
  context.after(() => {
    client.close();
    return authorizer.drain();
  });
  const send: Asking['send'] = (bytes, path = Check.path) =>
    new Promise((resolve, reject) => {
      client.makeUnaryRequest(
        path,
        (raw: Buffer) => raw,
        Check.responseDeserialize,
        bytes,
        new grpc.Metadata(),
        { deadline: Date.now() + 60_000 },
        (error, answer) => (error === null ? resolve(answer as CheckResponse) : reject(error)),
      );
    });
  const ask: Asking['ask'] = (headers, http = {}) => {
    const pseudo = { ':authority': 'api.example.com', ':method': 'GET', ':path': '/pay?x=1', ':scheme': 'https' };
    const stated = { id: '1', method: 'GET', path: '/pay?x=1', host: 'api.example.com', scheme: 'https', protocol: 'HTTP/1.1', size: -1 };
    return send(Check.requestSerialize(questionOf({ ...stated, headers: { ...pseudo, ...headers }, ...http })));
  };
  return { authorizer, ask, send };
}

const questionOf = (http: Http): object => ({
  attributes: { source: { service: 'app' }, request: { http }, context_extensions: { a: 'b' } },
});

/** What the server behind would be told. It is checked that nothing is appended to what the client sent. */
function told({ status, http_response: kind, ok_response: ok }: CheckResponse): Fields {
  assert.deepEqual([status.code, kind], [0, 'ok_response']);
  for (const { append, append_action: action } of ok.headers)
    assert.deepEqual([append, action], [{ value: false }, 'OVERWRITE_IF_EXISTS_OR_ADD']);
  return Object.fromEntries(ok.headers.map(({ header }) => [header.key, header.value]));
}

/** The client's status, headers and body. */
function denied({ status, http_response: kind, denied_response: no }: CheckResponse): readonly [number, string, Fields] {
  assert.deepEqual([status.code, kind], [7, 'denied_response']);
  return [no.status.code, no.body, Object.fromEntries(no.headers.map(({ header }) => [header.key, header.value]))];
}

const [, text] = genuine();
const token = { 'approov-token': text };
const IDENTITY = ['verdict', 'reason', 'mode', 'device', 'expires', 'key', 'binding', 'signature', 'digest', 'id'];

test('what passes has every identity header, in place of the client’s; what is refused has its own status', async (context) => {
  const { ask, authorizer } = await asking(context);
  const passed = told(await ask({ ...token, 'x-attestation-device': 'mine' }));
  assert.deepEqual(Object.keys(passed).sort(), IDENTITY.map((name) => `x-attestation-${name}`).sort());
  assert.equal(passed['x-attestation-verdict'], 'accepted');
  assert.notEqual(passed['x-attestation-device'], 'mine');
  const [status, body, headers] = denied(await ask({}));
  assert.deepEqual([status, body, headers['www-authenticate'], headers['content-type']], [401, '{}', 'Approov', 'application/json']);
  assert.equal(authorizer.counts().approov_gateway_requests_in_flight, 0);
});

test('names that are only read like ours, and what is for the authoriser alone, go no further', async (context) => {
  const policy = { binding: { headers: ['X-Session'], missing: 'accept' }, authorizer: { stripToken: true } };
  const { ask } = await asking(context, policy);
  const hostile = ['x_attestation_verdict', 'x-attestation_id', 'X.Attestation.Device', 'x-attestation-more', 'x_session', 'approov_token'];
  const kept = {
    'x-other': '1',
    accept_language: 'en',
    connection: 'upgrade',
    upgrade: 'websocket',
    'content-length': '0',
    'x-session': 's',
  };
  const sent = { ...Object.fromEntries(hostile.map((name) => [name, 'accepted'])), ...kept };
  const answer = await ask({ ...sent, 'approov-token': boundToken('s'), 'approov-exemption': 'x' });
  told(answer);
  assert.deepEqual(
    [...answer.ok_response.headers_to_remove].sort(),
    [...hostile.map((name) => name.toLowerCase()), 'approov-token', 'approov-exemption'].sort(),
  );
});

test('a token is bound to one value; lines that came joined, or apart, are not one token', async (context) => {
  const { ask } = await asking(context, { binding: { headers: ['authorization'] } });
  const bound = { 'approov-token': boundToken('Bearer one') };
  assert.equal(told(await ask({ ...bound, authorization: 'Bearer one' }))['x-attestation-binding'], 'verified');
  assert.equal(denied(await ask({ ...bound, authorization: 'Bearer two' }))[0], 401);
  assert.equal(denied(await ask({ ...bound, authorization: 'Bearer one,Bearer two' }))[0], 401);
  assert.equal(denied(await ask({ authorization: 'Bearer one', 'approov-token': `${bound['approov-token']},${text}` }))[0], 401);
  const raw = (...lines: readonly (readonly [string, string])[]): Http => ({
    headers: {},
    header_map: { headers: lines.map(([key, value]) => ({ key, raw_value: Buffer.from(value, 'latin1') })) },
  });
  const line = ['approov-token', bound['approov-token']] as const;
  told(await ask({}, raw(line, ['authorization', 'Bearer one'])));
  assert.equal(denied(await ask({}, raw(line, line, ['authorization', 'Bearer one'])))[0], 401);
  assert.equal(denied(await ask({}, raw(line, ['authorization', 'Bearer one'], ['authorization', 'Bearer one'])))[0], 401);
  // Bytes that are not UTF-8 stay what they are.
  const odd = Buffer.from([0x42, 0xe9, 0xff]).toString('latin1');
  const pay = createHash('sha256').update(odd, 'latin1').digest('base64');
  told(await ask({}, raw(['approov-token', exampleToken({ secret, claims: { pay } })], ['authorization', odd])));
});

const installationKey = freshInstallationKey();
const signedToken = exampleToken({ secret, claims: { ipk: installationKey.ipk } });
const partial = { 'x-envoy-auth-partial-body': 'false' };

function signed(body: string | Uint8Array): { readonly headers: Fields; readonly http: Http } {
  const { headers } = signRequest({
    client: 'okhttp-3.5',
    sign: 'install',
    installationKey,
    token: signedToken,
    request: { method: 'POST', url: 'https://api.example.com/pay?x=1', headers: [['Content-Type', 'application/octet-stream']], body },
    now: Date.now(),
    lifetimeSeconds: 600,
  });
  return { headers: Object.fromEntries(headers.map(([name, value]) => [name.toLowerCase(), value])), http: { method: 'POST' } };
}

test('a signed body is compared as bytes or as text; a part of one never is', async (context) => {
  const { ask } = await asking(context, { signature: { replay: null }, authorizer: { bodies: 'forwarded' } });
  const bytes = Buffer.from([0, 0xff, 0xfe, 0x80, 1]);
  const binary = signed(bytes);
  const held = told(await ask({ ...binary.headers, ...partial }, { ...binary.http, raw_body: bytes }));
  assert.deepEqual([held['x-attestation-signature'], held['x-attestation-digest']], ['verified', 'verified']);
  const words = signed('für 5 €');
  const asText = told(await ask({ ...words.headers, ...partial }, { ...words.http, body: 'für 5 €' }));
  assert.equal(asText['x-attestation-digest'], 'verified');
  denied(await ask({ ...words.headers, ...partial }, { ...words.http, body: 'für 6 €' }));
  // A whole body that Envoy says is a part, does not speak of, or that is not as long as the client says.
  for (const said of [
    { 'x-envoy-auth-partial-body': 'true' },
    { 'x-envoy-auth-partial-body': 'TRUE,false' },
    {},
    { ...partial, 'content-length': '4' },
    { ...partial, 'content-length': '6' },
  ] as readonly Fields[])
    denied(await ask({ ...binary.headers, ...said }, { ...binary.http, raw_body: bytes }));
  told(await ask({ ...binary.headers, ...partial, 'content-length': '5' }, { ...binary.http, raw_body: bytes }));
});

test('where digests are delegated, the server behind is told that nobody has compared the body', async (context) => {
  const { ask } = await asking(context, { signature: { replay: null }, authorizer: { bodies: 'delegated' } });
  const { headers, http } = signed('hello');
  for (const said of [{}, { 'x-envoy-auth-partial-body': 'true' }] as readonly Fields[]) {
    const passed = told(await ask({ ...headers, ...said }, { ...http, body: 'hel' }));
    assert.deepEqual([passed['x-attestation-signature'], passed['x-attestation-digest']], ['verified', 'delegated']);
  }
});

test('an outage of ours is 503, and says when to come again', async (context) => {
  const { ask } = await asking(context, { keys: { jwksUrl: 'http://127.0.0.1:9/keys', timeoutSeconds: 1 } });
  const [status, body, headers] = denied(await ask(token));
  assert.equal(status, 503);
  assert.equal(body, '{}');
  assert.ok(Number(headers['retry-after']) > 0);
});

test('what is not stated, or twice, is not guessed', async (context) => {
  const notes: string[] = [];
  const { ask } = await asking(context, {}, { onNote: (note) => notes.push(note) });
  for (const wrong of [
    { method: '' },
    { path: '' },
    { path: '/a b' },
    { host: '' },
    { scheme: '' },
    { scheme: 'ftp' },
    { query: 'x=1' },
    { fragment: 'a' },
  ])
    assert.equal(denied(await ask(token, wrong))[0], 500, JSON.stringify(wrong));
  assert.equal(denied(await ask({ ...token, host: 'other.example.com' }))[0], 500);
  assert.equal(denied(await ask({ ...token, 'x-forwarded-proto': 'https,http' }))[0], 500);
  told(await ask({ ...token, 'x-forwarded-proto': 'https', host: 'api.example.com' }, { scheme: 'http' }));
  assert.ok(notes.some((note) => note.includes('compile envoy-grpc')));
});

test('malformed messages pass nothing, give nothing away, and leave the listener as it was', async (context) => {
  const { ask, send, authorizer } = await asking(context);
  const whole = Check.requestSerialize(questionOf({ headers: token }));
  const messages = [
    Buffer.alloc(0),
    Buffer.from([0x0a]),
    Buffer.from([0xff, 0xff, 0xff]),
    Buffer.from([0x0a, 0xff, 0xff, 0xff, 0xff, 0x0f]),
  ];
  for (const bytes of [
    ...messages,
    ...Array.from({ length: 24 }, (_, index) => whole.subarray(0, 1 + index * 5)),
    Buffer.alloc(9000, 0x0b),
  ]) {
    const [status, body] = denied(await send(bytes));
    assert.deepEqual([status, body], [500, '{}']);
  }
  await assert.rejects(send(whole, '/envoy.service.auth.v3.Authorization/Other'), { code: grpc.status.UNIMPLEMENTED });
  await assert.rejects(send(Buffer.alloc(2_000_000)), { code: grpc.status.RESOURCE_EXHAUSTED });
  const { hostname, port } = new URL(authorizer.url);
  await new Promise<void>((resolve) => {
    const socket = connect(Number(port), hostname);
    socket.on('error', () => undefined);
    socket.on('close', () => resolve());
    socket.resume();
    socket.end('GET / HTTP/1.1\r\nHost: a\r\n\r\n');
  });
  told(await ask(token));
});

test('who is not listed is answered 403, and a socket that is taken stops the start', async (context) => {
  const { ask, authorizer } = await asking(context, { authorizer: { peers: '192.0.2.1' } });
  assert.equal(denied(await ask(token))[0], 403);
  await assert.rejects(asking(context, { authorizer: { listen: new URL(authorizer.url).host } }), /authorizer\.listen: .*EADDRINUSE/);
});

test('draining ends every connection, and nobody is answered after it', async (context) => {
  const { ask, authorizer } = await asking(context);
  for (const answer of await Promise.all(Array.from({ length: 20 }, () => ask(token)))) told(answer);
  assert.equal(authorizer.counts().approov_gateway_connections, 1);
  await authorizer.drain();
  await until(() => authorizer.counts().approov_gateway_connections === 0);
  await assert.rejects(ask(token), { code: grpc.status.UNAVAILABLE });
});

test('a policy that is read anew does not change between HTTP and gRPC', async (context) => {
  const file = join(folder, 'policy.json');
  const write = (section: object): void =>
    writeFileSync(file, JSON.stringify({ keys, authorizer: { listen: '127.0.0.1:0', admin: null, log: null, ...section } }));
  write({ for: 'envoy-grpc' });
  const notes: string[] = [];
  const authorizer = await startAuthorizer({ policy: file, env, onNote: (note) => notes.push(note) });
  context.after(() => authorizer.drain());
  write({ for: 'envoy' });
  assert.equal(authorizer.reload(), false);
  assert.ok(notes.some((note) => note.includes('authorizer.for')));
  write({ for: 'envoy-grpc', stripToken: true });
  assert.equal(authorizer.reload(), true);
});

test('the printed configuration is YAML that asks over gRPC, with whole bodies if they are sent along', () => {
  const policy = { keys, signature: { replay: null }, authorizer: { bodies: 'forwarded' } };
  const [file] = compileFor('envoy-grpc', policy, { to: '127.0.0.1:5000', listen: '127.0.0.1:8002' }, env);
  const { static_resources: made } = parse(file?.text ?? '');
  const [filter] = made.listeners[0].filter_chains[0].filters[0].typed_config.http_filters;
  const { grpc_service: service, http_service: http, with_request_body: body, failure_mode_allow: open } = filter.typed_config;
  assert.deepEqual([service.envoy_grpc.cluster_name, http, open], ['authoriser', undefined, false]);
  assert.deepEqual([body.pack_as_bytes, body.allow_partial_message], [true, false]);
  assert.ok(made.clusters[0].typed_extension_protocol_options);
});

test(
  'over TLS: with a certificate that is read again, for HTTP/2 alone, and never beside it in plain text',
  skipUnless(openssl, 'openssl'),
  async (context) => {
    const own = mkdtempSync(join(tmpdir(), 'envoy-tls-'));
    context.after(() => rmSync(own, { recursive: true }));
    const tls = makeCertificate(own, 'first');
    const notes: string[] = [];
    const section = { for: 'envoy-grpc', listen: '127.0.0.1:0', admin: null, log: null, tls };
    const authorizer = await startAuthorizer({ policy: { keys, authorizer: section }, env, onNote: (note) => notes.push(note) });
    context.after(() => authorizer.drain());
    assert.match(authorizer.url, /^https:\/\/127\.0\.0\.1:\d+$/);
    const { host, port } = new URL(authorizer.url);
    const http = { method: 'GET', path: '/', host: 'api.example.com', scheme: 'https', protocol: 'HTTP/1.1', size: -1, headers: token };
    const ask = (credentials: grpc.ChannelCredentials): Promise<CheckResponse> =>
      new Promise((resolve, reject) => {
        // Newer versions of Node refuse an address where a name belongs.
        const client = new grpc.Client(host, credentials, { 'grpc.ssl_target_name_override': 'localhost' });
        const { path, requestSerialize, responseDeserialize } = Check;
        client.makeUnaryRequest(
          path,
          requestSerialize,
          responseDeserialize,
          questionOf(http),
          { deadline: Date.now() + 60_000 },
          (error, answer) => {
            client.close();
            if (error === null) resolve(answer as CheckResponse);
            else reject(error);
          },
        );
      });
    const first = readFileSync(tls.cert);
    assert.equal(told(await ask(grpc.credentials.createSsl(first)))['x-attestation-verdict'], 'accepted');
    await assert.rejects(ask(grpc.credentials.createInsecure()), { code: grpc.status.UNAVAILABLE });
    // Who does not agree on HTTP/2 gets nothing.
    for (const ALPNProtocols of [['http/1.1'], undefined]) {
      const socket = connectTls({ port: Number(port), ca: first, ...(ALPNProtocols === undefined ? {} : { ALPNProtocols }) });
      let heard = '';
      socket.on('data', (chunk) => (heard += chunk)).on('error', () => undefined);
      socket.write('GET / HTTP/1.1\r\nHost: a\r\n\r\n');
      await new Promise((resolve) => socket.once('close', resolve));
      assert.equal(heard, '');
    }
    const old = readFileSync(tls.key);
    makeCertificate(own, 'second');
    const second = readFileSync(tls.cert);
    await until(async () => (await ask(grpc.credentials.createSsl(second)).catch(() => null))?.status.code === 0, 'the new certificate');
    await assert.rejects(ask(grpc.credentials.createSsl(first)), { code: grpc.status.UNAVAILABLE });
    writeFileSync(tls.key, old);
    await until(() => notes.some((note) => /the certificate stays as it was: .*authorizer\.tls/.test(note)), 'a note');
    told(await ask(grpc.credentials.createSsl(second)));
    await authorizer.drain();
    await until(() => authorizer.counts().approov_gateway_connections === 0);
    await assert.rejects(ask(grpc.credentials.createSsl(second)), { code: grpc.status.UNAVAILABLE });
  },
);

test('a certificate that cannot be used stops the start, and the printed configuration asks over TLS', async () => {
  const start = (authorizer: object): Promise<Authorizer> =>
    startAuthorizer({ policy: { keys, authorizer: { listen: '127.0.0.1:0', admin: null, log: null, ...authorizer } }, env });
  const tls = { cert: join(folder, 'absent.pem'), key: join(folder, 'absent.pem') };
  await assert.rejects(start({ for: 'envoy-grpc', tls }), /authorizer\.tls\.cert: .*ENOENT/);
  await assert.rejects(start({ for: 'envoy-grpc', tls: { cert: 'a' } }), /authorizer\.tls\.key/);
  await assert.rejects(start({ for: 'nginx', tls }), /authorizer\.tls: .*envoy-grpc/);
  const compiled = (section: object): { readonly [name: string]: unknown } => {
    const [file] = compileFor('envoy-grpc', { keys, authorizer: section }, { to: '127.0.0.1:5000', listen: '127.0.0.1:8002' }, env);
    return parse(file?.text ?? '').static_resources.clusters[0];
  };
  assert.equal(compiled({}).transport_socket, undefined);
  const { transport_socket: socket, load_assignment: where } = compiled({ listen: '127.0.0.1:8004', tls }) as {
    readonly transport_socket: { readonly typed_config: { readonly common_tls_context: { readonly alpn_protocols: readonly string[] } } };
    readonly load_assignment: object;
  };
  assert.deepEqual(socket.typed_config.common_tls_context.alpn_protocols, ['h2']);
  assert.match(JSON.stringify(where), /"address":"127\.0\.0\.1","port_value":8004/);
});
