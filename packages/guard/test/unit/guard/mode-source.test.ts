import assert from 'node:assert/strict';
import { test } from 'node:test';
import { exampleClaims, freshSecret, mintToken, requestView } from '@approov-guard/testkit';
import { createGuard, type ModeFacts, type ModeSource, type VerdictFacts } from 'approov-guard';

const secret = freshSecret();
const now = (): number => 1_700_000_000_000;
const token = (claims: object): string => mintToken({ secret, claims: { ...exampleClaims, exp: 1_700_000_300, ...claims } });
const asking = (text: string) => requestView({ headers: { 'approov-token': text, authorization: 'Bearer x' } });

test('a mode source is asked once for each request, with the claims that were proven', async () => {
  const asked: ModeFacts[] = [];
  const mode: ModeSource = (facts) => {
    asked.push(facts);
    return facts.claims?.did === 'in' ? 'enforce' : 'observe';
  };
  const guard = createGuard({ keys: { secret }, binding: { headers: ['authorization'] }, mode, now });
  assert.equal((await guard.decide(asking(token({ did: 'in', pay: 'wrong' })))).action, 'refuse');
  assert.equal((await guard.decide(asking(token({ did: 'out', pay: 'wrong' })))).action, 'pass');
  assert.equal((await guard.decide(asking('x.y.z'))).action, 'pass');
  assert.deepEqual(
    asked.map(({ claims, at }) => [claims?.did ?? null, at]),
    [
      ['in', now()],
      ['out', now()],
      [null, now()],
    ],
  );
});

test('modes may differ by check, and an observed binding does not hide a signature that is enforced', async () => {
  const guard = createGuard({
    keys: { secret },
    binding: { headers: ['authorization'] },
    signature: { missingKey: 'reject' },
    mode: () => ({ token: 'enforce', binding: 'observe', signature: 'enforce' }),
    now,
  });
  const decision = await guard.decide(asking(token({ pay: 'wrong', ipk: 'none' })));
  assert.equal(decision.action, 'refuse');
  assert.match(decision.verdict?.code ?? '', /^signature-/);
  assert.equal((await guard.explain(asking(token({ pay: 'wrong', ipk: 'none' })))).verdict.code, decision.verdict?.code);
});

test('a source that throws, or answers no mode, enforces', async () => {
  const answers: readonly unknown[] = [
    undefined,
    null,
    'off',
    {},
    { token: 'observe', binding: 'enforce' },
    { tokens: 'observe' },
    7,
    Promise.resolve('observe'),
  ];
  for (const answer of answers) {
    const guard = createGuard({ keys: { secret }, mode: (() => answer) as unknown as ModeSource });
    assert.equal((await guard.decide(asking('x'))).action, 'refuse', String(answer));
  }
  const throwing = createGuard({
    keys: { secret },
    mode: () => {
      throw new Error('flag service');
    },
  });
  assert.equal((await throwing.decide(asking('x'))).action, 'refuse');
});

test('what a source answers while a request is judged does not part the verdict from the decision', async () => {
  let mode: 'enforce' | 'observe' = 'observe';
  const deny = async (): Promise<boolean> => {
    await new Promise((resolve) => setImmediate(resolve));
    mode = 'enforce';
    return false;
  };
  const guard = createGuard({
    keys: { secret },
    binding: { headers: ['authorization'] },
    mode: () => mode,
    now,
    rules: [{ name: 'slow', deny }],
  });
  const decision = await guard.decide(asking(token({ pay: 'wrong' })));
  assert.equal(decision.mode === 'enforce', decision.action === 'refuse');
});

test('a route inherits the source, or has a mode of its own', async () => {
  const guard = createGuard({
    keys: { secret },
    mode: () => 'observe',
    routes: [{ match: { path: '/pay' }, mode: 'enforce' }],
  });
  const at = (target: string) => requestView({ target, headers: {} });
  assert.equal((await guard.decide(at('/pay'))).action, 'refuse');
  assert.equal((await guard.decide(at('/'))).action, 'pass');
  assert.equal((await guard.decide(at('/'), guard.route({ token: { maxBytes: 1024 } }))).action, 'pass');
});

test('several hooks are told, one after the other, also when the first throws', async () => {
  const told: VerdictFacts[] = [];
  const guard = createGuard({
    keys: { secret },
    onVerdict: [
      () => {
        throw new Error('mine');
      },
      (_verdict, facts) => void told.push(facts),
    ],
  });
  const view = asking('x');
  await guard.decide(view);
  assert.equal(told.length, 1);
  assert.equal(told[0]?.request(), view);
  assert.ok((told[0]?.tookMs ?? -1) >= 0);
  assert.equal(guard.counters().hookFailures, 1);
  assert.throws(() => createGuard({ keys: { secret }, onVerdict: [7 as never] }), /onVerdict\[0\]/);
});
