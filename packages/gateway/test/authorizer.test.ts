/** The authoriser by each dialect's protocol: what it answers, what it refuses to guess, what stops its start. */
import assert from 'node:assert/strict';
import test, { type TestContext } from 'node:test';
import { type Authorizer, type AuthorizerOptions, compileFor, DIALECTS, type DialectName, startAuthorizer } from '@approov-guard/gateway';
import { devSecret } from '@approov-guard/testkit';
import { boundToken, env, genuine, keys } from './harness.ts';

const places = { to: '127.0.0.1:5000', listen: '127.0.0.1:8002' };

async function authorizer(
  context: TestContext,
  name: DialectName,
  policy: object = {},
  more: Partial<AuthorizerOptions> = {},
): Promise<Authorizer> {
  const section = { for: name, listen: '127.0.0.1:0', admin: null, log: null, ...(policy as { authorizer?: object }).authorizer };
  const started = await startAuthorizer({ policy: { keys, ...policy, authorizer: section }, env, ...more });
  context.after(() => started.drain());
  return started;
}

type Fields = { readonly [name: string]: string };

/** How each proxy states a request for `GET /pay?x=1` of api.example.com. */
const STATED: { readonly [Name in Exclude<DialectName, 'envoy-grpc'>]: Fields } = {
  nginx: original(),
  haproxy: original(),
  traefik: forwarded(),
  caddy: { ...forwarded(), 'x-original-uri': '/pay?x=1' },
  apisix: forwarded(),
  'forward-auth': forwarded(),
  envoy: { 'x-forwarded-proto': 'https' },
};

function original(): Fields {
  return { 'x-original-method': 'GET', 'x-original-uri': '/pay?x=1', 'x-original-host': 'api.example.com', 'x-original-scheme': 'https' };
}

function forwarded(): Fields {
  return {
    'x-forwarded-method': 'GET',
    'x-forwarded-uri': '/pay?x=1',
    'x-forwarded-host': 'api.example.com',
    'x-forwarded-proto': 'https',
  };
}

const token = Object.fromEntries([genuine()]);

/** Envoy over gRPC has a test file of its own. */
const OVER_HTTP = DIALECTS.filter((name) => name !== 'envoy-grpc');

for (const name of OVER_HTTP) {
  test(`${name}: 200 with every identity header, and a refusal as the proxy takes it`, async (context) => {
    const { url } = await authorizer(context, name);
    const ask = (headers: Fields): Promise<Response> => fetch(`${url}/pay?x=1`, { headers: { ...STATED[name], ...headers } });
    const passed = await ask({ ...token, 'x-attestation-device': 'mine' });
    assert.equal(passed.status, 200);
    assert.equal(passed.headers.get('cache-control'), 'no-store');
    assert.equal(passed.headers.get('x-attestation-verdict'), 'accepted');
    for (const field of ['reason', 'mode', 'device', 'expires', 'key', 'binding', 'signature', 'digest', 'id'])
      assert.notEqual(passed.headers.get(`x-attestation-${field}`), null, field);
    assert.notEqual(passed.headers.get('x-attestation-device'), 'mine');
    const refused = await ask({});
    assert.equal(refused.status, 401);
    assert.equal(refused.headers.get('www-authenticate'), 'Approov');
    assert.equal(await refused.text(), '{}');
  });

  test(`${name}: what it does not state, nobody guesses`, async (context) => {
    const notes: string[] = [];
    const { url } = await authorizer(context, name, {}, { onNote: (note) => notes.push(note) });
    for (const missing of Object.keys(STATED[name])) {
      const { [missing]: _, ...rest } = STATED[name];
      const answer = await fetch(`${url}/pay`, { headers: { ...rest, ...token } });
      assert.notEqual(answer.status, 200, missing);
      assert.ok(
        notes.some((note) => note.includes(missing)),
        missing,
      );
    }
  });
}

