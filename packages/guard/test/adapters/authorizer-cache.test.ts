/** API Gateway keeps an authoriser's answer and applies it to other requests: it never grants what the guard itself would refuse. */
import { deepStrictEqual, ok, strictEqual } from 'node:assert';
import { describe, it } from 'node:test';
import { devSecret, exampleToken, lookalikeToken } from '@approov-guard/testkit';
import { createGuard, type GuardOptions } from 'approov-guard';
import { approov } from 'approov-guard/lambda-authorizer';
import type { PolicyDocument } from 'aws-lambda';
import { LambdaRequestView } from '../../src/adapters/aws/view-lambda.ts';
import { runSeed, seededRandom } from '../both-ports.ts';
import { CachingGateway, type Dialect, eventOf, type GatewayOptions, type GatewayRequest } from './caching-gateway.ts';
import { allows } from './iam-policy.ts';

const START = 1_790_000_000;
const binding = { headers: ['authorization'] };
const tokenOf = (content: object): string => exampleToken({ secret: devSecret, now: START * 1000, bind: 'a', ...content });

const TOKENS = [
  tokenOf({}),
  tokenOf({ claims: { iss: 'issuer' } }),
  tokenOf({ claims: { exp: START + 40.5 } }),
  tokenOf({ bind: 'b' }),
  lookalikeToken({ secret: devSecret, now: START * 1000, bind: 'a' }),
];
/** A variable of IAM's policy language. */
const variable = (name: string): string => `$\{${name}}`;
const PATHS = [
  '/shapes',
  '/pay',
  '/health',
  '/*',
  '/p?y',
  '/p*',
  '/$%7B*%7D',
  `/${variable('*')}`,
  `/${variable('aws:userid')}`,
  '/$pay',
  '/',
  '/pay/1',
];
const METHODS = ['GET', 'GET', 'POST', 'OPTIONS', 'HEAD'];
const HOSTS = ['api.example.com', 'partner.example.com'];

const GUARDS: { readonly [name: string]: Partial<GuardOptions> } = {
  'no binding': {},
  binding: { binding },
  'exempt paths': { binding, exempt: ['/health', '/shapes'] },
  'routes by path': { routes: [{ match: { path: '/pay' }, binding }] },
  'routes by method': { binding, routes: [{ match: { methods: ['GET'] }, token: { issuer: 'issuer' } }] },
  'routes by host': { binding, routes: [{ match: { host: 'partner.example.com' }, token: { issuer: 'issuer' } }] },
  'an exempt route': { binding, routes: [{ match: { path: '/health' }, exempt: true }] },
  'a route that tolerates less': {
    token: { clockToleranceSeconds: 30 },
    routes: [{ match: { path: '/pay' }, token: { clockToleranceSeconds: 0 } }],
  },
  'a route that tolerates more': { routes: [{ match: { path: '/pay' }, token: { clockToleranceSeconds: 30 } }] },
  'a binding that is only observed': { binding, mode: { binding: 'observe' } },
  observing: { binding, mode: 'observe' },
};

function requestBy(random: () => number, seconds: number): GatewayRequest {
  const pick = <T>(from: readonly T[]): T => from[Math.floor(random() * from.length)] as T;
  const headers = {
    'approov-token': pick(TOKENS),
    authorization: pick(['a', 'a', 'b', '']),
    host: pick(HOSTS),
    'access-control-request-method': pick(['', 'POST']),
    origin: 'https://app.example.com',
  };
  const sent = Object.fromEntries(Object.entries(headers).filter(([, value]) => value !== ''));
  return { method: pick(METHODS), path: pick(PATHS), headers: sent, seconds };
}

function identitySourcesBy(random: () => number, dialect: Dialect): readonly string[] {
  // A REST API does not tell its authoriser what they are: there they are as the documentation says.
  if (dialect === 'REST') return ['approov-token', 'authorization', 'host'];
  return ['approov-token', 'authorization', 'host', 'routeKey'].filter((name) => name === 'approov-token' || random() < 0.8);
}

/** Sends requests through a gateway, and asks the guard itself about each that was granted. */
async function grantsOf(
  options: Partial<GuardOptions>,
  dialect: Dialect,
  random: () => number,
): Promise<{ cached: number; asked: number }> {
  let seconds = START;
  const guard = createGuard({ keys: { secret: devSecret }, hints: false, ...options, now: () => seconds * 1000 });
  const routeKey = ({ method, path }: GatewayRequest): string => `${method} ${path}`;
  const gatewayOptions: GatewayOptions = {
    dialect,
    identitySources: identitySourcesBy(random, dialect),
    routeKey: random() < 0.3 ? () => '$default' : routeKey,
    ttlSeconds: 300,
  };
  const gateway = new CachingGateway(approov(guard), gatewayOptions);
  const count = { cached: 0, asked: 0 };
  for (let turn = 0; turn < 120; turn++) {
    // A simple response cannot say when it ends.
    if (dialect !== 'payload 2.0') seconds += random() * 1.2;
    const request = requestBy(random, seconds);
    const { granted, fromCache } = await gateway.ask(request);
    if (!granted) continue;
    const { action } = await guard.decide(new LambdaRequestView(eventOf(request, [], gatewayOptions)));
    strictEqual(action, 'pass', JSON.stringify({ fromCache, request, ...gatewayOptions, seconds: seconds - START }));
    count[fromCache ? 'cached' : 'asked']++;
  }
  return count;
}

