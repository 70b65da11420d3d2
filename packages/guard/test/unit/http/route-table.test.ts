import assert from 'node:assert/strict';
import test from 'node:test';
import { requestView } from '@approov-guard/testkit';
import { pathReadings } from '../../../src/http/path-readings.ts';
import { findRoutes, type RouteMatch, type RouteRow } from '../../../src/http/route-table.ts';

const anything: RouteMatch = { hosts: null, paths: null, methods: null };

function row(leadsTo: string, match: Partial<RouteMatch>): RouteRow<string> {
  return { match: { ...anything, ...match }, leadsTo };
}

function found(table: readonly RouteRow<string>[], target: string, rest: { method?: string; authority?: string | null } = {}): string {
  const view = requestView({ target, ...rest });
  const routes = findRoutes(view, view.authority, table, 'default');
  return typeof routes === 'string' ? routes : [...routes].sort().join(' ');
}

const table = [
  row('strict', { paths: ['/pay', '/pay/*'] }),
  row('weak', { paths: ['/public/*'] }),
  row('partner', { hosts: ['partner.example.com', '*.partners.example.com'] }),
  row('writes', { methods: new Set(['POST']) }),
];

test('the first row that matches wins, and a request that none matches belongs to the default', () => {
  assert.equal(found(table, '/pay/1'), 'strict');
  assert.equal(found(table, '/pay/1', { authority: 'partner.example.com' }), 'strict');
  assert.equal(found(table, '/other', { authority: 'partner.example.com' }), 'partner');
  assert.equal(found(table, '/other'), 'default');
  assert.equal(found(table, '/other', { method: 'POST' }), 'writes');
});

test('a prefix covers itself and everything below, and nothing beside', () => {
  for (const path of ['/pay', '/pay/', '/pay/1', '/PAY', '/Pay/x?y=/public/z', '/pay?x']) assert.equal(found(table, path), 'strict', path);
  for (const path of ['/payment', '/pay.json', '/', '/x/pay', '/public', '/publicity/x'])
    assert.notEqual(found(table, path), 'strict', path);
  assert.equal(found([row('all', { paths: ['/*'] })], '/'), 'all');
});

test('the host is compared without port, case and final dot', () => {
  const hosts = [
    'partner.example.com',
    'PARTNER.example.com:8443',
    'partner.example.com.',
    'a.partners.example.com',
    'a.b.partners.example.com:1',
  ];
  for (const authority of hosts) assert.equal(found(table, '/x', { authority }), 'partner', authority);
  for (const authority of ['partners.example.com', 'xpartner.example.com']) assert.equal(found(table, '/x', { authority }), 'default');
});

test('without a host that is known, a request has to satisfy every row whose host it may be', () => {
  const hosts = [row('a', { hosts: ['a.example.com'] }), row('open', { paths: ['/x'] }), row('b', { hosts: ['b.example.com'] })];
  for (const authority of ['a@partner.example.com', 'partner.example.com, x', '', null]) {
    assert.equal(found(table, '/x', { authority }), 'default partner', String(authority));
    assert.equal(found(hosts, '/x', { authority }), 'a open');
    assert.equal(found(hosts, '/y', { authority }), 'a b default');
    assert.equal(found(table, '/pay', { authority }), 'strict');
  }
  const health: RouteRow<string> = { match: { ...anything, paths: ['/health'] }, leadsTo: 'exempt' };
  assert.equal(found([health, ...hosts], '/health', { authority: null }), 'exempt');
  assert.equal(found([...hosts, health], '/health', { authority: null }), 'a b default');
});

test('a row for GET is a row for HEAD, and methods match in any case', () => {
  const reads = [row('reads', { methods: new Set(['GET']) })];
  for (const method of ['GET', 'HEAD', 'get']) assert.equal(found(reads, '/', { method }), 'reads');
  for (const method of ['POST', 'HEADS', '']) assert.equal(found(reads, '/', { method }), 'default');
});

test('a path that servers may read in two ways has to satisfy both routes', () => {
  const spellings = [
    '/public/../pay/1',
    '/public/..%2fpay/1',
    '/public/%2e%2e/pay/1',
    '/public/%252e%252e%252fpay/1',
    '/public/..%5cpay/1',
    '/public\\..\\pay\\1',
    '/public/..;x=1/pay/1',
    '/public/x/..//../pay/1',
  ];
  for (const target of spellings) assert.match(found(table, target), /strict/, target);
  for (const target of ['/%70ay/1', '//pay/1', '/pay%2f1', '/x/../pay', '/pay;v=1', '/./pay'])
    assert.match(found(table, target), /strict/, target);
});

test('servers that cut a path at a semicolon or an encoded question mark, or drop tabs and line ends, read the strict route', () => {
  const exact = [row('strict', { paths: ['/pay'] }), row('weak', { paths: ['/public/*'] })];
  for (const target of ['/pay;/x', '/pay%3b/x', '/pay;v=1/x', '/pay%3fx', '/pay%253Fx', '/pa%09y', '/p%0d%0aay', '/public/.%09./pay']) {
    assert.match(found(exact, target), /strict/, target);
  }
});

test('a path whose middle reading is the strict one does not hide it between two weak ones', () => {
  // Undecoded it is below /public; decoded once it is below /pay; decoded to the end it is below /public again.
  const target = '/public/%2e%2e/pay/%252e%252e/public/x';
  assert.match(found(table, target), /strict/);
});

test('a path with too many readings, or none in origin-form, has to satisfy every route for its method', () => {
  const all = 'default partner strict weak';
  for (const target of ['*', '', 'https://api.example.com/public/x', 'api.example.com:443', `/public/${'%2e%2e/;x/%252f\\'.repeat(8)}`]) {
    assert.equal(found(table, target), all, target);
  }
  assert.equal(pathReadings(`/public/%2e${'x'.repeat(5000)}`), null);
});

test('a path is exempt only if it is unambiguous', () => {
  const exempt: readonly RouteRow<string>[] = [{ match: { ...anything, paths: ['/health', '/open/*'] }, leadsTo: 'exempt' }, ...table];
  for (const path of ['/health', '/open/x', '/open/a%20b']) assert.equal(found(exempt, path), 'exempt', path);
  for (const path of ['/open/..', '/open/%2e%2e/open/x', '/open//x', '/open/x;y', '/open/%2fx', '*']) {
    assert.notEqual(found(exempt, path), 'exempt', path);
  }
  assert.equal(found(exempt, '/open/../pay'), 'default strict');
});

test('a plain path has one reading', () => {
  assert.deepEqual(pathReadings('/a/B.c/~d-e_f?x=%2e'), ['/a/b.c/~d-e_f']);
});
