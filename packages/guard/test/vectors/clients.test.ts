/** Every client library against the guard: what it sends verifies, and each deviation only by its own tolerance. */
import assert from 'node:assert/strict';
import test, { describe } from 'node:test';
import {
  type AppRequest,
  CLIENT_NAMES,
  CLIENTS,
  type ClientName,
  freshAccountKey,
  freshInstallationKey,
  mintToken,
  requestView,
  type SignRequestOptions,
  signRequest,
} from '@approov-guard/testkit';
import type { GuardOptions } from 'approov-guard';
import { readVectors, skipUnless } from '../../../../tools/optional.mjs';
import { APP_REQUESTS } from '../app-requests.ts';
import { guardPair, now, secret } from '../both-ports.ts';

const installationKey = freshInstallationKey();
const accountKey = freshAccountKey();
const token = mintToken({ secret, now, claims: { ipk: installationKey.ipk, mskid: accountKey.id } });
type Tolerances = NonNullable<GuardOptions['signature']>['tolerances'];

const guards = new Map<string, ReturnType<typeof guardPair>>();
function guardFor(label: 'install' | 'account', tolerances: Tolerances = {}, required?: readonly string[]): ReturnType<typeof guardPair> {
  const name = JSON.stringify([label, tolerances, required]);
  const known = guards.get(name);
  if (known !== undefined) return known;
  const common = { tolerances, replay: null, ...(required === undefined ? {} : { required }) };
  const signature =
    label === 'install'
      ? { ...common, label }
      : { ...common, label, accountKeys: [{ id: accountKey.id, base64url: accountKey.base64url }] };
  const made = guardPair({ keys: { secret }, signature });
  guards.set(name, made);
  return made;
}

interface Sent {
  readonly client: ClientName;
  readonly label: 'install' | 'account';
  readonly request: AppRequest;
  readonly more?: Partial<SignRequestOptions>;
  readonly tolerances?: Tolerances;
  readonly required?: readonly string[];
}

