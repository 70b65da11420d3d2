/** Two independent implementations of RFC 9421: what they sign verifies here, what our signer signs verifies there. */
import assert from 'node:assert/strict';
import { createHmac, createPublicKey, createSign, createVerify, timingSafeEqual } from 'node:crypto';
import test, { describe } from 'node:test';
import {
  type AppRequest,
  type ClientName,
  freshAccountKey,
  freshInstallationKey,
  type HeaderLine,
  mintToken,
  requestView,
  signMessage,
  signRequest,
} from '@approov-guard/testkit';
import { createSignature, verifySignature } from 'http-message-sig';
import { httpbis } from 'http-message-signatures';
import { guardPair, now, secret } from '../both-ports.ts';

const install = freshInstallationKey();
const account = freshAccountKey();
const publicKey = createPublicKey({ key: Buffer.from(install.ipk, 'base64'), format: 'der', type: 'spki' });
const token = mintToken({ secret, now, claims: { ipk: install.ipk, mskid: account.id } });
const created = now / 1000;

type Label = 'install' | 'account';
const ALGORITHM = { install: 'ecdsa-p256-sha256', account: 'hmac-sha256' } as const;
const LABELS = Object.keys(ALGORITHM) as Label[];

/** Neither library's own cryptography for these algorithms: that both agree on the signature base is what is tested. */
const signBytes: { readonly [Name in Label]: (data: Uint8Array) => Buffer } = {
  install: (data) => createSign('sha256').update(data).sign({ key: install.privateKey, dsaEncoding: 'ieee-p1363' }),
  account: (data) => createHmac('sha256', Buffer.from(account.base64url, 'base64url')).update(data).digest(),
};
const verifyBytes: { readonly [Name in Label]: (data: Uint8Array, signature: Uint8Array) => boolean } = {
  install: (data, signature) => createVerify('sha256').update(data).verify({ key: publicKey, dsaEncoding: 'ieee-p1363' }, signature),
  account: (data, signature) => signature.length === 32 && timingSafeEqual(signBytes.account(data), signature),
};

const headers: readonly HeaderLine[] = [
  ['approov-token', token],
  ['x-list', ' a'],
  ['x-list', 'b;c=1 '],
  ['x-empty', ''],
  ['x-dict', 'a=1, b=(x y);q="z", c'],
];
interface Example {
  readonly request: AppRequest & { readonly headers: readonly HeaderLine[] };
  readonly covered: readonly string[];
}
const BASIC = ['@method', '@target-uri', 'approov-token'];
const EXAMPLES: { readonly [name: string]: Example } = {
  plain: { request: { method: 'GET', url: 'https://api.example.com/v1/items?x=1', headers }, covered: BASIC },
  parts: {
    request: { method: 'POST', url: 'https://api.example.com:8443/a%20b/?a=1&b=%C3%A4', headers, body: 'x' },
    covered: ['@method', '@authority', '@scheme', '@path', '@query', '@request-target', 'approov-token'],
  },
  'no query': { request: { method: 'GET', url: 'https://api.example.com/', headers }, covered: [...BASIC, '@query', '@path'] },
  fields: { request: { method: 'GET', url: 'https://api.example.com/a', headers }, covered: [...BASIC, 'x-list', 'x-empty'] },
};

const guardFor = (label: Label) => {
  const keys = { keys: { secret } };
  if (label === 'install') return guardPair({ ...keys, signature: { replay: null, tolerances: null } });
  const accountKeys = [{ id: account.id, base64url: account.base64url }];
  return guardPair({ ...keys, signature: { label, accountKeys, replay: null, tolerances: null } });
};

async function judged(label: Label, { request }: Example, signed: { input: string; signature: string }): Promise<string> {
  const { origin, pathname, search, protocol, host } = new URL(request.url);
  assert.ok(request.url.startsWith(origin));
  const lines: HeaderLine[] = [...request.headers, ['signature-input', signed.input], ['signature', signed.signature]];
  const view = { method: request.method, target: pathname + search, scheme: protocol.slice(0, -1), authority: host };
  return await guardFor(label).judge(requestView({ ...view, headers: lines, body: request.body ?? null }));
}

