/** Nothing that is observable holds a token, a part of one, a secret, a bound value, or a claim that nobody verified. */
import assert from 'node:assert/strict';
import { after, before, mock, test } from 'node:test';
import { inspect } from 'node:util';
import {
  anotherSecret,
  boundText,
  devSecret,
  type HeaderLine,
  requestView,
  secretBytes,
  signCompact,
  signerFor,
  tokenKinds,
} from '@approov-guard/testkit';
import { createGuard, type GuardOptions, type Verdict } from 'approov-guard';
import { readVectors } from '../../../../tools/optional.mjs';
import { createGuardOn } from '../../src/guard/create-guard.ts';
import { now, nowSeconds, PORTS, secret } from '../both-ports.ts';
import { type Attacks, guardOptions } from '../vectors/attack-cases.ts';

/** What is too short, or part of our own words, proves nothing. */
const LEAST = 10;
// The moment of judgement is in the facts, and some tokens expire at that very second.
const OUR_WORDS = /^(?:[:\d.]+|authorization|approov-token|application\/json|token-[a-z-]+|binding-[a-z-]+)$/i;

interface Exchange {
  readonly name: string;
  readonly options: GuardOptions;
  readonly headers: readonly HeaderLine[];
  readonly method?: string;
  readonly target?: string;
}

/** Everything that must not be seen after this exchange, if it was not accepted. Verified claims may be seen, their token may not. */
function secretsOf({ headers }: Exchange, verified: boolean): readonly string[] {
  const values = headers.filter(([name]) => !/^(?:host|content-type|user-agent)$/i.test(name)).map(([, value]) => value.trim());
  const segments = values.flatMap((value) => value.split(/[.,\s]+/));
  const texts = segments.map((segment) => Buffer.from(segment, 'base64url').toString('utf8'));
  const words = texts.filter((text) => text.startsWith('{')).flatMap((text) => text.match(/[A-Za-z0-9_.@:/+=|-]{10,}/g) ?? []);
  return [...values, ...segments, ...(verified ? [] : [...texts, ...words])].filter(
    (text) => text.length >= LEAST && !OUR_WORDS.test(text),
  );
}

const sharedSecrets = [secret, devSecret, anotherSecret(secret)].flatMap((given) => {
  const bytes = secretBytes(given);
  return [
    given.base64,
    bytes.toString('base64url'),
    bytes.toString('hex'),
    bytes.toString('latin1'),
    given.base64.slice(0, 20),
    given.base64.slice(-20),
  ];
});

function shown(value: unknown): string {
  return `${inspect(value, { depth: 12, showHidden: true, getters: true, maxStringLength: Infinity, maxArrayLength: Infinity })}\n${JSON.stringify(value)}`;
}

/** The SDK's status words are the one text of the client's that a detail quotes: they are a fixed set. */
function withoutStatus(verdict: Verdict, text: string): string {
  return verdict.outcome === 'rejected' && verdict.reason === 'token-sdk-status' && verdict.detail !== undefined
    ? text.replaceAll(verdict.detail, '')
    : text;
}

/** What the guards say by themselves on stderr: hints, and every verdict. */
let said: string[] = [];
// Of the whole process: this file has one of its own.
before(() => {
  mock.method(console, 'error', (line: string) => said.push(line));
  process.env.DEBUG = 'approov-guard';
});
after(() => {
  mock.restoreAll();
  delete process.env.DEBUG;
});

async function observe(exchange: Exchange): Promise<{ readonly verdict: Verdict | null; readonly output: string }> {
  let output = '';
  let verdict: Verdict | null = null;
  for (const port of Object.values(PORTS)) {
    for (const format of ['empty', 'problem'] as const) {
      const seen: unknown[] = [];
      said = [];
      const onVerdict: GuardOptions['onVerdict'] = (...facts) => seen.push(facts);
      const guard = createGuardOn(port, { ...exchange.options, refusal: { format }, onVerdict, hints: true });
      const decision = await guard.decide(requestView(exchange));
      assert.equal(said.length, decision.verdict === null ? 0 : 1);
      verdict = decision.verdict;
      output +=
        said.join('\n') +
        shown(decision) +
        shown(seen) +
        shown(guard.counters()) +
        shown(guard) +
        String(guard) +
        shown(await guard.judge(requestView(exchange)));
    }
  }
  return { verdict, output };
}

