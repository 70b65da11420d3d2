import assert from 'node:assert/strict';
import test from 'node:test';
import { freshSecret, mintToken } from '@approov-guard/testkit';
import { ConfigurationError, createGuard, type GuardOptions, type RequestView, type VerdictFacts } from 'approov-guard';
import { guardPair, now, outcomeOf, secret, withToken } from '../../both-ports.ts';

const partnerSecret = freshSecret();
const good = mintToken({ secret, now });
const partner = mintToken({ secret: partnerSecret, now, claims: { iss: 'partner.approov.io', aud: 'partner.example.com' } });
const bound = mintToken({ secret, now, bind: 'Bearer user' });

const options: GuardOptions = {
  keys: { secret },
  routes: [
    { match: { path: '/health' }, exempt: true },
    {
      name: 'partner',
      match: { host: 'partner.example.com' },
      keys: { secret: partnerSecret },
      token: { issuer: 'partner.approov.io', audience: 'partner.example.com' },
    },
    { name: 'pay', match: { path: ['/pay', '/pay/*'], methods: ['POST'] }, binding: { headers: ['authorization'] } },
    { match: { paths: '/beta/*' }, mode: 'observe' },
  ],
};

test('each host has its own keys, issuer and audience', async () => {
  const guard = guardPair(options);
  assert.equal(await guard.judge(withToken(partner, { authority: 'partner.example.com:443' })), 'accepted');
  assert.equal(await guard.judge(withToken(good, { authority: 'partner.example.com' })), 'token-signature-invalid');
  assert.equal(await guard.judge(withToken(partner)), 'token-signature-invalid');
  const anonymous = mintToken({ secret: partnerSecret, now });
  assert.equal(await guard.judge(withToken(anonymous, { authority: 'partner.example.com' })), 'token-issuer-unexpected');
});

test('each path has its own binding and mode, and what no route matches is judged by the guard', async () => {
  const guard = guardPair(options);
  assert.equal(await guard.judge(withToken(good, { target: '/pay', method: 'POST' })), 'binding-claim-missing');
  assert.equal(
    await guard.judge(withToken(bound, { target: '/pay', method: 'POST', headers: [['Authorization', 'Bearer user']] })),
    'accepted',
  );
  assert.equal(await guard.judge(withToken(good, { target: '/pay' })), 'accepted');
  assert.equal(await guard.judge(withToken('nonsense', { target: '/unmatched' })), 'token-malformed');
  const decision = await guard.node.decide(withToken('nonsense', { target: '/beta/1' }));
  assert.deepEqual([decision.action, decision.mode], ['pass', 'observe']);
});

test('a spelling of a path cannot escape to a weaker route', async () => {
  const guard = guardPair(options).node;
  for (const target of [
    '/beta/../pay',
    '/beta/..%2fpay',
    '/beta/%2e%2e/pay',
    '/beta/..;/pay',
    '/beta\\..\\pay',
    '//pay',
    'https://api.example.com/beta/1',
    '*',
  ]) {
    const decision = await guard.decide(withToken(good, { target, method: 'POST' }));
    assert.equal(decision.action, 'refuse', target);
  }
  const observed = await guard.decide(withToken('nonsense', { target: '/beta/%2e%2e/x' }));
  assert.equal(observed.action, 'refuse', 'the default enforces, and one reading leads to it');
});

test('an exempt route passes unjudged, and another spelling of it does not', async () => {
  const guard = guardPair(options).node;
  const exempt = await guard.decide(withToken('nonsense', { target: '/health' }));
  assert.deepEqual([exempt.action, exempt.verdict], ['pass', null]);
  assert.equal(outcomeOf(await guard.judge(withToken('nonsense', { target: '/health' }))), 'token-malformed');
  for (const target of ['//health', '/x/../health', '/health%2f']) {
    assert.equal((await guard.decide(withToken('nonsense', { target }))).action, 'refuse', target);
  }
});