/** The other libraries take a record: repeated lines as a list. */
function record(lines: readonly HeaderLine[]): Record<string, string | string[]> {
  const all: Record<string, string[]> = {};
  for (const [name, value] of lines) {
    const key = name.toLowerCase();
    all[key] = [...(all[key] ?? []), value];
  }
  return Object.fromEntries(Object.entries(all).map(([name, values]) => [name, values.length === 1 ? (values[0] as string) : values]));
}

const ourSigned = (label: Label, { request, covered }: Example) =>
  signMessage({
    key: label === 'install' ? { install } : { account },
    covered,
    parameters: `created=${created};expires=${created + 15};alg="${ALGORITHM[label]}";nonce="n"`,
    request,
  });

describe('http-message-signatures', () => {
  const sign = (label: Label, { request, covered }: Example, created: Date | null = new Date(now)) =>
    httpbis.signMessage(
      {
        key: { id: 'k', alg: ALGORITHM[label], sign: async (data: Buffer) => signBytes[label](data) },
        name: label,
        fields: covered.map((name) => name.replace(/^[^;]+/, '"$&"')),
        params: ['keyid', 'created', 'alg', 'expires'],
        paramValues: { created, expires: new Date(now + 15_000) },
      },
      { method: request.method, url: request.url, headers: record(request.headers) },
    );
  const ours = async (label: Label, example: Example) => {
    const { headers: signed } = await sign(label, example);
    return judged(label, example, { input: String(signed['Signature-Input']), signature: String(signed.Signature) });
  };
  // It reads the system's clock: the tolerance makes up for the suite's.
  const theirs = async (label: Label, request: AppRequest, lines: readonly HeaderLine[]) => {
    const keyLookup = async () => ({
      id: 'k',
      algs: [ALGORITHM[label]],
      verify: async (data: Buffer, bytes: Buffer) => verifyBytes[label](data, bytes),
    });
    return httpbis.verifyMessage(
      { keyLookup, notAfter: new Date(now), tolerance: 1e10 },
      { method: request.method, url: request.url, headers: record(lines) },
    );
  };

  for (const label of LABELS) {
    for (const [name, example] of Object.entries(EXAMPLES)) {
      test(`${label}, ${name}: theirs verifies here, ours there`, async () => {
        assert.equal(await ours(label, example), 'accepted');
        assert.equal(await theirs(label, example.request, [...example.request.headers, ...ourSigned(label, example).headers]), true);
      });
    }
  }

  test('a signed dictionary member and query parameter agree', async () => {
    const request = { method: 'GET', url: 'https://api.example.com/a?q=x%20y&r=1', headers };
    const example = { request, covered: [...BASIC, '@query-param;name="q"', 'x-dict;key="b"', 'x-list;bs'] };
    assert.equal(await ours('install', example), 'accepted');
  });

  test('their query parameters leave ~ unescaped, which RFC 9421 §2.2.8 does not: refused here', async () => {
    const request = { method: 'GET', url: 'https://api.example.com/a?q=~', headers };
    assert.equal(await ours('install', { request, covered: [...BASIC, '@query-param;name="q"'] }), 'signature-invalid');
  });

  test('without created it is refused here: freshness is not optional', async () => {
    const example = EXAMPLES.plain as Example;
    const { headers: signed } = await sign('install', example, null);
    const outcome = await judged('install', example, { input: String(signed['Signature-Input']), signature: String(signed.Signature) });
    assert.equal(outcome, 'signature-parameter-missing');
  });

  test('the documented forms of client libraries: exact ones verify there, others do not', async () => {
    const there = async (client: ClientName, url = 'https://api.example.com/a?x=1', components?: readonly string[]) => {
      const request = { method: 'GET', url };
      const configured = components === undefined ? {} : { components };
      const signed = signRequest({ client, sign: 'install', request, token, installationKey: install, now, ...configured });
      return theirs('install', request, signed.headers).catch(() => false);
    };
    for (const client of ['okhttp-3.8', 'okhttp-3.5.1', 'retrofit', 'urlsession', 'flutter', 'unity', 'react-native'] as const) {
      assert.equal(await there(client), true, client);
    }
    assert.equal(await there('okhttp-3.5'), false, 'String signature');
    assert.equal(await there('react-native-3.5.10'), false, 'DER');
    const parts = ['@method', '@authority', '@path', '@query'];
    assert.equal(await there('retrofit', 'https://api.example.com:8443/a?x=1', parts), false, '@authority without port');
    assert.equal(await there('flutter', 'https://api.example.com/a?x=1', parts), false, '@query without its mark');
    assert.equal(await there('unity', 'https://api.example.com:8443/a?x=1', parts), true);
  });
});

