import assert from 'node:assert/strict';
import test from 'node:test';
import { mintToken } from '@approov-guard/testkit';
import { ConfigurationError, createGuard, type GuardOptions, type RuleOptions, tokenFingerprint, type Verdict } from 'approov-guard';
import { guardPair, now, secret, withToken } from '../../both-ports.ts';

const did = 'AAAAAAAAAAAAAAAAAAAAAA==';
const token = mintToken({ secret, now, claims: { did, arc: 'ABC' } });
const anonymous = mintToken({ secret, now });

async function judged(rules: readonly RuleOptions[], one = token): Promise<string> {
  const guard = guardPair({ keys: { secret }, rules });
  const first = await guard.judgeToken(one);
  // The second request finds the token among the verified ones: it must be asked about all the same.
  assert.equal(await guard.judgeToken(one), first);
  return first;
}

test('a denied device is refused with token-denied, and the detail names the rule', async () => {
  assert.equal(await judged([{ name: 'stolen', denyDids: [did] }]), 'token-denied');
  assert.equal(await judged([{ name: 'stolen', denyDids: ['other'] }]), 'accepted');
  assert.equal(await judged([{ name: 'stolen', denyDids: [did] }], anonymous), 'accepted');
  const verdict = await createGuard({ keys: { secret }, rules: [{ name: 'stolen', denyDids: [did] }], now: () => now }).verifyToken(token);
  assert.ok(verdict.outcome === 'rejected');
  assert.deepEqual([verdict.code, verdict.reason, verdict.detail, verdict.proven?.did], ['token-denied', 'token-denied', 'stolen', did]);
});

test('an allow list refuses every other device, and tokens without one', async () => {
  assert.equal(await judged([{ name: 'beta', allowDids: [did] }]), 'accepted');
  assert.equal(await judged([{ name: 'beta', allowDids: [] }]), 'token-denied');
  assert.equal(await judged([{ name: 'beta', allowDids: [did] }], anonymous), 'token-denied');
});

test('a token is denied by its fingerprint', async () => {
  assert.equal(await judged([{ name: 'leaked', denyTokens: [await tokenFingerprint(token)] }]), 'token-denied');
  assert.equal(await judged([{ name: 'leaked', denyTokens: [await tokenFingerprint(token)] }], anonymous), 'accepted');
});

test('a set is asked at each request: a device denied while the guard runs is refused at once, remembered token or not', async () => {
  const denied = new Set<string>();
  const guard = guardPair({ keys: { secret }, rules: [{ name: 'stolen', denyDids: denied }] });
  assert.equal(await guard.judgeToken(token), 'accepted');
  denied.add(did);
  assert.equal(await guard.judgeToken(token), 'token-denied');
});

test('a predicate sees frozen claims, the key and the moment, and may answer later', async () => {
  const deny = (claims: object, facts: { keyId: string; at: number }): boolean =>
    Object.isFrozen(claims) && facts.at === now && facts.keyId.includes('secret');
  assert.equal(await judged([{ name: 'p', deny }]), 'token-denied');
  assert.equal(await judged([{ name: 'p', deny: async () => true }]), 'token-denied');
  assert.equal(await judged([{ name: 'p', deny: async () => false }]), 'accepted');
  assert.equal(await judged([{ name: 'p', allow: (claims) => claims.arc === 'ABC' }]), 'accepted');
  assert.equal(await judged([{ name: 'p', allow: async () => false }]), 'token-denied');
});

test('a rule that fails is a fault, never a pass and never a 401', async () => {
  const failing: readonly RuleOptions[] = [
    {
      name: 'p',
      deny: () => {
        throw new Error('database');
      },
    },
    { name: 'p', deny: () => Promise.reject(new Error('database')) },
    // A predicate that forgets to answer, or answers what is merely true or false enough.
    { name: 'p', deny: (() => undefined) as unknown as () => boolean },
    { name: 'p', allow: (() => 1) as unknown as () => boolean },
    { name: 'p', allow: (async () => 'yes') as unknown as () => Promise<boolean> },
    { name: 'p', deny: () => new Promise<boolean>(() => {}), timeoutSeconds: 0.02 },
    // A set that answers later would be taken for true.
    { name: 'p', allowDids: { has: (async () => false) as unknown as () => boolean } },
    { name: 'p', denyDids: { has: (() => undefined) as unknown as () => boolean } },
  ];
  for (const rule of failing) assert.equal(await judged([rule]), 'rule-failed', JSON.stringify(rule));
  const [rule] = failing;
  const decision = await createGuard({ keys: { secret }, rules: rule ? [rule] : [], now: () => now }).decide(withToken(token));
  assert.equal(decision.action === 'refuse' && decision.refusal.status, 503);
});

