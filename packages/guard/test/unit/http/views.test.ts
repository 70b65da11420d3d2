import assert from 'node:assert/strict';
import test from 'node:test';
import { viewOfFetch } from '../../../src/http/view-either.ts';
import { NodeRequestView } from '../../../src/http/view-node.ts';
import { WebRequestView } from '../../../src/http/view-web.ts';

test('a node view keeps repeated lines, each as it arrived', () => {
  const view = new NodeRequestView({ method: 'GET', url: '/a', rawHeaders: ['Authorization', 'a', 'X', '1', 'AUTHORIZATION', ' b'] });
  assert.deepEqual(view.lines('authorization'), ['a', ' b']);
  assert.deepEqual(view.lines('x'), ['1']);
  assert.deepEqual(view.lines('absent'), []);
  assert.deepEqual(view.lines('__proto__'), []);
});

test('a node view takes the target that the router did not shorten', () => {
  assert.equal(new NodeRequestView({ url: '/b', originalUrl: '/a/b', rawHeaders: [] }).target, '/a/b');
  assert.equal(new NodeRequestView({ url: '/a/%7Eb/../c', rawHeaders: [] }).target, '/a/%7Eb/../c');
  assert.equal(new NodeRequestView({ rawHeaders: [] }).target, '');
});

test('a node view knows scheme and authority from the connection', () => {
  const plain = new NodeRequestView({ rawHeaders: ['Host', 'a.example:8080'], socket: {} });
  assert.deepEqual([plain.scheme, plain.authority], ['http', 'a.example:8080']);
  const secure = new NodeRequestView({ rawHeaders: [':authority', 'b.example'], socket: { encrypted: true } });
  assert.deepEqual([secure.scheme, secure.authority], ['https', 'b.example']);
  assert.equal(new NodeRequestView({ rawHeaders: [] }).authority, null);
});

test('a web view reads joined lines, the raw path and the query', () => {
  const headers = new Headers([
    ['authorization', 'a'],
    ['authorization', 'b'],
  ]);
  const view = new WebRequestView({ method: 'POST', url: 'https://a.example:8443/x/%7Ey?z=1', headers });
  assert.equal(view.joinsLines, true);
  assert.deepEqual(view.lines('authorization'), ['a, b']);
  assert.deepEqual(view.lines('absent'), []);
  assert.deepEqual([view.method, view.scheme, view.authority, view.target], ['POST', 'https', 'a.example:8443', '/x/%7Ey?z=1']);
  assert.equal(new WebRequestView({ method: 'GET', url: 'https://a.example', headers }).target, '/');
  assert.equal(new WebRequestView({ method: 'GET', url: 'https://a.example?x', headers }).target, '/?x');
});

test('HTTP/2: the pseudo-header names the host, and a Host that contradicts it leaves none', () => {
  const view = (...rawHeaders: readonly string[]): NodeRequestView => new NodeRequestView({ rawHeaders });
  assert.equal(view(':authority', 'a.example', 'host', 'A.example').authority, 'a.example');
  assert.equal(view(':authority', 'a.example', 'host', 'b.example').authority, null);
  assert.equal(view(':path', '/', 'host', 'b.example').authority, 'b.example');
  assert.equal(view(':authority', 'a.example', 'host', 'a.example:80').authority, 'a.example');
  assert.equal(view(':authority', 'a.example', 'host', 'a.example:8080').authority, null);
  assert.equal(view(':authority', 'a_b/', 'host', '/c').authority, null);
});

test('a web view finds no path within the path of a URL without a host', () => {
  const targetOf = (url: string): string => new WebRequestView({ method: 'GET', url, headers: new Headers() }).target;
  assert.equal(targetOf('/admin/https://a.example/health'), '/admin/https://a.example/health');
  assert.equal(targetOf('admin?to=https://a.example/health'), '/admin?to=https://a.example/health');
  assert.equal(targetOf('https://a.example/x?to=https://b.example/y'), '/x?to=https://b.example/y');
  assert.equal(targetOf('https://a.example//b'), '//b');
});

test('a fetch request that was rewritten tells what the router reads, and Node’s request behind it what was sent', () => {
  const targetsOf = (url: string, sent: string, method = 'POST'): string => {
    const incoming = { method, url: sent, rawHeaders: [] };
    const { target, currentTarget } = viewOfFetch({ method: 'POST', url, headers: new Headers() }, { incoming });
    return `${target} ${currentTarget}`;
  };
  assert.equal(targetsOf('http://a.example/b', '/a/../b'), '/a/../b /a/../b');
  assert.equal(targetsOf('http://a.example/b?c=%27', "/b?c='"), "/b?c=' /b?c='");
  assert.equal(targetsOf('http://a.example/pay', '/api/pay'), '/api/pay /pay');
  assert.equal(targetsOf('http://a.example/api/pay', '/pay'), '/pay /api/pay');
  assert.equal(targetsOf('http://a.example/b', '/a/../b', 'GET'), '/a/../b /b');
  assert.equal(targetsOf('http://x/pay?/public', '/public'), '/public /pay?/public');

  const incoming = { method: 'GET', url: '/api/b', rawHeaders: [] };
  const rewritten = viewOfFetch({ method: 'GET', url: 'http://a.example/b', headers: new Headers() }, { incoming });
  assert.equal(rewritten.message, incoming, 'it is the message that a guard in front judged, and comes once only');
});

test('HTTP/2: crumbs of a cookie are one line again', () => {
  const crumbs = ['cookie', 'a=1', 'x', '1', 'cookie', 'b=2'];
  assert.deepEqual(new NodeRequestView({ rawHeaders: [':method', 'GET', ...crumbs] }).lines('cookie'), ['a=1; b=2']);
  assert.deepEqual(new NodeRequestView({ rawHeaders: ['Host', 'a', ...crumbs] }).lines('cookie'), ['a=1', 'b=2']);
  assert.deepEqual(new NodeRequestView({ rawHeaders: [':method', 'GET', 'x', '1', 'x', '2'] }).lines('x'), ['1', '2']);
});
