import assert from 'node:assert/strict';
import test from 'node:test';
import type { VerificationKey } from '../../../../src/core/jws/key-set.ts';
import { type VerifiedToken, VerifiedTokens } from '../../../../src/core/token/verified-tokens.ts';

const entry = (token: string): VerifiedToken => ({ token, claims: { exp: 1 }, key: {} as VerificationKey });

test('an entry is found by its signature, and only for exactly its token', () => {
  const tokens = new VerifiedTokens(4, 100);
  tokens.add(entry('a.b.s1'));
  assert.equal(tokens.get('a.b.s1')?.token, 'a.b.s1');
  assert.equal(tokens.get('a.c.s1'), undefined, 'the same signature under another payload is no hit');
  assert.equal(tokens.get('a.b.s2'), undefined);
  for (const odd of ['', '.', '..', 'a', 'a.b', 's1', '..s1', '__proto__', 'a.b.__proto__']) assert.equal(tokens.get(odd), undefined, odd);
});

test('signatures that begin alike are not confused', () => {
  const tokens = new VerifiedTokens(4, 200);
  const beginning = 'x'.repeat(60);
  tokens.add(entry(`a.b.${beginning}1`));
  assert.equal(tokens.get(`a.b.${beginning}2`), undefined);
  tokens.add(entry(`a.b.${beginning}2`));
  assert.equal(tokens.get(`a.b.${beginning}2`)?.token, `a.b.${beginning}2`);
  assert.equal(tokens.get(`a.b.${beginning}1`), undefined, 'the later one took the place');
});

test('it holds no more than it was allowed to', () => {
  const tokens = new VerifiedTokens(10, 100);
  for (let index = 0; index < 1000; index++) tokens.add(entry(`a.b.t${index}`));
  const held = Array.from({ length: 1000 }, (_, index) => index).filter((index) => tokens.get(`a.b.t${index}`) !== undefined);
  assert.ok(held.length <= 10);
  assert.ok(held.includes(999), 'the newest is held');
});

test('an entry in use outlives a flood of others', () => {
  const tokens = new VerifiedTokens(10, 100);
  tokens.add(entry('a.b.kept'));
  for (let index = 0; index < 100; index++) {
    tokens.add(entry(`a.b.t${index}`));
    assert.ok(tokens.get('a.b.kept') !== undefined, `after ${index}`);
  }
});

test('a token that is too long is not held', () => {
  const tokens = new VerifiedTokens(10, 5);
  tokens.add(entry('a.b.cd'));
  assert.equal(tokens.get('a.b.cd'), undefined);
});
