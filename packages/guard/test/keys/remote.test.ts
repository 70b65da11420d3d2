import assert from 'node:assert/strict';
import test, { type TestContext } from 'node:test';
import {
  freshSecret,
  freshSigningKey,
  type ManualClock,
  manualClock,
  mintToken,
  publicKeySet,
  type SigningKey,
} from '@approov-guard/testkit';
import { createGuard, type Guard, type GuardOptions, type KeySourceEvent, keysFromUrl, type RemoteKeysSettings } from 'approov-guard';
import { settled, until } from '../../../../tools/until.mjs';
import { now, outcomeOf, withToken } from '../both-ports.ts';
import { type Answer, json, type KeyServer, plain, shortEvent, startKeyServer } from './jwks-server.ts';

const first = freshSigningKey('ES256', 'first');
const second = freshSigningKey('ES256', 'second');
const rsa = freshSigningKey('RS256', 'rsa');
const tokenOf = (key: SigningKey, kid: string | undefined = key.kid, at = now): string =>
  mintToken({ key: key.privateKey, algorithm: key.algorithm, now: at, lifetimeSeconds: 1e9, ...(kid === undefined ? {} : { kid }) });
const good = tokenOf(first);
const set = json(publicKeySet([first]));

interface Scene {
  readonly server: KeyServer;
  readonly guard: Guard;
  readonly clock: ManualClock;
  readonly events: string[];
  /** Judges a token: its outcome, and the status of the refusal. */
  readonly judge: (token?: string) => Promise<string>;
}

async function scene(
  context: TestContext,
  answer: Answer,
  settings: RemoteKeysSettings = {},
  options: Partial<GuardOptions> = {},
): Promise<Scene> {
  const server = await startKeyServer(answer);
  const clock = manualClock(now);
  const events: string[] = [];
  const keys = keysFromUrl({ url: server.url, timeoutSeconds: 30, onEvent: (event) => events.push(shortEvent(event)), ...settings });
  const guard = createGuard({ keys, now: clock.now, ...options });
  context.after(async () => {
    guard.close();
    await server.stop();
  });
  const judge = async (token = good): Promise<string> => {
    const decision = await guard.decide(withToken(token));
    assert.ok(decision.verdict !== null);
    const status = decision.action === 'refuse' ? decision.refusal.status : 200;
    return `${outcomeOf(decision.verdict)} ${status}`;
  };
  return { server, guard, clock, events, judge };
}

/** For servers that never answer: it has to pass. Those that answer have half a minute. */
const SILENT: RemoteKeysSettings = { timeoutSeconds: 1.5 };

test('the first requests wait for the set and share one fetch', async (context) => {
  const { server, events, judge } = await scene(context, async (request, response) => {
    await until(() => asked === 50);
    set(request, response);
  });
  let asked = 0;
  const verdicts = await Promise.all(
    Array.from({ length: 50 }, () => {
      const verdict = judge();
      asked++;
      return verdict;
    }),
  );
  assert.deepEqual(new Set(verdicts), new Set(['accepted 200']));
  assert.equal(server.requests(), 1);
  assert.deepEqual(events, ['keys-refreshed 1 changed']);
});

test('warmUp makes the set available, and rejects where it cannot be had', async (context) => {
  const { guard, server, judge } = await scene(context, set);
  await guard.warmUp();
  await guard.warmUp();
  assert.equal(server.requests(), 1);
  assert.ok(!(guard.decide(withToken(good)) instanceof Promise), 'no promise once the set is there');
  assert.equal(await judge(), 'accepted 200');
  const down = await scene(context, plain(500, 'oops'));
  await assert.rejects(down.guard.warmUp(), (error: Error) => /status/.test(error.message) && !error.message.includes('127.0.0.1'));
});

