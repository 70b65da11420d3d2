import assert from 'node:assert/strict';
import test from 'node:test';
import { inspect } from 'node:util';
import { runInNewContext } from 'node:vm';
import { anotherSecret, bindingHash, freshSecret, manualClock, mintToken, requestView, secretBytes } from '@approov-guard/testkit';
import {
  type Attestation,
  createGuard,
  type Guard,
  type GuardOptions,
  KeySet,
  type KeySource,
  type RequestView,
  type Route,
  type VerificationKey,
} from 'approov-guard';
import { until } from '../../../../../tools/until.mjs';
import { ALGORITHMS, type AlgorithmRow } from '../../../src/core/jws/algorithms.ts';
import { createGuardOn } from '../../../src/guard/create-guard.ts';
import { now, outcomeOf, PORTS, secret, withToken } from '../../both-ports.ts';

const HS256 = ALGORITHMS.get('HS256') as AlgorithmRow;
const good = mintToken({ secret, now });

function keyOf(given: { readonly base64: string }, kid: string | null = null): VerificationKey {
  return { id: kid ?? 'key', kid, algorithm: HS256, prepared: PORTS.node.prepareSecret(HS256, secretBytes(given)) };
}

async function decided(options: GuardOptions, token = good): Promise<string> {
  for (const port of Object.values(PORTS)) {
    const guard = createGuardOn(port, options);
    const decision = await guard.decide(withToken(token));
    assert.ok(decision.verdict !== null);
    assert.equal(outcomeOf(await guard.judge(withToken(token))), outcomeOf(decision.verdict));
    if (port === PORTS.web) return outcomeOf(decision.verdict);
  }
  return '';
}

test('on Node decide answers at once, and on WebCrypto later', () => {
  const view = withToken(good);
  assert.ok(!(createGuardOn(PORTS.node, { keys: { secret }, now: () => now }).decide(view) instanceof Promise));
  assert.ok(createGuardOn(PORTS.web, { keys: { secret }, now: () => now }).decide(view) instanceof Promise);
});

test('a clock that throws or answers nonsense makes the verdict unavailable, never an exception', async () => {
  const clocks: readonly (() => unknown)[] = [
    () => {
      throw new Error('no clock');
    },
    () => Number.NaN,
    () => Infinity,
    () => undefined,
    () => '1700000000000',
  ];
  for (const clock of clocks) {
    const options = { keys: { secret }, now: clock as () => number };
    assert.equal(await decided(options), 'internal');
    assert.equal(outcomeOf(await createGuard(options).verifyToken(good)), 'internal');
  }
});

test('the clock is read once for each request', async () => {
  let reads = 0;
  const guard = createGuard({
    keys: { secret },
    now: () => {
      reads++;
      return now;
    },
  });
  await guard.decide(withToken(good));
  assert.equal(reads, 1);
});

test('a hook that throws changes nothing and is counted', async () => {
  const guard = createGuard({
    keys: { secret },
    now: () => now,
    onVerdict: () => {
      throw new Error('hook');
    },
  });
  assert.equal((await guard.decide(withToken(good))).action, 'pass');
  assert.equal((await guard.decide(withToken('a.b.c'))).action, 'refuse');
  assert.equal(guard.counters().hookFailures, 2);
});

test('an asynchronous hook that rejects does not end the process, and is counted', async () => {
  const guard = createGuard({ keys: { secret }, now: () => now, onVerdict: async () => Promise.reject(new Error('hook')) });
  assert.equal((await guard.decide(withToken(good))).action, 'pass');
  await until(() => guard.counters().hookFailures > 0);
  assert.equal(guard.counters().hookFailures, 1);
});

test('a promise of another realm that rejects is counted as well', async () => {
  const onVerdict = (): unknown => runInNewContext('Promise.reject(new Error("hook"))');
  const guard = createGuard({ keys: { secret }, now: () => now, onVerdict });
  assert.equal((await guard.decide(withToken(good))).action, 'pass');
  await until(() => guard.counters().hookFailures > 0);
  assert.equal(guard.counters().hookFailures, 1);
});

