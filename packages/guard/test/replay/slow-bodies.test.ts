/** The bug that this guards against: a request judged in time whose body arrives when the entry of its twin has ended already. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { freshInstallationKey, freshSecret, manualClock, mintToken, requestView, signRequest } from '@approov-guard/testkit';
import { createGuard, memoryReplayStore, type ReplayStore, type RequestView, redisReplayStore } from 'approov-guard';

const START = 1_700_000_000_000;

const makers: readonly (readonly [name: string, make: (now: () => number) => ReplayStore])[] = [
  ['memory', (now) => memoryReplayStore({ now })],
  // As a server that forgets at once: what the entries of the past come to.
  ['Redis', (now) => redisReplayStore(async () => 'OK', { now })],
];

for (const [name, make] of makers) {
  test(`replays whose bodies arrive after the signature has ended are never accepted (${name})`, async () => {
    const clock = manualClock(START);
    const secret = freshSecret();
    const installationKey = freshInstallationKey();
    const guard = createGuard({ keys: { secret }, signature: { replay: make(clock.now) }, now: clock.now });
    const token = mintToken({ secret, now: START, claims: { ipk: installationKey.ipk } });
    const request = { method: 'POST', url: 'https://api.example.com/orders', body: 'two shapes' };
    const signed = signRequest({ client: 'okhttp-3.8', sign: 'install', request, token, installationKey, now: START });

    let bodiesArrive = (): void => {};
    const arrived = new Promise<void>((resolve) => {
      bodiesArrive = resolve;
    });
    const verdicts = Promise.all([1, 2, 3].map(() => guard.judge(withSlowBody(requestView(signed), arrived))));
    clock.advance(120_000);
    bodiesArrive();
    const [first, ...twins] = await verdicts;
    // The entry outlives the signature by the time that bodies may take.
    assert.equal(first?.outcome, 'accepted');
    for (const twin of twins) assert.ok(twin.outcome === 'rejected' && twin.reason === 'signature-replayed', JSON.stringify(twin));
    const later = await guard.judge(requestView(signed));
    assert.ok(later.outcome === 'rejected' && later.reason === 'signature-expired', JSON.stringify(later));
  });
}

function withSlowBody(view: RequestView, arrived: Promise<void>): RequestView {
  return {
    ...view,
    body: { present: true, read: (maxBytes) => arrived.then(() => view.body?.read(maxBytes) ?? { outcome: 'too-large' }) },
  };
}