async function assertNoLeak(exchange: Exchange): Promise<void> {
  const { verdict, output } = await observe(exchange);
  for (const hidden of sharedSecrets) assert.ok(!output.includes(hidden), `${exchange.name}: shows a secret`);
  if (verdict?.outcome === 'accepted') {
    // The claims of a verified token are the one thing that may be seen.
    const token = exchange.headers.find(([name]) => name.toLowerCase() === 'approov-token')?.[1].trim() ?? '';
    for (const part of [token, ...token.split('.')])
      assert.ok(part.length < LEAST || !output.includes(part), `${exchange.name}: shows the token`);
    return;
  }
  const visible = verdict === null ? output : withoutStatus(verdict, output);
  for (const hidden of secretsOf(exchange, verdict !== null && verdict.proven !== null)) {
    if (hidden.length >= LEAST) assert.ok(!visible.includes(hidden), `${exchange.name}: shows ${JSON.stringify(hidden.slice(0, 30))}`);
  }
}

test('no kind of token leaves a trace, bound or not', async () => {
  for (const [name, { mint }] of Object.entries(tokenKinds)) {
    for (const binding of [null, { headers: ['authorization'] }]) {
      const options: GuardOptions = { keys: { secret }, now: () => now, binding };
      await assertNoLeak({
        name,
        options,
        headers: [
          ['approov-token', mint({ secret, now })],
          ['authorization', boundText],
        ],
      });
    }
  }
});

test('no unverified claim and no header member leaves a trace', async () => {
  const marker = 'MARKER-0123456789';
  const members = ['alg', 'typ', 'kid', 'crit', 'jku', 'x5u', 'x5c', 'b64', 'cty', marker];
  const claims = ['exp', 'nbf', 'iat', 'iss', 'aud', 'sub', 'did', 'ip', 'arc', 'mskid', 'pay', 'ipk', 'embed', marker];
  for (const given of [secret, anotherSecret(secret)]) {
    for (const value of [marker, [marker], { [marker]: marker }]) {
      const headers = members.map((name) => ({ alg: 'HS256', [name]: value }));
      const sets = claims.map((name) => ({ exp: nowSeconds + 60, [name]: value }));
      const tokens = [
        ...headers.map((header) =>
          signCompact({ header, payload: { exp: nowSeconds - 1, did: marker }, sign: signerFor({ secret: given }) }),
        ),
        ...sets.map((payload) => signCompact({ header: '{"alg":"HS256"}', payload, sign: signerFor({ secret: given }) })),
      ];
      for (const token of tokens) {
        const options: GuardOptions = {
          keys: { secret },
          now: () => now,
          token: { issuer: 'i', audience: 'a' },
          binding: { headers: ['authorization'] },
        };
        const { output, verdict } = await observe({
          name: token,
          options,
          headers: [
            ['approov-token', token],
            ['authorization', `Bearer ${marker}`],
          ],
        });
        const proven = verdict !== null && verdict.outcome !== 'accepted' && verdict.proven !== null;
        assert.ok(proven || !output.includes(marker), Buffer.from(token.split('.')[1] ?? '', 'base64url').toString());
      }
    }
  }
});

test('the query, where credentials may be, is not in the facts', async () => {
  const { output } = await observe({
    name: 'query',
    options: { keys: { secret }, now: () => now },
    headers: [],
    target: '/path?access_token=MARKER-0123456789#MARKER-0123456789',
  });
  assert.ok(!output.includes('MARKER') && output.includes('/path'));
});

