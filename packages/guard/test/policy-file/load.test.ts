import assert from 'node:assert/strict';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import test, { type TestContext } from 'node:test';
import { devSecret, exampleToken, freshSecret, freshSigningKey, mintToken, publicKeySet, requestView } from '@approov-guard/testkit';
import { ConfigurationError, type GuardOptions } from 'approov-guard';
import { loadPolicyFile, PolicyFileError, policyFrom, ReplayStores } from 'approov-guard/policy-file';
import { WRITTEN } from '../written-texts.ts';
import { folderWith } from './folder.ts';

const secret = freshSecret();
const env = { APPROOV_BASE64_SECRET: secret.base64 };
const keys = { secret: { base64: { env: 'APPROOV_BASE64_SECRET' } } };

function mistake(context: TestContext, content: string | object, more: { readonly [name: string]: string } = {}): PolicyFileError {
  const folder = folderWith(context, { 'policy.json': content, ...more });
  try {
    loadPolicyFile(join(folder, 'policy.json'), { env }).guard.close();
  } catch (error) {
    assert.ok(error instanceof PolicyFileError, String(error));
    assert.ok(error.message.startsWith(`${join(folder, 'policy.json')}:`), error.message);
    return error;
  }
  return assert.fail('the file was accepted');
}

test('a file is a guard: every option that data can say', async (context) => {
  const policy = {
    $schema: 'https://example.com/policy-file.schema.json',
    keys,
    token: { prefix: 'Bearer', clockToleranceSeconds: 5, replay: 'memory' },
    binding: { headers: ['Authorization'], missing: 'accept' },
    signature: null,
    mode: { token: 'enforce', binding: 'observe' },
    routes: [
      { match: { path: '/pay' }, name: 'pay', signature: { label: 'install' } },
      { match: { path: '/health' }, exempt: true },
    ],
    rules: [{ name: 'stolen', denyDids: ['bad'] }],
    cache: null,
    origin: { trustedProxies: ['loopback'] },
    refusal: { status: 403, format: 'problem' },
    gateway: { anything: 1 },
    cors: {},
  };
  const folder = folderWith(context, { 'policy.json': policy });
  const { guard, document, options, sources, file } = loadPolicyFile(join(folder, 'policy.json'), { env });
  assert.deepEqual([file, sources, document], [join(folder, 'policy.json'), [join(folder, 'policy.json')], policy]);
  assert.deepEqual(
    Object.keys(options).sort(),
    Object.keys(policy)
      .filter((name) => !['$schema', 'gateway', 'cors'].includes(name))
      .sort(),
  );
  const token = exampleToken({ secret });
  const request = { headers: [['approov-token', `Bearer ${token}`]] as const };
  assert.equal((await guard.judge(requestView(request))).outcome, 'accepted');
  const again = await guard.judge(requestView(request));
  assert.equal(again.outcome === 'rejected' && again.reason, 'token-replayed');
  const denied = await guard.judge(
    requestView({ headers: [['approov-token', `Bearer ${mintToken({ secret, claims: { did: 'bad' } })}`]] }),
  );
  assert.equal(denied.outcome === 'rejected' && denied.detail, 'stolen');
});

test('secrets are references: environment, file, file with the note of the vendor’s command line, key file, PEM file', async (context) => {
  const { pem } = freshSigningKey('ES256');
  const folder = folderWith(context, {
    bare: `${secret.base64}\n`,
    noted: `note: admin only\n${secret.base64}\n`,
    lines: `${secret.base64}\n`,
    'key.pem': pem,
  });
  const parts = [
    keys,
    { secret: { base64: { file: 'bare' } } },
    { secret: { base64: { file: join(folder, 'noted') } } },
    { keysFile: { path: 'lines', format: 'secret' } },
    [{ pem: { file: 'key.pem' }, algorithm: 'ES256' }, keys],
  ];
  for (const part of parts) {
    const { guard, sources } = policyFrom({ keys: part }, { env }, folder);
    assert.equal((await guard.verifyToken(exampleToken({ secret }))).outcome, 'accepted', JSON.stringify(part));
    assert.equal(sources.length, JSON.stringify(part).includes('"file"') ? 1 : 0);
    guard.close();
  }
});