describe('http-message-sig', () => {
  const descriptor = (request: AppRequest, lines: readonly HeaderLine[]) => {
    const { pathname, search } = new URL(request.url);
    const fields = lines.map(([name, value]) => ({ name, value }));
    return { kind: 'request', method: request.method, targetUri: request.url, requestTarget: pathname + search, fields } as const;
  };
  const sign = (
    label: Label,
    { request, covered }: Example,
    parameters = { created, expires: created + 15, alg: ALGORITHM[label] as string },
  ) =>
    createSignature(descriptor(request, request.headers), {
      label,
      components: covered,
      parameters,
      signer: { algorithm: ALGORITHM[label], sign: (data) => signBytes[label](data) },
    });
  const theirs = (label: Label, request: AppRequest, lines: readonly HeaderLine[]) =>
    verifySignature(descriptor(request, lines), {
      label,
      policy: {
        algorithms: [ALGORITHM[label]],
        requiredComponents: ['@method'],
        requiredParameters: ['created'],
        now: created,
        maxAge: 300,
      },
      resolveVerifier: () => ({ algorithm: ALGORITHM[label], verify: (data, signature) => verifyBytes[label](data, signature) }),
    }).then(
      () => true,
      () => false,
    );

  for (const label of LABELS) {
    for (const [name, example] of Object.entries(EXAMPLES)) {
      test(`${label}, ${name}: theirs verifies here, ours there`, async () => {
        const fields = await sign(label, example);
        assert.equal(await judged(label, example, { input: fields.signatureInput, signature: fields.signature }), 'accepted');
        assert.equal(await theirs(label, example.request, [...example.request.headers, ...ourSigned(label, example).headers]), true);
      });
    }
  }

  test('a changed request fails there as here', async () => {
    const example = EXAMPLES.plain as Example;
    const { headers: signed } = ourSigned('install', example);
    const changed = { ...example, request: { ...example.request, method: 'PUT' } };
    assert.equal(await theirs('install', changed.request, [...changed.request.headers, ...signed]), false);
    assert.equal(await judged('install', changed, { input: signed[0][1], signature: signed[1][1] }), 'signature-invalid');
  });

  test('the documented forms of client libraries: exact ones verify there, others do not', async () => {
    const there = async (client: ClientName, url = 'https://api.example.com/a?x=1', components?: readonly string[]) => {
      const configured = components === undefined ? {} : { components };
      const signed = signRequest({
        client,
        sign: 'install',
        request: { method: 'GET', url },
        token,
        installationKey: install,
        now,
        ...configured,
      });
      return theirs('install', { method: 'GET', url }, signed.headers);
    };
    assert.equal(await there('okhttp-3.8'), true);
    assert.equal(await there('okhttp-3.5'), false, 'String signature');
    assert.equal(await there('react-native-3.5.10'), false, 'DER');
    assert.equal(await there('urlsession', 'https://api.example.com/a?x=1', ['@method', '@query']), false, '@query without its mark');
  });
});
