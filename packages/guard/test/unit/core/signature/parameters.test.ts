/** Parameters at the borders of what is accepted. */
import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { parseItem } from '../../../../src/core/sfv/parse.ts';
import { acceptableUntil, checkParameters, type FreshnessPolicy, parseParameters } from '../../../../src/core/signature/parameters.ts';

const POLICY: FreshnessPolicy = { maxAgeSeconds: 300, clockToleranceSeconds: 60, nonce: 'optional', tag: null };

function outcome(text: string, at = 1000, policy: Partial<FreshnessPolicy> = {}): string {
  const parsed = parseParameters(parseItem(`x;${text}`)?.parameters ?? new Map());
  if ('outcome' in parsed) return parsed.reason;
  return checkParameters(parsed, { ...POLICY, ...policy }, at)?.reason ?? 'good';
}

describe('created', () => {
  test('may lie in the future by the tolerance and not a second more', () => {
    assert.equal(outcome('created=1060'), 'good');
    assert.equal(outcome('created=1061'), 'signature-created-in-future');
    assert.equal(outcome('created=1060', 999.999), 'signature-created-in-future');
    assert.equal(outcome('created=1001', 1000, { clockToleranceSeconds: 0 }), 'signature-created-in-future');
    assert.equal(outcome('created=1000', 1000, { clockToleranceSeconds: 0 }), 'good');
  });
  test('may be as old as the policy says and not a moment older, whatever the tolerance', () => {
    assert.equal(outcome('created=700'), 'good');
    assert.equal(outcome('created=700', 1000.001), 'signature-too-old');
    assert.equal(outcome('created=699'), 'signature-too-old');
    assert.equal(outcome('created=0'), 'signature-too-old');
    assert.equal(outcome('created=-1'), 'signature-too-old');
    assert.equal(outcome('created=999999999999999'), 'signature-created-in-future');
  });
  test('must be there, and an Integer', () => {
    assert.equal(outcome('expires=1015'), 'signature-parameter-missing');
    for (const value of ['1000.0', '"1000"', '@1000', 'token', '?1', ':AA==:', '%"1000"']) {
      assert.equal(outcome(`created=${value}`), 'signature-parameter-invalid', value);
    }
    assert.equal(outcome('created'), 'signature-parameter-invalid');
  });
  test('occurs twice: the last counts', () => assert.equal(outcome('created=1;created=1000'), 'good'));
  test('a clock that is no number accepts nothing', () => assert.equal(outcome('created=1000', Number.NaN), 'signature-created-in-future'));
});

describe('expires', () => {
  test('is dead from its second on, plus the tolerance', () => {
    assert.equal(outcome('created=940;expires=941'), 'good');
    assert.equal(outcome('created=940;expires=940'), 'signature-expired');
    assert.equal(outcome('created=940;expires=940', 999.999), 'good');
    assert.equal(outcome('created=990;expires=1000', 1000, { clockToleranceSeconds: 0 }), 'signature-expired');
    assert.equal(outcome('created=990;expires=1001', 1000, { clockToleranceSeconds: 0 }), 'good');
  });
  test('does not lie before created, and does not lengthen the life', () => {
    assert.equal(outcome('created=1000;expires=999'), 'signature-parameter-invalid');
    assert.equal(outcome('created=1000;expires=1000'), 'good');
    assert.equal(outcome('created=699;expires=9999'), 'signature-too-old');
  });
  test('is an Integer', () => {
    for (const value of ['1015.0', '"1015"', '@1015', 'x'])
      assert.equal(outcome(`created=1000;expires=${value}`), 'signature-parameter-invalid');
  });
});

describe('the other parameters', () => {
  test('are Strings', () => {
    for (const name of ['alg', 'keyid', 'nonce', 'tag']) {
      assert.equal(outcome(`created=1000;${name}="x"`), 'good');
      for (const value of ['x', '1', '?1', ':AA==:']) assert.equal(outcome(`created=1000;${name}=${value}`), 'signature-parameter-invalid');
      assert.equal(outcome(`created=1000;${name}`), 'signature-parameter-invalid');
    }
  });
  test('unknown ones are ignored', () => assert.equal(outcome('created=1000;expired=1;x-y=?0'), 'good'));
  test('nonce and tag as the policy demands', () => {
    assert.equal(outcome('created=1000', 1000, { nonce: 'required' }), 'signature-parameter-missing');
    assert.equal(outcome('created=1000;nonce=""', 1000, { nonce: 'required' }), 'signature-parameter-missing');
    assert.equal(outcome('created=1000;nonce="n"', 1000, { nonce: 'required' }), 'good');
    assert.equal(outcome('created=1000;tag="b"', 1000, { tag: 'a' }), 'signature-parameter-invalid');
    assert.equal(outcome('created=1000;tag="A"', 1000, { tag: 'a' }), 'signature-parameter-invalid');
    assert.equal(outcome('created=1000;tag="a"', 1000, { tag: 'a' }), 'good');
  });
});

test('acceptance ends with the earlier of age and expiry', () => {
  const parameters = { created: 1000, alg: null, nonce: null, tag: null };
  assert.equal(acceptableUntil({ ...parameters, expires: null }, POLICY), 1300);
  assert.equal(acceptableUntil({ ...parameters, expires: 1015 }, POLICY), 1075);
  assert.equal(acceptableUntil({ ...parameters, expires: 9999 }, POLICY), 1300);
});