test('a bad file: path, line, option and remedy, and never the secret', (context) => {
  const cases: readonly (readonly [content: string, code: string, path: string, line: number | null, message: RegExp])[] = [
    ['{\n', 'file-malformed', 'policy', 2, /double quotes/],
    ['[]', 'option-invalid', 'policy', 1, /must be an object/],
    ['{\n"token": {} }', 'option-missing', 'keys', 1, /is required/],
    ['{\n"keys": { "secret":\n{ "base64": "SECRET" } } }', 'secret-in-file', 'keys.secret.base64', 3, /"env": "NAME"/],
    [
      '{"keys": {"secret":\n{"base64": {"env": "UNSET"}}}}',
      'secret-missing',
      'keys.secret.base64',
      2,
      /environment variable "UNSET" is not set/,
    ],
    [
      '{"keys": {"secret":\n{"base64": {"file": "absent"}}}}',
      'file-unreadable',
      'keys.secret.base64',
      2,
      /"absent" cannot be read \(ENOENT\)/,
    ],
    ['{"keys": {"secret":\n{"base64": {"file": "two"}}}}', 'secret-encoding', 'keys.secret.base64', 2, /2 lines/],
    ['{"keys": {"secret":\n{"base64": {"file": "short"}}}}', 'secret-too-short', 'keys.secret.base64', 2, /at least 32/],
    ['{"keys": KEYS,\n"token": {\n"header": "x",\n"clockTolerance": 5}}', 'option-unknown', 'token.clockTolerance', 4, /known here/],
    ['{"keys": KEYS,\n"origin": "VARIABLE"}', 'option-invalid', 'origin', 2, /variables are not replaced/],
    ['{"keys": KEYS,\n"origin": { "env": "ORIGIN" }}', 'option-invalid', 'origin', 2, /for secrets and keys only/],
    ['{"keys": KEYS,\n"gateway": { "to":\n "VARIABLE" }}', 'option-invalid', 'gateway.to', 3, /variables are not replaced/],
    ['{"keys": KEYS,\n"onVerdict": "log"}', 'option-invalid', 'onVerdict', 2, /function/],
    ['{"keys": KEYS,\n"token": {"replay": "disk"}}', 'option-invalid', 'token.replay', 2, /"memory"/],
    [
      '{"keys": KEYS,\n"token": {"replay": {"redis": {"url": "redis://u:p@host"}}}}',
      'secret-in-file',
      'token.replay.redis.url',
      2,
      /"env"/,
    ],
    [
      '{"keys": KEYS,\n"token": {"replay": {"redis": {"url": "redis://host"}}}}',
      'option-unavailable',
      'token.replay.redis',
      2,
      /new ReplayStores/,
    ],
    [
      '{"keys": KEYS,\n"token": {"replay": {"redis": {\n"cluster": ["redis://u:p@host"]}}}}',
      'secret-in-file',
      'token.replay.redis.cluster[0]',
      3,
      /"env"/,
    ],
    ['{"keys": KEYS,\n"token": {"replay": {"redis": {"cluster": []}}}}', 'option-invalid', 'token.replay.redis.cluster', 2, /1 to 64 URLs/],
    [
      '{"keys": KEYS,\n"token": {"replay": {"redis": {"cluster": ["redis://a"],\n"url": "redis://b"}}}}',
      'options-contradict',
      'token.replay.redis.url',
      3,
      /beside `cluster`/,
    ],
    [
      '{"keys": KEYS,\n"token": {"replay": {"redis": {"sentinels": ["redis://a"]}}}}',
      'option-invalid',
      'token.replay.redis.url',
      2,
      /redis:\/\//,
    ],
    [
      '{"keys": KEYS,\n"token": {"replay": {"memory": {"maxEntries": 0}}}}',
      'option-invalid',
      'token.replay.memory.maxEntries',
      2,
      /from 1/,
    ],
    ['{"keys": KEYS,\n"routes": [\n{"match": {}}]}', 'option-missing', 'routes[0].match', 3, /at least one/],
    [
      '{"keys": KEYS,\n"routes": [\n{"match": {"path": "/a"},\n"keys": {"secret": {"base64": "SECRET"}}}]}',
      'secret-in-file',
      'routes[0].keys.secret.base64',
      4,
      /./,
    ],
    [
      '{"keys":\n{"keysFile": {"path": "absent", "format": "pem", "algorithm": "ES256"}}}',
      'option-invalid',
      'keys.keysFile.path',
      2,
      /ENOENT/,
    ],
    ['{"keys":\n{"keysFile": {"path": "two"},\n"kid": "x"}}', 'options-contradict', 'keys.kid', 3, /keysFile/],
    [
      '{"keys":\n{"jwksUrl": "https://example.com/",\n"headers": {"authorization": "SECRET"}}}',
      'secret-in-file',
      'keys.headers.authorization',
      3,
      /./,
    ],
  ];
  for (const [text, code, path, line, message] of cases) {
    const content = text
      .replaceAll('SECRET', secret.base64)
      .replaceAll('VARIABLE', '$\u007bNAME}')
      .replaceAll('KEYS', JSON.stringify(keys));
    const error = mistake(context, content, { two: `${secret.base64}\n${secret.base64}\n`, short: 'AAAA' });
    assert.deepEqual([error.code, error.path, error.line], [code, path, line], text);
    assert.match(error.message, message);
    assert.ok(!error.message.includes(secret.base64), text);
  }
});

