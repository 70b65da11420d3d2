import assert from 'node:assert/strict';
import test from 'node:test';
import {
  type ClientName,
  freshAccountKey,
  freshInstallationKey,
  mintToken,
  type SignRequestOptions,
  signRequest,
} from '@approov-guard/testkit';
import { guard, now, secret } from './harness.ts';

const installationKey = freshInstallationKey();
const account = freshAccountKey();
const token = mintToken({ secret, now, claims: { ipk: installationKey.ipk, mskid: account.id }, bind: 'Bearer top-secret' });
const app = {
  method: 'POST',
  url: 'https://api.example.com/v1/items?x=1',
  headers: [
    ['Authorization', 'Bearer top-secret'],
    ['X-Note', "it's"],
  ] as const,
  body: '{"a":"ä"}',
};
const signed = (client: ClientName = 'unity', more: Partial<SignRequestOptions> = {}) =>
  signRequest({ client, sign: 'install', request: app, token, installationKey, accountKey: account, now, ...more });

type Sent = ReturnType<typeof signed>;
const raw = ({ method, target, headers, body }: Sent, host = 'api.example.com') =>
  [`${method} ${target} HTTP/1.1`, `Host: ${host}`, ...headers.map((line) => line.join(': ')), '', Buffer.from(body ?? []).toString()].join(
    '\r\n',
  );
const curl = ({ method, headers, body }: Sent, url = app.url) =>
  [
    `curl -X ${method} '${url}'`,
    ...headers.map(([name, value]) => `-H $'${name}: ${value.replaceAll("'", "\\'")}'`),
    `--compressed --data-raw '${Buffer.from(body ?? [])}'`,
  ].join(' \\\n  ');
const archive = (...sent: readonly Sent[]) => {
  const entries = sent.map(({ method, headers, body }) => ({
    request: {
      method,
      url: app.url,
      headers: [{ name: ':authority', value: 'api.example.com' }, ...headers.map(([name, value]) => ({ name, value }))],
      postData: { text: Buffer.from(body ?? []).toString('base64'), encoding: 'base64' },
    },
  }));
  return JSON.stringify({ log: { entries } });
};

const explain = (stdin: string, ...argv: string[]) => guard(['explain', '-', ...argv], { stdin });
const refused = async (stdin: string, ...argv: string[]) => JSON.parse((await explain(stdin, '--json', ...argv)).stdout).refused;

test('the same request as raw message, curl line and archive passes every check', async () => {
  for (const text of [raw(signed()), `$ ${curl(signed())}`, archive(signed())]) {
    const { code, stdout } = await explain(text, '--bind-header', 'authorization');
    assert.equal(code, 0, stdout);
    assert.match(stdout, /^accepted: every check passed\n/);
    assert.match(stdout, / {2}digest +passed\n/);
    assert.match(stdout, /"@target-uri": https:\/\/api.example.com\/v1\/items\?x=1\n/);
  }
});

test('neither token nor bound value nor key is in the answer', async () => {
  for (const argv of [[], ['--json']]) {
    const { stdout, stderr } = await explain(
      raw(signed('flutter', { debug: true }), 'wrong.example.com'),
      '--bind-header',
      'authorization',
      ...argv,
    );
    for (const hidden of [token, token.slice(20, 60), 'top-secret', secret.base64]) assert.equal((stdout + stderr).includes(hidden), false);
  }
});

test('a mismatch behind a proxy is located, and said how to mend', async () => {
  const text = raw(signed('flutter', { debug: true }), '10.0.0.1:8080').replace('\r\n', '\r\nX-Forwarded-Host: api.example.com\r\n');
  const { code, stdout } = await explain(text, '--origin', 'http://10.0.0.1:8080');
  assert.equal(code, 1);
  assert.match(stdout, /^rejected: signature-invalid\nchecks:\n {2}request-headers +passed\n/);
  assert.match(stdout, /the client’s digest of its base differs\nwhat the client signed differently:\n {2}"@target-uri"\n/);
  assert.match(
    stdout,
    / {4}server {3}http:\/\/10.0.0.1:8080\/v1\/items\?x=1\n {4}client {3}https:\/\/api.example.com\/v1\/items\?x=1\n {4}because .*X-Forwarded-Host/,
  );
  assert.equal(await refused(text, '--origin', 'https://api.example.com'), null);
});