test('what a handler does to a verdict is not seen by the next request', async () => {
  const guard = createGuard({ keys: { secret }, now: () => now });
  const attestationOf = async (): Promise<Attestation> => {
    const verdict = await guard.judge(withToken(good));
    assert.ok(verdict.outcome === 'accepted');
    return verdict.attestation;
  };
  const first = await attestationOf();
  assert.throws(() => (first.covered as Set<string>).add('@method'), TypeError);
  assert.throws(() => Object.assign(first.claims, { did: 'x' }), TypeError);
  Object.assign(first, { binding: 'verified' });
  assert.deepEqual(await attestationOf(), { ...first, binding: 'unchecked', covered: new Set() });
});

test('what is no compiled route is refused as a fault of ours, without an exception', async () => {
  const guard = createGuard({ keys: { secret }, now: () => now });
  for (const route of [{}, { mode: 'observe' }, 'route', 0, []]) {
    const decision = await guard.decide(withToken(good), route as unknown as Route);
    assert.ok(decision.action === 'refuse' && decision.refusal.status === 503);
    assert.equal(outcomeOf(decision.verdict), 'internal');
    assert.equal(outcomeOf(await guard.judge(withToken(good), route as unknown as Route)), 'internal');
  }
});

test('what is no compiled route changes nothing where a request is not judged', async () => {
  const guard = createGuard({ keys: { secret }, now: () => now, exempt: ['/health'] });
  for (const route of [{}, { mode: 'observe' }, 'route', 0, []]) {
    const decision = await guard.decide(requestView({ target: '/health' }), route as unknown as Route);
    assert.ok(decision.action === 'pass' && decision.skipped === 'exempt' && decision.mode === 'enforce');
  }
});

test('what is no request is refused as a fault of ours, without an exception', async () => {
  const guard = createGuard({ keys: { secret }, now: () => now, onVerdict: () => assert.fail('told of nothing'), exempt: ['/health'] });
  for (const request of [
    undefined,
    null,
    7,
    'GET /',
    {},
    { headers: {} },
    { lines: () => null },
    { lines: () => ['a', undefined] },
    { lines: () => [7] },
  ]) {
    const decision = await guard.decide(request as unknown as RequestView);
    assert.ok(decision.action === 'refuse', inspect(request));
    assert.notEqual(outcomeOf(await guard.judge(request as unknown as RequestView)), 'accepted');
  }
});

test('the hook learns what was decided, without the query', async () => {
  const seen: unknown[] = [];
  const guard = createGuard({
    keys: { secret },
    now: () => now,
    onVerdict: (verdict, { id: _, action, mode, method, path, at }) =>
      seen.push({ outcome: outcomeOf(verdict), action, mode, method, path, at }),
  });
  await guard.decide(withToken(good, { method: 'PUT', target: '/a/b?token=secret' }));
  await guard.decide(withToken('a.b.c', { method: 'G\r\nT', target: `/\u001b${'x'.repeat(500)}#f` }));
  const path = `/\\u001b${'x'.repeat(254)}…`;
  assert.deepEqual(seen, [
    { outcome: 'accepted', action: 'pass', mode: 'enforce', method: 'PUT', path: '/a/b', at: now },
    { outcome: 'token-malformed', action: 'refuse', mode: 'enforce', method: 'G\\u000d\\u000aT', path, at: now },
  ]);
});