test('a file that is absent or too long', (context) => {
  const folder = folderWith(context, { 'long.json': `"${'x'.repeat(1024 ** 2)}"` });
  for (const [name, message] of [
    ['absent.json', /ENOENT/],
    ['long.json', /longer than/],
  ] as const) {
    assert.throws(
      () => loadPolicyFile(join(folder, name)),
      (error) => error instanceof PolicyFileError && message.test(error.message),
    );
  }
});

test('a section that another place checks is located too', (context) => {
  const folder = folderWith(context, { 'policy.json': `{"keys": ${JSON.stringify(keys)},\n"gateway": {\n"to": 5 }}` });
  const policy = loadPolicyFile(join(folder, 'policy.json'), { env });
  const check = () => {
    throw new ConfigurationError('option-invalid', 'gateway.to', 'must be a URL');
  };
  assert.throws(
    () => policy.locate(check),
    (error) => error instanceof PolicyFileError && error.line === 3 && /policy\.json:3: gateway\.to/.test(error.message),
  );
});

test('the environment of the file wins over that of the place, which refuses published secrets', () => {
  const settings = { env: { SECRET: devSecret.base64 }, guard: { environment: 'production' as const } };
  const published = { keys: { secret: { base64: { env: 'SECRET' } } } };
  assert.throws(() => policyFrom(published, settings), /secret-public/);
  policyFrom({ ...published, environment: 'development' }, settings).guard.close();
});

test('a key file of which the rest of the policy is wrong is not watched any more', (context) => {
  const folder = folderWith(context, { key: secret.base64 });
  const open = (): number => process.getActiveResourcesInfo().filter((name) => name === 'FSEventWrap' || name === 'FSEvent').length;
  const before = open();
  assert.throws(() => policyFrom({ keys: { keysFile: { path: 'key', format: 'secret' } }, nonsense: 1 }, {}, folder), /nonsense/);
  assert.equal(open(), before);
});

test('the same setting is the same store, and Redis is opened once for a URL', () => {
  const urls: string[] = [];
  const stores = new ReplayStores((url) => {
    urls.push(url);
    return async () => 'OK';
  });
  const redis = { redis: { url: { env: 'REDIS' }, prefix: 'x:' } };
  const document = {
    keys,
    token: { replay: redis },
    signature: { replay: redis },
    routes: [{ match: { path: '/a' }, token: { replay: null }, signature: {} }],
  };
  const of = (): GuardOptions => policyFrom(document, { env: { ...env, REDIS: 'rediss://user:password@redis.example' }, stores }).options;
  const [first, second] = [of(), of()];
  assert.deepEqual(urls, ['rediss://user:password@redis.example']);
  assert.equal(first.token?.replay, second.signature?.replay);
  const route = first.routes?.[0] as { token: { replay: unknown }; signature: { replay: unknown } };
  assert.equal(route.token.replay, null);
  assert.notEqual(route.signature.replay, first.signature?.replay);
  assert.deepEqual([...stores.kinds].sort(), ['memory', 'redis']);
});

