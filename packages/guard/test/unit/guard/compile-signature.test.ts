/** The options of message signatures: every mistake is found at start, and each tolerance is a switch of its own. */
import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { freshAccountKey, freshSecret } from '@approov-guard/testkit';
import { ConfigurationError, createGuard, type GuardOptions } from 'approov-guard';
import { nowSeconds, secret } from '../../both-ports.ts';
import { COVERED, type Draft, digestLine, judge, type SignatureOptions, signed, tokenWith } from '../../signed-requests.ts';

const account = { label: 'account', accountKeys: [freshAccountKey()] };

function mistake(signature: unknown, more: object = {}): string {
  try {
    createGuard({ keys: { secret }, signature, environment: 'development', ...more } as GuardOptions);
  } catch (error) {
    assert.ok(error instanceof ConfigurationError, String(error));
    return `${error.code} ${error.path}`;
  }
  return 'none';
}

const MISTAKES: readonly (readonly [signature: unknown, found: string])[] = [
  [true, 'option-invalid signature'],
  [[], 'option-invalid signature'],
  [{ algorithm: 'x' }, 'option-unknown signature.algorithm'],
  [{ label: 'sig1' }, 'option-invalid signature.label'],
  [{ label: 'account' }, 'option-missing signature.accountKeys'],
  [{ label: 'account', accountKeys: [] }, 'option-missing signature.accountKeys'],
  [{ label: 'account', accountKeys: [{}] }, 'options-contradict signature.accountKeys[0]'],
  [{ label: 'account', accountKeys: [{ base64: 'AAAA' }] }, 'secret-too-short signature.accountKeys[0].base64'],
  [{ label: 'account', accountKeys: [{ base64: undefined }] }, 'secret-missing signature.accountKeys[0].base64'],
  [{ ...account, accountKeys: [{ ...freshAccountKey(), id: ['a', 'b'] }] }, 'option-invalid signature.accountKeys[0].id'],
  [{ ...account, accountKeys: [{ ...freshAccountKey(), id: '' }] }, 'option-invalid signature.accountKeys[0].id'],
  [{ ...account, accountKeys: [{ ...freshAccountKey(), kid: 'a' }] }, 'option-unknown signature.accountKeys[0].kid'],
  [{ ...account, accountKeyDerivation: 'direct' }, 'option-unknown signature.accountKeyDerivation'],
  [{ ...account, missingKey: 'accept' }, 'options-contradict signature.missingKey'],
  [{ accountKeys: account.accountKeys }, 'options-contradict signature.accountKeys'],
  [{ missingKey: true }, 'option-invalid signature.missingKey'],
  [{ digest: true }, 'option-invalid signature.digest'],
  [{ nonce: true }, 'option-invalid signature.nonce'],
  [{ tag: '' }, 'option-invalid signature.tag'],
  [{ tag: 1 }, 'option-invalid signature.tag'],
  [{ required: '@method' }, 'option-invalid signature.required'],
  [{ required: ['x y'] }, 'option-invalid signature.required[0]'],
  [{ required: ['@metod'] }, 'option-invalid signature.required[0]'],
  [{ required: ['@method', '@query-param'] }, 'option-invalid signature.required[1]'],
  [{ required: ['@status'] }, 'option-invalid signature.required[0]'],
  [{ required: [1] }, 'option-invalid signature.required[0]'],
  [{ required: Array(33).fill('x') }, 'option-invalid signature.required'],
  [{ maxAgeSeconds: 0 }, 'option-invalid signature.maxAgeSeconds'],
  [{ maxAgeSeconds: 86_401 }, 'option-invalid signature.maxAgeSeconds'],
  [{ maxAgeSeconds: '300' }, 'option-invalid signature.maxAgeSeconds'],
  [{ clockToleranceSeconds: -1 }, 'option-invalid signature.clockToleranceSeconds'],
  [{ clockToleranceSeconds: Number.NaN }, 'option-invalid signature.clockToleranceSeconds'],
  [{ maxBytes: 255 }, 'option-invalid signature.maxBytes'],
  [{ maxBodyBytes: -1 }, 'option-invalid signature.maxBodyBytes'],
  [{ tolerances: { der: true } }, 'option-unknown signature.tolerances.der'],
  [{ tolerances: { derSignature: 'no' } }, 'option-invalid signature.tolerances.derSignature'],
  [{ tolerances: true }, 'option-invalid signature.tolerances'],
  [{ replay: true }, 'option-invalid signature.replay'],
  [{ replay: {} }, 'option-invalid signature.replay'],
];

describe('mistakes', () => {
  for (const [signature, found] of MISTAKES) test(found, () => assert.equal(mistake(signature), found));
  test('a mode that enforces signatures on an observed token', () => {
    assert.equal(mistake({}, { mode: { token: 'observe', signature: 'enforce' } }), 'options-contradict mode');
  });
  test('a route’s option has its path', () => {
    const guard = createGuard({ keys: { secret } });
    assert.throws(() => guard.route({ signature: { maxAgeSeconds: 0 } }), ConfigurationError);
  });
  test('a store of token.replay', () => assert.equal(mistake(null, { token: { replay: {} } }), 'option-invalid token.replay'));
});

describe('what is no mistake', () => {
  for (const signature of [
    undefined,
    null,
    {},
    { label: 'install' },
    account,
    { tolerances: null },
    { replay: null },
    { tag: null },
    { required: [] },
  ]) {
    test(JSON.stringify(signature) ?? 'undefined', () => assert.equal(mistake(signature), 'none'));
  }
});