describe('an answer that API Gateway keeps', () => {
  const seed = runSeed();
  for (const dialect of ['REST', 'payload 1.0', 'payload 2.0'] as const) {
    for (const [name, options] of Object.entries(GUARDS)) {
      it(`grants nothing that was not judged: ${dialect}, ${name} (seed ${seed})`, async () => {
        const random = seededRandom(seed);
        const total = { cached: 0, asked: 0 };
        for (let round = 0; round < 16; round++) {
          const { cached, asked } = await grantsOf(options, dialect, random);
          total.cached += cached;
          total.asked += asked;
        }
        ok(total.asked > 0 && total.cached > 0, JSON.stringify(total));
      });
    }
  }
});

describe('the policy as AWS reads it', () => {
  const stage = 'arn:aws:execute-api:eu-west-1:123456789012:abcdef/prod';
  const answer = async (
    path: string,
    options: Partial<GuardOptions> = GUARDS['a route that tolerates less'] ?? {},
    token: string = tokenOf({}),
  ): Promise<PolicyDocument> => {
    const guard = createGuard({ keys: { secret: devSecret }, hints: false, ...options, now: () => START * 1000 });
    const headers = { 'approov-token': token, host: HOSTS[0] ?? '' };
    return (await approov(guard)({ headers, httpMethod: 'GET', path, methodArn: `${stage}/GET${path}` })).policyDocument;
  };
  const grants = (policy: PolicyDocument, resource: string, epochTime = START): boolean =>
    allows(policy, { action: 'execute-api:Invoke', resource, epochTime });

  it('allows the one method and path that was asked for, whatever characters they are made of', async () => {
    for (const path of PATHS) {
      const policy = await answer(path);
      for (const other of PATHS) strictEqual(grants(policy, `${stage}/GET${other}`), other === path, `${path}, then ${other}`);
      strictEqual(grants(policy, `${stage}/POST${path}`), false);
      strictEqual(grants(policy, `${stage.replace('prod', 'test')}/GET${path}`), false);
      strictEqual(allows(policy, { action: 'execute-api:ManageConnections', resource: `${stage}/GET${path}`, epochTime: START }), false);
    }
  });

  it('allows the whole stage where the token alone counts, whatever was asked for first', async () => {
    const policy = await answer('/shapes', {});
    for (const other of [...PATHS.map((path) => `/GET${path}`), '/POST/shapes', '/DELETE/']) ok(grants(policy, `${stage}${other}`), other);
    strictEqual(grants(policy, `${stage.replace('prod', 'test')}/GET/shapes`), false);
    strictEqual(grants(policy, `${stage.replace('abcdef', 'abcdefg')}/GET/shapes`), false);
    deepStrictEqual(
      [START + 3599, START + 3600].map((at) => grants(policy, `${stage}/POST/pay`, at)),
      [true, false],
    );
  });

  it('allows no more than what was asked for where anything else counts', async () => {
    for (const name of ['routes by host', 'routes by path', 'a route that tolerates more']) {
      strictEqual(grants(await answer('/shapes', { ...GUARDS[name], binding: null }), `${stage}/POST/shapes`), false, name);
    }
    const open = await answer('/shapes', { ...GUARDS['an exempt route'], binding: null });
    strictEqual(grants(open, `${stage}/POST/shapes`), true, 'an exempt route demands less, not more');
  });

  it('allows it until the token expires', async () => {
    const policy = await answer('/shapes');
    const at = (epochTime: number): boolean => grants(policy, `${stage}/GET/shapes`, epochTime);
    deepStrictEqual([START, START + 3599, START + 3600, START + 9000].map(at), [true, true, false, false]);
  });

  it('ends by the strictest tolerance, and not after a fraction of a second', async () => {
    const endsAt = async (seconds: number, token: string, options: Partial<GuardOptions>): Promise<void> => {
      const policy = await answer('/pay', options, token);
      const [before, at] = [START + seconds - 1, START + seconds].map((time) => grants(policy, `${stage}/GET/pay`, time));
      deepStrictEqual([before, at], [true, false]);
    };
    const fraction = tokenOf({ claims: { exp: START + 40.5 } });
    await endsAt(40, fraction, {});
    await endsAt(3630, tokenOf({}), { token: { clockToleranceSeconds: 30 } });
    await endsAt(3600, tokenOf({}), GUARDS['a route that tolerates less'] ?? {});
    await endsAt(3600, tokenOf({}), GUARDS['a route that tolerates more'] ?? {});
    await endsAt(3600, tokenOf({}), { binding, mode: { binding: 'observe' } });
  });

  it('is read as AWS does: Deny wins, wildcards cross slashes, variables are of the newer language', () => {
    const policy = (...statements: readonly (readonly ['Allow' | 'Deny', string])[]): PolicyDocument => ({
      Version: '2012-10-17',
      Statement: statements.map(([Effect, Resource]) => ({ Action: 'execute-api:*', Effect, Resource })),
    });
    const rows: readonly (readonly [PolicyDocument, string, boolean])[] = [
      [policy(['Allow', 'a/*']), 'a/b/c', true],
      [policy(['Allow', 'a/*'], ['Deny', 'a/b/?']), 'a/b/c', false],
      [policy(['Allow', 'a/*'], ['Deny', 'a/b/?']), 'a/b/cd', true],
      [policy(['Deny', 'b']), 'a', false],
      [policy(), 'a', false],
      [policy(['Allow', 'a/?']), 'a/', false],
      [policy(['Allow', `a/${variable('*')}`]), 'a/*', true],
      [policy(['Allow', `a/${variable('*')}`]), 'a/b', false],
      [policy(['Allow', `a/${variable('$')}{b}`]), `a/${variable('b')}`, true],
      [policy(['Allow', `a/${variable('aws:userid')}`]), 'a/b/c', true],
      [{ ...policy(['Allow', `a/${variable('*')}`]), Version: '2008-10-17' }, `a/${variable('b')}`, true],
    ];
    for (const [document, resource, expected] of rows)
      strictEqual(grants(document, resource), expected, JSON.stringify([document, resource]));
  });
});