test('a cluster and sentinels are opened as such, and a function that knows neither stops the policy', () => {
  const opened: unknown[] = [];
  const note = (...places: readonly unknown[]) => {
    opened.push(places);
    return async () => 'OK';
  };
  const cluster = { cluster: ['redis://a', { env: 'REDIS' }] };
  const sentinel = { url: 'redis://main', sentinels: ['redis://s'] };
  const at = (redis: object): object => ({ keys, token: { replay: { redis } } });
  const surroundings = { env: { ...env, REDIS: 'redis://:password@b' } };
  const stores = new ReplayStores({ server: note, cluster: note, sentinel: note });
  for (const redis of [cluster, sentinel, cluster]) policyFrom({ ...at(redis) }, { ...surroundings, stores });
  assert.deepEqual(opened, [[['redis://a', 'redis://:password@b']], ['redis://main', ['redis://s']]]);
  for (const redis of [cluster, sentinel]) {
    policyFrom({ ...at(redis) }, { ...surroundings, stores: ReplayStores.unasked() });
    assert.throws(
      () => policyFrom({ ...at(redis) }, { ...surroundings, stores: new ReplayStores(note) }),
      (error: { code: string; path: string }) =>
        error.code === 'option-unavailable' && /^token\.replay\.redis\.(?:cluster|sentinels)$/.test(error.path),
    );
  }
});

test('public keys may stand in the file', async () => {
  const key = freshSigningKey('ES256');
  const { guard } = policyFrom({ keys: { jwks: publicKeySet([key]) } });
  const token = mintToken({ key: key.privateKey, algorithm: 'ES256' });
  assert.equal((await guard.verifyToken(token)).outcome, 'accepted');
});

test('a policy and the secrets that it names are read as tools write them', async (context) => {
  const token = exampleToken({ secret });
  const view = requestView({ headers: { 'approov-token': token } });
  const document = JSON.stringify({ keys: { secret: { base64: { file: 'secret' } } } });
  for (const [how, write] of Object.entries(WRITTEN)) {
    const mark = how.includes('UTF-16') ? Buffer.from(`\ufeff${document}\r\n`, 'utf16le') : Buffer.from(`\ufeff${document}\r\n`);
    const folder = folderWith(context, { 'policy.json': mark, secret: write(secret.base64) });
    const { guard } = loadPolicyFile(join(folder, 'policy.json'));
    assert.equal((await guard.judge(view)).outcome, 'accepted', how);
    guard.close();
  }
});

test('a policy in a code page of Windows, cut UTF-16, or no text at all is refused by its line', (context) => {
  const text = JSON.stringify({ keys, routes: [{ name: 'für', match: { path: '/a' } }] }, null, 2);
  for (const [bytes, line] of [
    [Buffer.from(text, 'latin1'), text.slice(0, text.indexOf('ü')).split('\n').length],
    [Buffer.from(text, 'utf16le').subarray(0, -1), text.split('\n').length],
    [Buffer.from([0x89, 0x50, 0x4e, 0x47, 0, 0]), 1],
  ] as const) {
    const folder = folderWith(context, {});
    writeFileSync(join(folder, 'policy.json'), bytes);
    const { message } = thrown(() => loadPolicyFile(join(folder, 'policy.json'), { env }));
    assert.match(message, /policy\.json.*policy: line \d+ is neither UTF-8 nor UTF-16: save the file as UTF-8/s);
    assert.ok(message.includes(`line ${line} `), message);
  }
});

function thrown(run: () => unknown): Error {
  try {
    run();
  } catch (error) {
    if (error instanceof Error) return error;
  }
  return assert.fail('nothing was thrown');
}

test('a mistake in a secret names the file or the variable that it came from', (context) => {
  const policy = (reference: object): object => ({ keys: { secret: { base64: reference } } });
  const short = mistake(context, policy({ file: 'short.txt' }), { 'short.txt': 'c2VjcmV0' });
  assert.match(short.message, /keys\.secret\.base64: has 6 bytes; .*\(from the file "short\.txt"\)/);
  assert.match(mistake(context, policy({ file: 'x' }), { x: 'a b' }).message, /more than one word.*the file "x"/);
  assert.match(mistake(context, policy({ file: 'x' }), { x: `${secret.base64}\n${secret.base64}` }).message, /holds 2 lines.*the file "x"/);
  assert.match(mistake(context, policy({ file: 'x' }), { x: '# nothing' }).message, /holds no secret.*the file "x"/);
  const variable = { env: { SECRET: '"quoted"' } };
  assert.throws(
    () => policyFrom(policy({ env: 'SECRET' }) as never, variable),
    /quotation marks.*\(from the environment variable "SECRET"\)/,
  );
});