test('the path that the hook learns ends where the query or the fragment begins, is escaped, and has at most 256 characters', () => {
  const x = (count: number): string => 'x'.repeat(count);
  let shown = '';
  const guard = createGuard({ keys: { secret }, now: () => now, onVerdict: (_, { path }) => (shown = path) });
  for (const [target, path] of [
    ['', ''],
    ['/', '/'],
    ['/a/b', '/a/b'],
    ['/a?b', '/a'],
    ['/a#b?c', '/a'],
    ['?a', ''],
    ['/~}|{^', '/~}|{^'],
    [`/'a?b`, '/\\u0027a'],
    ['/a"b\\c', '/a\\u0022b\\u005cc'],
    ['/ü\u007f', '/\\u00fc\\u007f'],
    ['/a\u0000?b', '/a\\u0000'],
    [x(255), x(255)],
    [x(256), x(256)],
    [`${x(256)}?a`, x(256)],
    [`${x(255)}?a`, x(255)],
    [x(257), `${x(256)}…`],
    [`${x(257)}?a`, `${x(256)}…`],
    [`${x(256)}'`, `${x(256)}…`],
    [`'${x(255)}`, `\\u0027${x(255)}`],
  ] as const) {
    void guard.decide(withToken(good, { target }));
    assert.equal(shown, path, target);
  }
});

test('the hook is called once for each judged request, and not for skipped ones', async () => {
  let calls = 0;
  const guard = createGuard({ keys: { secret }, now: () => now, exempt: ['/health'], onVerdict: () => calls++ });
  await guard.decide(requestView({ target: '/health' }));
  await guard.judge(withToken(good));
  await guard.verifyToken(good);
  assert.equal(calls, 0);
  await guard.decide(withToken(good));
  assert.equal(calls, 1);
});

test('a key source without a snapshot makes the verdict unavailable', async () => {
  assert.equal(await decided({ keys: { current: () => null }, now: () => now }), 'keys-unavailable');
  assert.equal(await decided({ keys: { current: () => new KeySet([]) }, now: () => now }), 'keys-empty');
});

test('a key source or request that throws makes the verdict unavailable', async () => {
  const broken: KeySource = {
    current: () => {
      throw new Error('source');
    },
  };
  assert.equal(await decided({ keys: broken, now: () => now }), 'internal');
  for (const port of Object.values(PORTS)) {
    const guard = createGuardOn(port, { keys: { secret }, now: () => now });
    const view = {
      ...requestView(),
      lines: () => {
        throw new Error('request');
      },
    };
    const decision = await guard.decide(view);
    assert.ok(decision.verdict?.outcome === 'unavailable' && decision.verdict.cause instanceof Error);
    assert.equal(decision.action, 'refuse');
    assert.equal(outcomeOf(await guard.judge(view)), 'internal');
  }
});

test('a token is judged the same by itself, without binding', async () => {
  const guard = createGuard({ keys: { secret }, now: () => now, binding: { headers: ['authorization'] } });
  assert.equal(outcomeOf(await guard.verifyToken(good)), 'accepted');
  assert.equal(outcomeOf(await guard.verifyToken(mintToken({ secret, now, claims: { exp: 1 } }))), 'token-expired');
  for (const token of ['', undefined, null, 7, {}]) assert.equal(outcomeOf(await guard.verifyToken(token as string)), 'token-missing');
  assert.equal(outcomeOf(await guard.verifyToken('a')), 'token-malformed');
  assert.equal(outcomeOf(await guard.verifyToken('x'.repeat(100_000))), 'token-too-large');
  assert.equal(outcomeOf(await guard.verifyToken('NO_NETWORK')), 'token-sdk-status');
});

test('an unknown kid asks the source for newer keys, and is judged again', async () => {
  const token = mintToken({ secret, now, kid: 'new' });
  for (const asynchronous of [false, true]) {
    let set = new KeySet([keyOf(freshSecret(), 'old')]);
    let asked = 0;
    const learn = (): boolean => {
      asked++;
      set = new KeySet([keyOf(secret, 'new')]);
      return true;
    };
    const keys: KeySource = { current: () => set, refresh: () => (asynchronous ? Promise.resolve().then(learn) : learn()) };
    const guard = createGuard({ keys, now: () => now });
    const decision = await guard.decide(withToken(token));
    assert.equal(decision.verdict === null ? '' : outcomeOf(decision.verdict), 'accepted');
    await guard.decide(withToken(token));
    assert.equal(asked, 1);
  }
});

