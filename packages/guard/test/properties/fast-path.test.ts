/**
 * The fast path decides as the plain path does: a guard that remembers tokens, keys and component lists and has seen everything before, against
 * guards that are made new for each request and remember nothing. Every vector, every attack, every kind of token, and mutations of good ones.
 */
import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import {
  boundText,
  freshInstallationKey,
  freshSecret,
  freshSigningKey,
  type HeaderLine,
  mintToken,
  requestView,
  signRequest,
  tokenKinds,
} from '@approov-guard/testkit';
import { createGuard, type Decision, type GuardOptions, type RequestView } from 'approov-guard';
import { readVectors, skipUnless } from '../../../../tools/optional.mjs';
import { now, runSeed, seededRandom } from '../both-ports.ts';
import { type Attacks, guardOptions } from '../vectors/attack-cases.ts';

/** Everything of a decision but its id, which differs on purpose. */
async function shownBy(guard: ReturnType<typeof createGuard>, view: RequestView): Promise<unknown> {
  const { id, ...rest }: Decision = await guard.decide(view);
  assert.match(id, /^[0-9a-f-]{36}-\d+$/);
  return JSON.parse(JSON.stringify(rest, (_, value: unknown) => (value instanceof Set ? [...value] : value)));
}

/** Sends each request three times to a guard that remembers, in two orders, and once to a guard of its own that does not. */
async function agree(options: GuardOptions, views: readonly RequestView[], name: (index: number) => string): Promise<void> {
  const fast = createGuard({ ...options, hints: false });
  const plain: unknown[] = [];
  for (const view of views) plain.push(await shownBy(createGuard({ ...options, cache: null, hints: false }), view));
  const forwards = [...views.keys()];
  for (const order of [forwards, forwards.toReversed(), forwards]) {
    for (const index of order) assert.deepEqual(await shownBy(fast, views[index] as RequestView), plain[index], name(index));
  }
}

const carrying = (token: string): RequestView => requestView({ headers: [['Approov-Token', token]] });

const attacks = readVectors<Attacks>('attacks.json');

describe('the collected attacks', skipUnless(attacks, 'vectors'), () => {
  for (const [name, profile] of Object.entries(attacks?.profiles ?? {})) {
    const members = (attacks?.cases ?? []).filter((one) => one.profile === name && one.family !== 'config');
    const moments = new Set(members.map((one) => one.now_ms ?? (attacks as Attacks).generated_for_now * 1000));
    for (const moment of moments) {
      test(`profile ${name} at ${moment}`, async () => {
        const cases = members.filter((one) => (one.now_ms ?? (attacks as Attacks).generated_for_now * 1000) === moment);
        const views = cases.map(({ input }) => (input.request === undefined ? carrying(input.token ?? '') : requestView(input.request)));
        await agree(guardOptions(profile, moment), views, (index) => cases[index]?.id ?? '');
      });
    }
  }
});

const published = readVectors<{ readonly secrets: { readonly [name: string]: string } }>('approov/tokens.json');

describe('the published tokens', skipUnless(published, 'vectors'), () => {
  const tokens = [...JSON.stringify(published).matchAll(/"(ey[\w-]*\.[\w-]*\.[\w-]*)"/g)].map((found) => found[1] ?? '');
  for (const name of ['dummy', 'kong']) {
    test(`with the secret ${name}`, async () => {
      assert.ok(tokens.length > 0);
      const keys = { secret: { base64: published?.secrets[name] } };
      await agree({ keys, now: () => now, environment: 'development' }, tokens.map(carrying), (index) => tokens[index] ?? '');
    });
  }
});

test('every kind of token', async () => {
  const secret = freshSecret();
  const kinds = Object.entries(tokenKinds);
  const tokens = kinds.map(([, kind]) => kind.mint({ secret, now }));
  const views = tokens.map((token) =>
    requestView({
      headers: [
        ['Approov-Token', token],
        ['Authorization', boundText],
      ],
    }),
  );
  for (const binding of [null, { headers: ['authorization'] }]) {
    await agree({ keys: { secret }, binding, now: () => now, environment: 'development' }, views, (index) => kinds[index]?.[0] ?? '');
  }
});

/** Characters that mean something to a decoder, on both sides of a byte, and wide ones that end in the byte of a good one. */
const ODD = ['.', '=', '+', '/', ' ', ',', '!', 'A', '_', '-', '\0', '\n', '\xe9', '\u0141', '\u2041', '\ufffd', '\ufeff'];

/** One character replaced, added or taken away at every place, and a hundred random changes of two. */
function mutationsOf(token: string, random: () => number): readonly string[] {
  const pick = (): string => ODD[Math.floor(random() * ODD.length)] ?? 'A';
  const found: string[] = [];
  for (let place = 0; place <= token.length; place++) {
    const [before, after] = [token.slice(0, place), token.slice(place)];
    found.push(before + pick() + after.slice(1), before + pick() + after, before + after.slice(1));
  }
  for (let round = 0; round < 100; round++) {
    const letters = [...token];
    for (let change = 0; change < 2; change++) letters[Math.floor(random() * letters.length)] = pick();
    found.push(letters.join(''));
  }
  return found;
}

describe('mutated tokens', () => {
  const seed = runSeed();
  const random = seededRandom(seed);
  const secret = freshSecret();
  const es256 = freshSigningKey('ES256', 'key-1');
  const claims = { did: 'AAAAAAAAAAAAAAAAAAAAAA==', ip: '192.0.2.1', iss: 'Zoë' };
  const good = {
    HS256: { keys: { secret }, token: mintToken({ secret, now, claims }) },
    ES256: {
      keys: { jwks: { keys: [es256.jwk] } },
      token: mintToken({ key: es256.privateKey, algorithm: 'ES256', kid: 'key-1', now, claims }),
    },
  } as const;
  for (const [algorithm, { keys, token }] of Object.entries(good)) {
    test(`${algorithm}, seed ${seed}`, async () => {
      const tokens = [token, ...mutationsOf(token, random)];
      await agree({ keys, now: () => now } as GuardOptions, tokens.map(carrying), (index) => JSON.stringify(tokens[index]));
    });
  }
});

test('signed requests, and mutations of their fields', async () => {
  const seed = runSeed();
  const random = seededRandom(seed);
  const secret = freshSecret();
  const installationKey = freshInstallationKey();
  const token = mintToken({ secret, now, claims: { ipk: installationKey.ipk } });
  const request = { method: 'GET', url: 'https://api.example.com/a?b=c', headers: [['X-Note', 'hello']] as readonly HeaderLine[] };
  const views: RequestView[] = [];
  for (const client of ['okhttp-3.8', 'okhttp-3.5', 'urlsession'] as const) {
    const { headers, target } = signRequest({ client, sign: 'install', request, token, installationKey, now });
    views.push(requestView({ headers, target }));
    for (const [name, value] of headers.filter(([given]) => /^signature/i.test(given))) {
      for (const mutated of mutationsOf(value, random).filter((_, index) => index % 7 === 0)) {
        views.push(requestView({ headers: headers.map((line): HeaderLine => (line[0] === name ? [name, mutated] : line)), target }));
      }
    }
  }
  const options: GuardOptions = { keys: { secret }, origin: 'https://api.example.com', signature: { replay: null }, now: () => now };
  await agree(options, views, (index) => `request ${index}, seed ${seed}`);
});
