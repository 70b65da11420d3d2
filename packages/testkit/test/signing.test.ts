import assert from 'node:assert/strict';
import { createHash, createPublicKey, verify } from 'node:crypto';
import test from 'node:test';
import {
  CLIENT_NAMES,
  CLIENTS,
  type ClientName,
  freshAccountKey,
  freshInstallationKey,
  installationKeyFrom,
  type SignatureKey,
  type SignRequestOptions,
  signatureBaseOf,
  signMessage,
  signRequest,
} from '@approov-guard/testkit';
import { readVectors, skipUnless } from '../../../tools/optional.mjs';

const now = 1_700_000_000_000;
const installationKey = freshInstallationKey();
const accountKey = { base64: 'ajNBV3k2b0ZHSGczOG5ZVG05X0tCaFpVeUR2TFh5S2ZlZHQ4YkpHUXh6b3MzQzVfUVhwZ3B5M0o3eWtyVFM2Rw==' };
const get = { method: 'GET', url: 'https://api.example.com/v1/items?x=1' };

const signed = (client: ClientName, options: Partial<SignRequestOptions> = {}) =>
  signRequest({ client, sign: 'install', request: get, token: 'tok', now, installationKey, accountKey, ...options });
const linesOf = (headers: readonly (readonly [string, string])[], name: string) =>
  headers.filter(([given]) => given.toLowerCase() === name).map(([, value]) => value);
const input = (client: ClientName, options: Partial<SignRequestOptions> = {}) =>
  linesOf(signed(client, options).headers, 'signature-input').at(-1);

test('the worked HMAC example of the platform is reproduced', () => {
  for (const client of ['okhttp-3.5.1', 'retrofit', 'flutter', 'unity', 'urlsession', 'react-native', 'httpsurlconn'] as const) {
    const { headers, bases } = signed(client, { sign: 'account' });
    assert.deepEqual(linesOf(headers, 'signature'), ['account=:vqMmIFTeyGte6GvE31qduxPZZexmu78MBBkbbx/kiIQ=:'], client);
    assert.equal(
      createHash('sha256')
        .update(bases.account ?? '')
        .digest('base64'),
      '67M0w804D6KGthDiyVHO6F8vjsjWxxO9eBum2F0whwg=',
    );
  }
});

const vectors = readVectors('approov/client-vectors.json');
test('the bases of the clients’ own tests are reproduced', skipUnless(vectors, 'shared vectors'), () => {
  let checked = 0;
  for (const { signature_input, client_base, rfc_base, method, url } of vectors.vectors) {
    if (client_base === undefined) continue;
    const [, list, parameters] = /^\((.*)\);(.*)$/.exec(signature_input) as unknown as [string, string, string];
    const covered = list === '' ? [] : list.split(' ').map((name) => name.slice(1, -1));
    const content = { covered, parameters, request: { method, url } };
    assert.equal(signatureBaseOf(content, CLIENTS['okhttp-3.5']), client_base);
    assert.equal(signatureBaseOf(content), rfc_base === 'same' ? client_base : rfc_base);
    checked++;
  }
  assert.equal(checked, 3);
});

const script = readVectors('approov/signed-requests.json');
test('the requests of the published script get the script’s bases, and its signatures verify', skipUnless(script, 'shared vectors'), () => {
  const key = installationKeyFrom(script.test_private_key_sec1_base64);
  for (const { method, scheme, path, headers, body, signature_base, ipk } of script.requests) {
    assert.equal(key.ipk, ipk);
    const field = (name: string) => headers.find(([given]: [string]) => given === name)?.[1];
    const [, list, parameters] = /^install=\((.*?)\);(.*)$/.exec(field('signature-input')) as unknown as [string, string, string];
    const covered = list.split(' ').map((name) => name.slice(1, -1));
    const request = { method, url: `${scheme}://${headers[0][1]}${path}`, headers, body };
    const { base, signature } = signMessage({ key: { install: key }, covered, parameters, request });
    assert.equal(base, signature_base);
    const publicKey = createPublicKey({ key: Buffer.from(ipk, 'base64'), format: 'der', type: 'spki' });
    const holds = (bytes: Buffer) => verify('sha256', Buffer.from(base), { key: publicKey, dsaEncoding: 'ieee-p1363' }, bytes);
    assert.ok(holds(signature));
    assert.ok(holds(Buffer.from(field('signature').slice('install=:'.length, -1), 'base64')));
  }
});

