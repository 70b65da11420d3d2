import assert from 'node:assert/strict';
import test from 'node:test';
import type { ClaimsPolicy } from '../../../../src/core/judge/policy.ts';
import { checkIdentity, checkTimes } from '../../../../src/core/judge/token.ts';
import { type Claims, EMULATOR_CLAIM } from '../../../../src/core/token/verified.ts';
import type { Rejected } from '../../../../src/core/verdict.ts';

const at = 1000;
const open: ClaimsPolicy = {
  clockToleranceSeconds: 0,
  maxLifetimeSeconds: null,
  issuers: null,
  audiences: null,
  audienceRequired: false,
  refuseEmulated: false,
};

function checkAll(claims: Claims, policy: ClaimsPolicy, moment: number): Rejected | null {
  return checkTimes(claims, policy, moment) ?? checkIdentity(claims, policy);
}

function found(claims: { readonly [claim: string]: unknown }, policy: Partial<ClaimsPolicy> = {}): string {
  return checkAll({ exp: at + 60, ...claims } as Claims, { ...open, ...policy }, at)?.reason ?? 'accepted';
}

test('a token is dead from the second on that exp names', () => {
  assert.equal(found({ exp: at }), 'token-expired');
  assert.equal(found({ exp: at - 0.001 }), 'token-expired');
  assert.equal(found({ exp: at + 0.001 }), 'accepted');
  assert.equal(found({ exp: at }, { clockToleranceSeconds: 1 }), 'accepted');
  assert.equal(found({ exp: at - 1 }, { clockToleranceSeconds: 1 }), 'token-expired');
});

test('exp is required and is a finite number', () => {
  for (const exp of [undefined, null, '', '2000', true, [], [2000], {}, Number.NaN, Infinity, -Infinity]) {
    assert.equal(found({ exp }), 'token-expiry-missing', String(exp));
  }
});

test('a moment of judgement that is no number accepts nothing', () => {
  for (const moment of [Number.NaN, Infinity]) assert.equal(checkTimes({ exp: at + 60 }, open, moment)?.reason, 'token-expired');
});

test('nbf in the future is rejected beyond the tolerance', () => {
  assert.equal(found({ nbf: at }), 'accepted');
  assert.equal(found({ nbf: at + 0.5 }), 'token-not-yet-valid');
  assert.equal(found({ nbf: at + 5 }, { clockToleranceSeconds: 5 }), 'accepted');
  assert.equal(found({ nbf: at + 6 }, { clockToleranceSeconds: 5 }), 'token-not-yet-valid');
});

test('iat is not judged, whenever it was', () => {
  for (const iat of [0, -1, at - 1e9, at, at + 0.5, at + 1, at + 1e9, 1e308]) assert.equal(found({ iat }), 'accepted', String(iat));
  assert.equal(found({ iat: at + 3600, nbf: at + 1 }), 'token-not-yet-valid');
});

test('nbf and iat are finite numbers', () => {
  for (const name of ['nbf', 'iat']) {
    for (const value of [null, '', '0', true, [], {}, Infinity, Number.NaN]) assert.equal(found({ [name]: value }), 'token-claim-invalid');
  }
});

test('the remaining life is bounded where a bound is set', () => {
  assert.equal(found({ exp: at + 300 }, { maxLifetimeSeconds: 300 }), 'accepted');
  assert.equal(found({ exp: at + 300.1 }, { maxLifetimeSeconds: 300 }), 'token-lifetime-too-long');
  assert.equal(found({ exp: 1e308 }), 'accepted');
});

test('claims that promise to be text are text', () => {
  for (const name of ['did', 'ip', 'iss', 'sub', 'arc', 'mskid']) {
    assert.equal(found({ [name]: '' }), 'accepted');
    for (const value of [null, 7, true, [], ['a'], {}]) assert.equal(found({ [name]: value }), 'token-claim-invalid', name);
  }
  for (const aud of ['a', [], ['a', 'b']]) assert.equal(found({ aud }), 'accepted', 'where any is accepted');
  for (const aud of [null, 7, {}, ['a', 7], [['a']], [null]]) assert.equal(found({ aud }), 'token-claim-invalid');
});

test('a token that an emulator made is refused in production, whatever else it says', () => {
  for (const value of ['not for production', true, false, 0, '', null, {}]) {
    const claims = { [EMULATOR_CLAIM]: value, did: 7 };
    assert.equal(found(claims, { refuseEmulated: true }), 'token-from-emulator');
    assert.equal(found({ [EMULATOR_CLAIM]: value }), 'accepted');
  }
});

test('the issuer is one of those configured', () => {
  const policy = { issuers: ['a.approov.io', 'b.approov.io'] };
  assert.equal(found({ iss: 'b.approov.io' }, policy), 'accepted');
  for (const iss of [undefined, '', 'c', 'A.approov.io', 'a.approov.io ']) assert.equal(found({ iss }, policy), 'token-issuer-unexpected');
  assert.equal(found({ iss: ['a.approov.io'] }, policy), 'token-claim-invalid');
});

test('the audience names one of those configured', () => {
  const policy = { audiences: ['api.example.com'], audienceRequired: true };
  assert.equal(found({ aud: 'api.example.com' }, policy), 'accepted');
  assert.equal(found({ aud: ['x', 'api.example.com'] }, policy), 'accepted');
  for (const aud of [undefined, '', 'x', [], ['x'], 'api.example.com.evil'])
    assert.equal(found({ aud }, policy), 'token-audience-unexpected');
});

test('an audience that is not required is compared where it is there', () => {
  const host = { audiences: ['api.example.com'] };
  assert.equal(found({}, host), 'accepted');
  for (const aud of ['api.example.com', ['x', 'api.example.com']]) assert.equal(found({ aud }, host), 'accepted');
  for (const aud of ['', 'x', [], ['x'], 'example.com', 'api.example.com.evil']) {
    assert.equal(found({ aud }, host), 'token-audience-unexpected');
    assert.equal(found({ aud }, { audiences: [] }), 'token-audience-unexpected');
  }
  assert.equal(found({}, { audiences: [] }), 'accepted');
});

test('times come before the other claims: an expired token with a wrong did is expired', () => {
  assert.equal(found({ exp: at - 1, did: 7, iss: 8 }, { issuers: ['a'] }), 'token-expired');
});
