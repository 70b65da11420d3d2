/** A genuine device in hostile hands: what it takes is counted against its own key, and nobody else is refused. */
import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { freshInstallationKey, freshSecret, manualClock, mintToken, requestView, signRequest } from '@approov-guard/testkit';
import {
  type BodyAllowance,
  type BodyRead,
  createGuard,
  type Guard,
  type GuardOptions,
  memoryReplayStore,
  type RequestView,
} from 'approov-guard';
import { crypto as webPort } from '../../../src/crypto/web.ts';
import { createGuardOn } from '../../../src/guard/create-guard.ts';
import { outcomeOf } from '../../both-ports.ts';

const START = 1_700_000_000_000;
const secret = freshSecret();

interface Phone {
  /** Another signed request of the same key. */
  next(change?: { readonly body?: string; readonly now?: number }): RequestView;
  readonly token: string;
}

let counter = 0;
function phone(claims: { readonly [name: string]: unknown } = {}): Phone {
  const installationKey = freshInstallationKey();
  const token = mintToken({ secret, now: START, claims: { ipk: installationKey.ipk, ...claims } });
  return {
    token,
    next: ({ body, now = START } = {}) => {
      const request = { method: 'POST', url: `https://api.example.com/orders?n=${counter++}`, ...(body === undefined ? {} : { body }) };
      return requestView(signRequest({ client: 'okhttp-3.8', sign: 'install', request, token, installationKey, now }));
    },
  };
}

const options = (more: Partial<GuardOptions> = {}): GuardOptions => ({ keys: { secret }, signature: {}, now: () => START, ...more });

async function verdicts(guard: Guard, requests: readonly RequestView[]): Promise<{ readonly [verdict: string]: number }> {
  const counts: { [verdict: string]: number } = {};
  for (const request of requests) {
    const verdict = outcomeOf(await guard.judge(request));
    counts[verdict] = (counts[verdict] ?? 0) + 1;
  }
  return counts;
}

const many = (count: number, from: Phone): RequestView[] => Array.from({ length: count }, () => from.next());

for (const [port, make] of [
  ['node:crypto', (given: GuardOptions) => createGuard(given)],
  ['WebCrypto', (given: GuardOptions) => createGuardOn(webPort, given)],
] as const) {
  describe(`the share of a signing key, ${port}`, () => {
    test('ends before the store is asked, and others have theirs', async () => {
      let asked = 0;
      const store = { setIfAbsent: () => ++asked > 0 };
      const guard = make(options({ signature: { replay: store }, share: { burst: 20 } }));
      const [hostile, other] = [phone(), phone()];
      assert.deepEqual(await verdicts(guard, many(50, hostile)), { accepted: 20, 'signature-share-exceeded': 30 });
      assert.equal(asked, 20);
      assert.deepEqual(await verdicts(guard, many(20, other)), { accepted: 20 });
    });
    test('is answered with 429 and Retry-After, without a challenge', async () => {
      const guard = make(options({ share: { burst: 1 } }));
      const hostile = phone();
      await guard.decide(hostile.next());
      const decision = await guard.decide(hostile.next());
      assert.ok(decision.action === 'refuse');
      const { status, headers, body } = decision.refusal;
      assert.deepEqual([status, body, headers['www-authenticate']], [429, '{}', undefined]);
      assert.match(headers['retry-after'] ?? '', /^[1-9]\d*$/);
    });
    test('is not taken by who has the token and not the key', async () => {
      const guard = make(options({ share: { burst: 5 } }));
      const victim = phone();
      const forged = many(50, victim).map((request): RequestView => {
        const lines = (name: string): readonly string[] => request.lines(name);
        return { ...request, method: 'PUT', lines };
      });
      assert.deepEqual(await verdicts(guard, forged), { 'signature-invalid': 50 });
      assert.deepEqual(await verdicts(guard, many(5, victim)), { accepted: 5 });
    });
    test('is not taken by replays of its requests', async () => {
      const guard = make(options({ share: { burst: 5 } }));
      const victim = phone();
      const seen = victim.next();
      assert.deepEqual(await verdicts(guard, Array(50).fill(seen)), { accepted: 1, 'signature-replayed': 49 });
      assert.deepEqual(await verdicts(guard, many(4, victim)), { accepted: 4 });
    });
  });
}

test('one installation cannot fill the store, however slowly: its entries are counted', async () => {
  const clock = manualClock(START);
  const replay = memoryReplayStore({ maxEntries: 100, now: clock.now });
  const guard = createGuard(options({ signature: { replay }, share: { entries: 60 }, now: clock.now }));
  const [hostile, other] = [phone(), phone()];
  const counts: string[] = [];
  for (let index = 0; index < 120; index++) {
    clock.advance(500);
    counts.push(outcomeOf(await guard.judge(hostile.next({ now: clock.now() }))));
  }
  assert.equal(counts.filter((one) => one === 'accepted').length, 60);
  assert.equal(counts.at(-1), 'signature-share-exceeded');
  const good = Array.from({ length: 20 }, () => other.next({ now: clock.now() }));
  assert.deepEqual(await verdicts(guard, good), { accepted: 20 });
});