test('no collected attack leaves a trace', async (context) => {
  const attacks = readVectors<Attacks>('attacks.json');
  if (attacks === null) return context.skip('vectors absent');
  for (const { id, profile, input, now_ms } of attacks.cases) {
    const given = attacks.profiles[profile];
    if (given === undefined || (input.token === undefined && input.request === undefined)) continue;
    const { method = 'GET', target = '/', headers = [['approov-token', input.token ?? ''] as const] } = input.request ?? {};
    const path = target.split(/[?#]/)[0] ?? '';
    // A path is the operator's own: it may be seen, and an attack may put its token there.
    if (path.length > 60) continue;
    await assertNoLeak({
      name: id,
      options: guardOptions(given, now_ms ?? attacks.generated_for_now * 1000),
      headers,
      method,
      target: path,
    });
  }
});

test('no published token or JSON text leaves a trace', async (context) => {
  const published = readVectors<{ readonly tokens: readonly { readonly token: string }[] }>('approov/tokens.json');
  const suite = readVectors<{ readonly cases: readonly { readonly id: string; readonly token?: string }[] }>('json-suite/tokens.json');
  if (published === null || suite === null) return context.skip('vectors absent');
  const tokens = [...published.tokens.map(({ token }, index) => ({ id: `token ${index}`, token })), ...suite.cases];
  for (const { id, token = '' } of tokens) {
    await assertNoLeak({ name: id, options: { keys: { secret }, now: () => now }, headers: [['approov-token', token]] });
  }
});

test('an outage shows its cause to the hook, and nothing of the request or the keys', async () => {
  const keys = {
    current: (): never => {
      throw new Error('the source is down');
    },
  };
  const token = tokenKinds.valid?.mint({ secret, now }) ?? '';
  const { verdict, output } = await observe({ name: 'outage', options: { keys, now: () => now }, headers: [['approov-token', token]] });
  assert.equal(verdict?.outcome, 'unavailable');
  assert.ok(!output.includes(token) && !output.includes(token.split('.')[1] ?? ''));
});

test('a guard shows neither its keys nor its options', () => {
  const guard = createGuard({ keys: { secrets: [secret, { bytes: secretBytes(devSecret) }] }, environment: 'development' });
  const output = shown(guard) + shown(guard.route({})) + String(guard);
  for (const hidden of sharedSecrets) assert.ok(!output.includes(hidden));
  assert.ok(!output.includes(shown(secretBytes(secret)).slice(8, 40)), 'nor its bytes');
});

const MISTAKES: readonly ((text: string) => unknown)[] = [
  (text) => ({ secret: { base64: `${text}!` } }),
  (text) => ({ secret: { base64url: `${text}+/` } }),
  (text) => ({ secret: text }),
  (text) => ({ secret: { base64: [text] } }),
  (text) => ({ secret: { bytes: text } }),
  (text) => ({ secret: { base64: text, algorithm: text } }),
  (text) => ({ secret: { base64: text, kid: '' } }),
  (text) => ({ secret: { base64: text, base64url: text } }),
  (text) => ({ secrets: text }),
  (text) => ({ secrets: [{ base64: text }, { base64: text.slice(0, 20) }] }),
  (text) => ({ pem: text, algorithm: 'RS256' }),
  (text) => ({ pem: `-----BEGIN PRIVATE KEY-----\n${text}\n-----END PRIVATE KEY-----`, algorithm: 'RS256' }),
  (text) => ({ pem: `-----BEGIN PUBLIC KEY-----\n${text}\n-----END PUBLIC KEY-----`, algorithm: 'RS256' }),
  (text) => ({ jwks: text }),
  (text) => ({ jwks: { keys: [{ kty: 'oct', k: text }] } }),
  (text) => ({ jwks: { keys: [{ kty: 'RSA', n: text, e: 'AQAB', alg: 'RS256' }] } }),
  (text) => ({ jwks: { keys: [{ kty: 'EC', crv: 'P-256', x: text, y: text, d: text }] } }),
  (text) => text,
  (text) => [text],
  (text) => ({ jwks: { keys: [{ kty: 'EC', crv: text, x: text, y: text, alg: text, kid: text }] } }),
];

test('no mistake in the configuration shows the secret', () => {
  const { base64 } = secret;
  for (const [index, mistake] of MISTAKES.entries()) {
    assert.throws(
      () => createGuard({ keys: mistake(base64) } as GuardOptions),
      (error) => {
        const output = shown(error);
        assert.ok(!sharedSecrets.some((hidden) => output.includes(hidden)), `mistake ${index}: ${output.slice(0, 200)}`);
        return true;
      },
    );
  }
  for (const algorithm of ['HS512', 'HS384'] as const) {
    const short = base64.slice(0, 40);
    assert.throws(
      () => createGuard({ keys: { secret: { base64: short, algorithm } } }),
      (error) => !shown(error).includes(short),
    );
  }
});
