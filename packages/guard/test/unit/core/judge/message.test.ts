/** Every reason and fault of message signatures, digests and replay, as a guard gives it. */
import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { runInNewContext } from 'node:vm';
import { freshAccountKey, freshInstallationKey, requestView } from '@approov-guard/testkit';
import { createGuard, type GuardOptions, memoryReplayStore, type ReplayStore } from 'approov-guard';
import { now, nowSeconds, outcomeOf, secret } from '../../../both-ports.ts';
import {
  COVERED,
  type Draft,
  described,
  digestLine,
  headerOf,
  install,
  judge,
  PARAMETERS,
  type Sent,
  type SignatureOptions,
  signaturePair,
  signed,
  tokenWith,
  verdictOf,
  withHeader,
} from '../../../signed-requests.ts';

const BODY = '{"a":1}';
const post = (draft: Draft = {}): Sent =>
  signed({ method: 'POST', body: BODY, headers: [digestLine(BODY)], covered: [...COVERED, 'content-digest'], ...draft });
const covering = (...more: readonly string[]): readonly string[] => [...COVERED, ...more];
const at = (created: number, expires?: number): string => `created=${created}${expires === undefined ? '' : `;expires=${expires}`}`;

describe('what is accepted', () => {
  test('a good signature is proven, with what it covers', async () => {
    const verdict = await verdictOf(signed());
    assert.ok(verdict.outcome === 'accepted');
    const { attestation } = verdict;
    assert.equal(attestation.signature, 'verified');
    assert.equal(attestation.digest, 'absent');
    assert.deepEqual([...attestation.covered], ['"@method"', '"@target-uri"', '"approov-token"']);
  });
  test('a good digest is proven', async () => {
    const verdict = await verdictOf(post(), { digest: 'required' });
    assert.ok(verdict.outcome === 'accepted');
    assert.equal(verdict.attestation.digest, 'verified');
  });
  test('without `signature` in the options nothing of it is looked at', async () => {
    const verdict = await createGuard({ keys: { secret }, now: () => now }).judge(
      requestView(withHeader(signed(), 'Signature', 'garbage')),
    );
    assert.ok(verdict.outcome === 'accepted');
    assert.deepEqual([verdict.attestation.signature, verdict.attestation.digest], ['unchecked', 'unchecked']);
  });
});

