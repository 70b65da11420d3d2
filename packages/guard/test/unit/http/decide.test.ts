import assert from 'node:assert/strict';
import test from 'node:test';
import { bindingHash, mintToken } from '@approov-guard/testkit';
import { createGuard, type GuardOptions, type ModeOptions } from 'approov-guard';
import { now, outcomeOf, secret, withToken } from '../../both-ports.ts';

const good = mintToken({ secret, now, claims: { did: 'device' }, bind: 'Bearer a' });
const misbound = mintToken({ secret, now, claims: { pay: bindingHash('Bearer b') } });
const bound = { headers: [['authorization', 'Bearer a']] } as const;

async function decide(token: string, mode: ModeOptions, more: Partial<GuardOptions> = {}): Promise<string> {
  const guard = createGuard({ keys: { secret }, now: () => now, binding: { headers: ['authorization'] }, mode, ...more });
  const decision = await guard.decide(withToken(token, bound));
  assert.ok(decision.verdict !== null);
  assert.match(decision.id, /^[0-9a-f-]{36}-\d+$/);
  if (decision.action === 'pass') assert.equal(decision.skipped, null);
  const outcome = outcomeOf(decision.verdict);
  assert.equal(decision.claims?.did, outcome === 'accepted' ? 'device' : undefined, 'claims are there only if they were proven');
  return `${decision.action} ${outcome} (${decision.mode})`;
}

test('enforce refuses what is not accepted', async () => {
  assert.equal(await decide(good, 'enforce'), 'pass accepted (enforce)');
  assert.equal(await decide('a.b.c', 'enforce'), 'refuse token-malformed (enforce)');
  assert.equal(await decide(misbound, 'enforce'), 'refuse binding-mismatch (enforce)');
});

test('observe passes everything and keeps the verdict', async () => {
  assert.equal(await decide(good, 'observe'), 'pass accepted (observe)');
  assert.equal(await decide('a.b.c', 'observe'), 'pass token-malformed (observe)');
  assert.equal(await decide(misbound, 'observe'), 'pass binding-mismatch (observe)');
});

test('each check has its mode', async () => {
  const mode = { token: 'enforce', binding: 'observe' } as const;
  assert.equal(await decide('a.b.c', mode), 'refuse token-malformed (enforce)');
  assert.equal(await decide(misbound, mode), 'pass binding-mismatch (observe)');
});

test('an outage of ours is refused unless everything is only observed', async () => {
  const keys = { current: () => null };
  assert.equal(await decide(good, 'enforce', { keys }), 'refuse keys-unavailable (enforce)');
  assert.equal(await decide(good, 'observe', { keys }), 'pass keys-unavailable (observe)');
  assert.equal(await decide(good, { token: 'enforce', binding: 'observe' }, { keys }), 'refuse keys-unavailable (enforce)');
});

test('a route overrides the guard, for itself only', async () => {
  const guard = createGuard({ keys: { secret }, now: () => now });
  const strict = guard.route({ binding: { headers: ['authorization'] } });
  const watched = guard.route({ binding: { headers: ['authorization'] }, mode: 'observe' });
  const view = withToken(misbound, bound);
  const actions = await Promise.all([guard.decide(view), guard.decide(view, strict), guard.decide(view, watched)]);
  assert.deepEqual(
    actions.map(({ action }) => action),
    ['pass', 'refuse', 'pass'],
  );
  assert.equal(outcomeOf(await guard.judge(view, strict)), 'binding-mismatch');
});

test('a route inherits what it does not override', async () => {
  const guard = createGuard({
    keys: { secret },
    now: () => now,
    token: { header: 'x-token', maxLifetimeSeconds: 60 },
    binding: { headers: ['authorization'] },
  });
  const route = guard.route({ token: { maxLifetimeSeconds: null } });
  const view = withToken('unread', {
    headers: [
      ['x-token', good],
      ['authorization', 'Bearer a'],
    ],
  });
  assert.equal(outcomeOf(await guard.judge(view)), 'token-lifetime-too-long');
  assert.equal(outcomeOf(await guard.judge(view, route)), 'accepted');
  assert.equal(outcomeOf(await guard.judge(withToken('unread', { headers: [['x-token', good]] }), route)), 'binding-value-missing');
  assert.equal(
    outcomeOf(
      await guard.judge(
        withToken('unread', { headers: [['x-token', good]] }),
        guard.route({ token: { maxLifetimeSeconds: null }, binding: null }),
      ),
    ),
    'accepted',
  );
});