test('the cause of a failed rule names the rule and holds no token', async () => {
  const guard = createGuard({
    keys: { secret },
    rules: [{ name: 'lookup', deny: () => Promise.reject(new Error('down')) }],
    now: () => now,
  });
  const verdict = (await guard.verifyToken(token)) as Extract<Verdict, { outcome: 'unavailable' }>;
  assert.match(String(verdict.cause), /lookup/);
  assert.ok(!String((verdict.cause as Error).stack).includes(token));
});

test('rules are asked in order, after the claims, and the first that refuses wins', async () => {
  const asked: string[] = [];
  const rule = (name: string, refuses: boolean): RuleOptions => ({ name, deny: () => asked.push(name) > 0 && refuses });
  const guard = createGuard({ keys: { secret }, rules: [rule('a', false), rule('b', true), rule('c', true)], now: () => now });
  await guard.verifyToken(token);
  await guard.verifyToken(mintToken({ secret, now, lifetimeSeconds: -1 }));
  await guard.verifyToken(mintToken({ secret: { base64: Buffer.alloc(64, 1).fill(2, 3).toString('base64') }, now }));
  assert.deepEqual(asked, ['a', 'b']);
});

test('a denied token is refused before its binding is looked at', async () => {
  const guard = guardPair({ keys: { secret }, binding: { headers: ['authorization'] }, rules: [{ name: 'stolen', denyDids: [did] }] });
  assert.equal(await guard.judgeToken(token), 'token-denied');
});

test('synchronous rules cost no promise', () => {
  const guard = createGuard({ keys: { secret }, rules: [{ name: 'p', deny: () => false, timeoutSeconds: 1 }], now: () => now });
  assert.ok(!(guard.decide(withToken(token)) instanceof Promise));
});

test('mistakes in rules are found at start, a token in place of its fingerprint too', () => {
  const mistakes: readonly [unknown, string][] = [
    [{}, 'rules'],
    [[null], 'rules[0]'],
    [[{ name: 'x' }], 'rules[0]'],
    [[{ denyDids: [] }], 'rules[0].name'],
    [[{ name: 'x\n', denyDids: [] }], 'rules[0].name'],
    [[{ name: 'x', denyDids: [], allowDids: [] }], 'rules[0]'],
    [[{ name: 'x', denyDids: did }], 'rules[0].denyDids'],
    [[{ name: 'x', denyDids: [''] }], 'rules[0].denyDids'],
    [[{ name: 'x', denyDids: [`${did}\n`] }], 'rules[0].denyDids'],
    [[{ name: 'x', allowDids: [did, ` ${did}`] }], 'rules[0].allowDids'],
    [[{ name: 'x', denyTokens: [token] }], 'rules[0].denyTokens'],
    [[{ name: 'x', deny: true }], 'rules[0].deny'],
    [[{ name: 'x', deny: undefined }], 'rules[0].deny'],
    [[{ name: 'x', deny: () => true, timeoutSeconds: 0 }], 'rules[0].timeoutSeconds'],
    [[{ name: 'x', dney: () => true }], 'rules[0].dney'],
  ];
  for (const [rules, path] of mistakes) {
    const isRight = (error: unknown): boolean =>
      error instanceof ConfigurationError && error.path === path && !error.message.includes(token);
    assert.throws(() => createGuard({ keys: { secret }, rules } as GuardOptions), isRight, JSON.stringify(rules));
  }
});

test('a second spelling of the signature does not take a token off the list', async () => {
  assert.equal(await tokenFingerprint('a.b.one'), await tokenFingerprint('a.b.other'));
  assert.notEqual(await tokenFingerprint('a.b.one'), await tokenFingerprint('a.c.one'));
});
