/** The small parts: segments, durations, clock, request view. */
import assert from 'node:assert/strict';
import test from 'node:test';
import { durationSeconds, manualClock, requestView, signCompact, signSegments } from '@approov-guard/testkit';

test('a segment holds exactly the text or the bytes that it was given', () => {
  const token = signCompact({ header: '{ "alg" : "none" }', payload: Uint8Array.of(0xff, 0x00), sign: null });
  assert.equal(token, `${Buffer.from('{ "alg" : "none" }').toString('base64url')}._wA.`);
});

test('the signature covers both segments and the dot between them', () => {
  const token = signSegments('h', 'p', (signingInput) => signingInput);
  assert.equal(token, `h.p.${Buffer.from('h.p').toString('base64url')}`);
});

test('durations are read as the vendor writes them', () => {
  assert.equal(durationSeconds('1y'), 365 * 86_400);
  assert.equal(durationSeconds('30d'), 30 * 86_400);
  assert.equal(durationSeconds('90s'), 90);
  for (const text of ['', '1', 'y', '0d', '-1d', '1.5h', '1Y', '1 d', '1d ', '9999999999d'])
    assert.equal(durationSeconds(text), null, text);
});

test('a manual clock stands still until it is moved', () => {
  const clock = manualClock(1000);
  assert.equal(clock.now(), 1000);
  clock.advance(500);
  assert.equal(clock.now(), 1500);
  clock.set(-1);
  assert.equal(clock.now(), -1);
});

test('a request view keeps duplicates in order and compares names without case', () => {
  const view = requestView({
    headers: [
      ['X-A', '1'],
      ['x-b', '2'],
      ['x-a', '3'],
    ],
  });
  assert.deepEqual(view.lines('x-a'), ['1', '3']);
  assert.deepEqual(view.lines('x-c'), []);
  assert.deepEqual([view.method, view.target, view.scheme, view.authority], ['GET', '/', 'https', 'api.example.com']);
});

test('a request view joins repeated lines if told so', () => {
  const headers = [
    ['a', '1'],
    ['a', '2'],
  ] as const;
  assert.deepEqual(requestView({ headers, joinsLines: true }).lines('a'), ['1, 2']);
  assert.deepEqual(requestView({ headers: { a: '1' }, joinsLines: true }).lines('a'), ['1']);
});
