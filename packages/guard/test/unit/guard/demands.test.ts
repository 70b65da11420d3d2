import assert from 'node:assert/strict';
import test from 'node:test';
import { requestView } from '@approov-guard/testkit';
import { createGuard, type Demands } from 'approov-guard';
import { secret } from '../../both-ports.ts';

const keys = { secret };
const names = (demands: readonly Demands[]): readonly (string | null)[] => demands.map(({ route }) => route);

const guard = createGuard({
  keys,
  token: { header: 'authorization', prefix: { optional: 'Bearer' }, clockToleranceSeconds: 5 },
  routes: [
    { name: 'open', match: { path: '/health' }, exempt: true },
    { name: 'same', match: { path: '/pay' }, binding: { headers: ['X-Session'] }, signature: { label: 'install', digest: 'required' } },
    { name: 'same', match: { host: 'once.example.com', path: '/once' }, token: { replay: { setIfAbsent: () => true } } },
  ],
});

test('a guard tells what it demands as a whole, and then what each row of its routes does', () => {
  const [whole, pay, once, ...more] = guard.demands();
  assert.equal(more.length, 0);
  assert.deepEqual(whole.token, { header: 'authorization', prefix: 'bearer', prefixOptional: true, clockToleranceSeconds: 5 });
  assert.deepEqual([whole.path, whole.boundHeaders, whole.signed, whole.digest, whole.byHost], ['', [], false, null, true]);
  assert.deepEqual(
    [pay?.path, pay?.boundHeaders, pay?.signed, pay?.digest, pay?.byHost],
    ['routes[1].', ['x-session'], true, 'required', false],
  );
  assert.deepEqual([once?.path, once?.onceOnly, once?.byHost], ['routes[2].', true, true]);
});

test('what is demanded of a request is what its routes do: none where it is exempt, each where servers may read its path differently', () => {
  const of = (target: string, authority = 'api.example.com'): readonly string[] =>
    guard.demands(requestView({ target, authority })).map(({ path }) => path);
  assert.deepEqual(of('/health'), []);
  assert.deepEqual(of('/pay'), ['routes[1].']);
  assert.deepEqual(of('/other'), ['']);
  assert.deepEqual(of('/once', 'once.example.com'), ['routes[2].']);
  assert.ok(of('/a/..//pay').includes('routes[1].'));
});

test('a route made in code demands what it says, and a guard without routes what it is', () => {
  const route = guard.route({ binding: null, signature: { label: 'install', maxBodyBytes: 5000 } });
  const [demands, ...others] = guard.demands(route);
  assert.equal(others.length, 0);
  assert.deepEqual([demands.path, demands.signed, demands.maxBodyBytes, demands.onceOnly], ['route.', true, 5000, false]);
  assert.deepEqual(names(createGuard({ keys }).demands()), [null]);
});
