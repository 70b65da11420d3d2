/** The HTTP working group's structured-field suite (httpwg/structured-field-tests, BSD), through the one file that touches the library. */
import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { readVectors, skipUnless } from '../../../../tools/optional.mjs';
import { reserialise } from '../../src/core/sfv/reserialise.ts';

interface ParseCase {
  readonly id: string;
  readonly name: string;
  readonly header_type: 'item' | 'list' | 'dictionary';
  readonly raw: readonly string[];
  readonly must_fail: boolean;
  readonly can_fail: boolean;
  readonly canonical?: readonly string[];
}

/**
 * What the library cannot do, by case. A number is kept as a JavaScript number, so that the decimal `1.0` is written back as the integer
 * `1`. No component or parameter of a client is affected; a signature over such a value is refused, never accepted.
 */
const KNOWN_GAPS: ReadonlyMap<string, string> = new Map();

describe('structured fields', skipUnless(readVectors('structured-fields/parse.json'), 'shared vectors'), () => {
  const cases: readonly ParseCase[] = readVectors('structured-fields/parse.json')?.cases ?? [];
  test(`${cases.length} texts are parsed and written back, or refused, as the suite says`, () => {
    const wrong = cases
      .filter((one) => !KNOWN_GAPS.has(one.id) && !isRight(one))
      .map((one) => `${one.id} ${one.name}: ${JSON.stringify(one.raw)}`);
    assert.deepEqual(wrong, []);
  });
  test('the known gaps are gaps still', () => {
    assert.deepEqual(
      cases.filter((one) => KNOWN_GAPS.has(one.id) && isRight(one)).map((one) => one.id),
      [],
    );
  });
});

function isRight(one: ParseCase): boolean {
  const written = reserialise(one.raw.join(', '), one.header_type);
  if (one.must_fail) return written === null;
  const expected = (one.canonical ?? one.raw).join(', ');
  return written === expected || (one.can_fail && written === null);
}