test('each client’s row names its source', () => {
  for (const name of CLIENT_NAMES) assert.match(CLIENTS[name].source, /^approov\/approov-service-/, name);
});

test('parameters stand in the client’s order, with the app’s own before them', () => {
  assert.equal(
    input('okhttp-3.5'),
    'install=("@method" "@target-uri" "approov-token");alg="ecdsa-p256-sha256";created=1700000000;expires=1700000015',
  );
  assert.equal(
    input('okhttp-3.8'),
    'install=("@method" "@target-uri" "approov-token");created=1700000000;expires=1700000015;alg="ecdsa-p256-sha256"',
  );
  const own = input('okhttp-3.8', { parameters: { nonce: 'a"b', tag: 't', keyid: 'k' }, lifetimeSeconds: 0 });
  assert.match(own ?? '', /\);nonce="a\\"b";tag="t";keyid="k";created=1700000000;alg="ecdsa-p256-sha256"$/);
});

test('the default list: trace id, status, authorization, content headers and digest, in this order', () => {
  const headers = [
    ['Content-Type', 'application/json'],
    ['authorization', 'Bearer a'],
  ] as const;
  const options = { request: { ...get, method: 'POST', headers, body: '{}' }, traceId: '', status: 'success' };
  const list = (client: ClientName) =>
    /\("@method" "@target-uri" "approov-token" ?(.*?)\)/.exec(input(client, options) ?? '')?.[1]?.replaceAll('"', '');
  assert.equal(list('okhttp-3.8'), 'approov-traceid approov-status authorization content-length content-type content-digest');
  assert.equal(list('okhttp-3.5'), 'approov-traceid authorization content-digest');
  assert.equal(list('urlsession'), 'approov-traceid authorization content-type');
  assert.equal(list('flutter'), 'authorization content-type content-digest');
  const zero = { request: { ...get, headers: [['content-length', '0']] as const } };
  assert.equal(/content-length/.test(input('flutter', zero) ?? ''), false);
  assert.equal(/content-length/.test(input('urlsession', zero) ?? ''), true);
});

test('the signature is a String, a Byte Sequence or DER, as the client has it', () => {
  const form = (client: ClientName) => linesOf(signed(client).headers, 'signature')[0] ?? '';
  assert.match(form('okhttp-3.5'), /^install="[A-Za-z0-9+/]{86}=="$/);
  assert.match(form('okhttp-3.5.1'), /^install=:[A-Za-z0-9+/]{86}==:$/);
  assert.match(form('react-native'), /^install=:[A-Za-z0-9+/]{86}==:$/);
  assert.match(form('react-native-3.5.10'), /^install=:ME/);
});

test('each client resolves URLs in its own way', () => {
  const value = (client: ClientName, identifier: string, url: string) => {
    const { bases } = signed(client, { components: [identifier], request: { method: 'GET', url } });
    const line = bases.install?.split('\n')[0] ?? '';
    return line.slice(line.indexOf(': ') + 2);
  };
  const bare = 'https://API.example.com:8443';
  assert.equal(value('urlsession', '@target-uri', bare), 'https://api.example.com:8443');
  assert.equal(value('react-native', '@target-uri', bare), 'https://api.example.com:8443/');
  assert.equal(
    value('okhttp-3.5', '@target-uri', `${bare}/a[1]?b=1|2&c=100%#f`),
    'https://api.example.com:8443/a%5B1%5D?b=1%7C2&c=100%25#f',
  );
  assert.equal(value('okhttp-3.8', '@target-uri', `${bare}/a[1]?b=1|2#f`), 'https://api.example.com:8443/a[1]?b=1|2');
  assert.equal(value('okhttp-3.5', '@authority', bare), 'api.example.com');
  assert.equal(value('flutter', '@authority', bare), 'api.example.com:8443');
  assert.equal(value('flutter', '@authority', 'https://api.example.com:443'), 'api.example.com');
  assert.equal(value('urlsession', '@path', `${bare}/a%20%C3%A4`), '/a \xc3\xa4');
  assert.equal(value('urlsession', '@path', bare), '');
  assert.equal(value('flutter', '@path', bare), '/');
  assert.equal(value('okhttp-3.5', '@query', `${bare}?a=1`), 'a=1');
  assert.equal(value('unity', '@query', bare), '?');
  assert.equal(value('flutter', '@query', bare), '');
  assert.throws(() => value('okhttp-3.5', '@query', bare), /refuses to sign @query/);
  assert.equal(value('okhttp-3.8', '@query-param;name="a"', `${bare}?a=x+y%C3%A4`), 'x y\xc3\xa4');
  assert.equal(value('urlsession', '@query-param;name="a"', `${bare}?a=x+y`), 'x+y');
  assert.throws(() => value('retrofit', '@query-param;name="a"', `${bare}?a=1&a=2`), RangeError);
});

