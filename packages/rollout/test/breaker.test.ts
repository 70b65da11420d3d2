/** The breaker before a real guard, on a clock that is moved by hand. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { createRollout, type RolloutEvent, type RolloutOptions, type RolloutPlan } from '@approov-guard/rollout';
import { exampleToken, freshSecret, requestView } from '@approov-guard/testkit';
import { createGuard, type GuardOptions } from 'approov-guard';

const secret = freshSecret();
const START = Date.UTC(2026, 10, 27, 12);

interface Given {
  readonly rollout?: RolloutOptions;
  readonly plan?: RolloutPlan;
  readonly guard?: Partial<GuardOptions>;
}

function protectedApi({ rollout: options = {}, plan = {}, guard: more = {} }: Given = {}) {
  let at = START;
  const now = () => at;
  const events: RolloutEvent[] = [];
  const rollout = createRollout({ instance: 'api-1', now, onEvent: (event) => events.push(event), ...options });
  let guard = createGuard({ keys: { secret }, now, mode: rollout.mode(plan), onVerdict: rollout.onVerdict, ...more });
  const tokens = new Map<string, string>();
  const token = (did: string, expired = false) => {
    const name = `${did} ${expired}`;
    const exp = Math.floor(START / 1000) + (expired ? -60 : 100_000);
    const made = tokens.get(name) ?? exampleToken({ secret, claims: { did, exp } });
    tokens.set(name, made);
    return made;
  };
  const ask = async (headers: { [name: string]: string }) => (await guard.decide(requestView({ headers }))).action;
  return {
    rollout,
    events,
    types: () => events.map(({ type }) => type),
    pass: (ms: number) => {
      at += ms;
    },
    genuine: (did = 'device-1') => ask({ 'approov-token': token(did) }),
    late: (did: string) => ask({ 'approov-token': token(did, true) }),
    bare: () => ask({}),
    forged: () => ask({ 'approov-token': exampleToken({ secret: freshSecret() }) }),
    /** A deployment with another secret, whose guard follows the one before. */
    deploy: (other: Partial<GuardOptions>) => {
      guard = createGuard({ keys: { secret }, now, mode: rollout.mode(plan), onVerdict: rollout.onVerdict, ...more, ...other });
    },
  };
}

/** So many seconds of traffic: each second so many calls. */
async function seconds(api: ReturnType<typeof protectedApi>, count: number, each: (second: number) => Promise<unknown>): Promise<void> {
  for (let second = 0; second < count; second++) {
    await each(second);
    api.pass(1000);
  }
}

async function times(count: number, call: (index: number) => Promise<unknown>): Promise<void> {
  for (let index = 0; index < count; index++) await call(index);
}

test('a wrong secret is back to observing within half a minute, says so, and closes by rule once all is well', async () => {
  const api = protectedApi();
  await seconds(api, 60, () => times(10, (index) => api.genuine(`device-${index}`)));
  assert.deepEqual(api.types(), []);
  api.deploy({ keys: { secret: freshSecret() } });
  let passedAfter = -1;
  await seconds(api, 30, async (second) => {
    await times(10, async (index) => {
      if ((await api.genuine(`device-${index}`)) === 'pass' && passedAfter < 0) passedAfter = second;
    });
  });
  assert.ok(passedAfter > 0 && passedAfter < 30, `${passedAfter}`);
  const [opened] = api.events;
  assert.ok(
    opened?.type === 'breaker-opened' && opened.rule === 'accepted-fell' && opened.scope === 'instance' && opened.instance === 'api-1',
  );
  assert.equal(api.rollout.state().breaker?.state, 'open');
  // Verdicts do not depend on modes: it sees that enforcing would be no better, and stays open.
  await seconds(api, 700, () => times(10, (index) => api.genuine(`device-${index}`)));
  assert.equal(api.rollout.state().breaker?.state, 'open');
  api.deploy({ keys: { secret } });
  await seconds(api, 640, () => times(10, (index) => api.genuine(`device-${index}`)));
  assert.deepEqual(api.types(), ['breaker-opened', 'breaker-closed']);
  assert.equal(await api.forged(), 'refuse');
});

test('proven devices that are refused open it, each counted once', async () => {
  const api = protectedApi();
  const crowd = () => times(40, (index) => api.genuine(`device-${index}`));
  // One device that is refused all the time is no sign of anything.
  await seconds(api, 60, async () => {
    await crowd();
    await times(40, () => api.late('device-0'));
  });
  assert.deepEqual(api.types(), []);
  await seconds(api, 30, async () => {
    await crowd();
    await times(30, (index) => api.late(`device-${index}`));
  });
  const [opened] = api.events;
  assert.ok(opened?.type === 'breaker-opened' && opened.rule === 'devices-refused', JSON.stringify(opened));
  assert.ok(opened.refusedDevices >= 25 && opened.refusedDevices <= 35);
  assert.equal(await api.late('device-1'), 'pass');
});

