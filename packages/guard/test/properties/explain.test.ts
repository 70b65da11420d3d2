/** An explanation and a judgement are one order: the first failed check is the reason, whatever the request and the policy. */
import assert from 'node:assert/strict';
import test from 'node:test';
import {
  CLIENT_NAMES,
  freshAccountKey,
  freshInstallationKey,
  mintToken,
  type RequestContent,
  requestView,
  signRequest,
  tokenKinds,
} from '@approov-guard/testkit';
import { createGuard, type GuardOptions, type Mode, type RouteOptions } from 'approov-guard';
import { assertExplained, now, runSeed, secret, seededRandom } from '../both-ports.ts';

const REQUESTS = 10_000;
const seed = runSeed();
const random = seededRandom(seed);
const chance = (share: number): boolean => random() < share;
function oneOf<T>(list: readonly T[]): T {
  const found = list[Math.floor(random() * list.length)];
  assert.ok(found !== undefined);
  return found;
}

const installationKey = freshInstallationKey();
const accountKey = freshAccountKey();
const mode = (): Mode => oneOf(['enforce', 'observe']);
const modes = (): NonNullable<RouteOptions['mode']> => (chance(0.5) ? mode() : { token: 'enforce', binding: mode(), signature: mode() });

function demands(): Omit<RouteOptions, 'token'> {
  const digest = oneOf(['if-present', 'required'] as const);
  const account = { label: 'account', accountKeys: [accountKey], digest } as const;
  return {
    binding: chance(0.4) ? { headers: ['authorization'], missing: oneOf(['reject', 'accept']) } : null,
    signature: chance(0.7)
      ? chance(0.2)
        ? account
        : { digest, missingKey: oneOf(['reject', 'accept']), nonce: oneOf(['optional', 'required']) }
      : null,
    mode: modes(),
  };
}

function guardOf() {
  const options: GuardOptions = {
    keys: { secret },
    now: () => now,
    origin: 'https://api.example.com',
    ...demands(),
    ...(chance(0.3) ? { rules: [{ name: 'denied', denyDids: ['denied'] }] } : {}),
    ...(chance(0.5)
      ? {
          routes: [
            { match: { path: '/pay' }, ...demands() },
            { match: { path: '/public' }, exempt: true },
          ],
        }
      : {}),
  };
  return createGuard(options);
}

const PATHS = ['/pay', '/PAY', '//pay', '/a/../pay', '/public', '/v1?x=1', '/'];

function token(): string {
  if (chance(0.3)) return oneOf(Object.values(tokenKinds)).mint({ secret, now });
  const claims = {
    did: oneOf(['denied', 'device']),
    ...(chance(0.8) ? { ipk: oneOf([installationKey.ipk, freshInstallationKey().ipk, 'bad']) } : {}),
    ...(chance(0.5) ? { mskid: accountKey.id } : {}),
    ...(chance(0.4) ? { pay: 'AAAA' } : {}),
  };
  return mintToken({ secret, now, claims });
}

function request(): RequestContent {
  const method = oneOf(['GET', 'POST']);
  const plain = {
    method,
    url: `https://api.example.com${oneOf(PATHS)}`,
    headers: chance(0.5) ? [['Authorization', 'Bearer alice'] as const] : [],
    ...(method === 'POST' && chance(0.8) ? { body: '{"a":1}' } : {}),
  };
  const sent = signRequest({
    client: oneOf(CLIENT_NAMES),
    sign: oneOf(['install', 'account']),
    request: plain,
    token: token(),
    installationKey,
    accountKey,
    now: now - (chance(0.2) ? 900_000 : 0),
    ...(chance(0.2) ? { components: ['@method'] } : {}),
  });
  return spoiled(sent);
}

function spoiled(sent: RequestContent & { readonly headers: readonly (readonly [string, string])[] }): RequestContent {
  if (chance(0.5)) return sent;
  const at = Math.floor(random() * sent.headers.length);
  const without = sent.headers.filter((_, index) => index !== at);
  const [name, value] = sent.headers[at] ?? ['x', ''];
  const headers = oneOf([without, [...without, [name, `${value}x`] as const], [...sent.headers, [name, value] as const]]);
  return oneOf([
    { ...sent, headers },
    { ...sent, body: 'other' },
    { ...sent, method: 'PUT' },
    { ...sent, target: '/other' },
  ]);
}

test(`the first failed check of an explanation is the reason of the guard: ${REQUESTS} requests (seed ${seed})`, async () => {
  const seen = new Set<string>();
  let guard = guardOf();
  for (let index = 0; index < REQUESTS; index++) {
    if (index % 10 === 0) guard = guardOf();
    const view = requestView(request());
    const verdict = await guard.judge(view);
    seen.add(verdict.code);
    await assertExplained(guard, view, verdict);
  }
  assert.ok(seen.size >= 25, `${seen.size} different verdicts: ${[...seen].join(', ')}`);
});