/** Each row: the code, the request that gets it, the options. */
const REASONS: readonly (readonly [code: string, name: string, sent: () => Sent, options?: SignatureOptions])[] = [
  ['signature-missing', 'no fields', () => withHeader(withHeader(signed(), 'Signature'), 'Signature-Input')],
  ['signature-missing', 'no Signature', () => withHeader(signed(), 'Signature')],
  ['signature-missing', 'empty Signature-Input', () => withHeader(signed(), 'Signature-Input', ' ')],
  ['signature-malformed', 'no dictionary', () => withHeader(signed(), 'Signature-Input', 'Install=()')],
  [
    'signature-malformed',
    'longer than maxBytes',
    () => signed({ headers: [['x', '1']], covered: covering('x'), parameters: `${PARAMETERS};tag="${'t'.repeat(300)}"` }),
    { maxBytes: 256 },
  ],
  ['signature-malformed', 'the member is a boolean', () => withHeader(signed(), 'Signature-Input', 'install')],
  ['signature-malformed', 'an empty signature', () => withHeader(signed(), 'Signature', 'install=::')],
  ['signature-malformed', 'an inner list as signature', () => withHeader(signed(), 'Signature', 'install=(:AAAA:)')],
  ['signature-malformed', 'a token as signature', () => withHeader(signed(), 'Signature', 'install=AAAA')],
  [
    'signature-malformed',
    'more than 32 components',
    () =>
      signed({
        covered: covering(...Array.from({ length: 30 }, (_, i) => `x-${i}`)),
        headers: Array.from({ length: 30 }, (_, i) => [`x-${i}`, ''] as const),
      }),
  ],
  ['signature-label-missing', 'another label', () => signed({ label: 'sig1' })],
  [
    'signature-label-missing',
    'the labels differ',
    () => withHeader(signed(), 'Signature', headerOf(signed(), 'Signature').replace('install', 'other')),
  ],
  ['signature-parameter-missing', 'no created', () => signed({ parameters: 'alg="ecdsa-p256-sha256"' })],
  ['signature-parameter-missing', 'no nonce', () => signed(), { nonce: 'required' }],
  ['signature-parameter-missing', 'an empty nonce', () => signed({ parameters: `${PARAMETERS};nonce=""` }), { nonce: 'required' }],
  ['signature-parameter-invalid', 'created is a decimal', () => signed({ parameters: `created=${nowSeconds}.5` })],
  ['signature-parameter-invalid', 'expires before created', () => signed({ parameters: at(nowSeconds, nowSeconds - 1) })],
  ['signature-parameter-invalid', 'another tag', () => signed({ parameters: `${PARAMETERS};tag="b"` }), { tag: 'a' }],
  ['signature-parameter-invalid', 'no tag', () => signed(), { tag: 'a' }],
  ['signature-key-missing', 'a token without ipk', () => signed({ token: tokenWith({ ipk: undefined }) })],
  ['signature-key-invalid', 'ipk is no key', () => signed({ token: tokenWith({ ipk: '***' }) })],
  ['signature-algorithm-not-allowed', 'alg of the other label', () => signed({ parameters: `alg="hmac-sha256";created=${nowSeconds}` })],
  ['signature-component-not-covered', 'method only', () => signed({ covered: ['@method'] })],
  ['signature-component-not-covered', 'nothing', () => signed({ covered: [] })],
  ['signature-component-not-covered', 'the token is not covered', () => signed({ covered: ['@method', '@target-uri'] })],
  ['signature-component-not-covered', 'the digest is there and not covered', () => post({ covered: COVERED }), { digest: 'required' }],
  ['signature-component-repeated', 'the method twice', () => signed({ covered: covering('@method') })],
  [
    'signature-component-unknown',
    'a misspelt derived component',
    () => signed({ covered: covering('@metod'), values: { '@metod': 'GET' } }),
  ],
  [
    'signature-component-unresolvable',
    'a field that is not there',
    () => signed({ covered: covering('x-absent'), values: { 'x-absent': '' } }),
  ],
  ['signature-created-in-future', 'beyond the tolerance', () => signed({ parameters: at(nowSeconds + 61) })],
  ['signature-too-old', 'beyond the age', () => signed({ parameters: at(nowSeconds - 301) })],
  ['signature-expired', 'beyond the tolerance', () => signed({ parameters: at(nowSeconds - 90, nowSeconds - 60) })],
  ['signature-invalid', 'another key', () => signed({ key: { install: freshInstallationKey() } })],
  ['digest-missing', 'a body without digest', () => signed({ method: 'POST', body: BODY }), { digest: 'required' }],
  ['digest-malformed', 'no dictionary', () => post({ headers: [['Content-Digest', 'sha-256=']] })],
  ['digest-algorithm-unsupported', 'md5 only', () => post({ headers: [['Content-Digest', 'md5=:AAAA:']] })],
  ['digest-mismatch', 'another body', () => ({ ...post(), body: '{"a":2}' })],
  ['digest-mismatch', 'an uncovered digest of another body', () => ({ ...post({ covered: COVERED }), body: '{"a":2}' })],
  ['digest-mismatch', 'the body is gone', () => ({ ...post(), body: null })],
  ['digest-body-too-large', 'longer than maxBodyBytes', () => post(), { maxBodyBytes: 3 }],
];