test('a difference that nothing explains is said to be one', async () => {
  const { stdout } = await explain(raw(signed('unity', { installationKey: freshInstallationKey() })));
  assert.match(stdout, /Nothing known explains the difference/);
});

test('every failing check is printed, in order', async () => {
  const stale = signed('unity', { now: now - 900_000, components: ['@method'] });
  const { stdout } = await explain(
    raw(stale).replace('{"a"', '{"b"'),
    '--digest',
    'required',
    '--bind-header',
    'authorization',
    '--bind-header',
    'x-note',
  );
  const failing = [...stdout.matchAll(/^ {2}([\w-]+) +failed: ([\w-]+)/gm)].map(([, name, reason]) => `${name} ${reason}`);
  assert.deepEqual(failing, [
    'binding binding-mismatch',
    'signature-parameters signature-too-old',
    'signature-coverage signature-component-not-covered',
    'digest digest-mismatch',
  ]);
  assert.match(stdout, /to do:\n {2}binding-mismatch/);
});

test('--at, --label, --account-key-file, --require, --strict, --entry, --token-header and --prefix', async () => {
  assert.equal(await refused(raw(signed()), '--at', String(now / 1000 + 200)), 'signature-expired');
  assert.equal(await refused(raw(signed()), '--at', '1969-01-01'), 'signature-created-in-future');
  const files = { key: account.base64url, 'two.har': archive(signed(), signed('unity', { sign: 'account' })) };
  const second = await guard(
    ['explain', 'two.har', '--entry', '2', '--label', 'account', '--account-key-file', 'key', '--account-key-id', account.id],
    { files },
  );
  assert.equal(second.code, 0, second.stdout + second.stderr);
  assert.equal(await refused(raw(signed('unity', { components: ['@method'] })), '--require', '@method'), null);
  assert.equal(await refused(raw(signed('okhttp-3.5')), '--strict'), 'signature-malformed');
  assert.equal(await refused(raw(signed('okhttp-3.5'))), null);
  assert.equal(await refused(raw(signed()).replace(/^Signature.*\r\n/gm, ''), '--label', 'none'), null);
  const bearer = raw(signed('unity', { tokenHeader: 'X-App', tokenPrefix: 'Bearer ' }));
  assert.equal(await refused(bearer, '--token-header', 'x-app', '--prefix', 'Bearer'), null);
});

test('what request --dry-run prints, explain reads', async () => {
  const { stdout } = await guard([
    'request',
    'https://api.example.com/a',
    '--sign',
    'install',
    '--as',
    'retrofit',
    '--data',
    'x',
    '--dry-run',
  ]);
  assert.equal(await refused(stdout), null);
  const line = await guard(['request', 'https://api.example.com/a', '--sign', 'install', '--data', 'x', '--curl']);
  assert.equal(await refused(line.stdout), null);
});

test('curl’s own spellings', async () => {
  const target = async (line: string) => JSON.parse((await explain(line, '--json', '--label', 'none')).stdout);
  const spelled = `curl --url "https://h.example/a?x=\\"1\\"" -XPUT -H"Approov-Token: ${token}" -d a -d b -o /dev/null -sS`;
  assert.equal((await target(spelled)).origin.authority, 'h.example');
  const got = `curl -G https://h.example/ -d 'a=1' --data-urlencode 'b=ä ' -u me:pw -A agent -b c=d -H 'Gone:' -H 'Empty;' -H 'Approov-Token: ${token}'`;
  assert.equal((await target(got)).refused, null);
  assert.equal((await target(`curl -I h.example -H $'Approov-Token: ${token}\\x41'`)).refused, 'token-signature-invalid');
  assert.match((await explain('curl "https://h.example')).stderr, /not closed/);
  assert.match((await explain('curl -d @secret.txt https://h.example')).stderr, /from a file/);
  assert.match((await explain('curl -H "a: b"')).stderr, /no URL/);
});

