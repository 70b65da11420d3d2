import assert from 'node:assert/strict';
import test from 'node:test';
import { boundText, keySetKinds, mintToken, tokenKinds } from '@approov-guard/testkit';
import { createGuard, type GuardOptions, type Refusal, type RefusalOptions } from 'approov-guard';
import { REASONS, type ReasonCode } from '../../../src/core/reasons/reasons.ts';
import { rejected, unavailable } from '../../../src/core/verdict.ts';
import { type RefusalPolicy, renderRefusal } from '../../../src/http/refusal.ts';
import { now, secret, withToken } from '../../both-ports.ts';

const options: GuardOptions = { keys: { secret }, now: () => now, binding: { headers: ['authorization'] } };

async function refusalOf(token: string, refusal?: RefusalOptions, more: Partial<GuardOptions> = {}): Promise<Refusal> {
  const guard = createGuard({ ...options, ...more, ...(refusal === undefined ? {} : { refusal }) });
  const decision = await guard.decide(withToken(token));
  assert.ok(decision.action === 'refuse');
  return decision.refusal;
}
const good = mintToken({ secret, now });
const down: Partial<GuardOptions> = { keys: { current: () => null } };

test('the refusal is the same bytes for every reason', async () => {
  const guard = createGuard(options);
  const seen = new Set<string>();
  const reasons = new Set<string>();
  for (const { mint } of Object.values(tokenKinds)) {
    for (const headers of [[], [['authorization', boundText]] as const]) {
      const decision = await guard.decide(withToken(mint({ secret, now }), { headers }));
      if (decision.action === 'pass') continue;
      seen.add(JSON.stringify(decision.refusal));
      reasons.add(decision.verdict.outcome === 'rejected' ? decision.verdict.reason : decision.verdict.fault);
    }
  }
  assert.ok(reasons.size > 10, [...reasons].join(' '));
  const headers = { 'content-type': 'application/json', 'cache-control': 'no-store', 'www-authenticate': 'Approov' };
  assert.deepEqual([...seen], [JSON.stringify({ status: 401, headers, body: '{}' })]);
  assert.ok(Object.keys(keySetKinds).length > 0);
});

test('an outage is 503 with Retry-After and no challenge', async () => {
  const { status, headers, body } = await refusalOf(good, undefined, down);
  assert.deepEqual({ status, body }, { status: 503, body: '{}' });
  assert.match(headers['retry-after'] ?? '', /^\d+$/);
  assert.equal(headers['www-authenticate'], undefined);
});

test('another status keeps the empty body, and a challenge goes with 401 only', async () => {
  const { status, headers, body } = await refusalOf('a.b.c', { status: 403 });
  assert.deepEqual({ status, body, challenge: headers['www-authenticate'] }, { status: 403, body: '{}', challenge: undefined });
});

test('problem+json shows an opaque id and no reason', async () => {
  const { headers, body } = await refusalOf('a.b.c', { format: 'problem' });
  assert.equal(headers['content-type'], 'application/problem+json');
  const problem = JSON.parse(body);
  assert.deepEqual({ ...problem, instance: '' }, { type: 'about:blank', title: 'Unauthorized', status: 401, instance: '' });
  assert.match(problem.instance, /^urn:uuid:[0-9a-f-]{36}$/);
  assert.equal(JSON.parse((await refusalOf(good, { format: 'problem' }, down)).body).status, 503);
});

test('the id of a problem is the one that the hook and the decision show', async () => {
  const ids: string[] = [];
  const guard = createGuard({ ...options, refusal: { format: 'problem' }, onVerdict: (_, { id }) => ids.push(id) });
  const decision = await guard.decide(withToken('a.b.c'));
  assert.ok(decision.action === 'refuse');
  assert.deepEqual(ids, [decision.id]);
  assert.equal(JSON.parse(decision.refusal.body).instance, `urn:uuid:${decision.id}`);
});

test('a renderer decides the answer', async () => {
  const refusal = await refusalOf('a.b.c', {
    render: ({ verdict, standard }) => ({ ...standard, status: 418, body: verdict.outcome === 'rejected' ? verdict.reason : '' }),
  });
  assert.deepEqual({ status: refusal.status, body: refusal.body }, { status: 418, body: 'token-malformed' });
});

test('a renderer that throws, or answers a success or nonsense, is replaced by the standard answer', async () => {
  const standard = { status: 401, headers: {}, body: '{}' };
  const answers: readonly (() => unknown)[] = [
    () => {
      throw new Error('renderer');
    },
    () => undefined,
    () => null,
    () => 'no',
    () => Promise.resolve({ ...standard }),
    () => Promise.reject(new Error('an asynchronous renderer')),
    () => ({ ...standard, status: 200 }),
    () => ({ ...standard, status: 302 }),
    () => ({ ...standard, status: 600 }),
    () => ({ ...standard, status: '401' }),
    () => ({ ...standard, status: 401.5 }),
    () => ({ ...standard, status: Number.NaN }),
    () => ({ ...standard, body: {} }),
    () => ({ ...standard, headers: null }),
    () => ({ status: 403 }),
  ];
  for (const render of answers) {
    const refusal = await refusalOf(mintToken({ secret, now }), { render: render as () => Refusal });
    assert.deepEqual({ status: refusal.status, body: refusal.body }, { status: 401, body: '{}' });
    assert.equal(refusal.headers['cache-control'], 'no-store');
  }
});

test('the ids that clients see do not count the requests between them', async () => {
  const guard = createGuard({ ...options, refusal: { format: 'problem' } });
  const ids: string[] = [];
  for (let request = 0; request < 50; request++) {
    const decision = await guard.decide(withToken('x'));
    assert.ok(decision.action === 'refuse' && decision.refusal.body.includes(decision.id));
    ids.push(decision.id);
  }
  assert.equal(new Set(ids.map((id) => id.slice(0, 8))).size, ids.length);
});

test('what is not a matter of credentials has a status of its own, and no challenge', () => {
  const policy: RefusalPolicy = { status: 401, format: 'empty', render: null };
  const own = Object.entries(REASONS).flatMap(([code, { status }]) => (status === undefined ? [] : [[code, status]]));
  assert.deepEqual(Object.fromEntries(own), {
    'token-share-exceeded': 429,
    'signature-share-exceeded': 429,
    'digest-body-too-large': 413,
    'digest-body-incomplete': 400,
    'digest-body-late': 408,
  });
  // The cast holds: the names are those of the table.
  for (const reason of Object.keys(REASONS) as ReasonCode[]) {
    const { status = 401 } = REASONS[reason];
    const refusal = renderRefusal(rejected(reason), 'id', policy);
    assert.deepEqual([refusal.status, 'www-authenticate' in refusal.headers, refusal.body], [status, status === 401, '{}'], reason);
    const problem = JSON.parse(renderRefusal(rejected(reason), 'id', { ...policy, format: 'problem' }).body);
    assert.deepEqual([problem.status, problem.title === 'Unauthorized'], [status, status === 401], reason);
  }
  const over = renderRefusal(unavailable('body-budget-exceeded', undefined, 'digest'), 'id', policy);
  assert.deepEqual([over.status, over.headers['retry-after']], [503, '5']);
});