const failures: readonly { readonly name: string; readonly answer: Answer; readonly event: string; readonly fault?: string }[] = [
  { name: 'never answers', answer: () => {}, event: 'timeout' },
  {
    name: 'answers headers and then hangs',
    answer: (_, response) => void response.writeHead(200, { 'content-type': 'application/json' }).write('{"keys":['),
    event: 'timeout',
  },
  {
    name: 'sends one byte at a time, for ever',
    answer: (_, response) => {
      response.writeHead(200, { 'content-type': 'application/json' });
      const timer = setInterval(() => response.write(' '), 20);
      response.on('close', () => clearInterval(timer));
    },
    event: 'timeout',
  },
  { name: 'breaks the connection', answer: (request) => void request.socket.destroy(), event: 'network' },
  {
    name: 'breaks off in the middle',
    answer: (request, response) => {
      response.writeHead(200, { 'content-type': 'application/json', 'content-length': '1000' });
      response.write('{"keys":[', () => request.socket.destroy());
    },
    event: 'network',
  },
  {
    name: 'answers 500',
    answer: plain(500, JSON.stringify(publicKeySet([first])), { 'content-type': 'application/json' }),
    event: 'status',
  },
  { name: 'answers 404', answer: plain(404, ''), event: 'status' },
  { name: 'answers HTML', answer: plain(200, '<html>maintenance</html>', { 'content-type': 'text/html' }), event: 'content-type' },
  { name: 'answers HTML without a type', answer: plain(200, '<html>maintenance</html>'), event: 'not-a-key-set' },
  {
    name: 'declares a key set as an image',
    answer: plain(200, JSON.stringify(publicKeySet([first])), { 'content-type': 'image/png' }),
    event: 'content-type',
  },
  { name: 'answers HTML as JSON', answer: plain(200, '<html></html>', { 'content-type': 'application/json' }), event: 'not-a-key-set' },
  { name: 'answers JSON without keys', answer: json({ error: 'no' }), event: 'not-a-key-set' },
  { name: 'answers a list', answer: json([first.jwk]), event: 'not-a-key-set' },
  { name: 'answers keys that are no list', answer: json({ keys: first.jwk }), event: 'not-a-key-set' },
  { name: 'announces 10 MB', answer: plain(200, 'x'.repeat(10_000_000), { 'content-type': 'application/json' }), event: 'too-large' },
  {
    name: 'streams 10 MB without announcing it',
    answer: (_, response) => {
      response.writeHead(200, { 'content-type': 'application/json' });
      for (let part = 0; part < 10; part++) response.write(' '.repeat(1_000_000));
      response.end('{"keys":[]}');
    },
    event: 'too-large',
  },
  { name: 'redirects to another origin', answer: plain(302, '', { location: 'http://localhost:1/jwks.json' }), event: 'redirect' },
  { name: 'redirects in a loop', answer: plain(302, '', { location: '/jwks.json' }), event: 'redirect' },
  { name: 'redirects to nowhere', answer: plain(302, ''), event: 'redirect' },
  { name: 'answers an empty set', answer: json({ keys: [] }), event: 'no-usable-key', fault: 'keys-empty' },
];