test('an unknown kid that stays unknown is the client’s, when the source vouches for its keys', async () => {
  const set = new KeySet([keyOf(secret, 'old')]);
  const keys: KeySource = { current: () => set, refresh: async () => true };
  assert.equal(await decided({ keys, now: () => now }, mintToken({ secret, now, kid: 'new' })), 'token-key-unknown');
});

test('garbage is the client’s fault while there are no keys, too, and asks for none', async () => {
  for (const set of [null, new KeySet([])]) {
    let asked = 0;
    const refresh = (): boolean => {
      asked++;
      return false;
    };
    const options: GuardOptions = { keys: { current: () => set, refresh }, now: () => now };
    const header = (members: object): string => Buffer.from(JSON.stringify(members)).toString('base64url');
    for (const token of [
      'garbage',
      'a.b.c',
      `${good}=`,
      `${good}.`,
      `${header({ typ: 'JWT' })}.e30.AA`,
      `${header({ alg: 'HS256', crit: [] })}.e30.AA`,
    ]) {
      assert.equal(await decided(options, token), 'token-malformed', token);
    }
    assert.equal(asked, 0);
    assert.equal(await decided(options), set === null ? 'keys-unavailable' : 'keys-empty');
    assert.ok(asked > 0);
  }
});

test('a source that answers with a promise of another realm is waited for, and vouches only with `true`', async () => {
  const token = mintToken({ secret, now, kid: 'new' });
  const set = new KeySet([keyOf(secret, 'old')]);
  for (const [answer, expected] of [
    ['true', 'token-key-unknown'],
    ['false', 'keys-unavailable'],
    ['undefined', 'keys-unavailable'],
  ] as const) {
    const source: KeySource = { current: () => set, refresh: () => runInNewContext(`Promise.resolve(${answer})`) };
    assert.equal(await decided({ keys: source, now: () => now }, token), expected, answer);
    assert.equal(
      await decided({ keys: [source, { secret: { ...freshSecret(), kid: 'other' } }], now: () => now }, token),
      expected,
      answer,
    );
  }
});

test('a source that fails when it is asked for newer keys is an outage of ours', async () => {
  const set = new KeySet([keyOf(secret, 'old')]);
  const keys: KeySource = { current: () => set, refresh: () => Promise.reject(new Error('network')) };
  assert.equal(await decided({ keys, now: () => now }, mintToken({ secret, now, kid: 'new' })), 'keys-unavailable');
});

/** A token with a MAC is remembered from its second request on: then its claims are the same object. */
async function rememberedBy(guard: Guard, token: string): Promise<void> {
  const claims: unknown[] = [];
  for (let request = 0; request < 3; request++) {
    const verdict = await guard.judge(withToken(token));
    assert.ok(verdict.outcome === 'accepted');
    claims.push(verdict.attestation.claims);
  }
  assert.notEqual(claims[0], claims[1]);
  assert.equal(claims[1], claims[2]);
}

test('a token in the cache is judged again: expiry, claims, policy', async () => {
  const clock = manualClock(now);
  const guard = createGuard({ keys: { secret }, now: clock.now });
  const token = mintToken({ secret, now, lifetimeSeconds: 60, claims: { iss: 'a' } });
  const strict = guard.route({ token: { issuer: 'b' } });
  await rememberedBy(guard, token);
  assert.equal(outcomeOf(await guard.judge(withToken(token), strict)), 'token-issuer-unexpected');
  clock.advance(59_999);
  assert.equal(outcomeOf(await guard.judge(withToken(token))), 'accepted');
  clock.advance(1);
  assert.equal(outcomeOf(await guard.judge(withToken(token))), 'token-expired');
});

test('a token in the cache is bound anew for each request', async () => {
  const guard = createGuard({ keys: { secret }, now: () => now, binding: { headers: ['authorization'] } });
  const token = mintToken({ secret, now, bind: 'Bearer a' });
  const judge = async (value: string): Promise<string> =>
    outcomeOf(await guard.judge(withToken(token, { headers: [['authorization', value]] })));
  assert.deepEqual(
    [await judge('Bearer a'), await judge('Bearer a'), await judge('Bearer b'), await judge('Bearer a')],
    ['accepted', 'accepted', 'binding-mismatch', 'accepted'],
  );
});