describe('required', () => {
  const covering = (...covered: readonly string[]): Draft => ({
    covered,
    headers: [
      ['X-A', '1'],
      ['Content-Type', 'text/plain'],
    ],
  });
  const outcome = (covered: readonly string[], required?: readonly string[]): Promise<string> =>
    judge(signed(covering(...covered)), required === undefined ? {} : { required });
  test('by default @target-uri, as good as which are three parts together', async () => {
    assert.equal(await outcome(['@method', '@authority', '@path', '@query', 'approov-token']), 'accepted');
    for (const parts of [['@authority', '@path'], ['@path', '@query'], ['@authority', '@query'], ['@request-target', '@scheme'], []]) {
      assert.equal(await outcome(['@method', 'approov-token', ...parts]), 'signature-component-not-covered');
    }
  });
  test('the method and the token header always', async () => {
    assert.equal(await outcome(['@method', 'approov-token'], []), 'accepted');
    assert.equal(await outcome(['approov-token'], []), 'signature-component-not-covered');
    assert.equal(await outcome(['@method'], []), 'signature-component-not-covered');
  });
  test('names in any case; a component with parameters covers only part and does not count', async () => {
    assert.equal(await outcome([...COVERED, 'x-a'], ['X-A']), 'accepted');
    assert.equal(await outcome(COVERED, ['X-A']), 'signature-component-not-covered');
    assert.equal(await outcome([...COVERED, 'x-a;bs'], ['X-A']), 'signature-component-not-covered');
    assert.equal(await outcome(['@method', '@target-uri', 'approov-token;bs']), 'signature-component-not-covered');
  });
  test('the token header is the configured one, and a route’s if it has another', async () => {
    const sent = signed({ covered: ['@method', '@target-uri', 'x-token'], headers: [['X-Token', tokenWith()]] });
    assert.equal(await judge(sent, {}, { token: { header: 'X-Token' } }), 'accepted');
    assert.equal(await judge(signed(), {}, { token: { header: 'Approov-Token' } }), 'accepted');
    assert.equal(
      await judge(signed({ headers: [['X-Token', tokenWith()]] }), {}, { token: { header: 'X-Token' } }),
      'signature-component-not-covered',
    );
  });
});

const body = '{}';
const text = digestLine(body)[1].replaceAll(':', '"');
/** Each tolerance: a request that needs it, and the reason without it. */
const TOLERANCES: {
  readonly [Name in
    | 'stringSignature'
    | 'stringDigest'
    | 'derSignature'
    | 'authorityWithoutPort'
    | 'queryWithoutMark'
    | 'rootPathEmpty']: readonly [string, Draft];
} = {
  stringSignature: ['signature-malformed', { value: 'string' }],
  stringDigest: [
    'digest-malformed',
    { method: 'POST', body, headers: [['Content-Digest', text]], covered: [...COVERED, 'content-digest'] },
  ],
  derSignature: ['signature-invalid', { value: 'der' }],
  authorityWithoutPort: [
    'signature-invalid',
    { url: 'https://api.example.com:8443/a', covered: [...COVERED, '@authority'], values: { '@authority': 'api.example.com' } },
  ],
  queryWithoutMark: ['signature-invalid', { covered: [...COVERED, '@query'], values: { '@query': 'b=2&a=1' } }],
  rootPathEmpty: ['signature-invalid', { url: 'https://api.example.com/', values: { '@target-uri': 'https://api.example.com' } }],
};

describe('tolerances', () => {
  for (const [name, [reason, draft]] of Object.entries(TOLERANCES)) {
    const outcome = (tolerances?: SignatureOptions['tolerances']): Promise<string> =>
      judge(signed(draft), tolerances === undefined ? {} : { tolerances });
    test(`${name} is on by default, is needed, and is the only one that is`, async () => {
      assert.equal(await outcome(), 'accepted');
      assert.equal(await outcome({ [name]: true }), 'accepted');
      assert.equal(await outcome({ [name]: false }), reason);
      assert.equal(await outcome(null), reason);
      const others = Object.keys(TOLERANCES).filter((other) => other !== name);
      assert.equal(await outcome(Object.fromEntries(others.map((other) => [other, false]))), 'accepted');
    });
  }
  test('a strict client is accepted without any', async () => assert.equal(await judge(signed(), { tolerances: null }), 'accepted'));
  test('tolerances do not make another path, another query or another host of it', async () => {
    for (const [target, values] of [
      ['/a', { '@target-uri': 'https://api.example.com' }],
      ['/?a', { '@target-uri': 'https://api.example.com/' }],
    ] as const) {
      assert.equal(await judge(signed({ url: `https://api.example.com${target}`, values })), 'signature-invalid');
    }
    assert.equal(
      await judge(signed({ url: 'https://api.example.com:8443/', values: { '@target-uri': 'https://api.example.com/' } })),
      'signature-invalid',
    );
  });
  test('DER is no form of a MAC', async () => {
    const key = freshSecret();
    const sent = signed({
      key: { account: key },
      parameters: `created=${nowSeconds}`,
      value: (mac) => `:${Buffer.concat([Buffer.from([0x30, 32]), mac]).toString('base64')}:`,
    });
    assert.equal(await judge(sent, { label: 'account', accountKeys: [key] }), 'signature-invalid');
  });
});