for (const { name, answer, event, fault = 'keys-unavailable' } of failures) {
  test(`a key server that ${name} makes the verdict ${fault} (503), never a 401`, async (context) => {
    const { server, events, judge, clock } = await scene(context, answer, event === 'timeout' ? SILENT : {});
    assert.deepEqual(await Promise.all([judge(), judge(), judge()]), Array(3).fill(`${fault} 503`));
    assert.deepEqual(events, [`keys-refresh-failed ${event}`]);
    // Within the cool-down nobody waits and nobody asks again.
    const asked = server.requests();
    assert.equal(await judge(), `${fault} 503`);
    assert.equal(server.requests(), asked);
    // After it the next request finds a server that recovered.
    server.answer = set;
    clock.advance(10_000);
    assert.equal(await judge(), 'accepted 200');
  });

  test(`a key server that begins to fail (${name}) is noticed and harms nobody while the set may still be used`, async (context) => {
    const { server, events, judge, clock } = await scene(context, set, { maxStaleSeconds: 3600, ...(event === 'timeout' ? SILENT : {}) });
    assert.equal(await judge(), 'accepted 200');
    server.answer = answer;
    clock.advance(601_000);
    assert.equal(await judge(), 'accepted 200');
    assert.deepEqual(events, ['keys-refreshed 1 changed', `keys-refresh-failed ${event}`, 'keys-stale']);
    // An unknown key may be a new one: nobody can tell while the server fails, so it is our fault.
    assert.equal(await judge(tokenOf(second)), 'keys-unavailable 503');
    clock.advance(3_600_000);
    assert.equal(await judge(), 'keys-unavailable 503');
    assert.equal(events.filter((one) => one === 'keys-expired').length, 1);
    server.answer = set;
    clock.advance(10_000);
    assert.equal(await judge(), 'accepted 200');
    assert.equal(events.at(-1), 'keys-refreshed 1');
  });
}

test('a key server that is down makes the verdict keys-unavailable', async (context) => {
  const { server, events, judge } = await scene(context, set);
  await server.stop();
  assert.equal(await judge(), 'keys-unavailable 503');
  assert.deepEqual(events, ['keys-refresh-failed network']);
});

test('wrong keys are what the operator published: a token of another key is the fault of the token', async (context) => {
  const { judge } = await scene(context, json(publicKeySet([second])));
  assert.equal(await judge(), 'token-key-unknown 401');
  assert.equal(await judge(tokenOf(second)), 'accepted 200');
  assert.equal(await judge(tokenOf(first, 'second')), 'token-signature-invalid 401');
});

test('a flapping server: each failure and each recovery is told, and genuine tokens are accepted throughout', async (context) => {
  const { server, events, judge, clock } = await scene(context, set, { refreshSeconds: 100 });
  for (let round = 0; round < 6; round++) {
    server.answer = round % 2 === 0 ? set : plain(503, '');
    assert.equal(await judge(), 'accepted 200');
    // What the request began in the background has ended when the last of its events was told.
    await until(() => events.length === [1, 3, 4, 6, 7, 9][round]);
    clock.advance(101_000);
  }
  assert.deepEqual(
    events.map((event) => event.split(' ')[0]),
    [
      'keys-refreshed',
      'keys-refresh-failed',
      'keys-stale',
      'keys-refreshed',
      'keys-refresh-failed',
      'keys-stale',
      'keys-refreshed',
      'keys-refresh-failed',
      'keys-stale',
    ],
  );
});

test('a flood of made-up key ids causes one fetch in a cool-down, whether fetches succeed or not', async (context) => {
  const { server, judge, clock } = await scene(context, set, SILENT);
  await judge();
  for (const answer of [set, plain(500, ''), () => {}]) {
    server.answer = answer;
    for (let period = 0; period < 3; period++) {
      clock.advance(10_000);
      const before = server.requests();
      const flood = Array.from({ length: 300 }, (_, index) => judge(tokenOf(second, `made-up-${period}-${index}`)));
      const verdicts = new Set(await Promise.all(flood));
      assert.deepEqual([...verdicts], [answer === set ? 'token-key-unknown 401' : 'keys-unavailable 503']);
      clock.advance(9_000);
      await judge(tokenOf(second, 'another'));
      assert.equal(server.requests() - before, 1);
      assert.equal(await judge(), 'accepted 200');
    }
  }
});

test('a new key is found by its kid at once, and a new algorithm too', async (context) => {
  const { server, judge, clock } = await scene(context, set);
  await judge();
  clock.advance(10_000);
  server.answer = json(publicKeySet([second, first]));
  assert.equal(await judge(tokenOf(second)), 'accepted 200');
  clock.advance(10_000);
  server.answer = json(publicKeySet([rsa]));
  assert.equal(await judge(tokenOf(rsa)), 'accepted 200');
  assert.equal(await judge(), 'token-algorithm-not-allowed 401');
});

