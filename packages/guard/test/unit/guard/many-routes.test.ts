/** A path that may be every path is judged by every route, and costs the cryptography of one. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { freshSecret, mintToken, type RequestContent, requestView } from '@approov-guard/testkit';
import type { GuardOptions, RouteOptions } from 'approov-guard';
import type { PreparedKey } from '../../../src/core/jws/jws.ts';
import type { CryptoPort } from '../../../src/core/ports.ts';
import { createGuardOn } from '../../../src/guard/create-guard.ts';
import { now, PORTS, secret } from '../../both-ports.ts';
import { digestLine, install, signed } from '../../signed-requests.ts';

type Counts = { [name in 'tokens' | 'proofs' | 'digests']: number };

/** The port, and how often it verified tokens and signatures, and hashed bodies. */
function counting(port: CryptoPort): { readonly crypto: CryptoPort; readonly counts: Counts } {
  const counts: Counts = { tokens: 0, proofs: 0, digests: 0 };
  const counted = (key: PreparedKey, name: keyof Counts): PreparedKey => ({
    verify: (input, signature) => {
      counts[name]++;
      return key.verify(input, signature);
    },
  });
  const crypto: CryptoPort = {
    ...port,
    prepareSecret: (algorithm, bytes) => counted(port.prepareSecret(algorithm, bytes), 'tokens'),
    openPublicKey: (algorithm, material) => {
      const key = port.openPublicKey(algorithm, material);
      return key instanceof Promise ? key.then((one) => one && counted(one, 'proofs')) : key && counted(key, 'proofs');
    },
    digest: (algorithm, chunks) => {
      counts.digests++;
      return port.digest(algorithm, chunks);
    },
  };
  return { crypto, counts };
}

const body = Buffer.alloc(10_000, 97);
const url = 'https://api.example.com/a;b?x=1';

/** A message as servers have it: two looks at it are the same message. */
function message(sent: RequestContent): ReturnType<typeof requestView> {
  return { ...requestView(sent), message: {} };
}

function good(): RequestContent {
  return signed({
    method: 'POST',
    url,
    body,
    headers: [digestLine(body)],
    covered: ['@method', '@target-uri', 'approov-token', 'content-digest'],
  });
}

/** Routes of which many demand the same, and many do not. */
function routes(size: number, demands: (index: number) => RouteOptions): GuardOptions['routes'] {
  return Array.from({ length: size }, (_, index) => ({ match: { path: `/r${index}/*` }, name: `r${index}`, ...demands(index) }));
}

const DEMANDS: { readonly [name: string]: (index: number) => RouteOptions } = {
  'that demand the same': () => ({ signature: { maxAgeSeconds: 200 } }),
  'that demand a thousand things': (index) => ({ signature: { maxAgeSeconds: 100 + (index % 1000) / 10 } }),
  'with limits of their own': (index) => ({ signature: { maxBodyBytes: 20_000 + (index % 3) } }),
  'that observe': () => ({ mode: 'observe', signature: { maxAgeSeconds: 200 } }),
};

for (const [name, port] of Object.entries(PORTS)) {
  for (const [kind, demands] of Object.entries(DEMANDS)) {
    test(`3000 routes ${kind} verify a signature once (${name})`, async () => {
      const { crypto, counts } = counting(port);
      const options = { keys: { secret }, origin: 'https://api.example.com', signature: {}, cache: null, hints: false, now: () => now };
      const guard = createGuardOn(crypto, { ...options, routes: routes(3000, demands) ?? [] });
      const { verdict } = await guard.decide(message(good()));
      assert.equal(verdict?.code, 'accepted');
      assert.deepEqual({ tokens: counts.tokens, proofs: counts.proofs }, { tokens: 1, proofs: 1 });
      assert.ok(counts.digests <= 4, `${counts.digests} digests`);
    });
  }

  test(`what only observes a forged token, or a body that does not match, looks once (${name})`, async () => {
    const { crypto, counts } = counting(port);
    const options = { keys: { secret }, origin: 'https://api.example.com', signature: {}, hints: false, now: () => now } as const;
    const observing = (index: number): RouteOptions => ({ signature: { maxAgeSeconds: 100 + (index % 500) } });
    const guard = createGuardOn(crypto, { ...options, mode: 'observe', routes: routes(2000, observing) ?? [] });
    const forged = mintToken({ secret: freshSecret(), now, claims: { ipk: install.ipk } });
    const { verdict } = await guard.decide(message({ method: 'GET', target: '/a;b', headers: [['Approov-Token', forged]] }));
    assert.equal(verdict?.code, 'token-signature-invalid');
    assert.equal(counts.tokens, 1);
    const other = await guard.decide(message({ ...good(), body: Buffer.alloc(10_000, 98) }));
    assert.equal(other.verdict?.code, 'digest-mismatch');
    assert.deepEqual([counts.proofs, counts.digests], [1, 1]);
  });
}

test('20,000 routes that only observe are gone through without recursion', async () => {
  const options = { keys: { secret }, hints: false, now: () => now } as const;
  const observing = (index: number): RouteOptions => ({ token: { maxLifetimeSeconds: 1 + index } });
  const guard = createGuardOn(PORTS.node, { ...options, mode: 'observe', routes: routes(20_000, observing) ?? [] });
  const { verdict, action } = await guard.decide(message({ method: 'GET', target: '/a;b' }));
  assert.deepEqual([verdict?.code, action], ['token-missing', 'pass']);
});

test('routes of equal demands keep their own names', async () => {
  const guard = createGuardOn(PORTS.node, {
    keys: { secret },
    hints: false,
    now: () => now,
    onVerdict: (_, { route }) => {
      names.push(route);
    },
    routes: routes(3, () => ({ token: { maxLifetimeSeconds: 60 } })) ?? [],
  });
  const names: (string | null)[] = [];
  for (const path of ['/r0/x', '/r2/x', '/other']) await guard.decide(message({ method: 'GET', target: path }));
  assert.deepEqual(names, ['r0', 'r2', null]);
});