test('an outage of ours: nginx gets 403 with the status beside it, Envoy no 5xx, the others 503', async (context) => {
  const unavailable = { keys: { jwksUrl: 'http://127.0.0.1:9/keys', timeoutSeconds: 1 } };
  const expected: { readonly [name: string]: readonly [number, string | null] } = {
    nginx: [403, '503'],
    envoy: [403, '503'],
    traefik: [503, null],
  };
  for (const [name, [status, beside]] of Object.entries(expected)) {
    const { url } = await authorizer(context, name as DialectName, unavailable);
    const answer = await fetch(`${url}/pay`, { headers: { ...STATED[name as keyof typeof STATED], ...token } });
    assert.deepEqual([answer.status, answer.headers.get('x-attestation-status')], [status, beside], name);
  }
});

test('a token with another bound value is refused: nothing of an answer may be kept', async (context) => {
  const { url } = await authorizer(context, 'nginx', { binding: { headers: ['authorization'] } });
  const bound = { ...STATED.nginx, 'approov-token': boundToken('Bearer one') };
  const statusOf = async (authorization: string): Promise<number> => (await fetch(url, { headers: { ...bound, authorization } })).status;
  assert.deepEqual([await statusOf('Bearer one'), await statusOf('Bearer two')], [200, 401]);
});

test('published secrets are refused unless the policy says development', async () => {
  const authorizer = { for: 'nginx', listen: '127.0.0.1:0', admin: null, log: null };
  const published = { APPROOV_BASE64_SECRET: devSecret.base64 };
  await assert.rejects(startAuthorizer({ policy: { keys, authorizer }, env: published }), { code: 'secret-public' });
  const started = await startAuthorizer({ policy: { keys, authorizer, environment: 'development' }, env: published });
  await started.drain();
});

test('who is not listed is answered 403, and learns nothing', async (context) => {
  const { url } = await authorizer(context, 'traefik', { authorizer: { peers: '192.0.2.1' } });
  const answer = await fetch(url, { headers: { ...STATED.traefik, ...token } });
  assert.deepEqual([answer.status, answer.headers.get('x-attestation-verdict')], [403, null]);
});

test('digests that nobody would compare stop the start, unless they are delegated by name', async (context) => {
  const signature = { replay: null };
  await assert.rejects(
    authorizer(context, 'nginx', { signature }),
    /signature\.digest: cannot be compared here: nginx shows .*'delegated'/,
  );
  await assert.rejects(
    authorizer(context, 'nginx', { signature, authorizer: { bodies: 'forwarded' } }),
    /authorizer\.bodies: nginx sends no bodies along/,
  );
  await assert.rejects(authorizer(context, 'envoy', { signature }), /bodies: 'forwarded'/);
  await authorizer(context, 'nginx', { signature: { ...signature, digest: 'delegated' } });
  await authorizer(context, 'nginx', { signature, authorizer: { bodies: 'delegated' } });
  await authorizer(context, 'envoy', { signature, authorizer: { bodies: 'forwarded' } });
  await assert.rejects(authorizer(context, 'nginx', { origin: { trustedHops: 1 } }), /origin\.trustedHops/);
  await assert.rejects(authorizer(context, 'pound' as DialectName), /authorizer\.for: must be one of nginx, traefik/);
});

test('the configuration of each proxy names every header that the policy looks at', () => {
  const policy = { keys, token: { header: 'X-App-Token' }, binding: { headers: ['X-Session', 'Authorization'] } };
  for (const target of ['envoy', 'apisix', 'forward-auth']) {
    const text = compileFor(target, policy, places, env)
      .map((file) => file.text)
      .join('\n')
      .toLowerCase();
    for (const name of ['x-app-token', 'x-session', 'authorization', 'approov-status'])
      assert.ok(text.includes(name), `${target}: ${name}`);
  }
  for (const target of ['traefik', 'caddy']) {
    const [{ text } = { text: '' }] = compileFor(target, policy, places, env);
    for (const alike of [/x_attestation_verdict|x_attestation_\*/i, /x_app_token/i, /x_session/i]) assert.match(text, alike, target);
  }
});