test('what is no capture is named', async () => {
  assert.match((await explain('hello')).stderr, /not a captured request/);
  for (const [other, what] of [
    ["wget --header='a: b' https://h.example", /wget is not read/],
    ['http GET https://h.example a:b', /HTTPie is not read/],
    ['> GET / HTTP/2\n> Host: h.example', /curl -v` is not read/],
    [':method: GET\n:path: /', /HTTP\/2 fields is not read/],
  ] as const) {
    const { code, stderr } = await explain(other);
    assert.equal(code, 2, other);
    assert.match(stderr, what);
  }
  assert.match((await explain('{"a":1}')).stderr, /no HTTP archive/);
  assert.match((await explain(archive(signed(), signed()))).stderr, /--entry 1/);
  assert.match((await explain(archive(signed()), '--entry', '2')).stderr, /holds 1 requests/);
  assert.match((await explain(archive(signed()), '--entry', 'x')).stderr, /--entry is a number/);
  assert.match((await explain('GET / HTTP/1.1\nno colon')).stderr, /without a colon/);
  assert.match((await guard(['explain'])).stderr, /give a file/);
  assert.match((await explain(raw(signed()), '--origin', 'nonsense')).stderr, /--origin: must be scheme and authority/);
  assert.match((await explain(raw(signed()), '--label', 'x')).stderr, /install, account or none/);
  assert.match((await explain(raw(signed()), '--digest', 'x')).stderr, /if-present or required/);
});

test('an archive whose request is none is a mistake of its own, not of the program', async () => {
  const odd = [null, 'x', {}, { method: 'GET' }, { method: 7, url: 'https://a/' }, { method: 'GET', url: '/relative' }];
  const headers = [{}, 'a: b', [null], ['a'], [{}], [{ name: 'a' }], [{ name: 'a', value: 7 }]];
  const requests = [...odd, ...headers.map((given) => ({ method: 'GET', url: 'https://a/', headers: given }))];
  for (const request of [...requests.map((given) => ({ request: given })), null, 'x']) {
    const { code, stderr } = await guard(['explain', '-'], { stdin: JSON.stringify({ log: { entries: [request] } }) });
    assert.equal(code, 2, JSON.stringify(request));
    assert.doesNotMatch(stderr, /itself failed/);
  }
  const bare = { request: { method: 'GET', url: 'https://a/', headers: null, postData: null } };
  const { stdout } = await guard(['explain', '-'], { stdin: JSON.stringify({ log: { entries: [bare] } }) });
  assert.match(stdout, /^rejected: token-missing/);
});

test('mistakes are told by the words of the command line', async () => {
  const files = { 'keys.json': '{"keys":[]}' };
  for (const [command, word] of [
    ['explain', '-'],
    ['check', 'x'],
  ] as const) {
    const told = async (...argv: readonly string[]): Promise<string> =>
      (await guard([command, word, ...argv], { stdin: 'GET / HTTP/1.1\n', files })).stderr;
    assert.match(await told('--alg', 'RS256'), /^error: --alg: /);
    assert.match(await told('--jwks', 'keys.json'), /^error: --jwks: holds no key/);
  }
});

/** As Chrome and Edge copy it on Windows: each special character has a caret. */
const cmd = ({ method, headers, body }: Sent, url = app.url) => {
  const quoted = (text: string) =>
    `^"${text
      .replaceAll('\\', '\\\\')
      .replaceAll('"', '\\"')
      .replace(/[^\w\s.:/?=;,*+-]/g, '^$&')}^"`;
  return [
    `curl -X ${method} ${quoted(url)}`,
    ...headers.map(([name, value]) => `-H ${quoted(`${name}: ${value}`)}`),
    `--compressed --data-raw ${quoted(String(Buffer.from(body ?? [])))}`,
  ].join(' ^\r\n  ');
};

test('a command line for cmd.exe is the same request', async () => {
  const { code, stdout } = await explain(cmd(signed()), '--bind-header', 'authorization');
  assert.equal(code, 0, stdout);
  assert.match(stdout, /^accepted: every check passed\n/);
  // The older form: plain quotation marks, doubled inside, and carets at line ends only.
  const older = `curl.exe "https://h.example/a?x=""1""" ^\r\n  -H "approov-token: ${token}" ^\r\n  --data-raw "a^b"`;
  const { stdout: told } = await explain(older, '--json', '--label', 'none');
  assert.match(told, /h\.example/);
});

test('what would lead to another request is refused, and says why', async () => {
  for (const [line, why] of [
    ['curl https://h.example/ -F a=b', /body of -F itself/],
    ['curl https://h.example/ --form-string a=b', /body of --form-string itself/],
    ['curl https://h.example/ --unheard-of value', /--unheard-of is not known/],
    ['curl https://h.example/ https://other.example/', /several URLs/],
  ] as const) {
    const { code, stderr } = await explain(line);
    assert.equal(code, 2);
    assert.match(stderr, why);
  }
});
