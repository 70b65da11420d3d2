import assert from 'node:assert/strict';
import test from 'node:test';
import { targetsReadByNext, targetsReadBySvelteKit } from '../../../src/http/plain-path.ts';

test('Next.js knows a page without base path and locale, and any page by its data', () => {
  assert.deepEqual(targetsReadByNext({}), []);
  assert.deepEqual(targetsReadByNext({ nextUrl: { pathname: '/pay', basePath: '' } }), ['/pay']);
  assert.deepEqual(targetsReadByNext({ nextUrl: { pathname: '/pay', basePath: '/shop' } }), ['/pay', '/shop/pay']);
  assert.deepEqual(targetsReadByNext({ nextUrl: { pathname: '/_next/data/x/de/pay.json', basePath: '/shop' } }), ['*']);
});

test('SvelteKit knows a page by the path of its event, and by the base path and that of its route', () => {
  const event = { url: { pathname: '/shop/alias' }, route: { id: '/(app)/account/[id]' }, params: { id: '7' } };
  assert.deepEqual(targetsReadBySvelteKit(event, ''), ['/shop/alias']);
  assert.deepEqual(targetsReadBySvelteKit(event, '/shop'), ['/shop/alias', '/shop/account/7']);
  assert.deepEqual(targetsReadBySvelteKit({}, ''), []);
});