describe('reasons', () => {
  for (const [code, name, sent, options] of REASONS) {
    test(`${code}: ${name}`, async () => assert.equal(await judge(sent(), options), code));
  }
  test('signature-replayed: the same request again', async () => {
    const pair = signaturePair();
    const view = (): ReturnType<typeof requestView> => requestView(sent);
    const sent = signed();
    assert.equal(await pair.judge(view()), 'accepted');
    assert.equal(await pair.judge(view()), 'signature-replayed');
  });
  test('details name the component, never a value', async () => {
    assert.equal(described(await verdictOf(signed({ covered: ['@method'] }))), 'signature-component-not-covered: approov-token');
    const absent = signed({ covered: covering('x-absent'), values: { 'x-absent': '' } });
    assert.equal(described(await verdictOf(absent)), 'signature-component-unresolvable: "x-absent"');
  });
});

const view = (sent: Sent, body?: NonNullable<ReturnType<typeof requestView>['body']>): ReturnType<typeof requestView> => ({
  ...requestView(sent),
  ...(body === undefined ? {} : { body }),
});

describe('faults', () => {
  test('body-unavailable: somebody read the body, with the remedy as cause', async () => {
    const guard = createGuard({ keys: { secret }, signature: {}, now: () => now });
    const verdict = await guard.judge(view(post(), { present: true, read: () => ({ outcome: 'gone', remedy: 'put the guard first' }) }));
    assert.equal(outcomeOf(verdict), 'body-unavailable');
    assert.ok(verdict.outcome === 'unavailable' && verdict.cause instanceof Error && verdict.cause.message === 'put the guard first');
    assert.equal(verdict.stage, 'digest');
  });
  for (const [name, setIfAbsent] of Object.entries<ReplayStore['setIfAbsent']>({
    throws: () => {
      throw new Error('full');
    },
    rejects: () => Promise.reject(new Error('down')),
  })) {
    test(`replay-store-unavailable: a store that ${name} is never an acceptance`, async () => {
      const [verdict, decision] = await Promise.all([
        verdictOf(signed(), { replay: { setIfAbsent } }),
        signaturePair({ replay: { setIfAbsent } }).node.decide(requestView(signed())),
      ]);
      assert.equal(outcomeOf(verdict), 'replay-store-unavailable');
      assert.ok(decision.action === 'refuse' && decision.refusal.status === 503);
    });
  }
  test('an answer that is neither true nor false is no acceptance, and no fault of the client', async () => {
    for (const answer of ['OK', 1, 0, undefined, null, {}]) {
      // The casts say what a store in JavaScript may answer.
      const atOnce = { setIfAbsent: () => answer as unknown as boolean };
      const later = { setIfAbsent: async () => answer as unknown as boolean };
      assert.equal(await judge(signed(), { replay: atOnce }), 'replay-store-unavailable', String(answer));
      assert.equal(await judge(signed(), { replay: later }), 'replay-store-unavailable', String(answer));
    }
  });
  test('a promise of another realm is waited for', async () => {
    const answer = (value: boolean): ReplayStore => ({ setIfAbsent: () => runInNewContext(`Promise.resolve(${value})`) });
    assert.equal(await judge(signed(), { replay: answer(true) }), 'accepted');
    assert.equal(await judge(signed(), { replay: answer(false) }), 'signature-replayed');
  });
});

/** A store that shows what it was asked. */
function watchedStore(): ReplayStore & { readonly asked: [string, number][] } {
  const asked: [string, number][] = [];
  const inner = memoryReplayStore({ now: () => now });
  const setIfAbsent: ReplayStore['setIfAbsent'] = (key, until) => {
    asked.push([key, until]);
    return inner.setIfAbsent(key, until);
  };
  return { asked, setIfAbsent };
}

