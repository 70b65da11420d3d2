/**
 * What the dearest refusal costs, found by search over hostile shapes and counted: verifications, bytes that they look at,
 * steps of the library. Whoever sends what was not signed pays for one verification, as for a good request.
 */

import assert from 'node:assert/strict';
import { test } from 'node:test';
import {
  CLIENT_NAMES,
  type ClientName,
  freshInstallationKey,
  type HeaderLine,
  mintToken,
  type RequestContent,
  requestView,
  signRequest,
} from '@approov-guard/testkit';
import fc from 'fast-check';
import type { CryptoPort } from '../../src/core/ports.ts';
import { crypto as nodePort } from '../../src/crypto/node.ts';
import { createGuardOn } from '../../src/guard/create-guard.ts';
import { NodeRequestView } from '../../src/http/view-node.ts';
import { now, nowSeconds, secret } from '../both-ports.ts';
import { countedRun } from './steps.ts';

const counts = { proofs: 0, bytes: 0 };
const crypto: CryptoPort = {
  ...nodePort,
  openPublicKey: (algorithm, material) => {
    const key = nodePort.openPublicKey(algorithm, material);
    if (key === null || key instanceof Promise) return key;
    return {
      verify: (input, signature) => {
        counts.proofs++;
        counts.bytes += input.length;
        return key.verify(input, signature);
      },
    };
  },
};
const guard = createGuardOn(crypto, {
  keys: { secret },
  origin: 'https://api.example.com:8443',
  signature: { replay: null },
  hints: false,
  now: () => now,
});
const token = mintToken({ secret, now, claims: { ipk: freshInstallationKey().ipk } });
const WRONG = Buffer.alloc(64, 7).toString('base64');

const names = (count: number, prefix: string): string[] => Array.from({ length: count }, (_, index) => `${prefix}${index}`);
const DEVIATING = ['"@authority"', '"@path"', '"@query"', '"@query-param";name="q"'];
const ENCODED = ['%20', '+', '%5b', 'a%41', '%ff', '%c3%a9', '%', '%ef%bf%bd', '%u0041', '{'];
const ITEMS = ['a1', '1.5', '"y y"', '%"a%c3%a9"', ':AAAA:', 'a;b;c', '(a b)', '"\\\\"', '?1'];
const ENDS = ['', ',', '!', ', install=()', ', other=("a" "b")', ';'];
const PARAMETERS = [
  (size: number) => `;x="${'a'.repeat(size)}"`,
  (size: number) => `;x=:${'AAAA'.repeat(size / 4)}:`,
  (size: number) => `;x="${'\\\\'.repeat(size / 2)}"`,
  (size: number) => `;x=%"${'%41'.repeat(size / 3)}"`,
  (size: number) => names(size / 8, ';y').join(''),
  (size: number) => names(size / 8, ',l').join(''),
];

/** Mostly nothing: one excess of many would end each request before its proof. Then up to what is allowed, and beyond it. */
const amount = (allowed: number): fc.Arbitrary<number> =>
  fc.oneof(
    { weight: 6, arbitrary: fc.constant(0) },
    { weight: 3, arbitrary: fc.integer({ min: 0, max: allowed }) },
    { weight: 2, arbitrary: fc.constant(allowed) },
    { weight: 1, arbitrary: fc.integer({ min: allowed, max: 2 * allowed }) },
  );
/** What one installation may send: every way to make the guard work before the proof fails. */
const SHAPE = fc.record({
  plain: amount(20),
  lines: amount(100),
  bytes: amount(14_000),
  queried: amount(6),
  queriedBytes: amount(30),
  parameters: amount(100),
  nameBytes: amount(8),
  keyed: amount(6),
  fields: fc.constantFrom('sf', 'bs', 'key="a"'),
  structured: amount(2),
  members: amount(28),
  size: amount(1800),
  junk: amount(450),
  encoded: fc.constantFrom(...ENCODED),
  item: fc.constantFrom(...ITEMS),
  end: fc.constantFrom(...ENDS),
  parameter: fc.constantFrom(...PARAMETERS),
  path: fc.constantFrom('', 'a', '[', '%c3%a9'),
  deviating: fc.subarray(DEVIATING),
  agent: fc.constantFrom('', 'okhttp/4.12', 'Dart/3.5 CFNetwork/1 Dalvik/2 UnityPlayer/6'),
});
type Shape = typeof SHAPE extends fc.Arbitrary<infer T> ? T : never;

type Content = { readonly method: string; readonly target: string; readonly headers: readonly HeaderLine[] };

function contentOf(shape: Shape): Content {
  const { plain, lines, bytes, queried, keyed, structured, encoded, item, size } = shape;
  const queriedNames = names(queried, 'v');
  const structuredNames = names(structured, 's');
  const plainNames = names(plain, 'p');
  const each = 'x'.repeat(bytes / (plain + lines + 1));
  const list = Array(shape.members).fill(item).join(',');
  const components = [
    ...['@method', '@target-uri', 'approov-token', ...plainNames].map((name) => `"${name}"`),
    ...shape.deviating,
    ...queriedNames.map((name) => `"@query-param";name="${name}"`),
    ...names(keyed, 'k').map((key) => `"d";key="${key}"`),
    ...structuredNames.map((name) => `"${name}";${shape.fields}`),
  ];
  const query = [
    'q=%20b%5B+x',
    ...queriedNames.map((name) => `${name}=${encoded.repeat(shape.queriedBytes)}`),
    ...Array(shape.parameters).fill(encoded.repeat(shape.nameBytes)),
  ].join('&');
  const input = `(${components.join(' ')});created=${nowSeconds};expires=${nowSeconds + 250}${shape.parameter(size)}${shape.end}`;
  const headers: HeaderLine[] = [
    ['Approov-Token', token],
    ['User-Agent', shape.agent],
    ['Signature-Input', `install=${input}`],
    ['Signature', `install=:${WRONG}:`],
    ['d', [...names(keyed, 'k'), list].join(',')],
    ...plainNames.map((name): HeaderLine => [name, each]),
    ...Array.from({ length: lines }, (): HeaderLine => ['p0', each]),
    ...structuredNames.map((name): HeaderLine => [name, list]),
    ...Array.from({ length: shape.junk }, (): HeaderLine => ['q', '']),
  ];
  return { method: 'GET', target: `/${shape.path.repeat(size / 16)}?${query}`, headers };
}