test('the cache gives no way in: a cached signature under another payload is verified', async () => {
  const guard = createGuard({ keys: { secret }, now: () => now });
  const [head, , tail] = good.split('.');
  const forged = `${head}.${Buffer.from('{"exp":9999999999}').toString('base64url')}.${tail}`;
  await rememberedBy(guard, good);
  assert.equal(outcomeOf(await guard.judge(withToken(forged))), 'token-signature-invalid');
});

test('what an old key verified does not outlive it in the cache', async () => {
  let set = new KeySet([keyOf(secret)]);
  const guard = createGuard({ keys: { current: () => set, refresh: () => true }, now: () => now });
  await rememberedBy(guard, good);
  set = new KeySet([keyOf(anotherSecret(secret))]);
  assert.equal(outcomeOf(await guard.judge(withToken(good))), 'token-signature-invalid');
});

test('without a cache the verdicts are the same', async () => {
  const guard = createGuard({ keys: { secret }, now: () => now, cache: null });
  for (let round = 0; round < 2; round++) {
    assert.equal(outcomeOf(await guard.judge(withToken(good))), 'accepted');
    assert.equal(outcomeOf(await guard.judge(withToken(mintToken({ secret: anotherSecret(secret), now })))), 'token-signature-invalid');
  }
});

test('claims are frozen, however deep, since requests share them', async () => {
  const guard = createGuard({ keys: { secret }, now: () => now });
  const verdict = await guard.verifyToken(mintToken({ secret, now, claims: { embed: { a: [{ b: 1 }] } } }));
  assert.ok(verdict.outcome === 'accepted');
  const { claims } = verdict.attestation;
  const embed = claims.embed as { a: { b: number }[] };
  for (const part of [claims, embed, embed.a, embed.a[0]]) assert.ok(Object.isFrozen(part));
});

test('several secrets live at once, and the attestation says which one it was', async () => {
  const [older, newer] = [freshSecret(), freshSecret()];
  const guard = createGuard({ keys: { secrets: [{ ...newer, kid: 'n' }, older] }, now: () => now });
  const keyIdOf = async (token: string): Promise<string> => {
    const verdict = await guard.verifyToken(token);
    return verdict.outcome === 'accepted' ? verdict.attestation.keyId : outcomeOf(verdict);
  };
  assert.equal(await keyIdOf(mintToken({ secret: newer, now, kid: 'n' })), 'n');
  assert.equal(await keyIdOf(mintToken({ secret: newer, now })), 'n');
  assert.match(await keyIdOf(mintToken({ secret: older, now })), /secrets\[1\]|hs256/i);
  assert.equal(await keyIdOf(mintToken({ secret: freshSecret(), now })), 'token-signature-invalid');
});

test('counters count each outcome once', async () => {
  const guard = createGuard({
    keys: { secret },
    now: () => now,
    exempt: ['/health'],
    mode: { token: 'enforce', binding: 'observe' },
    binding: { headers: ['authorization'] },
  });
  const bound = mintToken({ secret, now, bind: 'a' });
  await guard.decide(withToken(bound, { headers: [['authorization', 'a']] }));
  await guard.decide(withToken(bound, { headers: [['authorization', 'b']] }));
  await guard.decide(withToken('a.b.c'));
  await guard.decide(withToken(mintToken({ secret, now, claims: { pay: bindingHash('') } })));
  await guard.decide(requestView({ target: '/health' }));
  const { accepted, refused, observed, skipped, rejected, unavailable, hookFailures } = guard.counters();
  assert.deepEqual(
    { accepted, refused, observed, skipped, hookFailures },
    { accepted: 1, refused: 1, observed: 2, skipped: 1, hookFailures: 0 },
  );
  const counted = Object.entries(rejected).filter(([, count]) => count > 0);
  assert.deepEqual(Object.fromEntries(counted), { 'token-malformed': 1, 'binding-value-missing': 1, 'binding-mismatch': 1 });
  assert.ok(Object.values(unavailable).every((count) => count === 0));
});