describe('replay', () => {
  test('is asked last: a failing digest leaves no entry, and the good request is accepted afterwards', async () => {
    const replay = watchedStore();
    const guard = createGuard({ keys: { secret }, signature: { replay }, now: () => now });
    const sent = post();
    assert.equal(outcomeOf(await guard.judge(requestView({ ...sent, body: 'x' }))), 'digest-mismatch');
    assert.equal(replay.asked.length, 0);
    assert.equal(outcomeOf(await guard.judge(requestView(sent))), 'accepted');
    assert.equal(outcomeOf(await guard.judge(requestView(sent))), 'signature-replayed');
  });
  test('an entry lives until the signature is no longer accepted and its body would be late, and a second more', async () => {
    const replay = watchedStore();
    const options: SignatureOptions = { replay, clockToleranceSeconds: 60, maxAgeSeconds: 300 };
    await verdictOf(signed({ parameters: at(nowSeconds, nowSeconds + 15) }), options);
    await verdictOf(signed({ parameters: at(nowSeconds - 10) }), options);
    assert.deepEqual(
      replay.asked.map(([, until]) => until),
      [nowSeconds + 136, nowSeconds + 351],
    );
  });
  test('the key is a hash, and the same for both spellings of s', async () => {
    const replay = watchedStore();
    const sent = signed();
    const order = 0xffffffff00000000ffffffffffffffffbce6faada7179e84f3b9cac2fc632551n;
    const raw = Buffer.from(headerOf(sent, 'Signature').split(':')[1] ?? '', 'base64');
    const s = BigInt(`0x${raw.subarray(32).toString('hex')}`);
    const twin = Buffer.concat([raw.subarray(0, 32), Buffer.from((order - s).toString(16).padStart(64, '0'), 'hex')]);
    const guard = createGuard({ keys: { secret }, signature: { replay }, now: () => now });
    assert.equal(outcomeOf(await guard.judge(requestView(sent))), 'accepted');
    const other = withHeader(sent, 'Signature', `install=:${twin.toString('base64')}:`);
    assert.equal(outcomeOf(await guard.judge(requestView(other))), 'signature-replayed');
    assert.match(replay.asked[0]?.[0] ?? '', /^[A-Za-z0-9+/]{43}=$/);
  });
  test('spelling the signature as DER, as a String or with other white space is the same signature', async () => {
    const guard = createGuard({ keys: { secret }, signature: {}, now: () => now });
    const sent = signed();
    assert.equal(outcomeOf(await guard.judge(requestView(sent))), 'accepted');
    const value = headerOf(sent, 'Signature');
    for (const other of [value.replaceAll(':', '"'), ` x=1,  ${value};p`, value.replace(/=*:$/, ':')]) {
      assert.equal(outcomeOf(await guard.judge(requestView(withHeader(sent, 'Signature', other)))), 'signature-replayed');
    }
  });
  test('null accepts replays', async () => {
    const pair = signaturePair({ replay: null });
    const sent = signed();
    for (const _ of [1, 2]) assert.equal(await pair.judge(requestView(sent)), 'accepted');
  });
  test('two guards that share a store may judge one message; another message is a replay', async () => {
    const guard = createGuard({ keys: { secret }, signature: {}, now: () => now });
    const pay = guard.route({ mode: 'enforce' });
    const sent = signed();
    const message = {};
    assert.equal(outcomeOf(await guard.judge({ ...requestView(sent), message })), 'accepted');
    assert.equal(outcomeOf(await guard.judge({ ...requestView(sent), message }, pay)), 'accepted');
    assert.equal(outcomeOf(await guard.judge({ ...requestView(sent), message: {} }, pay)), 'signature-replayed');
  });
});