/** What one refusal cost. */
function refused({ method, target, headers }: Content): { readonly [name in keyof typeof counts | 'steps']: number } {
  Object.assign(counts, { proofs: 0, bytes: 0 });
  const view = new NodeRequestView({ method, url: target, rawHeaders: headers.flat() });
  const { steps } = countedRun(() => {
    const decision = guard.decide(view);
    assert.ok(!(decision instanceof Promise) && decision.verdict?.outcome === 'rejected', 'refused, and at once');
  });
  return { ...counts, steps };
}

/** At first, and for one request a second, the forms of all clients are tried. */
const FEW = 64;

test('no shape of a refused request costs more than one verification of what headers can hold', (context) => {
  const dear = contentOf({ ...plainest(), deviating: DEVIATING });
  for (let sent = 0; sent < FEW; sent++) assert.ok(refused(dear).proofs <= 4);
  const most = { proofs: 0, bytes: 0, steps: 0 };
  fc.assert(
    fc.property(SHAPE, (shape) => {
      const cost = refused(contentOf(shape));
      for (const name of ['proofs', 'bytes', 'steps'] as const) most[name] = Math.max(most[name], cost[name]);
      assert.ok(cost.proofs <= 1, `${cost.proofs} proofs`);
      assert.ok(cost.bytes <= 24 * 1024, `${cost.bytes} bytes verified`);
      assert.ok(cost.steps <= MOST_STEPS, `${cost.steps} steps`);
    }),
    { numRuns: 300, includeErrorInReport: true },
  );
  context.diagnostic(JSON.stringify(most));
  assert.equal(most.proofs, 1, 'the search came as far as the proof');
});

/** A verification takes as long as about 100,000 of them. */
const MOST_STEPS = 120_000;

function plainest(): Shape {
  const none = {
    plain: 0,
    lines: 0,
    bytes: 0,
    queried: 0,
    queriedBytes: 0,
    parameters: 0,
    nameBytes: 0,
    keyed: 0,
    structured: 0,
    members: 0,
  };
  const texts = {
    encoded: '',
    item: 'a',
    end: '',
    parameter: () => '',
    path: '',
    deviating: [] as string[],
    agent: '',
    fields: 'sf',
  } as const;
  return { ...none, size: 0, junk: 0, ...texts };
}

/** A guard with a clock of its own, and requests of one installation that signs as a client does. */
function installation(): { readonly proofsOf: (sent: RequestContent) => number | null; readonly sign: Signer; at: number } {
  const installationKey = freshInstallationKey();
  const known = mintToken({ secret, now, claims: { ipk: installationKey.ipk } });
  const state = { at: now };
  const own = createGuardOn(crypto, {
    keys: { secret },
    origin: 'https://api.example.com:8443',
    signature: { replay: null },
    hints: false,
    now: () => state.at,
  });
  const sign: Signer = (client, agent = '') => {
    const components = ['@method', '@authority', '@path', '@query'];
    const request = { method: 'GET', url: 'https://api.example.com:8443/a%20b?x=1', headers: [['User-Agent', agent] as const] };
    return {
      ...signRequest({ client, sign: 'install', request, token: known, installationKey, now, components }),
      authority: 'api.example.com:8443',
    };
  };
  const proofsOf = (sent: RequestContent): number | null => {
    counts.proofs = 0;
    const decision = own.decide(requestView(sent));
    return !(decision instanceof Promise) && decision.action === 'pass' ? counts.proofs : null;
  };
  return Object.assign(state, { proofsOf, sign });
}
type Signer = (client: ClientName, agent?: string) => RequestContent;

const spoilt = (sent: RequestContent): RequestContent => ({ ...sent, method: 'PUT' });

test('how a client signs is remembered: one verification from its second request on, whatever is sent with its token', () => {
  for (const client of CLIENT_NAMES) {
    const { proofsOf, sign } = installation();
    assert.ok((proofsOf(sign(client)) ?? 5) <= 4, client);
    for (let sent = 0; sent < 200; sent++) assert.equal(proofsOf(spoilt(sign(client))), null);
    assert.equal(proofsOf(sign(client)), 1, client);
  }
});

test('what nobody signed is guessed at for a while, and then once a second', () => {
  const device = installation();
  for (let sent = 0; sent < 200; sent++) assert.equal(device.proofsOf(spoilt(device.sign('flutter'))), null);
  assert.equal(counts.proofs, 1);
  assert.equal(device.proofsOf(device.sign('flutter')), null, 'not known, and no more guesses');
  device.at += 1000;
  assert.equal(device.proofsOf(device.sign('flutter')), 4);
  assert.equal(device.proofsOf(device.sign('urlsession')), 4, 'it signs otherwise now');
});

test('the agent decides what is tried first, and nothing else', () => {
  const [plain, told, lied] = [installation(), installation(), installation()];
  assert.equal(plain.proofsOf(plain.sign('flutter')), 4);
  assert.equal(told.proofsOf(told.sign('flutter', 'Dart/3.5 (dart:io)')), 2);
  assert.equal(lied.proofsOf(lied.sign('urlsession', 'okhttp/4.12.0')), 3);
});