async function judged({ client, label, request, more, tolerances, required }: Sent): Promise<string> {
  const sent = signRequest({ client, sign: label, request, token, installationKey, accountKey, now, ...more });
  const [, scheme, authority] = /^(https?):\/\/([^/?#]+)/.exec(request.url) ?? [];
  const view = requestView({ ...sent, scheme: scheme ?? null, authority: authority ?? null });
  return await guardFor(label, tolerances, required).judge(view);
}

const CASES: { readonly [name: string]: AppRequest } = {
  ...APP_REQUESTS,
  'GET over http at a default port': { method: 'GET', url: 'http://api.example.com:80/?' },
  'POST of an empty body': { method: 'POST', url: 'https://api.example.com/v1/items', headers: [['content-length', '0']], body: '' },
};

describe('with the default tolerances', () => {
  for (const client of CLIENT_NAMES) {
    for (const label of ['install', 'account'] as const) {
      test(`${client}, ${label}: every request verifies`, async () => {
        for (const [name, request] of Object.entries(CASES)) assert.equal(await judged({ client, label, request }), 'accepted', name);
      });
    }
  }
});

/** Components that the app configured, with a URL on which all deviations show. */
const PARTS = ['@method', '@authority', '@path', '@query'];
const partsOf = (client: ClientName, url: string): Sent => ({
  client,
  label: 'install',
  request: { method: 'GET', url },
  more: { components: PARTS },
});
const PORT = 'https://api.example.com:8443/a%20b?x=1';

test('custom components: authority, path, query and query parameter, in each client’s form', async () => {
  for (const client of CLIENT_NAMES) {
    assert.equal(await judged(partsOf(client, PORT)), 'accepted', client);
    assert.equal(await judged(partsOf(client, 'https://api.example.com:8443?x')), 'accepted', client);
    const more = { components: ['@method', '@target-uri', '@scheme', '@request-target', '@query-param;name="q"'] };
    const request = { method: 'GET', url: 'https://api.example.com/a?q=x+y%C3%A4%7E&r=1' };
    assert.equal(await judged({ client, label: 'install', request, more }), 'accepted', client);
    if (CLIENTS[client].query === 'bare-or-refused') continue;
    assert.equal(await judged(partsOf(client, 'https://api.example.com/a')), 'accepted', client);
  }
});

test('both labels in one request: each verifies', async () => {
  for (const label of ['install', 'account'] as const) {
    const sent = {
      client: 'okhttp-3.8',
      label,
      request: CASES['POST of JSON'] as AppRequest,
      more: { sign: 'both', debug: true },
    } as const;
    assert.equal(await judged(sent), 'accepted');
  }
});

test('headers that are there twice, trace id, status, nonce, tag, keyid and sha-512', async () => {
  const more = {
    twice: true,
    traceId: '',
    status: 'success',
    parameters: { nonce: 'n', tag: 't', keyid: 'k' },
    digest: { algorithm: 'sha-512', required: true },
  } as const;
  for (const client of CLIENT_NAMES) {
    assert.equal(await judged({ client, label: 'install', request: CASES['POST of JSON'] as AppRequest, more }), 'accepted', client);
  }
});

test('a fragment in @target-uri cannot be verified: it is never sent', async () => {
  const request = { method: 'GET', url: 'https://api.example.com/a#top' };
  const keepsFragment = (client: ClientName) => !['exact'].includes(CLIENTS[client].targetUri);
  for (const client of CLIENT_NAMES) {
    const expected = keepsFragment(client) ? 'signature-invalid' : 'accepted';
    assert.equal(await judged({ client, label: 'install', request }), expected, client);
  }
});

interface Deviation {
  readonly clients: readonly ClientName[];
  readonly request: AppRequest;
  readonly components?: readonly string[];
  readonly reason?: string;
}
const OKHTTP_FAMILY = ['okhttp-3.5.1', 'okhttp-3.5', 'retrofit'] as const;
const APPLE = ['urlsession', 'alamofire'] as const;
const GET = CASES['GET with a query'] as AppRequest;
const QUERY_PARAM = ['@method', '@target-uri', '@query-param;name="q"'];
const DEVIATIONS: { readonly [Name in keyof NonNullable<Tolerances>]-?: Deviation } = {
  stringSignature: { clients: ['okhttp-3.5'], request: GET, reason: 'signature-malformed' },
  derSignature: { clients: ['react-native-3.5.10'], request: GET },
  stringDigest: { clients: [], request: GET },
  authorityWithoutPort: { clients: [...OKHTTP_FAMILY, ...APPLE], request: { method: 'GET', url: PORT }, components: PARTS },
  queryWithoutMark: { clients: [...OKHTTP_FAMILY, ...APPLE, 'flutter'], request: { method: 'GET', url: PORT }, components: PARTS },
  rootPathEmpty: { clients: [...APPLE, 'flutter', 'httpsurlconn'], request: CASES['GET of the root without a slash'] as AppRequest },
  decodedPath: { clients: APPLE, request: { method: 'GET', url: PORT }, components: PARTS },
  decodedQueryParam: {
    clients: CLIENT_NAMES,
    request: { method: 'GET', url: 'https://api.example.com/a?q=x%20y' },
    components: QUERY_PARAM,
  },
  reescapedTarget: { clients: OKHTTP_FAMILY, request: CASES['GET with characters that java.net.URI refuses'] as AppRequest },
};

describe('without one tolerance', () => {
  for (const [name, { clients, request, components, reason = 'signature-invalid' }] of Object.entries(DEVIATIONS)) {
    test(`${name}: exactly the clients that need it are refused`, async () => {
      for (const client of CLIENT_NAMES) {
        const more = components === undefined ? {} : { components };
        const outcome = await judged({ client, label: 'install', request, more, tolerances: { [name]: false } });
        assert.equal(outcome, clients.includes(client) ? reason : 'accepted', client);
      }
    });
  }
});

test('without any tolerance only what is exact is accepted', async () => {
  for (const client of CLIENT_NAMES) {
    for (const [name, { clients, request, components, reason = 'signature-invalid' }] of Object.entries(DEVIATIONS)) {
      const more = components === undefined ? {} : { components };
      const outcome = await judged({ client, label: 'install', request, more, tolerances: null });
      if (outcome === 'accepted') assert.ok(!clients.includes(client), `${client} ${name}`);
      else if (client !== 'okhttp-3.5' && clients.includes(client)) assert.equal(outcome, reason, `${client} ${name}`);
    }
  }
  const plain = { label: 'install', request: GET, tolerances: null } as const;
  const exact = await Promise.all(CLIENT_NAMES.map(async (client) => [client, await judged({ ...plain, client })] as const));
  assert.deepEqual(
    exact.filter(([, outcome]) => outcome !== 'accepted').map(([client]) => client),
    ['okhttp-3.5', 'react-native-3.5.10'],
  );
});

test('decoding never makes another path: encoded slashes, backslashes, semicolons and control characters', async () => {
  for (const path of ['/a%2Fb', '/a%5cb', '/a%3Bb', '/a%0A"@query": x']) {
    const outcome = await judged(partsOf('urlsession', `https://api.example.com${path.replaceAll(' ', '%20')}?x=1`));
    assert.equal(outcome, 'signature-invalid', path);
  }
  const request = { method: 'GET', url: 'https://api.example.com/a?q=%0A"x":%20y' };
  assert.equal(await judged({ client: 'unity', label: 'install', request, more: { components: QUERY_PARAM } }), 'signature-invalid');
});

test('reescapedTarget makes a bare character and its escape alike, and nothing else', async () => {
  const sent = signRequest({
    client: 'okhttp-3.5',
    sign: 'install',
    request: { method: 'GET', url: 'https://api.example.com/?a=1%7C2' },
    token,
    installationKey,
    now,
  });
  const at = (target: string) => guardFor('install').judge(requestView({ ...sent, target }));
  assert.equal(await at('/?a=1%7C2'), 'accepted');
  assert.equal(await at('/?a=1|2'), 'accepted');
  assert.equal(await at('/?a=1%7c2'), 'signature-invalid');
});

const script = readVectors('approov/signed-requests.json');
test('the requests of the published script verify; its String digest only by tolerance', skipUnless(script, 'shared vectors'), async () => {
  for (const { name, method, scheme, path, headers, body } of script.requests) {
    const judge = async (tolerances: Exclude<Tolerances, undefined>) => {
      const signature = { required: [], replay: null, tolerances };
      const options = {
        keys: { secret: { base64: script.secrets.test } },
        token: { audience: null },
        signature,
        now: () => 1_744_292_751_000,
      };
      return await guardPair(options).judge(requestView({ method, scheme, authority: headers[0][1], target: path, headers, body }));
    };
    assert.equal(await judge({}), 'accepted', name);
    assert.equal(await judge({ stringDigest: false }), name.includes('sf-string') ? 'digest-malformed' : 'accepted', name);
  }
});