describe('one-time tokens', () => {
  const once = (): Partial<GuardOptions> => ({ token: { replay: memoryReplayStore({ now: () => now }) } });
  const plain = (options: Partial<GuardOptions>): GuardOptions => ({ keys: { secret }, now: () => now, ...options });
  test('token-replayed: the second use, also where nothing is signed', async () => {
    const guard = createGuard(plain(once()));
    assert.equal(outcomeOf(await guard.judge(requestView(signed()))), 'accepted');
    const again = await guard.decide(requestView(signed()));
    assert.ok(again.verdict !== null && again.action === 'refuse');
    assert.equal(outcomeOf(again.verdict), 'token-replayed');
  });
  test('another token of the same device is another token', async () => {
    const guard = createGuard(plain(once()));
    assert.equal(outcomeOf(await guard.judge(requestView(signed()))), 'accepted');
    assert.equal(outcomeOf(await guard.judge(requestView(signed({ token: tokenWith({ jti: '2' }) })))), 'accepted');
  });
  test('a request that fails otherwise does not use its token up', async () => {
    const guard = createGuard(plain({ ...once(), signature: {} }));
    assert.equal(outcomeOf(await guard.judge(requestView({ ...signed(), method: 'PUT' }))), 'signature-invalid');
    assert.equal(outcomeOf(await guard.judge(requestView(signed()))), 'accepted');
    assert.equal(outcomeOf(await guard.judge(requestView(signed()))), 'token-replayed');
  });
  test('a signature that is only observed does not hide a token that is used again', async () => {
    const guard = createGuard(plain({ ...once(), signature: {}, mode: { signature: 'observe' } }));
    const unsigned = withHeader(signed(), 'Signature');
    const first = await guard.decide(requestView(unsigned));
    assert.ok(first.action === 'pass' && first.verdict !== null && outcomeOf(first.verdict) === 'signature-missing');
    const second = await guard.decide(requestView(unsigned));
    assert.ok(second.action === 'refuse' && outcomeOf(second.verdict) === 'token-replayed');
  });
  test('a store that fails is unavailable', async () => {
    const replay: ReplayStore = { setIfAbsent: () => Promise.reject(new Error('down')) };
    const verdict = await createGuard(plain({ token: { replay } })).judge(requestView(signed()));
    assert.equal(outcomeOf(verdict), 'replay-store-unavailable');
  });
});

describe('modes', () => {
  const BINDING = { headers: ['authorization'] };
  const decide = async (sent: Sent, mode: GuardOptions['mode'], signature: SignatureOptions = {}): Promise<string> => {
    const guard = createGuard({ keys: { secret }, now: () => now, binding: BINDING, signature, mode: mode ?? 'enforce' });
    const decision = await guard.decide(requestView(sent));
    return `${decision.action} ${decision.verdict === null ? '' : outcomeOf(decision.verdict)}`;
  };
  const unbound = signed({ headers: [['Authorization', 'Bearer a']] });
  test('an observed binding that fails passes if the enforced signature holds', async () => {
    assert.equal(await decide(unbound, { binding: 'observe' }), 'pass binding-claim-missing');
  });
  test('an observed binding that fails does not hide an enforced signature that fails', async () => {
    assert.equal(await decide({ ...unbound, method: 'PUT' }, { binding: 'observe' }), 'refuse signature-invalid');
    assert.equal(await decide({ ...post(), body: 'x' }, { binding: 'observe' }), 'refuse digest-mismatch');
  });
  test('an observed signature passes and an enforced binding still refuses', async () => {
    assert.equal(await decide(unbound, { signature: 'observe' }), 'refuse binding-claim-missing');
    const bound = { pay: 'A6xnQhbz4Vx2HuGl4lXwZ5U2I8iziLRFnhP5eNfIRvQ=' };
    assert.equal(await decide(signed({ token: tokenWith(bound), headers: [['Authorization', '1234']] }), {}), 'pass accepted');
    const wrong = { ...signed({ token: tokenWith(bound), headers: [['Authorization', '1234']] }), method: 'PUT' };
    assert.equal(await decide(wrong, { signature: 'observe' }), 'pass signature-invalid');
    assert.equal(await decide(wrong, {}), 'refuse signature-invalid');
  });
  test('the digest and the replay store follow the mode of the signature', async () => {
    const bound = { pay: 'A6xnQhbz4Vx2HuGl4lXwZ5U2I8iziLRFnhP5eNfIRvQ=' };
    const sent = { ...post({ token: tokenWith(bound), headers: [digestLine(BODY), ['Authorization', '1234']] }), body: 'x' };
    assert.equal(await decide(sent, {}), 'refuse digest-mismatch');
    assert.equal(await decide(sent, { signature: 'observe' }), 'pass digest-mismatch');
    const down: SignatureOptions = { replay: { setIfAbsent: () => Promise.reject(new Error('down')) } };
    assert.equal(await decide({ ...sent, body: BODY }, {}, down), 'refuse replay-store-unavailable');
    assert.equal(await decide({ ...sent, body: BODY }, { signature: 'observe' }, down), 'pass replay-store-unavailable');
  });
});