test('Caddy: every host, no connection that is kept, and only an answer of ours lets a request pass', () => {
  const [{ text } = { text: '' }] = compileFor('caddy', { keys }, places, env);
  assert.match(text, /^http:\/\/:8002 \{\n(?:\t@.*\n)*\tbind 127\.0\.0\.1\n/m);
  assert.match(text, /keepalive off/);
  assert.match(text, /@ours \{\n\s*status 200\n\s*header X-Attestation-Verdict \*/);
  assert.doesNotMatch(compileFor('caddy', { keys }, { ...places, listen: '*:80' }, env)[0]?.text ?? '', /bind/);
});

test('what nginx with njs cannot hold by itself stops the compiler, with the check and who can make it', () => {
  const cases: readonly (readonly [policy: object, message: RegExp])[] = [
    [
      { signature: {} },
      /signature: asks for the check signing-key, which nginx with njs cannot make by itself; the gateway and the author/,
    ],
    [{ rules: [{ name: 'lost', denyDids: ['x'] }] }, /rules: asks for the check token-rules/],
    [{ token: { replay: 'memory' } }, /token\.replay: asks for the check token-replay/],
    [{ routes: [{ match: { host: 'a.example' }, binding: null }] }, /routes\[0\]\.match\.host: cannot be held by nginx with njs alone/],
    [{ cors: { origins: '*' } }, /cors: is answered by the gateway/],
    [{ keys: { jwksUrl: 'https://keys.example/' } }, /keys\.jwksUrl: nginx with njs holds the keys/],
    [
      { keys: { secret: { base64: { env: 'LONG' }, algorithm: 'HS512' } } },
      /keys: asks for the check token-signature by HS512, which nginx with njs cannot make by itself/,
    ],
  ];
  const longer = { ...env, LONG: Buffer.alloc(64, 'k9#').toString('base64') };
  for (const [policy, message] of cases) assert.throws(() => compileFor('nginx-njs', { keys, ...policy }, places, longer), message);
  const files = compileFor('nginx-njs', { keys }, places, env);
  assert.deepEqual(
    files.map(({ name }) => name),
    ['nginx.conf', 'approov.js'],
  );
  for (const { text } of files) assert.ok(!text.includes(env.APPROOV_BASE64_SECRET), 'the secret stands in no file');
  // What Debian's njs 0.7.9 does not read.
  // A pattern is a text: what stands in it is no syntax.
  const script = (files[1]?.text ?? '').replace(/new RegExp\("(?:[^"\\\n]|\\.)*"/g, 'new RegExp(""');
  assert.doesNotMatch(script, /\bclass \w|=>|\?\.[a-z]|\?\?|`|\bconst |\bnew (?:Weak)?(?:Map|Set)\b|\.\.\./);
});

test('what HAProxy cannot hold by itself stops the compiler, with the check and who can make it', () => {
  const cases: readonly (readonly [policy: object, message: RegExp])[] = [
    [
      { signature: {} },
      /signature: asks for the check signing-key, which HAProxy cannot make by itself; the gateway and the authoriser can/,
    ],
    [{ rules: [{ name: 'lost', denyDids: ['x'] }] }, /rules: asks for the check token-rules/],
    [{ token: { replay: 'memory' } }, /token\.replay: asks for the check token-replay/],
    [{ routes: [{ match: { path: '/a' }, signature: {} }] }, /routes\[0\]\.signature: asks for the check signing-key/],
    [{ routes: [{ match: { host: 'a.example' }, binding: null }] }, /routes\[0\]\.match\.host: cannot be held by HAProxy alone/],
    [{ cors: { origins: '*' } }, /cors: is answered by the gateway/],
    [{ keys: { jwksUrl: 'https://keys.example/' } }, /keys\.jwksUrl: HAProxy holds the keys/],
  ];
  for (const [policy, message] of cases) assert.throws(() => compileFor('haproxy', { keys, ...policy }, places, env), message);
  assert.throws(() => compileFor('pound', { keys }, places, env), /target: must be one of haproxy/);
  assert.throws(() => compileFor('haproxy', { keys }, { ...places, to: 'http://x' }, env), /to: must be host and port/);
  const [{ text } = { text: '' }] = compileFor('haproxy', { keys }, places, env);
  assert.ok(!text.includes(env.APPROOV_BASE64_SECRET), 'the secret stands in no file');
});