test('the hook learns the name of the route that judged', async () => {
  const names: (string | null)[] = [];
  const guard = createGuard({ ...options, now: () => now, onVerdict: (_, facts: VerdictFacts) => names.push(facts.route) });
  await guard.decide(withToken(partner, { authority: 'partner.example.com' }));
  await guard.decide(withToken(good, { target: '/beta/1' }));
  await guard.decide(withToken(good));
  await guard.decide(withToken(good, { target: '/pay/../beta/1', method: 'POST' }));
  assert.deepEqual(names, ['partner', 'routes[3]', null, 'pay']);
});

test('a request is counted and reported once, however many routes judged it', async () => {
  let reports = 0;
  const guard = createGuard({ ...options, now: () => now, onVerdict: () => reports++ });
  await guard.decide(withToken(good, { target: '/beta/%2e%2e/x' }));
  assert.equal(reports, 1);
  assert.equal(guard.counters().accepted, 1);
});

test('a route made in code is judged by itself', async () => {
  const guard = createGuard({ ...options, now: () => now });
  const route = guard.route({ token: { issuer: 'somebody' } });
  assert.equal(outcomeOf(await guard.judge(withToken(partner, { authority: 'partner.example.com' }), route)), 'token-signature-invalid');
});

test('the keys of every route are counted by themselves', async () => {
  const guard = createGuard({ ...options, now: () => now });
  await guard.decide(withToken(partner, { authority: 'partner.example.com' }));
  const uses = guard.keyUse().map(({ id, uses, lastUsedAt }) => [id, uses, lastUsedAt]);
  assert.deepEqual(uses, [
    ['keys.secret', 0, null],
    ['routes[1].keys.secret', 1, now],
  ]);
});

test('behind a trusted proxy the host is the one that the client asked for', async () => {
  const guard = guardPair({ ...options, origin: { trustedProxies: ['loopback'] } });
  const forwarded = (peer: string): RequestView => ({
    ...withToken(partner, { authority: 'internal', headers: [['X-Forwarded-Host', 'partner.example.com']] }),
    peer,
  });
  assert.equal(await guard.judge(forwarded('127.0.0.1')), 'accepted');
  assert.equal(await guard.judge(forwarded('203.0.113.1')), 'token-signature-invalid', 'anybody else is not believed');
});

test('mistakes in routes are found at start', () => {
  const mistakes: readonly [unknown, string][] = [
    [{}, 'routes'],
    [[null], 'routes[0]'],
    [[{}], 'routes[0].match'],
    [[{ match: {} }], 'routes[0].match'],
    [[{ match: { path: 'pay' } }], 'routes[0].match.paths'],
    [[{ match: { path: '/a/../b' } }], 'routes[0].match.paths'],
    [[{ match: { path: '/a//b' } }], 'routes[0].match.paths'],
    [[{ match: { path: '/*/b' } }], 'routes[0].match.paths'],
    [[{ match: { path: '/a', paths: '/b' } }], 'routes[0].match'],
    [[{ match: { host: 'https://x' } }], 'routes[0].match.host'],
    [[{ match: { host: 'x:443' } }], 'routes[0].match.host'],
    [[{ match: { methods: 'G T' } }], 'routes[0].match.methods'],
    [[{ match: { host: 'x' }, exempt: true }], 'routes[0].match.paths'],
    [[{ match: { path: '/x' }, exempt: false }], 'routes[0].exempt'],
    [[{ match: { path: '/x' }, exempt: true, mode: 'observe' }], 'routes[0].mode'],
    [[{ match: { path: '/x' }, keys: {} }], 'routes[0].keys'],
    [[{ match: { path: '/x' }, name: '' }], 'routes[0].name'],
    [[{ match: { path: '/x' }, nmae: 'x' }], 'routes[0].nmae'],
    [[{ match: { path: '/x' }, mode: 'off' }], 'routes[0].mode'],
  ];
  for (const [routes, path] of mistakes) {
    const isRight = (error: unknown): boolean => error instanceof ConfigurationError && error.path === path;
    assert.throws(() => createGuard({ keys: { secret }, routes } as GuardOptions), isRight, JSON.stringify(routes));
  }
});
