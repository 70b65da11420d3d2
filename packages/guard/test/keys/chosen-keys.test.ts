/** Keys that a function chooses by where a request goes. */
import assert from 'node:assert/strict';
import test from 'node:test';
import { freshSecret, type HeaderLine, manualClock, mintToken, requestView } from '@approov-guard/testkit';
import {
  type ChosenKeysOptions,
  ConfigurationError,
  createGuard,
  type Guard,
  type GuardOptions,
  KeySet,
  type KeySource,
  type RequestView,
  type RoutingFacts,
} from 'approov-guard';
import { outcomeOf } from '../both-ports.ts';

const now = 1_790_000_000_000;
const secrets = { acme: freshSecret(), globex: freshSecret() };
const keysOf = { acme: { secret: secrets.acme }, globex: { secret: secrets.globex } };
const tokens = { acme: mintToken({ secret: secrets.acme, now }), globex: mintToken({ secret: secrets.globex, now }) };
type Tenant = keyof typeof secrets;
type Place = Partial<{ host: string | null; target: string; currentTarget: string; headers: readonly HeaderLine[] }>;

function at({ host = 'acme.example.com', target = '/', currentTarget, headers = [] }: Place, token: string = tokens.acme): RequestView {
  const view = requestView({ headers: [['approov-token', token], ...headers], target, authority: host });
  return { ...view, currentTarget: currentTarget ?? target };
}

function guardThat(choose: ChosenKeysOptions['choose'], keys: Partial<ChosenKeysOptions> = {}, options: Partial<GuardOptions> = {}): Guard {
  return createGuard({ keys: { ...keys, choose }, now: () => now, ...options });
}

const byHost = ({ host }: RoutingFacts): (typeof keysOf)[Tenant] | undefined => keysOf[host?.split('.')[0] as Tenant];
const found = async (guard: Guard, view: RequestView): Promise<string> => outcomeOf(await guard.judge(view));

test('a token is judged by the keys of the place that its request names, and by no others', async () => {
  const guard = guardThat(byHost);
  assert.equal(await found(guard, at({})), 'accepted');
  assert.equal(await found(guard, at({ host: 'ACME.example.com:443' })), 'accepted');
  assert.equal(await found(guard, at({ host: 'globex.example.com' })), 'token-signature-invalid');
  assert.equal(await found(guard, at({ host: 'globex.example.com' }, tokens.globex)), 'accepted');
  // Remembered tokens, too, belong to their own keys.
  for (let again = 0; again < 3; again++) assert.equal(await found(guard, at({ host: 'globex.example.com' })), 'token-signature-invalid');
});

test('a place that is nobody’s refuses the token, after its header and its form', async () => {
  const guard = guardThat(byHost);
  const elsewhere = { host: 'nobody.example.com' };
  assert.equal(await found(guard, at(elsewhere)), 'token-key-unknown');
  assert.equal(await found(guard, at(elsewhere, 'abc')), 'token-malformed');
  assert.equal(await found(guard, at(elsewhere, '')), 'token-missing');
  assert.equal((await guard.decide(at(elsewhere))).action, 'refuse');
  assert.equal(await found(guard, at({ host: null })), 'token-key-unknown');
});

test('a choice that throws, rejects, hangs or answers no keys is our fault, and never a pass', async () => {
  const wrong: readonly (() => unknown)[] = [
    () => {
      throw new Error('no database');
    },
    () => Promise.reject(new Error('no database')),
    () => new Promise(() => undefined),
    () => 'secret',
    () => ({}),
    () => ({ secret: { base64: '' } }),
    async () => ({ secret: { base64: 'c2hvcnQ=' } }),
    () => [],
    () => ({ choose: byHost }),
  ];
  for (const answer of wrong) {
    const guard = guardThat(answer as ChosenKeysOptions['choose'], { timeoutSeconds: 0.1 });
    const decision = await guard.decide(at({}));
    assert.equal(decision.action, 'refuse', answer.toString());
    assert.equal(decision.verdict?.code, 'keys-unavailable', answer.toString());
    assert.equal(await found(guard, at({}, 'abc')), 'token-malformed');
  }
});

test('what failed is asked again, and what came late counts from then on', async () => {
  let calls = 0;
  let answer: (keys: object) => void = () => undefined;
  const guard = guardThat(
    () => {
      calls++;
      if (calls === 1) throw new Error('no database');
      return new Promise((resolve) => {
        answer = resolve as typeof answer;
      });
    },
    { timeoutSeconds: 0.1 },
  );
  assert.equal(await found(guard, at({})), 'keys-unavailable');
  assert.equal(await found(guard, at({})), 'keys-unavailable');
  answer(keysOf.acme);
  await new Promise((resolve) => setImmediate(resolve));
  assert.equal(await found(guard, at({})), 'accepted');
  assert.equal(calls, 2);
});

