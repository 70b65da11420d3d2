import assert from 'node:assert/strict';
import test from 'node:test';
import { type HeaderLine, requestView } from '@approov-guard/testkit';
import { findToken } from '../../../../src/core/judge/token.ts';
import { ALGORITHMS, type AlgorithmRow } from '../../../../src/core/jws/algorithms.ts';
import { VerifiedTokens } from '../../../../src/core/token/verified.ts';
import { rejected } from '../../../../src/core/verdict.ts';

const bare: Parameters<typeof findToken>[1] = { header: 'approov-token', prefix: null, maxBytes: 1000 };
const bearer: typeof bare = { header: 'authorization', prefix: 'bearer', maxBytes: 1000 };

function read(headers: readonly HeaderLine[], place: Parameters<typeof findToken>[1] = bare): string {
  const found = findToken(requestView({ headers }), place);
  return typeof found === 'string' ? `read ${found}` : found.reason;
}
const one = (value: string, place = bare): string => read([[place.header, value]], place);

test('the one header line is read, without optional white space', () => {
  assert.equal(one('a.b.c'), 'read a.b.c');
  assert.equal(one(' \t a.b.c\t '), 'read a.b.c');
  assert.equal(read([['APPROOV-TOKEN', 'a.b.c']]), 'read a.b.c');
});

test('absent and empty are missing', () => {
  assert.equal(read([]), 'token-missing');
  assert.equal(one(''), 'token-missing');
  assert.equal(one(' \t'), 'token-missing');
  assert.equal(
    read([
      ['approov_token', 'a.b.c'],
      ['x-approov-token', 'a.b.c'],
    ]),
    'token-missing',
  );
});

test('two lines, or one with a comma, are duplicated, whatever they hold', () => {
  assert.equal(
    read([
      ['approov-token', 'a.b.c'],
      ['Approov-Token', 'a.b.c'],
    ]),
    'token-duplicated',
  );
  assert.equal(
    read([
      ['approov-token', 'a.b.c'],
      ['approov-token', ''],
    ]),
    'token-duplicated',
  );
  for (const value of ['a.b.c,a.b.c', 'a.b.c, a.b.c', ',a.b.c', 'a.b.c,', ',']) assert.equal(one(value), 'token-duplicated');
});

test('a token longer than the cap is too large, before anything is decoded', () => {
  assert.equal(one('a'.repeat(1000)), `read ${'a'.repeat(1000)}`);
  assert.equal(one('a'.repeat(1001)), 'token-too-large');
});

test('what the SDK writes instead of a token is recognised in either case', () => {
  const found = findToken(requestView({ headers: [['approov-token', 'no_network']] }), bare);
  assert.deepEqual(found, rejected('token-sdk-status', 'no_network'));
  for (const status of ['MITM_DETECTED', 'UNKNOWN_URL', 'REJECTED']) assert.equal(one(status), 'token-sdk-status');
  assert.equal(one('NO_NETWORKS'), 'read NO_NETWORKS');
});

test('a status in a header of its own says why there is no token, and nothing else', () => {
  const place = { ...bare, statusHeader: 'approov-status' };
  const status = (value: string, ...more: readonly HeaderLine[]): string => read([['Approov-Status', value], ...more], place);
  const found = findToken(requestView({ headers: [['Approov-Status', ' no_network ']] }), place);
  assert.deepEqual(typeof found === 'object' && [found.reason, found.detail], ['token-sdk-status', 'no_network']);
  assert.equal(status('MITM_DETECTED', ['Approov-Token', '']), 'token-sdk-status');
  assert.equal(status('a_status_of_tomorrow'), 'token-sdk-status');
  for (const none of ['success', 'SUCCESS', '', 'a', 'no network', 'a,b', 'x1', 'a'.repeat(33), '<script>'])
    assert.equal(status(none), 'token-missing', none);
  assert.equal(status('no_network', ['Approov-Status', 'no_network']), 'token-missing');
  assert.equal(status('no_network', ['Approov-Token', 'a.b.c']), 'read a.b.c');
  assert.equal(status('no_network', ['Approov-Token', 'a.b.c'], ['Approov-Token', 'a.b.c']), 'token-duplicated');
  assert.equal(read([['Approov-Status', 'no_network']]), 'token-missing', 'where no header is configured');
});

test('a prefix is read where it is configured, in any case, and nowhere else', () => {
  for (const value of ['Bearer a.b.c', 'bearer a.b.c', 'BEARER    a.b.c']) assert.equal(one(value, bearer), 'read a.b.c');
  for (const value of ['a.b.c', 'Bearera.b.c', 'Bearer\ta.b.c', 'Basic a.b.c', 'Bearers a.b.c', 'Token Bearer a.b.c']) {
    assert.equal(one(value, bearer), 'token-malformed', value);
  }
  for (const value of ['', ' ', 'Bearer', 'Bearer ', 'Bearer   ']) assert.equal(one(value, bearer), 'token-missing', value);
  assert.equal(one('Bearer a.b.c'), 'read Bearer a.b.c', 'which no parser takes for a token');
});

test('an optional prefix is taken off where it is, and what stands without it is read as it is', () => {
  const either = { ...bearer, prefixOptional: true };
  for (const value of ['a.b.c', 'Bearer a.b.c', 'bEARER   a.b.c ', ' a.b.c']) assert.equal(one(value, either), 'read a.b.c', value);
  for (const value of ['', 'Bearer', 'Bearer ']) assert.equal(one(value, either), 'token-missing', value);
  // Not this scheme, and no token: the form of it is judged later.
  assert.equal(one('Basic a.b.c', either), 'read Basic a.b.c');
  assert.equal(one('Bearera.b.c', either), 'read Bearera.b.c');
  assert.equal(one('Bearer NO_NETWORK', either), 'token-sdk-status');
  assert.equal(one('Bearer a.b.c, Bearer a.b.c', either), 'token-duplicated');
});

test('of a token that is known the entry is found, in its place and alone there', () => {
  const token = `${'h'.repeat(20)}.${'p'.repeat(20)}.${'s'.repeat(43)}`;
  const algorithm = ALGORITHMS.get('ES256') as AlgorithmRow;
  const known = new VerifiedTokens(8, 2048);
  const entry = { token, claims: { exp: 1 }, key: { id: 'key', kid: null, algorithm, prepared: { verify: () => true } } };
  known.add(entry);
  const find = (value: string, place = bare): unknown => findToken(requestView({ headers: [[place.header, value]] }), place, known);
  const reason = (value: string, place = bare): unknown => {
    const found = find(value, place);
    return typeof found === 'object' && found !== null && 'reason' in found ? found.reason : found;
  };
  assert.equal(find(` ${token}\t`), entry);
  assert.equal(find(`Bearer  ${token}`, bearer), entry);
  assert.equal(find(token, { ...bearer, prefixOptional: true }), entry);
  assert.equal(find(`${token}s`), `${token}s`);
  assert.equal(reason(`${token}, ${token}`), 'token-duplicated');
  assert.equal(reason(`${token},`), 'token-duplicated');
  assert.equal(reason(token, bearer), 'token-malformed');
  assert.equal(reason(`Bearer ${token}`), `Bearer ${token}`);
  assert.equal(reason(token, { ...bare, maxBytes: token.length - 1 }), 'token-too-large');
  assert.deepEqual([known.hits, known.misses], [3, 4]);
});