test('a set is fetched anew before it is over age, and no request waits for that', async (context) => {
  const { server, guard, judge, clock } = await scene(context, set);
  await judge();
  server.answer = () => {};
  clock.advance(480_000);
  assert.ok(!(guard.decide(withToken(good)) instanceof Promise));
  assert.ok(!(guard.decide(withToken(good)) instanceof Promise));
  await until(() => server.requests() > 1);
  await settled();
  assert.equal(server.requests(), 2);
});

test('a set that is over age after a long silence is not used before a newer one was asked for', async (context) => {
  const { server, judge, clock } = await scene(context, set);
  await judge();
  server.answer = json(publicKeySet([second]));
  clock.advance(8 * 3_600_000);
  assert.equal(await judge(), 'token-key-unknown 401', 'the withdrawn key is not accepted');
  assert.equal(server.requests(), 2);
});

test('Cache-Control shortens the life of a set within bounds, and never lengthens it', async (context) => {
  const lives: readonly [string, number][] = [
    ['max-age=60', 60],
    ['public, max-age="120", must-revalidate', 120],
    ['max-age=0', 10],
    ['no-store', 10],
    ['max-age=31536000', 600],
    ['max-age=nonsense', 600],
    ['s-maxage=20', 600],
  ];
  for (const [control, seconds] of lives) {
    const { server, guard, judge, clock } = await scene(context, json(publicKeySet([first]), { 'cache-control': control }));
    await judge();
    clock.advance(seconds * 800 - 1);
    await guard.decide(withToken(good));
    await settled();
    assert.equal(server.requests(), 1, `${control}: too early`);
    clock.advance(seconds * 200 + 2);
    await judge();
    assert.equal(server.requests(), 2, `${control}: too late`);
  }
});

test('a set that did not change keeps the tokens that it verified', async (context) => {
  const { guard, judge, clock } = await scene(context, set);
  await judge();
  clock.advance(700_000);
  await judge();
  assert.equal(guard.keyUse()[0]?.uses, 2);
});

test('keys that cannot be used are skipped and told, a private one first of all', async (context) => {
  const others = [
    { ...first.privateKey.export({ format: 'jwk' }), kid: 'private' },
    { kty: 'oct', k: 'c2VjcmV0', alg: 'HS256', kid: 'symmetric' },
    { ...second.jwk, use: 'enc' },
    { ...second.jwk, alg: 'XX256' },
    { ...second.jwk, x: 'AAAA' },
    'nonsense',
    first.jwk,
  ];
  const { events, judge } = await scene(context, json({ keys: others }));
  assert.equal(await judge(), 'accepted 200');
  assert.deepEqual(events, [
    'key-skipped 0 key-not-public',
    'key-skipped 1 key-not-public',
    'key-skipped 2 other-use',
    'key-skipped 3 key-algorithm',
    'key-skipped 4 key-invalid',
    'key-skipped 5 key-invalid',
    'keys-refreshed 1 changed',
  ]);
});

test('an RSA key without alg is skipped unless the configuration names its algorithm', async (context) => {
  const { alg: _, ...bare } = rsa.jwk as { alg: string };
  const without = await scene(context, json({ keys: [bare] }));
  assert.equal(await without.judge(tokenOf(rsa)), 'keys-empty 503');
  const named = await scene(context, json({ keys: [bare] }), { algorithm: 'RS256' });
  assert.equal(await named.judge(tokenOf(rsa)), 'accepted 200');
});

test('a redirect on the same origin is followed, with the headers', async (context) => {
  const { judge } = await scene(
    context,
    (request, response) => {
      const moved = request.url === '/moved';
      if (moved && request.headers['x-api-key'] === 'k') set(request, response);
      else plain(moved ? 403 : 307, '', { location: '/moved' })(request, response);
    },
    { headers: { 'x-api-key': 'k' } },
  );
  assert.equal(await judge(), 'accepted 200');
});