test('each place is asked about once in a while, also by many at once', async () => {
  const clock = manualClock(now);
  const asked: string[] = [];
  const guard = guardThat(
    async (facts) => {
      asked.push(String(facts.host));
      return byHost(facts);
    },
    { keepSeconds: 60 },
    { now: clock.now },
  );
  const both = [at({}), at({ host: 'globex.example.com' }, tokens.globex), at({ host: 'nobody.example.com' })];
  await Promise.all([...both, ...both, ...both].map((view) => guard.judge(view)));
  assert.deepEqual(asked, ['acme.example.com', 'globex.example.com', 'nobody.example.com']);
  clock.advance(59_000);
  await Promise.all(both.map((view) => guard.judge(view)));
  assert.equal(asked.length, 3);
  clock.advance(1_000);
  await Promise.all(both.map((view) => guard.judge(view)));
  assert.equal(asked.length, 6);
});

test('a tenant that is removed is refused when its time is over, and one that is new comes in', async () => {
  const clock = manualClock(now);
  const present = new Set<string | undefined>(['acme']);
  let calls = 0;
  const guard = guardThat(
    (facts) => {
      calls++;
      return present.has(facts.host?.split('.')[0]) ? byHost(facts) : null;
    },
    { keepSeconds: 60 },
    { now: clock.now },
  );
  const globex = at({ host: 'globex.example.com' }, tokens.globex);
  assert.deepEqual([await found(guard, at({})), await found(guard, globex)], ['accepted', 'token-key-unknown']);
  present.clear();
  present.add('globex');
  assert.deepEqual([await found(guard, at({})), await found(guard, globex)], ['accepted', 'token-key-unknown']);
  clock.advance(60_000);
  for (let again = 0; again < 3; again++) {
    assert.deepEqual([await found(guard, at({})), await found(guard, globex)], ['token-key-unknown', 'accepted']);
  }
  assert.equal(calls, 4);
});

test('made-up places push out nobody’s keys, and more tenants than have room are asked about again', async () => {
  let calls = 0;
  const guard = guardThat(
    (facts) => {
      calls++;
      return byHost(facts);
    },
    { maxSources: 2 },
  );
  const globex = at({ host: 'globex.example.com' }, tokens.globex);
  assert.deepEqual([await found(guard, at({})), await found(guard, globex)], ['accepted', 'accepted']);
  for (let made = 0; made < 10_000; made++) await guard.judge(at({ host: `x${made}.example.com` }));
  calls = 0;
  assert.deepEqual([await found(guard, at({})), await found(guard, globex)], ['accepted', 'accepted']);
  assert.equal(calls, 0);
  for (const host of ['acme.example.net', 'acme.example.org', 'acme.example.edu'])
    assert.equal(await found(guard, at({ host })), 'accepted');
  assert.ok(guard.gauges().keySets.length <= 2);
});

test('at most a thousand questions are open at a time', async () => {
  let calls = 0;
  const guard = guardThat(
    () => {
      calls++;
      return new Promise(() => undefined);
    },
    { timeoutSeconds: 0.1 },
  );
  const verdicts = await Promise.all(Array.from({ length: 1500 }, (_, index) => guard.judge(at({ host: `x${index}.example.com` }))));
  assert.equal(calls, 1000);
  assert.ok(verdicts.every(({ code }) => code === 'keys-unavailable'));
});

test('named headers and segments of the path choose; what servers may read differently does not', async () => {
  const asked: RoutingFacts[] = [];
  const choose = (facts: RoutingFacts): (typeof keysOf)[Tenant] | undefined => {
    asked.push(facts);
    return keysOf[(facts.headers['x-tenant'] ?? (facts.path ?? '').slice(1)) as Tenant];
  };
  const guard = guardThat(choose, { headers: 'X-Tenant', pathSegments: 1 });
  const header = (...values: string[]): readonly HeaderLine[] => values.map((value): HeaderLine => ['X-Tenant', value]);
  assert.equal(await found(guard, at({ headers: header(' acme ') })), 'accepted');
  assert.equal(await found(guard, at({ target: '/acme' })), 'accepted');
  assert.equal(await found(guard, at({ target: '/acme/things/1?a=/globex' })), 'accepted');
  assert.equal(await found(guard, at({ target: '/v1/acme/x', currentTarget: '/acme/x' })), 'token-key-unknown');
  assert.deepEqual(
    asked.map(({ host, path, headers }) => [host, path, headers['x-tenant']]),
    [
      ['acme.example.com', '/', 'acme'],
      ['acme.example.com', '/acme', null],
    ],
  );
  const before = asked.length;
  for (const headers of [header('acme', 'acme'), header('acme', 'globex'), header('acme,globex'), header('a'.repeat(257))]) {
    assert.equal(await found(guard, at({ headers })), 'token-key-unknown');
  }
  for (const target of ['/acme/../globex', '//acme', '/acme;x/y', '/acme%2fglobex', '/acme%5Cx', 'http://x/acme', `/${'a'.repeat(256)}`]) {
    assert.equal(await found(guard, at({ target })), 'token-key-unknown', target);
  }
  assert.equal(await found(guard, at({ host: 'acme.example.com/x' })), 'token-key-unknown');
  assert.equal(asked.length, before);
});

