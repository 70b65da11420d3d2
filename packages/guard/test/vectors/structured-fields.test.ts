/** The HTTP working group's structured-field suite (httpwg/structured-field-tests, BSD), and the texts of the vendor's .NET sample. */
import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { readVectors, skipUnless } from '../../../../tools/optional.mjs';
import type { BareItem, InnerList, Item, Member, Parameters } from '../../src/core/sfv/parse.ts';
import { serialiseDictionary, serialiseItem, serialiseList } from '../../src/core/sfv/serialise.ts';
import { reserialise } from '../../src/core/signature/base.ts';

interface ParseCase {
  readonly id: string;
  readonly name: string;
  readonly header_type: 'item' | 'list' | 'dictionary';
  readonly raw: readonly string[];
  readonly must_fail: boolean;
  readonly can_fail: boolean;
  readonly canonical?: readonly string[];
}

describe('structured fields', skipUnless(readVectors('structured-fields/parse.json'), 'shared vectors'), () => {
  const cases: readonly ParseCase[] = readVectors('structured-fields/parse.json')?.cases ?? [];
  test('the suite is whole', () => assert.equal(cases.length, 1591));
  test(`${cases.length} texts are parsed and written back, or refused, as the suite says`, () => {
    const wrong = cases.filter((one) => !isRight(one)).map((one) => `${one.id} ${one.name}: ${JSON.stringify(one.raw)}`);
    assert.deepEqual(wrong, []);
  });
});

function isRight(one: ParseCase): boolean {
  const written = reserialise(one.raw.join(', '), one.header_type);
  if (one.must_fail) return written === null;
  const expected = (one.canonical ?? one.raw).join(', ');
  return written === expected || (one.can_fail && written === null);
}

/** A value as the suite writes it: bare items as JSON, the other types as objects, with parameters beside. */
type JsonBare = number | string | boolean | { readonly __type: string; readonly value: string | number };
type JsonParameters = readonly (readonly [string, JsonBare])[];
type JsonMember = readonly [value: JsonBare | readonly (readonly [JsonBare, JsonParameters])[], parameters: JsonParameters];
interface SerialiseCase {
  readonly id: string;
  readonly name: string;
  readonly header_type: 'item' | 'list' | 'dictionary';
  readonly expected: unknown;
  readonly must_fail: boolean;
  readonly canonical?: readonly string[];
}

function bareOf(json: JsonBare): BareItem {
  if (typeof json === 'number') return { type: Number.isInteger(json) ? 'integer' : 'decimal', value: json };
  if (typeof json === 'string') return { type: 'string', value: json };
  if (typeof json === 'boolean') return { type: 'boolean', value: json };
  if (json.__type === 'date') return { type: 'date', value: Number(json.value) };
  if (json.__type === 'displaystring') return { type: 'display-string', value: String(json.value) };
  assert.ok(json.__type === 'token', json.__type);
  return { type: 'token', value: String(json.value) };
}

const parametersOf = (json: JsonParameters): Parameters => new Map(json.map(([key, value]) => [key, bareOf(value)]));
const itemOf = ([value, parameters]: readonly [JsonBare, JsonParameters]): Item => ({
  kind: 'item',
  value: bareOf(value),
  parameters: parametersOf(parameters),
});

function memberOf(json: JsonMember): Member {
  const [value, parameters] = json;
  if (!Array.isArray(value)) return itemOf(json as readonly [JsonBare, JsonParameters]);
  const list: InnerList = { kind: 'inner-list', items: value.map(itemOf), parameters: parametersOf(parameters) };
  return list;
}

function written({ header_type, expected }: SerialiseCase): string | null {
  if (header_type === 'item') return serialiseItem(itemOf(expected as readonly [JsonBare, JsonParameters]));
  if (header_type === 'list') return serialiseList((expected as readonly JsonMember[]).map(memberOf));
  return serialiseDictionary(
    new Map((expected as readonly (readonly [string, JsonMember])[]).map(([key, member]) => [key, memberOf(member)])),
  );
}

const serialise = readVectors<{ readonly cases: readonly SerialiseCase[] }>('structured-fields/serialise.json');

test('544 values are written, or refused, as the suite says', skipUnless(serialise, 'vectors'), () => {
  assert.equal(serialise?.cases.length, 544);
  for (const one of serialise?.cases ?? []) {
    assert.equal(written(one), one.must_fail ? null : (one.canonical ?? []).join(', '), `${one.id} ${one.name}`);
  }
});

const sample = readVectors<{ readonly cases: readonly { readonly name: string; readonly type: string; readonly value: string }[] }>(
  'approov/sfv.json',
);

describe('the texts of the .NET sample are written back as they are', skipUnless(sample, 'vectors'), () => {
  for (const { name, type, value } of sample?.cases ?? []) {
    test(name, () => assert.equal(reserialise(value, type === 'item' || type === 'dictionary' ? type : 'list'), value));
  }
});