test('a fetch of your own that ignores the signal is bounded all the same', async () => {
  const keys = keysFromUrl({ url: 'https://keys.example.com/', timeoutSeconds: 0.1, fetch: () => new Promise(() => {}) });
  const guard = createGuard({ keys });
  const alive = setTimeout(() => {}, 60_000);
  assert.equal(outcomeOf(await guard.judge(withToken(good))), 'keys-unavailable');
  clearTimeout(alive);
});

test('close ends a fetch under way, and nothing is fetched afterwards', async (context) => {
  const { server, guard, judge, events, clock } = await scene(context, () => {}, { timeoutSeconds: 30 });
  const waiting = judge();
  await until(() => server.requests() > 0);
  guard.close();
  assert.equal(await waiting, 'keys-unavailable 503');
  clock.advance(60_000);
  assert.equal(await judge(), 'keys-unavailable 503');
  assert.equal(server.requests(), 1);
  assert.deepEqual(events, []);
});

test('a listener that throws changes nothing', async (context) => {
  const onEvent = (): void => {
    throw new Error('listener');
  };
  const { judge } = await scene(context, set, { onEvent });
  assert.equal(await judge(), 'accepted 200');
});

test('an asynchronous listener that rejects does not end the process', async (context) => {
  const onEvent = async (): Promise<void> => Promise.reject(new Error('listener'));
  const { judge } = await scene(context, set, { onEvent });
  assert.equal(await judge(), 'accepted 200');
});

test('jwksUrl is an option too, and stands beside a secret in a list', async (context) => {
  const server = await startKeyServer(plain(500, ''));
  const secret = freshSecret();
  const clock = manualClock(now);
  const guard = createGuard({ keys: [{ secret }, { jwksUrl: server.url, timeoutSeconds: 30 }], now: clock.now });
  context.after(() => server.stop());
  const judge = async (token: string): Promise<string> => outcomeOf(await guard.judge(withToken(token)));
  // While the set cannot be had, what the secret signed is accepted, and of nothing else can be told whether it is genuine.
  assert.equal(await judge(mintToken({ secret, now })), 'accepted');
  assert.equal(await judge(good), 'keys-unavailable');
  assert.equal(await judge(mintToken({ secret: freshSecret(), now })), 'keys-unavailable');
  assert.equal(await judge('nonsense'), 'token-malformed');
  server.answer = set;
  clock.advance(10_000);
  assert.equal(await judge(good), 'accepted');
  assert.equal(await judge(mintToken({ secret: freshSecret(), now })), 'token-signature-invalid');
  assert.equal(await judge(tokenOf(second)), 'token-key-unknown');
  assert.deepEqual(
    guard.keyUse().map(({ id, uses }) => [id, uses]),
    [
      ['keys[0].secret', 1],
      ['first', 1],
    ],
  );
});

test('mistakes in the options are found at start', () => {
  const mistakes: readonly [object, string][] = [
    [{}, 'url'],
    [{ url: 'keys.example.com' }, 'url'],
    [{ url: 'http://keys.example.com/' }, 'url'],
    [{ url: 'http://localhost.example.com/' }, 'url'],
    [{ url: 'file:///etc/passwd' }, 'url'],
    [{ url: 'https://user:pass@keys.example.com/' }, 'url'],
    [{ url: 'https://k.example/', timeoutSeconds: 0 }, 'timeoutSeconds'],
    [{ url: 'https://k.example/', maxBytes: 1e9 }, 'maxBytes'],
    [{ url: 'https://k.example/', refreshSeconds: 20, cooldownSeconds: 30 }, 'refreshSeconds'],
    [{ url: 'https://k.example/', maxStaleSeconds: -1 }, 'maxStaleSeconds'],
    [{ url: 'https://k.example/', algorithm: 'HS256' }, 'algorithm'],
    [{ url: 'https://k.example/', headers: { a: 1 } }, 'headers'],
    [{ url: 'https://k.example/', fetch: true }, 'fetch'],
    [{ url: 'https://k.example/', name: '' }, 'name'],
    [{ url: 'https://k.example/', urll: '' }, 'urll'],
  ];
  for (const [options, path] of mistakes) {
    const isRight = (error: { path?: string; message?: string }): boolean => error.path === path && !error.message?.includes('pass@');
    assert.throws(() => keysFromUrl(options as { url: string }), isRight, JSON.stringify(options));
  }
});