test('one-time tokens are counted by device', async () => {
  const guard = createGuard({
    keys: { secret },
    token: { replay: memoryReplayStore({ now: () => START }) },
    share: { burst: 3 },
    now: () => START,
  });
  const tokenOf = (did: string | undefined): RequestView => {
    const token = mintToken({ secret, now: START, claims: { did, jti: String(counter++) } });
    return requestView({ method: 'GET', target: '/', headers: [['Approov-Token', token]] });
  };
  const from = (did: string | undefined): RequestView[] => Array.from({ length: 6 }, () => tokenOf(did));
  assert.deepEqual(await verdicts(guard, from('a')), { accepted: 3, 'token-share-exceeded': 3 });
  assert.deepEqual(await verdicts(guard, from('b')), { accepted: 3, 'token-share-exceeded': 3 });
  assert.deepEqual(await verdicts(guard, from(undefined)), { accepted: 6 });
});

/** A view of the same request whose body arrives piece by piece, when the test says so. */
function arriving(request: RequestView): { readonly view: RequestView; send(bytes: number): void; end(): void; stopped(): boolean } {
  let resolve: (read: BodyRead) => void = () => undefined;
  let given: BodyAllowance | undefined;
  let isStopped = false;
  const body = {
    present: true,
    read: (_most: number, allowance?: BodyAllowance): Promise<BodyRead> => {
      given = allowance;
      if (allowance !== undefined)
        allowance.stop = () => {
          isStopped = true;
        };
      return new Promise((done) => {
        resolve = done;
      });
    },
  };
  return {
    view: { ...request, lines: (name) => request.lines(name), body, message: {} },
    send: (bytes) => {
      if (given?.take(bytes) === false) resolve({ outcome: 'over-budget' });
    },
    end: () => void Promise.resolve(request.body?.read(1e9)).then((read) => resolve(read ?? { outcome: 'left' })),
    stopped: () => isStopped,
  };
}

const turn = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

describe('bodies that arrive', () => {
  test('one key holds so many bytes and no more, and another has its own', async () => {
    const guard = createGuard(options({ bodies: { maxBytesPerKey: 3000 }, signature: { maxBodyBytes: 1000 } }));
    const [hostile, other] = [phone(), phone()];
    const held = Array.from({ length: 10 }, () => arriving(hostile.next({ body: 'a' })));
    const judged = held.map(({ view }) => guard.judge(view));
    await turn();
    for (const { send } of held) send(1000);
    const good = arriving(other.next({ body: 'b' }));
    const accepted = guard.judge(good.view);
    await turn();
    good.send(1000);
    good.end();
    assert.equal(outcomeOf(await accepted), 'accepted');
    for (const { end } of held) end();
    const found = (await Promise.all(judged)).map(outcomeOf);
    assert.deepEqual([found.filter((one) => one === 'accepted').length, found.at(-1)], [3, 'body-budget-exceeded']);
    // Nothing is held any more.
    const after = arriving(hostile.next({ body: 'c' }));
    const last = guard.judge(after.view);
    await turn();
    after.send(1000);
    after.end();
    assert.equal(outcomeOf(await last), 'accepted');
  });
  test('the whole guard holds so many bytes, whoever sends them', async () => {
    const guard = createGuard(options({ bodies: { maxBytes: 4000, maxBytesPerKey: 2000 }, signature: { maxBodyBytes: 1000 } }));
    const held = Array.from({ length: 6 }, () => arriving(phone().next({ body: 'a' })));
    const judged = held.map(({ view }) => guard.judge(view));
    await turn();
    for (const { send } of held) send(1000);
    for (const { end } of held) end();
    const found = (await Promise.all(judged)).map(outcomeOf);
    assert.equal(found.filter((one) => one === 'body-budget-exceeded').length, 2);
  });
  test('a second body with the same signature is not read', async () => {
    const guard = createGuard(options());
    const request = phone().next({ body: 'a' });
    const [first, second] = [arriving(request), arriving(request)];
    const judged = guard.judge(first.view);
    await turn();
    const twin = await guard.judge(second.view);
    assert.equal(outcomeOf(twin), 'signature-replayed');
    first.end();
    assert.equal(outcomeOf(await judged), 'accepted');
  });
  test('digest-body-late: a body that does not end is given up, and the view is told to let go', async () => {
    const guard = createGuard(options({ bodies: { deadlineSeconds: 0.1 } }));
    const request = phone().next({ body: 'a' });
    const held = arriving(request);
    // The guard's own timer keeps no process alive.
    const staying = setInterval(() => undefined, 1000);
    const verdict = await guard.judge(held.view);
    clearInterval(staying);
    assert.equal(outcomeOf(verdict), 'digest-body-late');
    assert.ok(held.stopped());
    // The signature was not used up.
    const again = arriving(request);
    const judged = guard.judge(again.view);
    await turn();
    again.end();
    assert.equal(outcomeOf(await judged), 'accepted');
  });
});