test('digests: none, non-empty or any body, and two algorithms', () => {
  const digest = (client: ClientName, body: string | null, options: Partial<SignRequestOptions> = {}) =>
    linesOf(signed(client, { request: { ...get, body }, ...options }).headers, 'content-digest')[0]?.slice(0, 14) ?? null;
  assert.equal(digest('okhttp-3.5', ''), null);
  assert.equal(digest('okhttp-3.8', ''), 'sha-256=:47DEQ');
  assert.equal(digest('flutter', null), null);
  assert.equal(digest('urlsession', 'x'), null);
  assert.equal(digest('urlsession', 'x', { digest: { required: true } }), 'sha-256=:LXEWQ');
  assert.equal(digest('unity', 'x', { digest: { algorithm: 'sha-512' } }), 'sha-512=:pKvUR');
  assert.equal(digest('unity', 'x', { digest: null }), null);
  assert.throws(() => digest('retrofit', '', { digest: { required: true } }), RangeError);
});

test('clients that add headers send them twice when a request is signed twice', () => {
  const twice = (client: ClientName) => {
    const { headers } = signed(client, { twice: true, request: { ...get, body: 'x' } });
    return ['signature', 'signature-input', 'content-digest', 'approov-token'].map((name) => linesOf(headers, name).length);
  };
  assert.deepEqual(twice('okhttp-3.5'), [2, 2, 2, 1]);
  assert.deepEqual(twice('urlsession'), [2, 2, 0, 1]);
  assert.deepEqual(twice('okhttp-3.8'), [1, 1, 1, 1]);
});

test('both labels, and the base’s digest under each', () => {
  const { headers, bases } = signed('okhttp-3.8', { sign: 'both', debug: true });
  assert.match(linesOf(headers, 'signature')[0] ?? '', /^install=:[^:]+:, account=:[^:]+:$/);
  const digest = (base = '') => createHash('sha256').update(base).digest('base64');
  assert.deepEqual(linesOf(headers, 'signature-base-digest'), [`install=:${digest(bases.install)}:, account=:${digest(bases.account)}:`]);
  assert.match(linesOf(signed('flutter', { debug: true }).headers, 'signature-base-digest')[0] ?? '', /^sha-256=:/);
  assert.deepEqual(linesOf(signed('okhttp-3.5', { debug: true }).headers, 'signature-base-digest'), []);
  assert.throws(() => signed('flutter', { sign: 'both' }), RangeError);
});

test('the token may travel in another header, behind a prefix', () => {
  const { headers, bases } = signed('retrofit', { tokenHeader: 'Authorization', tokenPrefix: 'Bearer ' });
  assert.deepEqual(linesOf(headers, 'authorization'), ['Bearer tok']);
  assert.match(bases.install ?? '', /"authorization": Bearer tok\n"@signature-params": \("@method" "@target-uri" "authorization"\);/);
});

test('what is missing is named', () => {
  assert.throws(() => signRequest({ client: 'unity', sign: 'account', request: get, token: 't', now }), /accountKey/);
  assert.throws(() => signed('unity', { request: { method: 'GET', url: '/relative' } }), /absolute/);
  assert.throws(() => signed('unity', { components: ['x-absent'] }), /x-absent/);
});

test('the generic signer writes what it is told', () => {
  const key: SignatureKey = { account: freshAccountKey() };
  const request = {
    ...get,
    headers: [
      ['X-List', ' a '],
      ['x-list', 'b'],
    ] as const,
  };
  const { headers, base } = signMessage({
    key,
    label: 'other',
    covered: ['x-list;bs', 'x', '@nonsense'],
    parameters: '',
    request,
    values: { x: '1', '@nonsense': '' },
  });
  assert.equal(base, '"x-list";bs: :YQ==:, :Yg==:\n"x": 1\n"@nonsense": \n"@signature-params": ("x-list";bs "x" "@nonsense")');
  assert.equal(headers[0][1], 'other=("x-list";bs "x" "@nonsense")');
  assert.equal(signMessage({ key, covered: [], parameters: '', request, value: () => '?1' }).headers[1][1], 'account=?1');
  assert.match(signMessage({ key, covered: [], parameters: '', request, value: 'string' }).headers[1][1], /^account="/);
});
