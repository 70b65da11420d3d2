import assert from 'node:assert/strict';
import test from 'node:test';
import { requestView } from '@approov-guard/testkit';
import { compilePattern, type PathPattern } from '../../../src/http/plain-path.ts';
import { findRoutes, type RouteMatch, type RouteRow } from '../../../src/http/route-table.ts';

const anything: RouteMatch = { hosts: null, paths: null, methods: null };

type Match = Partial<Omit<RouteMatch, 'paths'>> & { readonly paths?: readonly string[] };

function row(leadsTo: string, { paths, ...match }: Match): RouteRow<string> {
  const patterns = paths?.map((path) => compilePattern(path) as PathPattern) ?? null;
  return { match: { ...anything, ...match, paths: patterns }, leadsTo };
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
  for (const path of ['/pay', '/pay/', '/pay/1', '/pay?x']) assert.equal(found(table, path), 'strict', path);
  for (const path of ['/payment', '/pay.json', '/', '/x/pay', '/public', '/publicity/x'])
    assert.notEqual(found(table, path), 'strict', path);
  assert.equal(found([row('all', { paths: ['/*'] })], '/'), 'all');
});

test('a row that covers a path only loosely counts, and so does what comes after it', () => {
  for (const path of ['/PAY', '/Pay/x?y=/public/z', '/%70ay']) assert.equal(found(table, path), 'default strict', path);
  assert.equal(found(table, '/public'), 'default weak', 'a router may read /:id');
  const spellings = [row('upper', { paths: ['/PAY'] }), row('lower', { paths: ['/pay'] }), row('all', { paths: ['/*'] })];
  assert.equal(found(spellings, '/pay'), 'lower upper');
  assert.equal(found(spellings, '/Pay'), 'all lower upper');
});

test('a request belongs to what its original and its current target lead to', () => {
  const rewritten = (target: string, currentTarget: string): unknown => {
    const routes = findRoutes({ ...requestView({ target }), currentTarget }, 'api.example.com', table, 'default');
    return typeof routes === 'string' ? routes : [...routes].sort().join(' ');
  };
  assert.equal(rewritten('/v1/pay', '/pay'), 'default strict');
  assert.equal(rewritten('/pay', '/v1/pay'), 'default strict');
  assert.equal(rewritten('/public/x', '/pay'), 'strict weak');
  assert.equal(rewritten('/public/x', '//pay'), 'default partner strict weak');
  const open = [row('exempt', { paths: ['/open/*', '/health'] }), ...table];
  const exempt = (target: string, currentTarget: string): unknown => {
    const view = { ...requestView({ target }), currentTarget };
    return findRoutes(view, view.authority, open, 'default');
  };
  assert.equal(exempt('/open/x', '/health'), 'exempt');
  assert.deepEqual(exempt('/open/pay', '/pay'), ['default', 'strict']);
  assert.deepEqual(exempt('/v1/health', '/health'), ['default']);
});

test('a host with the structure of a path makes every path ambiguous', () => {
  for (const authority of ['x/pay?', 'x\\pay#', 'x#', 'a?b'])
    assert.equal(found(table, '/public/x', { authority }), 'default partner strict weak');
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
  const health = row('exempt', { paths: ['/health'] });
  assert.equal(found([health, ...hosts], '/health', { authority: null }), 'exempt');
  assert.equal(found([...hosts, health], '/health', { authority: null }), 'a b default');
});

test('a row for GET is a row for HEAD, and methods match in any case', () => {
  const reads = [row('reads', { methods: new Set(['GET']) })];
  for (const method of ['GET', 'HEAD', 'get']) assert.equal(found(reads, '/', { method }), 'reads');
  for (const method of ['POST', 'HEADS', '']) assert.equal(found(reads, '/', { method }), 'default');
});

test('a path that servers may read in two ways has to satisfy every route whose host and method may be its own', () => {
  const spellings = [
    '/public/../pay/1',
    '/public/%2e%2e/pay/1',
    '/public/..;x=1/pay',
    '/pay;v=1',
    '/pay%2f1',
    '/x\\pay',
    '/pay\u00a0',
    '/pay%3fx',
    '/p%0day',
    '/%ff',
  ];
  for (const target of spellings) assert.equal(found(table, target), 'default strict weak', target);
  assert.equal(found(table, '/x;y', { authority: 'partner.example.com', method: 'POST' }), 'default partner strict weak writes');
});

test('a target that may name a host has to satisfy every route for its method', () => {
  for (const target of [
    '*',
    '',
    'https://api.example.com/public/x',
    'api.example.com:443',
    '//x/pay',
    '/\\x/pay',
    '//u@x/pay#',
    '/\t/x/pay',
    '\\\\x',
  ]) {
    assert.equal(found(table, target), 'default partner strict weak', target);
  }
});

test('a path is exempt only if it is plain, and its bytes are those of the row', () => {
  const exempt = [row('exempt', { paths: ['/health', '/open/*'] }), ...table];
  for (const path of ['/health', '/health?x', '/open/', '/open/x', '/open/a%20b']) assert.equal(found(exempt, path), 'exempt', path);
  for (const path of ['/open', '/HEALTH', '/health/', '/Open/x', '/%6fpen/x', '/open/..', '/open//x', '/open/x;y', '/open/%2fx', '*']) {
    assert.notEqual(found(exempt, path), 'exempt', path);
  }
  const later = [row('strict', { paths: ['/HEALTH'] }), ...exempt];
  assert.equal(found(later, '/health'), 'default strict', 'a row before the exempt one may be meant');
});

test('further targets count like the first: each demands, and one that is not exempt opens nothing', () => {
  const open = [row('exempt', { paths: ['/open', '/shop/open'] }), ...table] as RouteRow<string>[];
  const routes = (target: string, ...otherTargets: string[]): unknown => {
    const of = findRoutes({ ...requestView({ target }), otherTargets }, 'api.example.com', open, 'default');
    return typeof of === 'string' ? of : [...of].sort().join(' ');
  };
  assert.equal(routes('/shop/pay', '/pay'), 'default strict');
  assert.equal(routes('/shop/open', '/open'), 'exempt');
  assert.equal(routes('/shop/open', '/other'), 'default');
  assert.equal(routes('/open', '*'), routes('*'));
});