describe('missingKey', () => {
  test('accept takes a token without ipk, and says that nothing was proven', async () => {
    const verdict = await verdictOf(withHeader(signed({ token: tokenWith({ ipk: undefined }) }), 'Signature'), { missingKey: 'accept' });
    assert.ok(verdict.outcome === 'accepted');
    assert.deepEqual([verdict.attestation.signature, verdict.attestation.covered.size], ['absent', 0]);
  });
  test('accept does not weaken the check of an ipk that is present', async () => {
    assert.equal(await judge(withHeader(signed(), 'Signature'), { missingKey: 'accept' }), 'signature-missing');
    for (const ipk of ['', null, true, ['x']])
      assert.equal(await judge(signed({ token: tokenWith({ ipk }) }), { missingKey: 'accept' }).then((code) => code !== 'accepted'), true);
  });
});

describe('account keys', () => {
  const [newest, older, unnamed] = [freshAccountKey(), freshAccountKey(), freshAccountKey()];
  const ALG = `alg="hmac-sha256";created=${nowSeconds}`;
  const account = (base64url: string, claims: object, parameters = ALG): Sent =>
    signed({ key: { account: { base64url } as never }, parameters, token: tokenWith({ ipk: undefined, ...claims }) });
  const options = (...accountKeys: readonly object[]): SignatureOptions => ({ label: 'account', accountKeys: accountKeys as never });

  test('the key is chosen by mskid', async () => {
    for (const { id, base64url } of [newest, older]) {
      assert.equal(await judge(account(base64url, { mskid: id }), options(newest, older)), 'accepted');
    }
    assert.equal(await judge(account(newest.base64url, { mskid: older.id }), options(newest, older)), 'signature-invalid');
  });
  test('an unknown mskid gets the key without id, else none', async () => {
    const sent = account(unnamed.base64url, { mskid: 'other' });
    assert.equal(await judge(sent, options(newest, { base64url: unnamed.base64url })), 'accepted');
    assert.equal(await judge(sent, options(newest)), 'signature-key-missing');
  });
  test('a token without mskid gets the key without id, or the only one', async () => {
    assert.equal(await judge(account(newest.base64url, {}), options(newest)), 'accepted');
    assert.equal(await judge(account(newest.base64url, {}), options(newest, older)), 'signature-key-missing');
  });
  test('alg of the other label is refused, and so is the ipk text as HMAC key', async () => {
    assert.equal(await judge(account(newest.base64url, {}, PARAMETERS), options(newest)), 'signature-algorithm-not-allowed');
    assert.equal(await judge(account(Buffer.from(install.ipk).toString('base64url'), {}), options(newest)), 'signature-invalid');
  });
  test('a MAC that is cut short is refused', async () => {
    const sent = account(newest.base64url, {});
    const mac = Buffer.from(headerOf(sent, 'Signature').split(':')[1] ?? '', 'base64');
    for (const length of [0, 16, 31])
      assert.notEqual(
        await judge(withHeader(sent, 'Signature', `account=:${mac.subarray(0, length).toString('base64')}:`), options(newest)),
        'accepted',
      );
  });
});