test('nothing of the request is shown to the choice but what is named', async () => {
  const asked: RoutingFacts[] = [];
  const guard = guardThat((facts) => {
    asked.push(facts);
    return keysOf.acme;
  });
  await guard.judge(at({ target: '/secret?x', headers: [['authorization', 'Bearer x']] }));
  assert.equal(outcomeOf(await guard.verifyToken(tokens.acme)), 'accepted');
  assert.deepEqual(asked, [
    { host: 'acme.example.com', path: null, headers: {} },
    { host: null, path: null, headers: {} },
  ]);
  // A token by itself is no value of every header.
  const withHeader = guardThat((facts) => (facts.headers['x-tenant'] === null ? keysOf.acme : null), { headers: ['x-tenant'] });
  assert.equal(outcomeOf(await withHeader.verifyToken(tokens.acme)), 'accepted');
});

test('explain, keyUse, gauges, warmUp and close know the chosen keys', async () => {
  let [warmed, closed] = [0, 0];
  const set = new KeySet([]);
  const own: KeySource = {
    current: () => set,
    warmUp: async () => void warmed++,
    close: () => void closed++,
  };
  const guard = guardThat((facts) => (facts.host === 'own.example.com' ? own : byHost(facts)));
  assert.deepEqual(guard.keyUse(), []);
  await guard.decide(at({}));
  await guard.decide(at({}));
  await guard.decide(at({ host: 'globex.example.com' }, tokens.globex));
  assert.deepEqual(
    guard.keyUse().map(({ id, uses }) => [id, uses]),
    [
      ['keys(acme.example.com).secret', 2],
      ['keys(globex.example.com).secret', 1],
    ],
  );
  assert.deepEqual(
    guard.gauges().keySets.map(({ keys }) => keys),
    [1, 1],
  );
  const explained = await guard.explain(at({ host: 'nobody.example.com' }));
  assert.equal(explained.verdict.code, 'token-key-unknown');
  assert.equal(explained.checks.find(({ name }) => name === 'token-key')?.detail, 'no keys for this host, path or header');
  assert.equal((await guard.explain(at({}))).verdict.code, 'accepted');
  assert.equal(await found(guard, at({ host: 'own.example.com' })), 'keys-empty');
  await guard.warmUp();
  guard.close();
  assert.deepEqual([warmed, closed], [1, 1]);
});

test('the same object chosen again keeps its remembered tokens, and routes have choices of their own', async () => {
  const clock = manualClock(now);
  const guard = guardThat(byHost, { keepSeconds: 1 }, { now: clock.now, routes: [{ match: { path: '/fixed' }, keys: keysOf.globex }] });
  for (let again = 0; again < 4; again++) {
    await guard.judge(at({}));
    clock.advance(1_000);
  }
  assert.equal(guard.gauges().tokenCache.hits, 2);
  assert.equal(await found(guard, at({ target: '/fixed' })), 'token-signature-invalid');
  assert.equal(await found(guard, at({ target: '/fixed' }, tokens.globex)), 'accepted');
});

test('mistakes in the configuration name the option', () => {
  const codeOf = (keys: unknown): string => {
    try {
      createGuard({ keys } as GuardOptions);
    } catch (error) {
      if (error instanceof ConfigurationError) return `${error.code} ${error.path}`;
      throw error;
    }
    return 'none';
  };
  assert.equal(codeOf(byHost), 'option-invalid keys');
  assert.equal(codeOf({ choose: 7 }), 'option-invalid keys.choose');
  assert.equal(codeOf({ choose: undefined }), 'option-missing keys.choose');
  assert.equal(codeOf({ choose: byHost, secret: secrets.acme }), 'option-unknown keys.secret');
  assert.equal(codeOf({ choose: byHost, headers: ['a b'] }), 'option-invalid keys.headers[0]');
  for (const [name, value] of Object.entries({ pathSegments: 9, maxSources: 0, keepSeconds: 0, timeoutSeconds: 61 })) {
    assert.equal(codeOf({ choose: byHost, [name]: value }), `option-invalid keys.${name}`);
  }
});
