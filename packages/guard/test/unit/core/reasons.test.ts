/** Every reason code of token and binding, and every fault code, is produced through a guard. */
import assert from 'node:assert/strict';
import test from 'node:test';
import { anotherSecret, bindingHash, type HeaderLine, mintToken, requestView } from '@approov-guard/testkit';
import { FAULTS, type GuardOptions, KeySet, REASONS, type ReasonCode } from 'approov-guard';
import { stageOf } from '../../../src/core/reasons/codes.ts';
import { guardPair, now, secret } from '../../both-ports.ts';

interface Row {
  readonly expected: string;
  readonly token?: string;
  readonly headers?: readonly HeaderLine[];
  readonly options?: Partial<GuardOptions>;
}
const mint = (claims: { readonly [claim: string]: unknown } = {}): string => mintToken({ secret, now, claims });
const binding: Partial<GuardOptions> = { binding: { headers: ['authorization'] } };
const authorized = (token: string, value = 'Bearer a'): readonly HeaderLine[] => [
  ['approov-token', token],
  ['authorization', value],
];

const ROWS: readonly Row[] = [
  { expected: 'token-missing', headers: [] },
  { expected: 'token-duplicated', token: `${mint()},${mint()}` },
  { expected: 'token-too-large', token: mint({ x: 'x'.repeat(8192) }) },
  { expected: 'token-sdk-status', token: 'MITM_DETECTED' },
  { expected: 'token-malformed', token: 'adasdasdsadasd' },
  { expected: 'token-algorithm-not-allowed', token: mintToken({ secret, now, algorithm: 'HS512' }) },
  { expected: 'token-key-unknown', token: mintToken({ secret, now, kid: 'b' }), options: { keys: { secret: { ...secret, kid: 'a' } } } },
  { expected: 'token-signature-invalid', token: mintToken({ secret: anotherSecret(secret), now }) },
  { expected: 'token-expiry-missing', token: mint({ exp: undefined }) },
  { expected: 'token-expired', token: mint({ exp: now / 1000 }) },
  { expected: 'token-not-yet-valid', token: mint({ nbf: now / 1000 + 1 }) },
  { expected: 'token-lifetime-too-long', token: mint(), options: { token: { maxLifetimeSeconds: 60 } } },
  { expected: 'token-issuer-unexpected', token: mint(), options: { token: { issuer: 'account.approov.io' } } },
  { expected: 'token-audience-unexpected', token: mint({ aud: 'x' }), options: { token: { audience: 'y' } } },
  { expected: 'token-claim-invalid', token: mint({ did: 7 }) },
  { expected: 'token-from-emulator', token: mint({ 'approov-guard-emulator': false }), options: { environment: 'production' } },
  { expected: 'binding-claim-missing', headers: authorized(mint()), options: binding },
  { expected: 'binding-value-missing', token: mint({ pay: bindingHash('') }), options: binding },
  {
    expected: 'binding-value-duplicated',
    headers: [
      ['approov-token', mint({ pay: bindingHash('a') })],
      ['authorization', 'a'],
      ['authorization', 'a'],
    ],
    options: binding,
  },
  { expected: 'binding-mismatch', headers: authorized(mint({ pay: bindingHash('Bearer b') })), options: binding },
  { expected: 'keys-unavailable', token: mint(), options: { keys: { current: () => null } } },
  { expected: 'keys-empty', token: mint(), options: { keys: { current: () => new KeySet([]) } } },
  { expected: 'internal', token: mint(), options: { now: () => Number.NaN } },
];

for (const { expected, token = '', headers = [['Approov-Token', token] as const], options = {} } of ROWS) {
  test(`${expected} is what a guard answers`, async () => {
    assert.equal(await guardPair({ keys: { secret }, ...options }).judge(requestView({ headers })), expected);
  });
}

test('every code has its row, and every row says what it means and what to do', () => {
  // The codes of rules, replay and message signatures have tests of their own.
  const elsewhere = new Set(['token-denied', 'token-replayed', 'token-share-exceeded']);
  const codes = Object.entries(REASONS).filter(([, { stage }]) => stage === 'token' || stage === 'binding');
  const produced = new Set(ROWS.map(({ expected }) => expected));
  assert.deepEqual(
    codes.map(([code]) => code).filter((code) => !produced.has(code) && !elsewhere.has(code)),
    [],
  );
  for (const [code, row] of [...Object.entries(REASONS), ...Object.entries(FAULTS)]) {
    assert.match(code, /^[a-z]+(?:-[a-z]+)*$/);
    if ('stage' in row) assert.equal(stageOf(code as ReasonCode), row.stage, code);
    for (const text of [row.spec, row.meaning, row.action]) assert.ok(text.length > 0, code);
  }
});

test('the first failure wins: signature before expiry, expiry before binding', async () => {
  const pair = guardPair({ keys: { secret }, ...binding });
  const forged = mintToken({ secret: anotherSecret(secret), now, claims: { exp: 1, pay: 7 } });
  assert.equal(await pair.judgeToken(forged), 'token-signature-invalid');
  assert.equal(await pair.judgeToken(mint({ exp: 1, pay: 7 })), 'token-expired');
  assert.equal(await pair.judgeToken(mint({ did: 7, pay: 7 })), 'token-claim-invalid');
});