test('a snapshot of the counters does not change afterwards', async () => {
  const guard = createGuard({ keys: { secret }, now: () => now });
  const before = guard.counters();
  await guard.decide(withToken('a.b.c'));
  assert.equal(before.rejected['token-malformed'], 0);
  assert.equal(guard.counters().rejected['token-malformed'], 1);
});

test('warmUp and close reach the key source', async () => {
  const calls: string[] = [];
  const keys: KeySource = {
    current: () => null,
    warmUp: async () => {
      calls.push('warmUp');
    },
    close: () => {
      calls.push('close');
    },
  };
  const guard = createGuard({ keys, now: () => now });
  await guard.warmUp();
  guard.close();
  assert.deepEqual(calls, ['warmUp', 'close']);
  await assert.rejects(createGuard({ keys: { current: () => null, warmUp: () => Promise.reject(new Error('network')) } }).warmUp());
  await createGuard({ keys: { secret } }).warmUp();
});

test('the clock is looked up at each reading, so that fake timers work on a guard that was made before', async (context) => {
  const guard = createGuard({ keys: { secret } });
  const token = mintToken({ secret, now: Date.now(), lifetimeSeconds: 300 });
  assert.equal((await guard.verifyToken(token)).outcome, 'accepted');
  context.mock.timers.enable({ apis: ['Date'], now: Date.now() + 600_000 });
  const verdict = await guard.verifyToken(token);
  assert.equal(verdict.outcome === 'rejected' && verdict.reason, 'token-expired');
});

test('an option that is misspelt is told what was probably meant', () => {
  assert.throws(() => createGuard({ keys: { secret }, bindings: null } as unknown as GuardOptions), /did you mean `binding`\?/);
  assert.throws(() => createGuard({ keys: { secret: { base46: 'x' } } } as unknown as GuardOptions), /did you mean `base64`\?/);
  assert.throws(() => createGuard({ keys: { secret }, quite: 1 } as unknown as GuardOptions), /is not an option; known here/);
});

test('a secret that is not set names the variable, the file, the flag of Node and how to make one', () => {
  const message = /process\.env\.APPROOV_BASE64_SECRET.*\.env.*node --env-file=\.env.*approov-guard secret --generate/;
  assert.throws(() => createGuard({ keys: { secret: { base64: undefined } } }), message);
});

test('a request that another guard judged is new, also where it takes no note', async () => {
  const [one, other] = [createGuard({ keys: { secret } }), createGuard({ keys: { secret } })];
  for (const message of [{}, Object.freeze({}), new Request('http://localhost')]) {
    const view = { ...withToken('', {}), message };
    for (const guard of [one, other, one]) await guard.decide(view);
    assert.deepEqual(Reflect.ownKeys(message), Reflect.ownKeys(message instanceof Request ? new Request('http://localhost') : {}));
  }
  assert.deepEqual([one.counters().refused, one.counters().again.refused], [3, 3]);
  assert.deepEqual([other.counters().refused, other.counters().again.refused], [3, 0]);
});

test('a token with the optional scheme and one without it are the same token', async () => {
  const token = { header: 'authorization', prefix: { optional: 'Bearer' } };
  const guard = createGuard({ keys: { secret }, now: () => now, token });
  const outcomes = await Promise.all(
    [good, `Bearer ${good}`, `bearer  ${good}`, `Basic ${good}`, `Bearer Bearer ${good}`].map(async (value) =>
      outcomeOf(await guard.judge(requestView({ headers: [['authorization', value]] }))),
    ),
  );
  assert.deepEqual(outcomes, ['accepted', 'accepted', 'accepted', 'token-malformed', 'token-malformed']);
  const strict = guard.route({ token: { prefix: 'Bearer' } });
  assert.equal(outcomeOf(await guard.judge(requestView({ headers: [['authorization', good]] }), strict)), 'token-malformed');
});