const YEAR = 365 * 86_400_000;

test('a clock that is set back lets no withdrawn key live until it has caught up', async (context) => {
  const { server, judge, clock, events } = await scene(context, set);
  clock.advance(YEAR);
  assert.equal(await judge(), 'accepted 200');
  clock.advance(-YEAR);
  server.answer = json(publicKeySet([second]));
  assert.equal(await judge(), 'accepted 200', 'the fetch is under way');
  await until(() => events.length > 1);
  assert.equal(await judge(), 'token-key-unknown 401');
  assert.equal(server.requests(), 2);
});

test('a clock that is set back makes a set that cannot be had no younger than it is', async (context) => {
  const { server, judge, clock, events } = await scene(context, set, { refreshSeconds: 60, maxStaleSeconds: 60 });
  clock.advance(YEAR);
  assert.equal(await judge(), 'accepted 200');
  clock.advance(-YEAR);
  server.answer = plain(500, '');
  for (const expected of ['accepted 200', 'accepted 200', 'keys-unavailable 503']) {
    const told = events.length;
    assert.equal(await judge(), expected);
    await until(() => events.length > told);
    clock.advance(61_000);
  }
});

test('a clock that runs back by less than the cool-down causes no fetch', async (context) => {
  const { server, judge, clock } = await scene(context, set);
  assert.equal(await judge(), 'accepted 200');
  for (let step = 0; step < 5; step++) {
    clock.advance(-1000);
    assert.equal(await judge(), 'accepted 200');
  }
  assert.equal(server.requests(), 1);
});

for (const type of [
  null,
  'application/json; charset=utf-8',
  'APPLICATION/JWK-SET+JSON',
  'application/vnd.example.keys+json',
  'text/json',
  'text/plain;charset=utf-8',
  'application/octet-stream',
  'binary/octet-stream',
]) {
  test(`a set that is declared as ${type ?? 'nothing'} is read`, async (context) => {
    const answer = plain(200, JSON.stringify(publicKeySet([first])), type === null ? {} : { 'content-type': type });
    const { judge } = await scene(context, answer);
    assert.equal(await judge(), 'accepted 200');
  });
}

test('members of a key that are null are absent, as serialisers write them', async (context) => {
  const nulls = { use: null, key_ops: null, x5c: null, d: null };
  const { judge, events } = await scene(context, json({ keys: [{ ...first.jwk, alg: null, ...nulls }] }));
  assert.equal(await judge(), 'accepted 200');
  assert.deepEqual(events, ['keys-refreshed 1 changed']);
});

for (const bytes of [31, 33]) {
  test(`a coordinate of ${bytes} bytes is named, with its remedy`, async (context) => {
    const causes: unknown[] = [];
    const jwk = { ...first.jwk, x: Buffer.alloc(bytes, 1).toString('base64url') };
    const onEvent = (event: KeySourceEvent): unknown => event.type === 'key-skipped' && causes.push(event.cause);
    const { judge } = await scene(context, json({ keys: [jwk] }), { onEvent });
    assert.equal(await judge(), 'keys-empty 503');
    assert.match(String(causes), new RegExp(`\`x\` of ${bytes} bytes where P-256 has 32: pad`));
    assert.throws(() => createGuard({ keys: { jwks: { keys: [jwk] } } }), new RegExp(`\`x\` of ${bytes} bytes`));
  });
}
