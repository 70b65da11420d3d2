import assert from 'node:assert/strict';
import test from 'node:test';
import type { VerificationKey } from '../../../../src/core/jws/key-set.ts';
import { type VerifiedToken, VerifiedTokens } from '../../../../src/core/token/verified-tokens.ts';

const entry = (token: string): VerifiedToken => ({ token, claims: { exp: 1 }, key: {} as VerificationKey });

test('an entry is found by its signature, and only for exactly its token', () => {
  const tokens = new VerifiedTokens(4, 100);
  tokens.add('s1', entry('a.b.s1'));
  assert.equal(tokens.get('s1', 'a.b.s1')?.token, 'a.b.s1');
  assert.equal(tokens.get('s1', 'a.c.s1'), undefined, 'the same signature under another payload is no hit');
  assert.equal(tokens.get('s2', 'a.b.s1'), undefined);
  assert.equal(tokens.get('__proto__', ''), undefined);
});

test('it holds no more than it was allowed to', () => {
  const tokens = new VerifiedTokens(10, 100);
  for (let index = 0; index < 1000; index++) tokens.add(`s${index}`, entry(`t${index}`));
  const held = Array.from({ length: 1000 }, (_, index) => index).filter((index) => tokens.get(`s${index}`, `t${index}`) !== undefined);
  assert.ok(held.length <= 10);
  assert.ok(held.includes(999), 'the newest is held');
});

test('an entry in use outlives a flood of others', () => {
  const tokens = new VerifiedTokens(10, 100);
  tokens.add('kept', entry('kept'));
  for (let index = 0; index < 100; index++) {
    tokens.add(`s${index}`, entry(`t${index}`));
    assert.ok(tokens.get('kept', 'kept') !== undefined, `after ${index}`);
  }
});

test('a token that is too long is not held', () => {
  const tokens = new VerifiedTokens(10, 3);
  tokens.add('s', entry('long'));
  assert.equal(tokens.get('s', 'long'), undefined);
});
