/** A tolerance must not let a signature over one request pass for another. Each case was a hole once. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { requestView } from '@approov-guard/testkit';
import { parseList } from '../../../../src/core/sfv/parse.ts';
import { SignatureBases } from '../../../../src/core/signature/base.ts';
import { parseComponent } from '../../../../src/core/signature/parse-signature.ts';
import { acceptedCombinations, TOLERANCE_NAMES, type Tolerances } from '../../../../src/core/signature/sdk-tolerances.ts';

const all = Object.fromEntries(TOLERANCE_NAMES.map((name) => [name, true])) as unknown as Tolerances;
const origin = { scheme: 'https', authority: 'api.example.com:8443' };

function basesOf(list: string, target: string): readonly string[] {
  const [member] = parseList(list) ?? [];
  assert.equal(member?.kind, 'inner-list');
  const components = (member?.kind === 'inner-list' ? member.items : []).map((item) => {
    const component = parseComponent(item);
    assert.ok(component);
    return component;
  });
  const bases = new SignatureBases(components, list, { request: requestView({ method: 'GET', target }), origin });
  return Array.from(bases.distinct(acceptedCombinations(all)), ({ base }) => base);
}

const CASES = [
  ['a second question mark does not rename the first parameter', '("@query")', '/p?admin=0&x=1', '/p??admin=0&x=1'],
  ['a lone question mark more is another query', '("@query")', '/p', '/p??'],
  ['an escape that is escaped again is another path', '("@path")', '/a/%41', '/a/%2541'],
  ['an escape that is escaped again is another parameter value', '("@query-param";name="v")', '/p?v=x%20y', '/p?v=x%2520y'],
  ['an encoded slash is no separator', '("@path")', '/a/b', '/a%2fb'],
  ['an encoded semicolon starts no parameter', '("@path")', '/a;b', '/a%3bb'],
  ['an encoded number sign starts no fragment', '("@path")', '/a%23b', '/a#b'],
  ['nor does it in a parameter', '("@query-param";name="v")', '/p?v=a%23b', '/p?v=a#b'],
] as const;

for (const [name, list, signed, sent] of CASES) {
  test(name, () => {
    const meant = basesOf(list, signed);
    assert.ok(meant.length > 0);
    assert.equal(
      basesOf(list, sent).some((base) => meant.includes(base)),
      false,
    );
  });
}
