import assert from 'node:assert/strict';
import test from 'node:test';
import { ALGORITHMS } from '../../../../src/core/jws/algorithms.ts';
import type { VerificationKey } from '../../../../src/core/jws/jws.ts';
import { type VerifiedToken, VerifiedTokens } from '../../../../src/core/token/verified.ts';

function entry(token: string, algorithm = 'ES256'): VerifiedToken {
  return { token, claims: { exp: 1 }, key: { algorithm: ALGORITHMS.get(algorithm) } as VerificationKey };
}

test('an entry is found by its signature, and only for exactly its token', () => {
  const tokens = new VerifiedTokens(4, 100);
  tokens.add(entry('a.b.s1'));
  assert.equal(tokens.get('a.b.s1')?.token, 'a.b.s1');
  assert.equal(tokens.get('a.c.s1'), undefined, 'the same signature under another payload is no hit');
  assert.equal(tokens.get('a.b.s2'), undefined);
  for (const odd of ['', '.', '..', 'a', 'a.b', 's1', '..s1', '__proto__', 'a.b.__proto__']) assert.equal(tokens.get(odd), undefined, odd);
});

test('signatures that end alike are not confused', () => {
  const tokens = new VerifiedTokens(4, 200);
  const end = 'x'.repeat(60);
  tokens.add(entry(`a.b.1${end}`));
  assert.equal(tokens.get(`a.b.2${end}`), undefined);
  tokens.add(entry(`a.b.2${end}`));
  assert.equal(tokens.get(`a.b.2${end}`)?.token, `a.b.2${end}`);
  assert.equal(tokens.get(`a.b.1${end}`), undefined, 'the later one took the place');
});

test('a token with a MAC is held from its second request on', () => {
  const tokens = new VerifiedTokens(10, 100);
  tokens.add(entry('a.b.signature', 'HS256'));
  assert.equal(tokens.get('a.b.signature'), undefined);
  tokens.add(entry('a.b.signature', 'HS256'));
  assert.equal(tokens.get('a.b.signature')?.token, 'a.b.signature');
});

test('tokens that come again are held, however many come once', () => {
  const tokens = new VerifiedTokens(100, 100);
  const often = Array.from({ length: 50 }, (_, index) => `a.b.often-${1000 + index}x`);
  let verified = 0;
  for (let index = 0; index < 20_000; index++) {
    tokens.add(entry(`a.b.once-${100_000 + index}x`, 'HS256'));
    const again = often[index % often.length] as string;
    if (tokens.get(again) === undefined) {
      verified++;
      tokens.add(entry(again, 'HS256'));
    }
  }
  assert.ok(often.filter((token) => tokens.get(token) !== undefined).length >= 49);
  assert.ok(verified < 200, `${verified} of 20000 were verified again`);
});

for (const algorithm of ['HS256', 'ES256']) {
  test(`as many ${algorithm} tokens are held as it says, even where a fleet has new ones every now and then`, () => {
    const tokens = new VerifiedTokens(20_000, 100);
    for (let life = 0; life < 3; life++) {
      let found = 0;
      for (let round = 0; round < 8; round++) {
        found = 0;
        for (let index = 0; index < 20_000; index++) {
          const token = `a.b.${life}-${Math.imul(index + 1, 2_654_435_761) >>> 0}-x`;
          if (tokens.get(token) !== undefined) found++;
          else tokens.add(entry(token, algorithm));
        }
      }
      assert.ok(found >= 0.99 * 20_000, `${found} of 20000 found`);
    }
    assert.equal(tokens.size, 20_000);
  });
}

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

test('a token that was refused twice is known, and only exactly this one', () => {
  const tokens = new VerifiedTokens(10, 2048);
  tokens.refuse('a.b.signature');
  assert.equal(tokens.refused?.has('a.b.signature'), false);
  tokens.refuse('a.b.signature');
  assert.equal(tokens.refused?.has('a.b.signature'), true);
  assert.equal(tokens.refused?.has('a.c.signature'), false, 'the same signature under another payload');
  assert.equal(tokens.refused?.has('a.b.signaturE'), false);
  assert.equal(tokens.size, 0);
});

test('a flood of tokens that are refused pushes out none that verified and none that comes again', () => {
  const tokens = new VerifiedTokens(10, 2048);
  for (let time = 0; time < 2; time++) {
    tokens.add(entry('a.b.genuine', 'HS256'));
    tokens.refuse('a.b.tampered');
  }
  for (let index = 0; index < 20_000; index++) tokens.refuse(`a.b.flood-${index}x`);
  assert.equal(tokens.get('a.b.genuine')?.token, 'a.b.genuine');
  assert.equal(tokens.refused?.has('a.b.tampered'), true);
});

test('a refused token of more than 1024 characters is not remembered', () => {
  const tokens = new VerifiedTokens(10, 2048);
  for (const length of [1024, 1025]) {
    const token = `a.b.${'x'.repeat(length - 4)}`;
    for (let time = 0; time < 3; time++) tokens.refuse(token);
    assert.equal(tokens.refused?.has(token), length === 1024);
  }
});