test('no flood of forgeries and of requests without a token opens it', async () => {
  const api = protectedApi();
  const crowd = () => times(10, (index) => api.genuine(`device-${index}`));
  await seconds(api, 60, crowd);
  await seconds(api, 120, async () => {
    await crowd();
    await times(100, () => api.bare());
    await times(5, () => api.forged());
  });
  assert.deepEqual(api.types(), []);
  assert.equal(await api.bare(), 'refuse');
});

test('a quiet hour does not open it', async () => {
  const api = protectedApi();
  await seconds(api, 60, () => times(20, (index) => api.genuine(`device-${index}`)));
  await seconds(api, 60, async () => {
    await times(2, (index) => api.genuine(`device-${index}`));
    await api.bare();
  });
  assert.deepEqual(api.types(), []);
});

test('a proxy that drops the header opens it, although no device is proven then', async () => {
  const api = protectedApi();
  await seconds(api, 60, () => times(20, (index) => api.genuine(`device-${index}`)));
  await seconds(api, 30, () => times(20, () => api.bare()));
  assert.deepEqual(api.types(), ['breaker-opened']);
});

test('faults of our own stay 503, and do not open it', async () => {
  const api = protectedApi();
  await seconds(api, 60, () => times(20, (index) => api.genuine(`device-${index}`)));
  api.deploy({
    rules: [{ name: 'database', deny: () => Promise.reject(new Error('the database is away')) }],
  });
  await seconds(api, 60, async () => {
    await times(20, async (index) => assert.equal(await api.genuine(`device-${index}`), 'refuse'));
    await api.bare();
  });
  assert.deepEqual(api.types(), []);
});

test('devices that are denied on purpose do not open it', async () => {
  const api = protectedApi({ guard: { rules: [{ name: 'stolen', deny: ({ did = '' }) => Number(did.replace('device-', '')) >= 40 }] } });
  await seconds(api, 60, () => times(100, (index) => api.genuine(`device-${index}`)));
  assert.deepEqual(api.types(), []);
  assert.equal(await api.genuine('device-70'), 'refuse');
});

test('it is closed by hand, and held closed, and opens again if nothing is better', async () => {
  const api = protectedApi();
  const failing = () => times(40, (index) => api.late(`device-${index}`));
  await seconds(api, 30, failing);
  assert.equal(await api.late('device-1'), 'pass');
  api.rollout.closeBreaker({ by: 'anna', why: 'these are attackers', holdMinutes: 1 });
  await seconds(api, 50, failing);
  assert.equal(await api.late('device-1'), 'refuse');
  await seconds(api, 20, failing);
  assert.deepEqual(api.types(), ['breaker-opened', 'breaker-closed', 'breaker-opened']);
  assert.ok(api.events[1]?.type === 'breaker-closed' && api.events[1].how === 'hand' && api.events[1].by === 'anna');
  assert.throws(() => api.rollout.closeBreaker({ by: '', why: 'x' }), /by/);
});

test('an instance that never accepts anything is known by what is expected of it', async () => {
  const api = protectedApi({ rollout: { breaker: { expectedPerSecond: 20 } }, guard: { keys: { secret: freshSecret() } } });
  await seconds(api, 30, () => times(20, (index) => api.genuine(`device-${index}`)));
  assert.deepEqual(api.types(), ['breaker-opened']);
});

test('without a breaker nothing is given up, and settings are refused by name', async () => {
  const api = protectedApi({ rollout: { breaker: null } });
  await seconds(api, 30, () => times(40, (index) => api.late(`device-${index}`)));
  assert.equal(await api.late('device-1'), 'refuse');
  assert.equal(api.rollout.state().breaker, null);
  assert.throws(() => createRollout({ breaker: { refusedShare: 2 } }), /breaker\.refusedShare/);
  assert.throws(() => createRollout({ breaker: { window: 2 } as object }), /breaker\.window/);
  assert.throws(() => createRollout().mode({ share: 0.5 }), /cohortKey/);
});

test('a cohort is told by one thing whatever the verdict, and who has none joins at the whole', async () => {
  const plan = { share: 0.5 };
  const api = protectedApi({ rollout: { cohortKey: 'a key that the instances share' }, plan });
  const refused = new Set<string>();
  for (let index = 0; index < 200; index++) if ((await api.late(`device-${index}`)) === 'refuse') refused.add(`device-${index}`);
  assert.ok(refused.size > 60 && refused.size < 140, `${refused.size}`);
  assert.equal(await api.bare(), 'pass');
  assert.equal(await api.forged(), 'pass');
});
