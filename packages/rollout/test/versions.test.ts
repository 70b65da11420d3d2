import assert from 'node:assert/strict';
import { test } from 'node:test';
import { createRollout } from '@approov-guard/rollout';
import { requestView } from '@approov-guard/testkit';
import { compileRange } from '../src/switching/versions.ts';

const ROWS: readonly (readonly [range: string, within: readonly string[], without: readonly string[]])[] = [
  ['>=3.2', ['3.2', '3.2.0', '3.2.1', '3.10', '4', 'v3.2', '3.2.0 (4512)', '3.2.0+abc', '10.0'], ['3.1.9', '3', '3.2.0-beta.1', '2.99.99']],
  ['>3.2', ['3.3', '4', '3.3.0'], ['3.2', '3.2.9', '3.2.0.1']],
  ['<5', ['4.9.9', '0', '4.99.99.99'], ['5', '5.0.0', '5.0.0-rc.1']],
  ['<=3.2', ['3.2.9', '3.1', '3.2'], ['3.3', '3.3.0-rc.1']],
  ['3.2', ['3.2', '3.2.7', '3.2.0.9'], ['3.3', '3.1', '3.20']],
  ['=3.2.1', ['3.2.1', '3.2.1.4', '3.2.1+7'], ['3.2.2', '3.2.1-a']],
  ['3.x', ['3', '3.99'], ['4', '2.9']],
  ['*', ['0', '99.1'], []],
  ['^3.2', ['3.2', '3.99'], ['4', '3.1', '4.0.0-a']],
  ['^0.3.1', ['0.3.1', '0.3.9'], ['0.4', '0.3.0']],
  ['~3.2.1', ['3.2.1', '3.2.99'], ['3.3', '3.2.0']],
  ['~3', ['3.0', '3.9'], ['4']],
  ['^3.2 || >=4.1 <5', ['3.2', '3.9', '4.1', '4.9'], ['4.0', '5', '3.1']],
  ['>= 3.2  < 5', ['3.2', '4'], ['5', '3.1']],
  ['>=3.2.0-beta.2', ['3.2.0-beta.2', '3.2.0-beta.11', '3.2.0-rc', '3.2'], ['3.2.0-beta', '3.2.0-beta.1', '3.2.0-alpha.9', '3.1']],
  ['510', ['510', '510.1'], ['511', '51']],
];

test('ranges hold what Semantic Versioning says', () => {
  for (const [range, within, without] of ROWS) {
    const holds = compileRange(range, 'versions');
    for (const version of within) assert.ok(holds(version), `${version} is within ${range}`);
    for (const version of without) assert.ok(!holds(version), `${version} is not within ${range}`);
  }
});

test('hostile texts are no version of any range', () => {
  const holds = compileRange('*', 'versions');
  const texts = [
    '',
    ' ',
    'x',
    '1.',
    '.1',
    '1.2.3.4.5',
    '-1',
    '1e9',
    '0x10',
    '99999999999999999999',
    '1..2',
    '3.2\n',
    '３.２',
    '1 2',
    '1.2()()',
  ];
  for (const text of [...texts, '1.'.repeat(100_000), '9'.repeat(1_000_000), `1${' '.repeat(1_000_000)}`, `1-${'a.'.repeat(50_000)}`])
    assert.ok(!holds(text) || /^3\.2\s$/.test(text), JSON.stringify(text.slice(0, 40)));
});

test('what is no range is refused by name', () => {
  for (const range of ['', 'new', '>=', '>=3.2 and <5', '1.2 - 2.3', '>=3.2.1.1.1', `>=1${' '.repeat(300)}`, 5, null])
    assert.throws(() => compileRange(range, 'versions.enforce'), /versions\.enforce/, String(range));
});

test('it is enforced for the versions named, by platform where they differ, and not for who names none', () => {
  const rollout = createRollout();
  const at = (headers: { [name: string]: string }, enforce: string | { [platform: string]: string }) =>
    rollout.mode({ versions: { enforce } })({ request: requestView({ headers }), claims: null, at: 1 });
  assert.equal(at({ 'x-app-version': '3.2' }, '>=3.2'), 'enforce');
  assert.equal(at({ 'x-app-version': '3.1' }, '>=3.2'), 'observe');
  assert.equal(at({}, '*'), 'observe');
  const enforce = { ios: '>=3.2', Android: '>=510' };
  assert.equal(at({ 'x-app-version': '3.2', 'x-app-platform': 'iOS' }, enforce), 'enforce');
  assert.equal(at({ 'x-app-version': '3.2', 'x-app-platform': 'android' }, enforce), 'observe');
  assert.equal(at({ 'x-app-version': '510', 'x-app-platform': 'android' }, enforce), 'enforce');
  assert.equal(at({ 'x-app-version': '510', 'x-app-platform': 'constructor' }, enforce), 'observe');
  const twice = { ...requestView({ headers: {} }), lines: () => ['3.2', '3.3'] };
  assert.equal(rollout.mode({ versions: { enforce: '*' } })({ request: twice, claims: null, at: 1 }), 'observe');
  rollout.close();
});
