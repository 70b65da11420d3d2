/** RFC 9421: the signatures of Appendix B and sections 2.4, 3.2, 4.3, the component values of section 2, and the parameter examples. */
import assert from 'node:assert/strict';
import { constants, createHmac, createPublicKey, verify } from 'node:crypto';
import { describe, test } from 'node:test';
import { type HeaderLine, requestView } from '@approov-guard/testkit';
import type { RequestView } from 'approov-guard';
import { readVectors, skipUnless } from '../../../../tools/optional.mjs';
import { type InnerList, parseDictionary, parseItem } from '../../src/core/sfv/parse.ts';
import { serialiseDictionary, serialiseInnerList } from '../../src/core/sfv/serialise.ts';
import { resolveComponent, SignatureBases } from '../../src/core/signature/base.ts';
import { parseParameters } from '../../src/core/signature/parameters.ts';
import { parseComponent } from '../../src/core/signature/parse-signature.ts';
import { STRICT } from '../../src/core/signature/sdk-tolerances.ts';
import { normaliseAuthority } from '../../src/core/signature/target.ts';

interface Key {
  readonly jwk?: { readonly [member: string]: string };
  readonly base64?: string;
  readonly secret_base64?: string;
  readonly [member: string]: unknown;
}
interface SignatureCase {
  readonly id: string;
  readonly kind: 'request' | 'response';
  readonly scheme: string;
  readonly raw_message: string;
  readonly label: string;
  readonly keyid: string;
  readonly alg: string;
  readonly signature_base64: string;
  readonly signature_base: string;
  readonly expected: 'valid' | 'invalid';
}
interface ComponentCase {
  readonly section: string;
  readonly raw_message: string;
  readonly scheme: string;
  readonly components: readonly (readonly [identifier: string, value: string | { readonly error: string }])[];
}
interface Vectors {
  readonly keys: { readonly [id: string]: Key };
  readonly signatures: readonly SignatureCase[];
  readonly components: readonly ComponentCase[];
  readonly params: readonly { readonly section: string; readonly field: string; readonly value: string }[];
}
const vectors = readVectors<Vectors>('rfc/rfc9421.json');

interface Message {
  readonly request: RequestView;
  readonly origin: { readonly scheme: string; readonly authority: string } | null;
  readonly isResponse: boolean;
}

function messageOf(raw: string, scheme: string): Message {
  const [head = '', body = ''] = raw.split(/\n\n([\s\S]*)/);
  const [start = '', ...lines] = head.replace(/\n(?=[ \t])/g, '\u0000').split('\n');
  const headers = lines.map((line): HeaderLine => {
    const colon = line.indexOf(':');
    return [line.slice(0, colon), line.slice(colon + 1).replaceAll('\u0000', '\n')];
  });
  const [method = '', target = ''] = start.split(' ');
  const host = headers.find(([name]) => name.toLowerCase() === 'host')?.[1].trim() ?? '';
  const authority = normaliseAuthority(host, scheme);
  const request = requestView({ method, target, headers, scheme, authority: host, body });
  return { request, origin: authority === null ? null : { scheme, authority }, isResponse: start.startsWith('HTTP/') };
}

function listOf(message: Message, label: string): InnerList {
  const member = parseDictionary(
    message.request
      .lines('signature-input')
      .map((line) => line.trim())
      .join(', '),
  )?.get(label);
  assert.ok(member?.kind === 'inner-list');
  return member;
}

/** Components of a response, or of the request that it answers: no request has them, and no client signs them. */
const NOT_APPLICABLE = /^"@status"|;req|;tr/;

const RSA_PSS = { padding: constants.RSA_PKCS1_PSS_PADDING, saltLength: 64 };
function verifies(given: SignatureCase, base: string): boolean {
  const [key, data, signature] = [
    vectors?.keys[given.keyid] ?? {},
    Buffer.from(base, 'latin1'),
    Buffer.from(given.signature_base64, 'base64'),
  ];
  if (given.alg === 'hmac-sha256') {
    const secret = String(key.base64 ?? key.secret_base64 ?? key.jwk?.k ?? '');
    return createHmac('sha256', Buffer.from(secret, 'base64')).update(data).digest().equals(signature);
  }
  const publicKey = createPublicKey({ key: key.jwk ?? {}, format: 'jwk' });
  if (given.alg === 'rsa-pss-sha512') return verify('sha512', data, { key: publicKey, ...RSA_PSS }, signature);
  if (given.alg === 'ecdsa-p256-sha256') return verify('sha256', data, { key: publicKey, dsaEncoding: 'ieee-p1363' }, signature);
  return verify(given.alg === 'ed25519' ? null : 'sha256', data, publicKey, signature);
}

describe('signatures of RFC 9421', skipUnless(vectors, 'vectors'), () => {
  test('there are 20', () => assert.equal(vectors?.signatures.length, 20));
  for (const given of vectors?.signatures ?? []) {
    if (given.kind === 'response') {
      test(`${given.id}: of a response, so that its components are refused; the base verifies (${given.alg})`, () => {
        const list = listOf(messageOf(given.raw_message, given.scheme), given.label);
        assert.ok(list.items.some((item) => parseComponent(item) === null));
        assert.equal(verifies(given, given.signature_base), given.expected === 'valid');
      });
      continue;
    }
    test(`${given.id}: the base byte for byte, and its signature (${given.alg}): ${given.expected}`, () => {
      const message = messageOf(given.raw_message, given.scheme);
      const list = listOf(message, given.label);
      const components = list.items.map((item) => parseComponent(item) ?? assert.fail('unknown component'));
      const outcome = new SignatureBases(components, serialiseInnerList(list) ?? '', message).with(STRICT);
      assert.deepEqual(outcome, { base: given.signature_base });
      assert.equal(verifies(given, given.signature_base), given.expected === 'valid');
    });
  }
});

describe('component values of RFC 9421 section 2', skipUnless(vectors, 'vectors'), () => {
  for (const given of vectors?.components ?? []) {
    const message = messageOf(given.raw_message, given.scheme);
    for (const [identifier, value] of given.components) {
      const item = parseItem(identifier);
      assert.ok(item !== null);
      const component = parseComponent(item);
      if (message.isResponse || NOT_APPLICABLE.test(identifier)) {
        test(`${given.section} ${identifier}: not applicable, since it belongs to responses or trailers`, () => {
          if (NOT_APPLICABLE.test(identifier)) assert.equal(component, null);
        });
        continue;
      }
      test(`${given.section} ${identifier}`, () => {
        const found = component === null ? null : resolveComponent(component, message, STRICT);
        assert.equal(found, typeof value === 'string' ? value : null);
      });
    }
  }
});

describe('parameter examples of RFC 9421', skipUnless(vectors, 'vectors'), () => {
  for (const { section, field, value } of vectors?.params ?? []) {
    test(`${section} ${field} is parsed and written back`, () => {
      const text = field === 'signature-params' ? `sig1=${value}` : value;
      const parsed = parseDictionary(text);
      assert.ok(parsed !== null);
      assert.equal(serialiseDictionary(parsed), text);
      const member = parsed.get('sig1');
      if (member?.kind !== 'inner-list') return;
      const parameters = parseParameters(member.parameters);
      // `created` without a value asks for one (§5.1): it belongs to Accept-Signature, not to a signature.
      if (field === 'Accept-Signature') assert.ok('outcome' in parameters && parameters.reason === 'signature-parameter-invalid');
      else assert.ok('created' in parameters && parameters.created === 1_618_884_475);
    });
  }
});
