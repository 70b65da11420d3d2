/** The message-signing requests of the vendor's .NET sample, and the signature bases of the client SDKs' own tests. */
import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { type HeaderLine, requestView } from '@approov-guard/testkit';
import { readVectors, skipUnless } from '../../../../tools/optional.mjs';
import { parseDictionary, parseItem } from '../../src/core/sfv/parse.ts';
import { serialiseInnerList } from '../../src/core/sfv/serialise.ts';
import { resolveComponent, SignatureBases } from '../../src/core/signature/base.ts';
import { parseComponent, type SignedMessage } from '../../src/core/signature/parse-signature.ts';
import { STRICT } from '../../src/core/signature/sdk-tolerances.ts';
import { rawFromDer } from '../../src/core/signature/signature-value.ts';
import { guardPair } from '../both-ports.ts';
import type { SignatureOptions } from '../signed-requests.ts';

interface SignedCase {
  readonly name: string;
  readonly method: string;
  readonly scheme: string;
  readonly path: string;
  readonly headers: readonly HeaderLine[];
  readonly body: string | null;
  readonly secret_base64: string;
  readonly expect_status: 200 | string;
}
const published = readVectors<{ readonly requests: readonly SignedCase[] }>('approov/signed-requests.json');

describe('signed requests of the .NET sample', skipUnless(published, 'vectors'), () => {
  const judge = (given: SignedCase, signature: SignatureOptions): Promise<string> => {
    const host = given.headers.find(([name]) => name === 'Host')?.[1] ?? '';
    const pair = guardPair({
      keys: { secret: { base64: given.secret_base64 } },
      token: { audience: null },
      signature,
      now: () => 1_744_292_755_000,
    });
    return pair.judge(requestView({ ...given, target: given.path, authority: host }));
  };
  for (const given of published?.requests ?? []) {
    const minimal = given.name.startsWith('Test1');
    test(`${given.name}: accepted${minimal ? ' where the URL need not be covered' : ''}`, async () => {
      assert.equal(await judge(given, minimal ? { required: [] } : {}), 'accepted');
    });
    test(`${given.name}: ${minimal ? 'refused by default' : 'refused with another body or target'}`, async () => {
      if (minimal) assert.equal(await judge(given, {}), 'signature-component-not-covered');
      else assert.equal(await judge({ ...given, path: `${given.path}x` }, {}), 'signature-invalid');
      if (given.body !== null) assert.equal(await judge({ ...given, body: `${given.body}x` }, {}), 'digest-mismatch');
    });
  }
  test('the digest as a String needs its tolerance', async () => {
    const given = published?.requests.find(({ name }) => name.startsWith('Test3'));
    assert.ok(given !== undefined);
    assert.equal(await judge(given, { tolerances: { stringDigest: false } }), 'digest-malformed');
  });
});

interface ClientVector {
  readonly source: string;
  readonly url?: string;
  readonly method?: string;
  readonly signature_input?: string;
  readonly client_base?: string;
  readonly rfc_base?: string;
  readonly component?: string;
  readonly rfc_value?: string;
  readonly der_hex?: string;
  readonly p1363_hex?: string;
}
const clients = readVectors<{ readonly vectors: readonly ClientVector[] }>('approov/client-vectors.json');

function messageOf({ url = '', method = 'GET' }: ClientVector): SignedMessage {
  const [, authority = '', target = ''] = /^https:\/\/([^/]+)([^#]*)/.exec(url) ?? [];
  return { request: requestView({ method, target, authority }), origin: { scheme: 'https', authority } };
}

describe('the client SDKs’ own vectors', skipUnless(clients, 'vectors'), () => {
  for (const given of clients?.vectors ?? []) {
    test(given.source, () => {
      if (given.signature_input !== undefined) {
        const member = parseDictionary(`s=${given.signature_input}`)?.get('s');
        assert.ok(member?.kind === 'inner-list');
        const text = serialiseInnerList(member);
        assert.equal(text, given.signature_input);
        if (given.rfc_base === undefined) return;
        const components = member.items.map((item) => parseComponent(item) ?? assert.fail());
        const base = given.rfc_base === 'same' ? given.client_base : given.rfc_base;
        assert.deepEqual(new SignatureBases(components, text ?? '', messageOf(given)).with(STRICT), { base });
      }
      if (given.component !== undefined) {
        const item = parseItem(given.component);
        const component = item === null ? null : parseComponent(item);
        assert.ok(component !== null);
        assert.equal(resolveComponent(component, messageOf(given), STRICT), given.rfc_value);
      }
      if (given.der_hex !== undefined) {
        const raw = rawFromDer(Uint8Array.from(Buffer.from(given.der_hex, 'hex')));
        assert.equal(Buffer.from(raw ?? []).toString('hex'), given.p1363_hex);
      }
    });
  }
});
